"""The escalation policy: shipped lines, new ones, new versions, ends. Nothing is ever deleted or overwritten.

What was recommended for a past violation stays, so a change begins today or later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.catalogue import end_before, lock, require_later, shipped
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import message
from trafficedu.core.validity import Validity
from trafficedu.feedback import rules
from trafficedu.feedback.models import EscalationStep

PERMISSION = "feedback:policy:manage"


@dataclass(frozen=True)
class StepInput:
    """What the administrator enters for a line of the policy, valid from a day on."""

    receiver_kind: rules.Receiver
    escalation: rules.Escalation
    valid_from: date


def load_policy(session: Session, now: datetime) -> int:
    """Add the shipped escalation policy to an installation that has none; returns how many steps."""
    if session.scalar(select(EscalationStep.id).limit(1)) is not None:
        return 0
    steps = [EscalationStep(**row) for row in shipped("escalation.csv", EscalationStep)]
    session.add_all(steps)
    session.flush()
    return len(steps)


def add_step(session: Session, new: StepInput, today: date, by: Actor) -> EscalationStep:
    """Add a line to the policy.

    Raises
    ------
    Refusal
        At the field: a measure the receiver cannot take, days without a suspension, a day in the past, or a
        line for the same count that is in force then.
    """
    check_step(new, today)
    lock(session, EscalationStep)
    _refuse_second(session, new)
    return _add(session, new, by)


def renew_step(
    session: Session, step: EscalationStep, new: StepInput, version: int, today: date, by: Actor
) -> EscalationStep:
    """Make a new version of a line; the present one ends the day before.

    Raises
    ------
    Stale
        Somebody else changed the line meanwhile.
    Refusal
        As :func:`add_step`, and where the new version does not begin after the present one.
    """
    lock(session, EscalationStep)
    expect_version(step, version)
    check_step(new, today)
    require_later(step, new.valid_from)
    if step.valid_to is not None and step.validity.ended_before(new.valid_from - timedelta(days=1)):
        text = message("This step ends on %(day)s. Add a new one instead.", day=step.valid_to.isoformat())
        raise Refusal(text, field="valid_from")
    end_before(step, new.valid_from)
    session.flush()
    _refuse_second(session, new)
    return _add(session, new, by, replaces=step.id)


def end_step(session: Session, step: EscalationStep, last_day: date, version: int, today: date, by: Actor) -> None:
    """Let a line end with ``last_day``; one that has not begun by then never comes into force.

    Raises Stale, Refusal at ``last_day`` for a day before yesterday: what was recommended stays.
    """
    lock(session, EscalationStep)
    expect_version(step, version)
    _require_from(today - timedelta(days=1), last_day, "last_day")
    step.valid_to = last_day
    session.flush()
    audit.write(session, PERMISSION, by, subject=step, ends=last_day.isoformat())


def check_step(new: StepInput, today: date) -> None:
    """Raise Refusal at the field that is wrong by itself, whatever else the policy says."""
    measure = new.escalation.measure
    if measure.code not in rules.RECOMMENDED_TO[new.receiver_kind]:
        raise Refusal(message("This receiver cannot take this measure."), field="measure")
    rules.check_suspension(measure.code, measure.days)
    _require_from(today, new.valid_from, "valid_from")


def _require_from(first: date, day: date, field: str) -> None:
    if day < first:
        text = message("Earlier recommendations do not change. Choose %(day)s or later.", day=first.isoformat())
        raise Refusal(text, field=field)


def _refuse_second(session: Session, new: StepInput) -> None:
    """Refuse a second line for the same receiver and count that would be in force at the same time."""
    same = select(EscalationStep.id).where(
        EscalationStep.receiver_kind == new.receiver_kind,
        EscalationStep.violations_from == new.escalation.violations_from,
        or_(EscalationStep.overlaps(Validity(new.valid_from)), EscalationStep.valid_from == new.valid_from),
    )
    if session.scalar(same.limit(1)) is not None:
        raise Refusal(
            message(
                "There is already a step for this receiver and this number of violations. Open that one and change it."
            ),
            field="violations_from",
            value=str(new.escalation.violations_from),
        )


def _add(session: Session, new: StepInput, by: Actor, replaces: int | None = None) -> EscalationStep:
    step = EscalationStep(
        receiver_kind=new.receiver_kind,
        violations_from=new.escalation.violations_from,
        window_days=new.escalation.window_days,
        measure=new.escalation.measure.code,
        days=new.escalation.measure.days,
        valid_from=new.valid_from,
    )
    session.add(step)
    flush_or_refuse(session, {})
    audit.write(
        session, PERMISSION, by, subject=step, receiver=new.receiver_kind, count=step.violations_from, replaces=replaces
    )
    return step
