"""Which riders with a later seat would be served by an earlier one that is free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from trafficedu.areas.models import Area
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import at_or_below
from trafficedu.core.clock import local_date
from trafficedu.core.orm import among
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.free import IN_TURN
from trafficedu.education.queries.seats import studying_during
from trafficedu.education.rules.states import BookingState, TaskState
from trafficedu.riders.models import Rider


def tasks_to_bring_forward(session: Session, study: StudySession, now: datetime, limit: int) -> Sequence[StudyTask]:
    """Return booked tasks that a free seat in ``study`` serves better, their riders held: the overdue first.

    Their seat is on a later day, and either the rider agreed to come earlier, or is overdue with a seat that is too far
    (``rules.seating.is_too_far``). Who may choose between sessions
    keeps the seat meanwhile. None where the session begins too soon to tell anybody.
    """
    if study.starts_utc <= now + timedelta(hours=figure(session, "education.earlier_hours")):
        return []
    today = local_date(now)
    far = today + timedelta(days=figure(session, "education.far_days"))
    overdue: list[ColumnElement[bool]] = [StudyTask.due_on < today]
    if far > study.starts_on:
        overdue.append(StudySession.starts_on > far)
    found = list(_tasks(session, study, overdue, now, limit))
    if len(found) < limit:
        agreed = _tasks(session, study, [Booking.earlier_ok.is_(True)], now, limit)
        found += [task for task in agreed if task not in found]
    return found[:limit]


def _tasks(
    session: Session, study: StudySession, where: Sequence[ColumnElement[bool]], now: datetime, limit: int
) -> Sequence[StudyTask]:
    home = aliased(Area)
    query = (
        select(StudyTask)
        .join(StudyTask.rider)
        .join(StudyTask.area)
        .join(Booking, Booking.task_id == StudyTask.id)
        .join(StudySession, Booking.session_id == StudySession.id)
        .outerjoin(home, Rider.home_area_id == home.id)
        .where(
            StudyTask.state == TaskState.BOOKED,
            StudyTask.course_id == study.course_id,
            among(Booking.state, BookingState.BOOKED),
            or_(Booking.choose_until_utc.is_(None), Booking.choose_until_utc < now),
            StudySession.starts_on > study.starts_on,
            at_or_below(func.coalesce(home.path, Area.path), study.station.area.district.path),
            StudyTask.rider_id.not_in(studying_during(study)),
            *where,
        )
        .order_by(*IN_TURN)
        .limit(limit)
        .with_for_update(of=[StudyTask, Rider], key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).all()
