"""Which sessions of a station are over and have somebody on them of whom nobody said what became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core.clock import local_date
from trafficedu.core.loading import loaded
from trafficedu.core.orm import among
from trafficedu.education.models.courses import Course, CourseVersion, StudySession
from trafficedu.education.models.tasks import Attendance, Booking
from trafficedu.education.rules.states import AttendanceState, BookingState, SessionState


@dataclass(frozen=True)
class ToClose:
    """A session that is over: how many seats are not marked, how many studies not signed off; when it closes itself."""

    study: StudySession
    unmarked: int
    unsigned: int
    closes_utc: datetime


def list_to_close(session: Session, station_id: int, now: datetime) -> list[ToClose]:
    """Return the sessions of a station that are over and not closed, the oldest first.

    Unmarked seats become absences by themselves after ``education.no_show_hours``, studies without a sign-off end after
    ``education.unsigned_days``: no session older than both is asked for.
    """
    hours, days = figure(session, "education.no_show_hours"), figure(session, "education.unsigned_days")
    since = local_date(now) - timedelta(days=days + hours // 24 + 2)
    query = (
        select(StudySession)
        .where(
            StudySession.station_id == station_id,
            StudySession.starts_on.between(since, local_date(now)),
            StudySession.ends_utc <= now,
            StudySession.state == SessionState.SCHEDULED,
        )
        .options(loaded(StudySession.course, Course.versions, CourseVersion.modules))
        .order_by(StudySession.starts_utc, StudySession.id)
    )
    studies = session.scalars(query).all()
    unmarked, unsigned = _open_seats(session, [study.id for study in studies])
    after = timedelta(hours=hours)
    return [
        ToClose(study, unmarked.get(study.id, 0), unsigned.get(study.id, 0), study.ends_utc + after)
        for study in studies
        if study.id in unmarked or study.id in unsigned
    ]


def _open_seats(session: Session, ids: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
    """Return by session how many seats are not marked, and how many studies are under way."""
    booked = select(Booking.session_id, func.count()).where(
        Booking.session_id.in_(ids), Booking.state == BookingState.BOOKED
    )
    studying = (
        select(Booking.session_id, func.count())
        .join(Booking.attendance)
        .where(
            Booking.session_id.in_(ids),
            Booking.state == BookingState.ATTENDED,
            among(Attendance.state, AttendanceState.STUDYING),
        )
    )
    unmarked, unsigned = (
        dict(session.execute(query.group_by(Booking.session_id)).tuples().all()) for query in (booked, studying)
    )
    return unmarked, unsigned


def count_here(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """Return how many riders have checked in, by session."""
    query = select(Booking.session_id, func.count()).where(
        Booking.session_id.in_(ids), Booking.state == BookingState.ATTENDED
    )
    return dict(session.execute(query.group_by(Booking.session_id)).tuples().all())
