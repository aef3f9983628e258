"""Reads of study tasks, kept to what the asker may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Load, Session, selectinload

from trafficedu.areas.models import TOWN, Area
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.queries.tree import lies_in, within
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import Column, Listing, late
from trafficedu.core.loading import loaded
from trafficedu.core.orm import among
from trafficedu.core.reach import WINDOW, Reach
from trafficedu.core.text import message
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.education.models.tasks import Booking, Certificate, StudyTask, TaskViolation
from trafficedu.education.rules import reckoning, states
from trafficedu.education.rules.states import BookingState, TaskState
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.searching import LOOKS, Words, find_meant, keys_of, record_meant, rider_meant

UNDONE = StudyTask.urgency < reckoning.FINISHED_FROM
"""The condition that a task is not finished."""
BY_URGENCY = [StudyTask.urgency.expression, StudyTask.id.expression]
"""The order of lists: the unfinished tasks by due date, then the rest, the latest first."""
WHOLE = [StudyTask.id > literal(0, literal_execute=True)]
"""What a list of all tasks says, to be led by their index."""


def overdue_on(day: date) -> ColumnElement[bool]:
    """Return the condition that a task is not finished and its due date was over on ``day``."""
    return StudyTask.urgency < day.toordinal()


OVERDUE, WAITING, UNFINISHED = "overdue", "waiting", "unfinished"
"""Filters that are no states: derived from the due date, open without a seat, in any state but the last ones."""


@dataclass(frozen=True)
class TaskFilter:
    """What the list of tasks is narrowed to; ``state`` may also be ``overdue`` or ``waiting``."""

    state: str = ""
    course: str = ""
    area_path: str = ""
    due_from: date | None = None
    due_until: date | None = None
    words: Words = Words()


def responsible(by: Actor) -> ColumnElement[bool]:
    """Return the condition that a task counts for the area, station or company of ``by``.

    An area's tasks are those of violations in it; a station's those whose last seat is or was there.
    """
    return by.scope.condition(
        area=lies_in(StudyTask.area_id), company=StudyTask.company_id, station=StudyTask.station_id
    )


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` may see a task.

    Beyond :func:`responsible`: an area's people also see the tasks of riders who live there (the grid officer
    looks after them), and station staff the waiting tasks of their station's town.
    """
    return or_(*_ways_to_see(by))


def _ways_to_see(by: Actor) -> list[ColumnElement[bool]]:
    """Return the conditions of :func:`visible_to`, of which one has to hold: an index serves each, none their OR."""
    ways = [responsible(by)]
    if by.scope.area_path:
        ways.append(by.scope.condition(area=lies_in(StudyTask.home_area_id)))
    if by.scope.station_id is not None:
        ways += [_waits_in_town(by.scope.station_id, place) for place in (StudyTask.area_id, StudyTask.home_area_id)]
    return ways


def _waits_in_town(station_id: int, place: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return the condition that a task waits and that ``place`` lies in the town of the station."""
    return among(StudyTask.state, TaskState.OPEN) & place.in_(_town_of(station_id))


def _town_of(station_id: int) -> Select[tuple[int]]:
    """Return a subquery of the ids of the areas of the town that a station lies in."""
    own = select(Area.path).join(Station, Station.area_id == Area.id).where(Station.id == station_id).scalar_subquery()
    town = select(Area.path).where(Area.level == TOWN, own.startswith(Area.path)).correlate(None).scalar_subquery()
    return select(Area.id).where(Area.path.startswith(town))


def _row() -> Sequence[Load]:
    """Return what is loaded with a task for its row in a list."""
    return loaded(StudyTask.rider, Rider.home_area), loaded(StudyTask.course), loaded(StudyTask.area)


def find_task(session: Session, number: str, by: Actor, *, answering: bool = False) -> StudyTask:
    """Return the task with ``number`` if ``by`` may see it; raise :class:`Missing`.

    ``answering`` asks for more: the task counts for the area (:func:`responsible`), as waiving it needs.
    """
    condition = responsible(by) if answering else visible_to(by)
    task = session.scalar(
        select(StudyTask)
        .where(StudyTask.number == number, condition)
        .options(
            *_row(),
            loaded(StudyTask.links, TaskViolation.violation, Violation.kind),
            loaded(StudyTask.bookings, Booking.session, StudySession.station, Station.area),
            loaded(StudyTask.bookings, Booking.attendance),
        )
        .execution_options(populate_existing=True)
    )
    if task is None:
        raise Missing(message("This study task does not exist, or you do not have access to it."))
    return task


def find_bookable(session: Session, number: str, by: Actor) -> StudyTask:
    """Return the task with ``number`` if ``by`` may see it, with its course only; raise :class:`Missing`."""
    query = select(StudyTask).where(StudyTask.number == number, visible_to(by)).options(loaded(StudyTask.course))
    task = session.scalar(query.execution_options(populate_existing=True))
    if task is None:
        raise Missing(message("This study task does not exist, or you do not have access to it."))
    return task


def task_of_violation(session: Session, violation_id: int) -> StudyTask | None:
    """Return the task that answers for a violation, or did until it was voided, with its course.

    No scope: the caller shows the violation.
    """
    return session.scalar(
        select(StudyTask)
        .join(TaskViolation, TaskViolation.task_id == StudyTask.id)
        .where(TaskViolation.violation_id == violation_id)
        .options(loaded(StudyTask.course))
    )


def _meant(words: Words) -> ColumnElement[bool]:
    """Return the condition that a task is meant by its number, a certificate, a violation it answers for, its rider."""
    records = (
        select(literal(1))
        .join_from(TaskViolation, Violation, TaskViolation.violation_id == Violation.id)
        .where(TaskViolation.task_id == StudyTask.id, record_meant(words, wholly=True))
    )
    proofs = select(literal(1)).where(Certificate.task_id == StudyTask.id, Certificate.number == words.number)
    own = [some.limit(1).correlate(StudyTask).scalar_subquery().is_not(None) for some in (records, proofs)]
    return or_(StudyTask.number == words.number, *own, *rider_meant(words, StudyTask.rider_id))


def ids_meant(session: Session, words: Words) -> Sequence[int] | None:
    """Return the ids of the tasks that words mean, None where there may be many; not scoped."""
    meant = find_meant(session, words)
    if meant is None:
        return None
    ids = {
        *session.scalars(select(StudyTask.id).where(StudyTask.number == words.number)),
        *session.scalars(select(Certificate.task_id).where(Certificate.number == words.number)),
        *keys_of(session, TaskViolation.task_id, TaskViolation.violation_id, meant.records),
        *keys_of(session, StudyTask.id, StudyTask.rider_id, meant.riders),
    }
    return sorted(ids) if len(ids) <= WINDOW else None


def _of_state(state: str, today: date) -> list[ColumnElement[bool]]:
    conditions = {
        OVERDUE: [overdue_on(today)],
        UNFINISHED: [UNDONE],
        WAITING: [UNDONE, StudyTask.state == TaskState.OPEN],
        TaskState.AWAY: [UNDONE, among(StudyTask.state, TaskState.AWAY)],
    }
    return conditions.get(state, [StudyTask.state == state] if state else [])


def _narrow(query: Select[tuple[StudyTask]], criteria: TaskFilter, today: date) -> Select[tuple[StudyTask]]:
    query = query.where(*_of_state(criteria.state, today))
    if criteria.words:
        query = query.where(_meant(criteria.words))
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
            *_row(),
            selectinload(
                StudyTask.bookings.and_(Booking.state.in_((BookingState.BOOKED, BookingState.ATTENDED)))
            ).options(loaded(Booking.session, StudySession.station)),
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
        order=BY_URGENCY,
        reach=lambda session, by, chosen: _reach(session, by, chosen, day),
    )


def _reach(session: Session, by: Actor, chosen: TaskFilter, day: date) -> Reach:
    """Return how the indexes by urgency reach the tasks of a filter; those of words, by what these mean."""
    rest = _narrowed_beside(session, chosen)
    part, besides = _part(chosen.state, day)
    rest += besides
    if chosen.words:
        ids = ids_meant(session, chosen.words)
        if ids is not None:
            return Reach([StudyTask.id.in_(ids), *part], rest=[*rest, visible_to(by)])
        browsed = _reach(session, by, replace(chosen, words=Words()), day)
        return replace(browsed, rest=[*browsed.rest, _meant(chosen.words)], looks=LOOKS)
    if chosen.area_path and by.scope.area_path is None and not by.scope.everything:
        rest.append(StudyTask.area_id.in_(within(chosen.area_path)))
    if by.scope.company_id is not None:
        return Reach(part, StudyTask.company_id.expression, [by.scope.company_id], rest, whole=WHOLE)
    if by.scope.station_id is not None:
        return _reach_of_station(session, by.scope.station_id, part, rest)
    ids = areas.ids_in_reach(session, by, chosen.area_path)
    if ids is None:
        return Reach(part, rest=rest, whole=WHOLE)
    happened = Reach(part, StudyTask.area_id.expression, ids, rest, whole=WHOLE)
    if chosen.area_path:
        return happened
    return replace(happened, also=[Reach(part, StudyTask.home_area_id.expression, ids)], met=2)


def _part(state: str, day: date) -> tuple[list[ColumnElement[bool]], list[ColumnElement[bool]]]:
    """Return which part of the indexes holds the tasks of a state, and what is left to be looked for in it."""
    if state == OVERDUE:
        return [overdue_on(day)], []
    if state == UNFINISHED:
        return [UNDONE], []
    if state in {WAITING, TaskState.OPEN}:
        return [UNDONE, among(StudyTask.state, TaskState.OPEN)], []
    if state == TaskState.AWAY:
        return [UNDONE, among(StudyTask.state, TaskState.AWAY)], []
    if state in states.UNFINISHED:
        return [UNDONE], [StudyTask.state == state]
    return ([StudyTask.urgency >= reckoning.FINISHED_FROM], [StudyTask.state == state]) if state else ([], [])


def _reach_of_station(
    session: Session, station_id: int, part: Sequence[ColumnElement[bool]], rest: Sequence[ColumnElement[bool]]
) -> Reach:
    """Return the ways to what has its seat at a station and to what waits in its town."""
    ids = session.scalars(_town_of(station_id)).all()
    waits = [*part, UNDONE, among(StudyTask.state, TaskState.OPEN), StudyTask.station_id.is_distinct_from(station_id)]
    in_town = [Reach(waits, place.expression, ids) for place in (StudyTask.area_id, StudyTask.home_area_id)]
    return Reach(part, StudyTask.station_id.expression, [station_id], rest, in_town, 2, WHOLE)


def _narrowed_beside(session: Session, chosen: TaskFilter) -> list[ColumnElement[bool]]:
    """Return what no index of the order answers."""
    rest: list[ColumnElement[bool]] = []
    if chosen.course:
        rest.append(StudyTask.course_id.in_(session.scalars(select(Course.id).where(Course.code == chosen.course))))
    if chosen.due_from is not None:
        rest.append(StudyTask.due_on >= chosen.due_from)
    if chosen.due_until is not None:
        rest.append(StudyTask.due_on <= chosen.due_until)
    return rest


def _first_of(session: Session, by: Actor, reach: Reach, limit: int) -> Sequence[StudyTask]:
    firsts = reach.first(session, BY_URGENCY, limit)
    query = select(StudyTask).where(StudyTask.id.in_(firsts), visible_to(by)).options(*_row())
    return session.scalars(query.order_by(*BY_URGENCY)).all()


def list_waiting(session: Session, by: Actor, today: date, limit: int = 20) -> Sequence[StudyTask]:
    """Return the tasks without a seat that ``by`` may see, the most urgent first."""
    return _first_of(session, by, _reach(session, by, TaskFilter(WAITING), today), limit)


def count_waiting(session: Session, by: Actor, today: date) -> int:
    """Return how many tasks ``by`` sees that wait for a seat, capped."""
    return _reach(session, by, TaskFilter(WAITING), today).count(session, BY_URGENCY)


def list_away(session: Session, by: Actor, today: date, limit: int = 20) -> Sequence[StudyTask]:
    """Return the tasks of riders who do not come, that ``by`` may see, the most urgent first."""
    return _first_of(session, by, _reach(session, by, TaskFilter(TaskState.AWAY), today), limit)


def list_unfinished(session: Session, by: Actor, today: date, limit: int) -> Sequence[int]:
    """Return the ids of the unfinished tasks that ``by`` may see, the most urgent first."""
    return _reach(session, by, TaskFilter(UNFINISHED), today).first(session, BY_URGENCY, limit)


def list_seen(session: Session, by: Actor, ids: Sequence[int]) -> Sequence[StudyTask]:
    """Return those of the tasks with ``ids`` that ``by`` may see, with what a list shows."""
    return session.scalars(_tasks(by).where(StudyTask.id.in_(ids))).all()


def is_visible(session: Session, task: StudyTask, by: Actor) -> bool:
    """Tell whether ``by`` may open a task that another page mentions."""
    return session.scalar(select(StudyTask.id).where(StudyTask.id == task.id, visible_to(by))) is not None


def list_of_rider(session: Session, rider_id: int, by: Actor, limit: int = 20) -> Sequence[StudyTask]:
    """Return the latest tasks of a rider among those ``by`` may see."""
    return session.scalars(
        select(StudyTask)
        .where(StudyTask.rider_id == rider_id, visible_to(by))
        .options(loaded(StudyTask.course))
        .order_by(StudyTask.id.desc())
        .limit(limit)
    ).all()


def open_of_rider(session: Session, rider_number: str) -> StudyTask | None:
    """Return the task of a rider that is not finished and is due first, with its course.

    Not scoped: for whoever has the rider before them, whose card tells that there is one and when it is due.
    """
    query = select(StudyTask).join(StudyTask.rider).where(Rider.number == rider_number)
    query = query.where(StudyTask.state.in_(states.UNFINISHED)).options(loaded(StudyTask.course))
    return session.scalar(query.order_by(StudyTask.due_on, StudyTask.id).limit(1))


def list_overdue(session: Session, by: Actor, today: date, limit: int = 20) -> Sequence[StudyTask]:
    """Return the overdue tasks that ``by`` may see, the latest first: these a reminder still helps."""
    latest = [column.desc() for column in BY_URGENCY]
    firsts = _reach(session, by, TaskFilter(OVERDUE), today).first(session, latest, limit)
    query = select(StudyTask).where(StudyTask.id.in_(firsts), visible_to(by)).options(*_row())
    return session.scalars(query.order_by(*latest)).all()


def count_own_overdue(session: Session, by: Actor, today: date) -> int:
    """Return how many overdue tasks :func:`list_overdue` lists from, capped."""
    return _reach(session, by, TaskFilter(OVERDUE), today).count(session, BY_URGENCY)
