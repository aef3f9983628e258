"""What the escalation policy recommends for a notice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.errors import Missing
from trafficedu.core.text import message
from trafficedu.feedback import rules
from trafficedu.feedback.models import EscalationStep, Notice
from trafficedu.violations.models import Violation
from trafficedu.violations.rules import ViolationState


def list_steps(session: Session) -> Sequence[EscalationStep]:
    """Return every line of the escalation policy with its versions, by kind of receiver, count and first day."""
    return session.scalars(
        select(EscalationStep).order_by(
            EscalationStep.receiver_kind, EscalationStep.violations_from, EscalationStep.valid_from
        )
    ).all()


def find_step(session: Session, receiver_kind: str, violations_from: int, valid_from: date) -> EscalationStep:
    """Return one version of a line. Raises :class:`Missing`."""
    step = session.scalar(
        select(EscalationStep).where(
            EscalationStep.receiver_kind == receiver_kind,
            EscalationStep.violations_from == violations_from,
            EscalationStep.valid_from == valid_from,
        )
    )
    if step is None:
        raise Missing(message("This step is not in the policy."))
    return step


def steps_on(session: Session, receiver_kind: str, day: date) -> list[rules.Escalation]:
    """Return the lines that hold for violations of a day, as the rules take them."""
    return _in_force([step for step in list_steps(session) if step.receiver_kind == receiver_kind], day)


def _in_force(steps: Iterable[EscalationStep], day: date) -> list[rules.Escalation]:
    return [
        rules.Escalation(step.violations_from, step.window_days, step.recommends)
        for step in steps
        if step.holds_on(day)
    ]


def recommendations(session: Session, notices: Sequence[Notice]) -> dict[int, rules.Recommendation]:
    """Return what the policy recommends for each notice, by notice id; two queries for any number of them.

    The policy of the day of the violation advises. A company is told of the violations of the days the rider
    worked for it, so only those count towards its recommendation; a village's counts all of the rider's.
    """
    if not notices:
        return {}
    steps: dict[str, list[EscalationStep]] = defaultdict(list)
    for step in list_steps(session):
        steps[step.receiver_kind].append(step)
    days: dict[tuple[int, int | None], list[date]] = defaultdict(list)
    riders = {notice.rider_id for notice in notices}
    query = select(Violation.rider_id, Violation.company_id, Violation.occurred_on).where(
        Violation.rider_id.in_(riders), Violation.state == ViolationState.CONFIRMED
    )
    for rider_id, company_id, day in session.execute(query):
        days[rider_id, None].append(day)
        if company_id is not None:
            days[rider_id, company_id].append(day)
    return {
        notice.id: rules.recommend(
            _in_force(steps[notice.receiver_kind], notice.violation.occurred_on),
            days[notice.rider_id, notice.company_id],
            notice.violation.occurred_on,
        )
        for notice in notices
    }
