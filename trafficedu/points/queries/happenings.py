"""What happened in study that the ledger has not entered yet: studies overdue, open days, studies taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import and_, distinct, or_, select
from sqlalchemy.orm import Session, aliased

from trafficedu.core import bulk
from trafficedu.education.models import Attendance, Booking, StudySession, StudyTask
from trafficedu.education.rules import LEFT_OUT, UNFINISHED, SessionState, TaskState
from trafficedu.points.models import PointEntry
from trafficedu.points.rules import open_day_key, task_overdue_key
from trafficedu.stations.models import Station


@dataclass(frozen=True)
class Happening:
    """One entry to be made: its key, its day, and whose it is."""

    key: str
    day: date
    area_id: int | None = None
    company_id: int | None = None


def list_overdue(session: Session, since: date, today: date) -> list[Happening]:
    """Return the studies whose due date passed from ``since`` on, and that were not completed by then.

    Each counts for the area of the violation that opened it, and for the rider's company where there is one, on the
    first day after the due date.
    """
    late = or_(
        StudyTask.state.in_(UNFINISHED),
        and_(StudyTask.state == TaskState.COMPLETED, StudyTask.completed_on > StudyTask.due_on),
    )
    query = (
        select(StudyTask.id, StudyTask.area_id, StudyTask.company_id, StudyTask.due_on)
        .where(late, StudyTask.due_on >= since, StudyTask.due_on < today)
        .order_by(StudyTask.due_on, StudyTask.id)
    )
    happenings = []
    for row in session.execute(query):
        day = row.due_on + timedelta(days=1)
        happenings.append(Happening(task_overdue_key(row.id, "area"), day, area_id=row.area_id))
        if row.company_id is not None:
            happenings.append(Happening(task_overdue_key(row.id, "company"), day, company_id=row.company_id))
    return _not_entered(session, happenings)


def list_open_days(session: Session, since: date, today: date) -> list[Happening]:
    """Return the days before today on which a station was open: somebody attended a session there.

    The area of the station earns them, once a day.
    """
    query = (
        select(distinct(StudySession.starts_on), Station.id, Station.area_id)
        .join(Station, Station.id == StudySession.station_id)
        .join(Booking, Booking.session_id == StudySession.id)
        .join(Attendance, Attendance.booking_id == Booking.id)
        .where(
            StudySession.starts_on >= since,
            StudySession.starts_on < today,
            StudySession.state == SessionState.SCHEDULED,
        )
        .order_by(StudySession.starts_on, Station.id)
    )
    happenings = [
        Happening(open_day_key(station, day), day, area_id=area) for day, station, area in session.execute(query)
    ]
    return _not_entered(session, happenings)


def list_taken_back(session: Session, since: date) -> Sequence[PointEntry]:
    """Return the entries of overdue studies that were waived or withdrawn since, and not countered yet."""
    tasks = session.scalars(select(StudyTask.id).where(StudyTask.state.in_(LEFT_OUT), StudyTask.due_on >= since))
    keys = [task_overdue_key(task, kind) for task in tasks for kind in ("area", "company")]
    entries: list[PointEntry] = []
    counter = aliased(PointEntry)
    for batch in bulk.batches(keys):
        query = (
            select(PointEntry)
            .outerjoin(counter, counter.counters_id == PointEntry.id)
            .where(PointEntry.once_key.in_(batch), counter.id.is_(None))
        )
        entries += session.scalars(query)
    return entries


def _not_entered(session: Session, happenings: list[Happening]) -> list[Happening]:
    known = bulk.find_by_key(session, PointEntry.once_key, [row.key for row in happenings])
    return [row for row in happenings if row.key not in known]
