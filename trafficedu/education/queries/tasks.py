"""Reads of study tasks, kept to what the asker may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from trafficedu.areas.models import TOWN, Area
from trafficedu.areas.queries import lies_in, within
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import Column, Listing, late
from trafficedu.core.text import message
from trafficedu.education import rules
from trafficedu.education.models import Booking, StudySession, StudyTask, TaskViolation
from trafficedu.education.rules import BookingState, TaskState
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station
from trafficedu.violations.models import Violation

OVERDUE, WAITING = "overdue", "waiting"
"""Filters that are no states: derived from the due date, and open without a seat."""


@dataclass(frozen=True)
class TaskFilter:
    """What the list of tasks is narrowed to; ``state`` may also be ``overdue`` or ``waiting``."""

    state: str = ""
    course: str = ""
    area_path: str = ""
    due_from: date | None = None
    due_until: date | None = None


def responsible(by: Actor) -> ColumnElement[bool]:
    """Return the condition that a task counts for the area, station or company of ``by``.

    An area's tasks are those of violations in it; a station's those that hold or held a seat there.
    """
    return by.scope.condition(area=lies_in(StudyTask.area_id), company=StudyTask.company_id, station=_sits_at)


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` may see a task.

    Beyond :func:`responsible`: an area's people also see the tasks of riders who live there (the grid officer
    looks after them), and station staff the waiting tasks of their station's town.
    """
    return or_(responsible(by), by.scope.condition(area=_lives_in, station=_waits_in_town))


def _lives_in(path: str) -> ColumnElement[bool]:
    return StudyTask.rider_id.in_(select(Rider.id).where(Rider.home_area_id.in_(within(path))))


def _waits_in_town(station_id: int) -> ColumnElement[bool]:
    return (StudyTask.state == TaskState.OPEN) & _of_town(station_id)


def _sits_at(station_id: int) -> ColumnElement[bool]:
    seats = (
        select(Booking.task_id)
        .join(StudySession, Booking.session_id == StudySession.id)
        .where(StudySession.station_id == station_id, Booking.state != BookingState.CANCELLED)
    )
    return StudyTask.id.in_(seats)


def _of_town(station_id: int) -> ColumnElement[bool]:
    """Return the condition that a task's violation, or its rider's home, lies in the town of the station."""
    own = select(Area.path).join(Station, Station.area_id == Area.id).where(Station.id == station_id).scalar_subquery()
    town = select(Area.path).where(Area.level == TOWN, own.startswith(Area.path)).correlate(None).scalar_subquery()
    areas = select(Area.id).where(Area.path.startswith(town))
    at_home = select(Rider.id).where(Rider.home_area_id.in_(areas))
    return or_(StudyTask.area_id.in_(areas), StudyTask.rider_id.in_(at_home))


_WITH_RIDER = (
    joinedload(StudyTask.rider).joinedload(Rider.home_area),
    joinedload(StudyTask.course),
    joinedload(StudyTask.area),
)


def find_task(session: Session, number: str, by: Actor, *, answering: bool = False) -> StudyTask:
    """Return the task with ``number`` if ``by`` may see it; raise :class:`Missing`.

    ``answering`` asks for more: the task counts for the area (:func:`responsible`), as waiving it needs.
    """
    condition = responsible(by) if answering else visible_to(by)
    task = session.scalar(
        select(StudyTask)
        .where(StudyTask.number == number, condition)
        .options(
            *_WITH_RIDER,
            selectinload(StudyTask.violations).joinedload(Violation.kind),
            selectinload(StudyTask.bookings)
            .joinedload(Booking.session)
            .joinedload(StudySession.station)
            .joinedload(Station.area),
        )
        .execution_options(populate_existing=True)
    )
    if task is None:
        raise Missing(message("This study task does not exist, or you do not have access to it."))
    return task


def find_bookable(session: Session, number: str, by: Actor) -> StudyTask:
    """Return the task with ``number`` if ``by`` may see it, with its course only; raise :class:`Missing`."""
    query = select(StudyTask).where(StudyTask.number == number, visible_to(by)).options(joinedload(StudyTask.course))
    task = session.scalar(query.execution_options(populate_existing=True))
    if task is None:
        raise Missing(message("This study task does not exist, or you do not have access to it."))
    return task


def task_of_violation(session: Session, violation_id: int) -> StudyTask | None:
    """Return the task that answers for a violation, with its course; no scope: the caller shows the violation."""
    return session.scalar(
        select(StudyTask)
        .join(TaskViolation, TaskViolation.task_id == StudyTask.id)
        .where(TaskViolation.violation_id == violation_id)
        .options(joinedload(StudyTask.course))
    )


def _narrow(query: Select[tuple[StudyTask]], criteria: TaskFilter, today: date) -> Select[tuple[StudyTask]]:
    if criteria.state == OVERDUE:
        query = query.where(StudyTask.state.in_(rules.UNFINISHED), StudyTask.due_on < today)
    elif criteria.state == WAITING:
        query = query.where(StudyTask.state == TaskState.OPEN)
    elif criteria.state:
        query = query.where(StudyTask.state == criteria.state)
    if criteria.course:
        query = query.where(StudyTask.course.has(code=criteria.course))
    if criteria.area_path:
        query = query.where(StudyTask.area_id.in_(within(criteria.area_path)))
    if criteria.due_from is not None:
        query = query.where(StudyTask.due_on >= criteria.due_from)
    if criteria.due_until is not None:
        query = query.where(StudyTask.due_on <= criteria.due_until)
    return query


def _tasks(by: Actor) -> Select[tuple[StudyTask]]:
    return (
        select(StudyTask)
        .where(visible_to(by))
        .options(
            *_WITH_RIDER,
            selectinload(StudyTask.bookings.and_(Booking.state.in_((BookingState.BOOKED, BookingState.ATTENDED))))
            .joinedload(Booking.session)
            .joinedload(StudySession.station),
        )
        .execution_options(populate_existing=True)
    )


def tasks_on(day: date) -> Listing[StudyTask, TaskFilter]:
    """Return the list of tasks as it reads on ``day``: unfinished ones by due date first, then the latest."""
    return Listing(
        lambda by, chosen: _narrow(_tasks(by), chosen, day),
        [
            Column("number", message("Study task"), value=lambda row: row.number),
            Column("rider", message("Rider")),
            Column("course", message("Course"), value=lambda row: row.course.name),
            Column("area", message("Area of the violation"), value=lambda row: row.area.name),
            Column("due", message("Due"), value=lambda row: row.due_on),
            Column("seat", message("Seat")),
            Column("state", message("State"), value=lambda row: [row.state, *late(row.is_overdue(day))]),
        ],
        order=[StudyTask.state.not_in(rules.UNFINISHED), StudyTask.due_on.expression, StudyTask.id.desc()],
    )


def list_waiting(session: Session, by: Actor, limit: int = 20) -> Sequence[StudyTask]:
    """Return the tasks without a seat that ``by`` may see, the most urgent first."""
    return session.scalars(
        select(StudyTask)
        .where(visible_to(by), StudyTask.state == TaskState.OPEN)
        .options(*_WITH_RIDER)
        .order_by(StudyTask.due_on, StudyTask.id)
        .limit(limit)
    ).all()


def is_visible(session: Session, task: StudyTask, by: Actor) -> bool:
    """Tell whether ``by`` may open a task that another page mentions."""
    return session.scalar(select(StudyTask.id).where(StudyTask.id == task.id, visible_to(by))) is not None


def list_of_rider(session: Session, rider_id: int, by: Actor, limit: int = 20) -> Sequence[StudyTask]:
    """Return the latest tasks of a rider among those ``by`` may see."""
    return session.scalars(
        select(StudyTask)
        .where(StudyTask.rider_id == rider_id, visible_to(by))
        .options(joinedload(StudyTask.course))
        .order_by(StudyTask.id.desc())
        .limit(limit)
    ).all()


def list_overdue(session: Session, by: Actor, today: date, limit: int = 20) -> Sequence[StudyTask]:
    """Return the overdue tasks that ``by`` may see, the longest overdue first."""
    return session.scalars(
        _narrow(select(StudyTask), TaskFilter(state=OVERDUE), today)
        .where(visible_to(by))
        .options(*_WITH_RIDER)
        .order_by(StudyTask.due_on, StudyTask.id)
        .limit(limit)
    ).all()


def count_overdue(session: Session, by: Actor, today: date, path: str) -> int:
    """Return how many tasks of violations at and below ``path`` are overdue."""
    overdue = _narrow(select(StudyTask), TaskFilter(state=OVERDUE), today)
    query = overdue.where(responsible(by), StudyTask.area_id.in_(within(path))).with_only_columns(func.count())
    return session.scalar(query) or 0
