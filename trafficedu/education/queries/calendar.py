"""Reads of the calendar: sessions of some days, one by one for a station, counted for whoever sees several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.loading import loaded
from trafficedu.education.models.courses import Course, CourseVersion, StudySession
from trafficedu.education.queries.rooms import rooms_of_days
from trafficedu.education.queries.sessions import visible_to
from trafficedu.education.rules.spans import Span
from trafficedu.education.rules.states import SessionState
from trafficedu.stations.models import Room, Station

MOST_LISTED = 400
"""Sessions that a page lists one by one; a station holds fewer in a month."""


@dataclass(frozen=True)
class CalendarFilter:
    """What the calendar is narrowed to: one station, there one lecturer or one room."""

    station: Station | None = None
    lecturer: str = ""
    room: Room | None = None


def _within(span: Span, by: Actor, chosen: CalendarFilter) -> list[ColumnElement[bool]]:
    conditions = [StudySession.starts_on.between(span.first, span.last), visible_to(by)]
    if chosen.station is not None:
        conditions.append(StudySession.station_id == chosen.station.id)
    if chosen.lecturer and chosen.room is None:
        conditions.append(StudySession.lecturer == chosen.lecturer)
    return conditions


def list_days(session: Session, span: Span, by: Actor, chosen: CalendarFilter) -> dict[date, list[StudySession]]:
    """Return the sessions of each day shown, in order of time, those that were cancelled among them.

    Of a room those that are held in it, as planned or as it would be planned now, which rests on all the others.
    """
    query = select(StudySession).where(*_within(span, by, chosen))
    query = query.options(
        loaded(StudySession.course, Course.versions, CourseVersion.modules), loaded(StudySession.station, Station.area)
    )
    order = (StudySession.starts_on, StudySession.starts_utc, StudySession.id)
    days: dict[date, list[StudySession]] = {day: [] for day in span.days}
    found = session.scalars(query.order_by(*order).limit(MOST_LISTED)).all()
    for study in found if chosen.room is None else _held_in(session, found, chosen.room, chosen.lecturer):
        days[study.starts_on].append(study)
    return days


def _held_in(session: Session, studies: Sequence[StudySession], room: Room, lecturer: str) -> list[StudySession]:
    rooms = rooms_of_days(session, studies)
    held = [study for study in studies if study.takes_place and room in rooms[study.id].values()]
    return [study for study in held if lecturer in ("", study.lecturer)]


@dataclass(frozen=True)
class DayCount:
    """The sessions of a station on a day that take place: how many, how many seats in them, how many are taken."""

    station_id: int
    day: date
    sessions: int
    seats: int
    taken: int


def count_days(session: Session, span: Span, by: Actor, chosen: CalendarFilter) -> dict[tuple[int, date], DayCount]:
    """Return for each station and day shown what takes place there, by station and day."""
    counts = (func.count(), func.sum(StudySession.capacity), func.sum(StudySession.seats_taken))
    query = (
        select(StudySession.station_id, StudySession.starts_on, *counts)
        .where(*_within(span, by, chosen), StudySession.state != SessionState.CANCELLED)
        .group_by(StudySession.station_id, StudySession.starts_on)
    )
    found = (DayCount(*row) for row in session.execute(query))
    return {(one.station_id, one.day): one for one in found}


def list_lecturers(session: Session, station: Station, since: date) -> Sequence[str]:
    """Return who holds sessions at a station from a day on, by name."""
    query = select(StudySession.lecturer).where(
        StudySession.station_id == station.id, StudySession.starts_on >= since, StudySession.lecturer != ""
    )
    return session.scalars(query.distinct().order_by(StudySession.lecturer).limit(200)).all()


def list_rooms_used(session: Session, station: Station, day: date) -> Sequence[Room]:
    """Return the rooms of a station that are in use on a day or were until later."""
    query = select(Room).where(Room.station_id == station.id, (Room.ended_on.is_(None)) | (Room.ended_on >= day))
    return session.scalars(query.order_by(Room.kind, Room.number)).all()


def count_coming_of_series(session: Session, study: StudySession, now: datetime) -> int:
    """Return how many sessions of a session's series are still to come, itself among them; 0 without a series."""
    if study.series is None:
        return 0
    query = select(func.count()).where(
        StudySession.series == study.series,
        StudySession.state == SessionState.SCHEDULED,
        StudySession.starts_utc > now,
    )
    return session.scalar(query.select_from(StudySession)) or 0
