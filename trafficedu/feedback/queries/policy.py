"""What the escalation policy recommends for a notice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.feedback import rules
from trafficedu.feedback.models import EscalationStep, Notice
from trafficedu.violations.models import CONFIRMED, Violation


def list_steps(session: Session) -> Sequence[EscalationStep]:
    """Return the escalation policy, by kind of receiver and count."""
    return session.scalars(
        select(EscalationStep).order_by(EscalationStep.receiver_kind, EscalationStep.violations_from)
    ).all()


def recommendations(session: Session, notices: Sequence[Notice]) -> dict[int, rules.Recommendation]:
    """Return what the policy recommends for each notice, by notice id; two queries for any number of them.

    A company is told of the violations of the days the rider worked for it, so only those count towards its
    recommendation; a village's counts all of the rider's.
    """
    if not notices:
        return {}
    steps: dict[str, list[rules.Step]] = defaultdict(list)
    for step in list_steps(session):
        measure = rules.Measure(step.measure, step.days)
        steps[step.receiver_kind].append(rules.Step(step.violations_from, step.window_days, measure))
    days: dict[tuple[int, int | None], list[date]] = defaultdict(list)
    riders = {notice.rider_id for notice in notices}
    query = select(Violation.rider_id, Violation.company_id, Violation.occurred_on).where(
        Violation.rider_id.in_(riders), Violation.state == CONFIRMED
    )
    for rider_id, company_id, day in session.execute(query):
        days[rider_id, None].append(day)
        if company_id is not None:
            days[rider_id, company_id].append(day)
    return {
        notice.id: rules.recommend(
            steps[notice.receiver_kind], days[notice.rider_id, notice.company_id], notice.violation.occurred_on
        )
        for notice in notices
    }
