"""Reads of sessions, rosters and studies, kept to what the asker may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Load, Session

from trafficedu.areas.queries.tree import lies_in, within
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Conditions, Narrowing, Way, days, equal
from trafficedu.core.orm import among
from trafficedu.core.paging import BEGINNING, Page, Place, paginate
from trafficedu.core.reach import WINDOW, Reach
from trafficedu.core.terms import contains
from trafficedu.core.text import message
from trafficedu.education.models.courses import Course, CourseVersion, StudySession
from trafficedu.education.models.tasks import Attendance, Booking, OnlineStudy, StudyTask
from trafficedu.education.queries.free import has_free_seat
from trafficedu.education.queries.tasks import ids_meant
from trafficedu.education.rules.states import AttendanceState, BookingState, SessionState, TaskState
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station
from trafficedu.violations.queries.searching import Words


@dataclass(frozen=True)
class SessionFilter:
    """What the list of sessions is narrowed to."""

    station: str = ""
    course: str = ""
    since: date | None = None
    until: date | None = None
    free_only: bool = False
    words: Words = Words()
    whenever: bool = False
    """Whether ``since`` is left out for the sessions of somebody who is looked for."""


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` may see a session: those of the own station, or of stations in the own area.

    Whoever's post is a village sees the sessions of its stations only; a seat elsewhere shows on the task.
    """
    return _of_stations(by, StudySession.station_id)


def _of_stations(by: Actor, station_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return by.scope.condition(
        station=station_id,
        area=lambda path: station_id.in_(select(Station.id).where(Station.area_id.in_(within(path)))),
    )


def _loaded(query: Select[tuple[StudySession]]) -> Select[tuple[StudySession]]:
    return query.options(
        loaded(StudySession.course, Course.versions, CourseVersion.modules),
        loaded(StudySession.station, Station.area),
    )


def find_session(session: Session, number: str, by: Actor) -> StudySession:
    """Return the session with ``number`` if ``by`` may see it; raise :class:`Missing`."""
    query = select(StudySession).where(StudySession.number == number, visible_to(by))
    study = session.scalar(_loaded(query))
    if study is None:
        raise Missing(message("This session does not exist, or you do not have access to it."))
    return study


def _stations(session: Session, by: Actor, chosen: SessionFilter) -> Sequence[int]:
    stations = select(Station.id).where(_of_stations(by, Station.id), *equal((Station.code, chosen.station)))
    return session.scalars(stations).all()


def _of_station(chosen: SessionFilter) -> Conditions:
    return [StudySession.station.has(code=chosen.station)] if chosen.station else []


def _rest(chosen: SessionFilter) -> Conditions:
    courses = select(Course.id).where(Course.code == chosen.course)
    of_course = [StudySession.course_id.in_(courses)] if chosen.course else []
    free = [StudySession.state == SessionState.SCHEDULED, has_free_seat(StudySession)]
    return of_course + (free if chosen.free_only else [])


NARROWING = Narrowing[SessionFilter](
    days(StudySession.starts_on), [Way(StudySession.station_id.expression, _stations, _of_station)], _rest
)


def list_sessions(session: Session, by: Actor, criteria: SessionFilter, place: Place = BEGINNING) -> Page[StudySession]:
    """Return the sessions ``by`` may see in order of time, narrowed; cancelled ones are shown as such.

    Words are a session's number, or mean riders who have a seat in it, whenever it is; else part of a lecturer's name.
    """
    order = [column.expression for column in (StudySession.starts_on, StudySession.starts_utc, StudySession.id)]
    ids = _ids_meant(session, criteria.words)
    if ids:
        criteria = replace(criteria, since=None if criteria.whenever else criteria.since)
        conditions = [StudySession.id.in_(ids), visible_to(by), *NARROWING.conditions(criteria)]
        reach = Reach(conditions[:1], rest=conditions[1:])
        return paginate(session, _loaded(select(StudySession).where(*conditions)), order, place, 100, reach)
    reach, conditions = NARROWING.reach(session, by, criteria), [visible_to(by), *NARROWING.conditions(criteria)]
    if criteria.words:
        lecturer = contains(StudySession.lecturer, criteria.words.text)
        reach, conditions = replace(reach, rest=[*reach.rest, lecturer]), [*conditions, lecturer]
    return paginate(session, _loaded(select(StudySession).where(*conditions)), order, place, 100, reach)


def _ids_meant(session: Session, words: Words) -> Sequence[int]:
    """Return the ids of the sessions with this number, or in which riders who are meant have a seat."""
    if not words:
        return []
    own = session.scalars(select(StudySession.id).where(StudySession.number == words.number)).all()
    tasks = [] if own else ids_meant(session, words)
    seats = select(Booking.session_id).where(Booking.task_id.in_(tasks or []), Booking.state != BookingState.CANCELLED)
    return own or session.scalars(seats.distinct().limit(WINDOW)).all()


def list_of_today(session: Session, by: Actor, now: datetime) -> Sequence[StudySession]:
    """Return the sessions of today that take place and ``by`` may see, in order of time.

    Among them those of yesterday that go on after midnight, and those of tomorrow that riders check in to before it.
    """
    today, still = local_date(now), now - timedelta(minutes=figure(session, "education.grace_minutes"))
    soon, day = now + timedelta(minutes=figure(session, "education.check_in_minutes")), timedelta(days=1)
    going_on = (StudySession.starts_on == today - day) & (StudySession.ends_utc > still)
    opening = (StudySession.starts_on == today + day) & (StudySession.starts_utc <= soon)
    query = select(StudySession).where(
        visible_to(by),
        StudySession.starts_on.between(today - day, today + day),
        or_(StudySession.starts_on == today, going_on, opening),
        StudySession.state == SessionState.SCHEDULED,
    )
    return session.scalars(_loaded(query).order_by(StudySession.starts_utc, StudySession.id)).all()


def count_sessions_of_day(session: Session, by: Actor, day: date, path: str) -> tuple[int, int, int]:
    """Return the sessions that take place on ``day`` at stations at and below ``path``, their seats, those taken."""
    stations = select(Station.id).where(Station.area_id.in_(within(path)))
    query = select(
        func.count(),
        func.coalesce(func.sum(StudySession.capacity), 0),
        func.coalesce(func.sum(StudySession.seats_taken), 0),
    ).where(
        StudySession.starts_on == day,
        StudySession.state != SessionState.CANCELLED,
        StudySession.station_id.in_(stations),
        visible_to(by),
    )
    sessions, seats, taken = session.execute(query).one()
    return sessions, seats, taken


def list_coming(session: Session, station_id: int, day: date, limit: int = 8) -> Sequence[StudySession]:
    """Return the next sessions of a station from ``day`` on; no scope: times of sessions are no secret."""
    query = select(StudySession).where(
        StudySession.station_id == station_id,
        StudySession.starts_on >= day,
        StudySession.state == SessionState.SCHEDULED,
    )
    return session.scalars(_loaded(query).order_by(StudySession.starts_utc, StudySession.id).limit(limit)).all()


def count_live_bookings(session: Session, session_id: int) -> int:
    """Return how many seats of a session are held by riders who have not checked in."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Booking)
            .where(Booking.session_id == session_id, Booking.state == BookingState.BOOKED)
        )
        or 0
    )


def list_roster(session: Session, session_id: int) -> Sequence[Booking]:
    """Return the bookings of a session that stand (booked, attended, absent) with all a roster shows, by name."""
    return session.scalars(
        select(Booking)
        .join(Booking.task)
        .join(StudyTask.rider)
        .where(Booking.session_id == session_id, Booking.state != BookingState.CANCELLED)
        .options(*_card())
        .order_by(Rider.name, Booking.id)
        .execution_options(populate_existing=True)
    ).all()


def _card() -> Sequence[Load]:
    """Return what is loaded with a booking for all that its card shows."""
    return (
        loaded(Booking.task, StudyTask.company),
        loaded(Booking.task, StudyTask.rider, Rider.home_area),
        loaded(Booking.task, StudyTask.course),
        loaded(Booking.attendance, Attendance.modules),
        loaded(Booking.attendance, Attendance.online, OnlineStudy.module),
        loaded(Booking.attendance, Attendance.signer),
        loaded(Booking.attendance, Attendance.granter),
        loaded(Booking.session, StudySession.station, Station.area),
        loaded(Booking.session, StudySession.course, Course.versions, CourseVersion.modules),
    )


def _row() -> Sequence[Load]:
    """Return what is loaded with a booking for its row at the door."""
    return (
        loaded(Booking.task, StudyTask.company),
        loaded(Booking.task, StudyTask.rider, Rider.home_area),
        loaded(Booking.attendance, Attendance.modules),
        loaded(Booking.session, StudySession.course, Course.versions, CourseVersion.modules),
    )


def find_study(session: Session, session_number: str, task_number: str, by: Actor) -> Booking:
    """Return the booking of a task in a session that ``by`` may see, with all that its card shows; see find_seat."""
    return _study_in(session, session_number, task_number, by, _card())


def find_in_list(session: Session, session_number: str, task_number: str, by: Actor) -> Booking:
    """Return the booking of a task in a session that ``by`` may see, with what its row at the door shows."""
    return _study_in(session, session_number, task_number, by, _row())


def find_seat(session: Session, session_number: str, task_number: str, by: Actor) -> Booking:
    """Return the booking of a task in a session that ``by`` may see; raise :class:`Missing`.

    A rider is addressed on a session's pages by the task's number. A cancelled booking is no study. Only the attendance
    is loaded with it: enough for a tap at the door.
    """
    return _study_in(session, session_number, task_number, by, [loaded(Booking.attendance)])


def _study_in(session: Session, session_number: str, task_number: str, by: Actor, loads: Sequence[Load]) -> Booking:
    booking = session.scalar(
        select(Booking)
        .join(Booking.task)
        .join(Booking.session)
        .where(
            StudySession.number == session_number,
            StudyTask.number == task_number,
            Booking.state != BookingState.CANCELLED,
            visible_to(by),
        )
        .order_by(Booking.id.desc())
        .limit(1)
        .options(*loads)
        .execution_options(populate_existing=True)
    )
    if booking is None:
        raise Missing(message("This study task does not exist, or you do not have access to it."))
    return booking


def list_unsigned(session: Session, by: Actor, before: date, limit: int = 20) -> Sequence[Booking]:
    """Return studies of earlier days that nobody signed off or ended, the oldest first."""
    return session.scalars(
        select(Booking)
        .join(Booking.session)
        .join(Booking.attendance)
        .join(Booking.task)
        .where(
            among(StudyTask.state, TaskState.IN_PROGRESS),
            _of_stations(by, StudyTask.station_id),
            among(Attendance.state, AttendanceState.STUDYING),
            StudySession.starts_on < before,
        )
        .options(*_card())
        .order_by(StudySession.starts_utc, Booking.id)
        .limit(limit)
    ).all()


def list_stations_seen(session: Session, by: Actor) -> Sequence[Station]:
    """Return the active stations whose sessions ``by`` may see, by name."""
    own = by.scope.condition(station=Station.id, area=lies_in(Station.area_id))
    query = select(Station).where(Station.active, own).options(loaded(Station.area)).order_by(Station.name)
    return session.scalars(query).all()
