"""The lines of the escalation policy in force: new ones, new versions, ends. Nothing is ever deleted or overwritten.

What was recommended for a past violation stays, so a change begins today or later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.catalogue import end_before, lock, require_later
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import message
from trafficedu.core.validity import Validity
from trafficedu.feedback.models import EscalationPolicy, EscalationStep
from trafficedu.feedback.queries.policy import policy_on
from trafficedu.feedback.rules.policy import RECOMMENDED_TO, Escalation, Receiver, check_suspension
from trafficedu.feedback.rules.strength import check_order

PERMISSION = "feedback:policy:manage"


@dataclass(frozen=True)
class StepInput:
    """What the administrator enters for a line of the policy, valid from a day on, and why."""

    receiver_kind: Receiver
    escalation: Escalation
    valid_from: date
    reason: str = ""


def add_step(session: Session, new: StepInput, today: date, by: Actor, now: datetime) -> EscalationStep:
    """Add a line to the policy.

    Raises
    ------
    Refusal
        At the field: a measure the receiver cannot take, or weaker than one for fewer stops, days without a
        suspension, a day in the past, or a line for the same count that is in force then.
    """
    check_step(new, today)
    lock(session, EscalationStep)
    _refuse_second(session, new)
    return _add(session, new, by, now)


def renew_step(
    session: Session, step: EscalationStep, new: StepInput, version: int, today: date, by: Actor, now: datetime
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
    return _add(session, new, by, now, replaces=step.id)


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
    check_line(new.receiver_kind, new.escalation)
    _require_from(today, new.valid_from, "valid_from")


def check_line(receiver: Receiver, escalation: Escalation) -> None:
    """Raise Refusal at the field of a line that cannot be, from whatever day."""
    measure = escalation.measure
    if measure.code not in RECOMMENDED_TO[receiver]:
        raise Refusal(message("This receiver cannot take this measure."), field="measure")
    check_suspension(measure.code, measure.days)


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


def _refuse_disorder(session: Session, new: StepInput, policy: EscalationPolicy) -> None:
    """Refuse a line under which more stops would lead to less, on whatever day it holds."""
    days = Validity(new.valid_from, policy.valid_to)
    others = select(EscalationStep).where(
        EscalationStep.receiver_kind == new.receiver_kind, EscalationStep.overlaps(days)
    )
    held = [row for row in session.scalars(others) if row.valid_to is None or row.valid_to >= row.valid_from]
    check_order(new.escalation, [Escalation(row.violations_from, row.window, row.recommends) for row in held])


def _add(session: Session, new: StepInput, by: Actor, now: datetime, replaces: int | None = None) -> EscalationStep:
    policy = policy_on(session, new.valid_from)
    if policy is None:
        text = message("No policy is in force on that day. Choose one first, then change its steps.")
        raise Refusal(text, field="valid_from")
    _refuse_disorder(session, new, policy)
    step = new_step(new, policy)
    step.reason, step.entered_utc, step.entered_by_id = new.reason, now, by.user_id
    session.add(step)
    flush_or_refuse(session, {})
    audit.write(
        session, PERMISSION, by, subject=step, receiver=new.receiver_kind, count=step.violations_from, replaces=replaces
    )
    return step


def new_step(new: StepInput, policy: EscalationPolicy) -> EscalationStep:
    """Return a line of ``policy``, which ends with it."""
    window, measure = new.escalation.window, new.escalation.measure
    return EscalationStep(
        policy=policy,
        receiver_kind=new.receiver_kind,
        violations_from=new.escalation.violations_from,
        window_kind=window.kind,
        window_days=window.days,
        measure=measure.code,
        days=measure.days,
        valid_from=new.valid_from,
        valid_to=policy.valid_to,
    )
