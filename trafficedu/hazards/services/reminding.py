"""What the worker says about deadlines: soon, passed; and about looks that did not take place. Each is said once.

Who is told, and how, is for the handlers of the events. Flushes, never commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.core.events import publish
from trafficedu.core.transactions import PART
from trafficedu.hazards import rules
from trafficedu.hazards.events import CheckOverdue, HazardDueSoon, HazardOverdue
from trafficedu.hazards.models import Hazard, HazardWatch


def remind(session: Session, now: datetime, limit: int = PART) -> int:
    """Publish what is due soon and what is overdue, once for a deadline; returns how many. The worker's chore.

    Rows are locked and those that another worker holds are left to it, so that nobody is told twice.
    """
    today = local_date(now)
    overdue = _untold(session, Hazard.deadline_on < today, Hazard.overdue_told_on.expression, limit)
    for hazard in overdue:
        assert hazard.deadline_on is not None  # asked for above
        hazard.overdue_told_on = hazard.deadline_on
        hazard.missed_on = hazard.missed_on or hazard.deadline_on
        session.flush()
        audit.write(session, "hazards:hazard:overdue", SYSTEM, subject=hazard, deadline=hazard.deadline_on.isoformat())
        publish(session, HazardOverdue(now, SYSTEM, hazard.id, hazard.area_id, hazard.deadline_on))
    last = today + timedelta(days=figure(session, "hazards.due_soon_days"))
    soon = _untold(session, Hazard.deadline_on.between(today, last), Hazard.soon_told_on.expression, limit)
    for hazard in soon:
        assert hazard.deadline_on is not None  # asked for above
        hazard.soon_told_on = hazard.deadline_on
        session.flush()
        audit.write(session, "hazards:hazard:due_soon", SYSTEM, subject=hazard, deadline=hazard.deadline_on.isoformat())
        publish(session, HazardDueSoon(now, SYSTEM, hazard.id, hazard.area_id, hazard.deadline_on))
    return len(overdue) + len(soon)


def _untold(
    session: Session, due: ColumnElement[bool], reminded_on: ColumnElement[date | None], limit: int
) -> Sequence[Hazard]:
    query = (
        select(Hazard)
        .where(Hazard.state.in_(rules.UNFIXED), due, or_(reminded_on.is_(None), reminded_on != Hazard.deadline_on))
        .order_by(Hazard.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def remind_checks(session: Session, now: datetime, limit: int = PART) -> int:
    """Publish the looks that did not take place by their day, once for a day; returns how many. The worker's chore."""
    reminded_on = HazardWatch.overdue_told_on
    query = (
        select(HazardWatch)
        .where(
            HazardWatch.ended_utc.is_(None),
            HazardWatch.due_on < local_date(now),
            or_(reminded_on.is_(None), reminded_on != HazardWatch.due_on),
        )
        .order_by(HazardWatch.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    late = session.scalars(query).all()
    for watch in late:
        watch.overdue_told_on = watch.due_on
        session.flush()
        audit.write(session, "hazards:check:overdue", SYSTEM, subject=watch, due=watch.due_on.isoformat())
        publish(session, CheckOverdue(now, SYSTEM, watch.id, watch.area_id, watch.due_on))
    return len(late)
