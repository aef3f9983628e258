"""What happened in study that the ledger has not entered yet: studies overdue, open days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import and_, distinct, or_, select
from sqlalchemy.orm import Session

from trafficedu.core import bulk
from trafficedu.core.loading import loaded
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask
from trafficedu.education.rules.states import LEFT_OUT, UNFINISHED, SessionState, TaskState
from trafficedu.points.models import PointEntry
from trafficedu.points.rules import open_day_key, task_overdue_key
from trafficedu.stations.models import Station

HOLDERS = ("area", "company")
"""Whose an overdue study is."""


@dataclass(frozen=True)
class Happening:
    """One entry to be made: its key, its day, whose it is, and of which overdue study."""

    key: str
    day: date
    area_id: int | None = None
    company_id: int | None = None
    task_id: int | None = None


_LATE = or_(
    StudyTask.state.in_(UNFINISHED),
    and_(StudyTask.state == TaskState.COMPLETED, StudyTask.completed_on > StudyTask.due_on),
)


def list_overdue(session: Session, since: date, today: date) -> list[Happening]:
    """Return the studies whose due date passed from ``since`` on, and that were not completed by then.

    Each counts for the area of the violation that opened it, and for the rider's company where there is one, on the
    first day after the due date.
    """
    query = (
        select(StudyTask.id, StudyTask.area_id, StudyTask.company_id, StudyTask.due_on)
        .where(_LATE, StudyTask.due_on >= since, StudyTask.due_on < today)
        .order_by(StudyTask.due_on, StudyTask.id)
    )
    happenings = []
    for row in session.execute(query):
        day, area, company = row.due_on + timedelta(days=1), *(task_overdue_key(row.id, kind) for kind in HOLDERS)
        happenings.append(Happening(area, day, area_id=row.area_id, task_id=row.id))
        if row.company_id is not None:
            happenings.append(Happening(company, day, company_id=row.company_id, task_id=row.id))
    return _not_entered(session, happenings)


def hold_overdue(session: Session, happenings: Sequence[Happening]) -> list[Happening]:
    """Return what is still so, in the transaction that enters it: the tasks of some thousand happenings are held.

    Who waives one meanwhile waits, and takes back what it cost.
    """
    task_ids = {row.task_id for row in happenings} - {None}
    holding = select(StudyTask.id).where(StudyTask.id.in_(task_ids), _LATE).order_by(StudyTask.id)
    held = {None, *(session.scalars(holding.with_for_update(read=True)) if task_ids else ())}
    return [row for row in happenings if row.task_id in held]


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


def list_of_task(session: Session, task_id: int) -> Sequence[PointEntry]:
    """Return the entries of an overdue study that were not countered."""
    keys = [task_overdue_key(task_id, kind) for kind in HOLDERS]
    query = select(PointEntry).where(PointEntry.once_key.in_(keys)).options(loaded(PointEntry.countered_by))
    return [entry for entry in session.scalars(query.order_by(PointEntry.id)) if entry.countered_by is None]


def list_left_out(session: Session) -> Sequence[PointEntry]:
    """Return the entries of overdue studies that were waived or withdrawn, however long ago, and not countered."""
    tasks = session.scalars(select(StudyTask.id).where(StudyTask.state.in_(LEFT_OUT)).order_by(StudyTask.id))
    keys = (task_overdue_key(task, kind) for task in tasks.all() for kind in HOLDERS)
    open_ones = select(PointEntry).where(~PointEntry.countered_by.has())
    return [
        entry
        for batch in bulk.batches(keys)
        for entry in session.scalars(open_ones.where(PointEntry.once_key.in_(batch)))
    ]


def _not_entered(session: Session, happenings: list[Happening]) -> list[Happening]:
    known = bulk.find_by_key(session, PointEntry.once_key, [row.key for row in happenings])
    return [row for row in happenings if row.key not in known]
