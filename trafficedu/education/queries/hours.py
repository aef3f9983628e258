"""When riders check in to a session and study in it: its own times, and the configured minutes around them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.rules.reckoning import Hours
from trafficedu.education.rules.states import BookingState, TaskState


def hours_of(session: Session, study: StudySession) -> Hours:
    """Return the hours of a session as they are configured now."""
    before = timedelta(minutes=figure(session, "education.check_in_minutes"))
    after = timedelta(minutes=figure(session, "education.grace_minutes"))
    return Hours(study.starts_utc - before, study.starts_utc, study.ends_utc, study.ends_utc + after)


def find_overlapping(session: Session, rider_id: int, study: StudySession, but_task: int = 0) -> StudySession | None:
    """Return a session in which a rider studies now, for another task, and that overlaps with ``study``.

    The caller holds the rider, so that nobody seats or checks the rider in elsewhere meanwhile.
    """
    query = (
        select(StudySession)
        .join(Booking, Booking.session_id == StudySession.id)
        .join(StudyTask, Booking.task_id == StudyTask.id)
        .where(
            StudyTask.rider_id == rider_id,
            StudyTask.id != but_task,
            StudyTask.state == TaskState.IN_PROGRESS,
            Booking.state == BookingState.ATTENDED,
            StudySession.starts_utc < study.ends_utc,
            StudySession.ends_utc > study.starts_utc,
        )
    )
    return session.scalar(query.limit(1))


def list_over(session: Session, task_ids: Collection[int], now: datetime) -> set[int]:
    """Return those of these tasks whose seat :meth:`Booking.is_over`: their riders need a new one."""
    query = (
        select(Booking.task_id)
        .join(StudySession, Booking.session_id == StudySession.id)
        .where(Booking.task_id.in_(task_ids), Booking.state == BookingState.BOOKED, StudySession.ends_utc <= now)
    )
    return set(session.scalars(query))
