"""Reads of rooms: those of a station, those a session uses, which sessions use what at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from trafficedu.core.clock import local_date
from trafficedu.core.loading import loaded
from trafficedu.core.orm import among
from trafficedu.education.models.courses import Course, CourseModule, CourseVersion, StudySession
from trafficedu.education.models.rooms import SessionRoom
from trafficedu.education.models.tasks import Attendance, Booking, ModuleRecord
from trafficedu.education.rules import rooms as rules
from trafficedu.education.rules.states import BookingState, ModuleKind, SessionState
from trafficedu.stations.models import Room, Station


def kinds_of(study: StudySession) -> list[ModuleKind]:
    """Return the kinds of modules of a session, in the order of its plan."""
    return list(dict.fromkeys(module.kind for module in study.plan.modules))


def rooms_in_use(session: Session, station_id: int, starts_utc: datetime) -> list[Room]:
    """Return the rooms of a station in which sessions are held at a time, in the order in which they were added."""
    rooms = session.scalars(select(Room).where(Room.station_id == station_id).order_by(Room.id))
    return [room for room in rooms if room.is_in_use(local_date(starts_utc))]


def planned_rooms(session: Session, studies: Sequence[StudySession]) -> dict[int, dict[ModuleKind, Room]]:
    """Return by session the room of each kind of module, as it was planned; rooms that ended by then are left out."""
    days = {study.id: study.starts_on for study in studies}
    plan: dict[int, dict[ModuleKind, Room]] = {session_id: {} for session_id in days}
    rows = select(SessionRoom).where(SessionRoom.session_id.in_(days)).options(loaded(SessionRoom.room))
    for row in session.scalars(rows):
        if row.room.is_in_use(days[row.session_id]):
            plan[row.session_id][row.kind] = row.room
    return plan


def rooms_of(session: Session, study: StudySession) -> dict[ModuleKind, Room]:
    """Return the room of each kind of module of a session: as planned, or else as it would be planned now."""
    planned = planned_rooms(session, [study])[study.id] or default_rooms(session, study)
    return {kind: planned[kind] for kind in kinds_of(study) if kind in planned}


def default_rooms(session: Session, study: StudySession) -> dict[ModuleKind, Room]:
    """Return rooms of a session's station that no other session uses at its time, by what its modules need."""
    rooms = rooms_in_use(session, study.station_id, study.starts_utc)
    if not rooms:
        return {}
    others = overlapping_at(session, study.station_id, study.starts_utc, study.ends_utc, study.id)
    return _would_be(study, rooms, others, planned_rooms(session, others))


def rooms_of_days(session: Session, studies: Sequence[StudySession]) -> dict[int, dict[ModuleKind, Room]]:
    """Return by session what :func:`rooms_of` says, for all the sessions that a station holds on some days."""
    planned = planned_rooms(session, studies)
    stations = {study.station_id for study in studies}
    rooms = session.scalars(select(Room).where(Room.station_id.in_(stations)).order_by(Room.id)).all()
    found = {}
    for study in studies:
        others = [one for one in studies if one is not study and one.takes_place and _at_once(one, study)]
        usable = [room for room in rooms if room.is_in_use(study.starts_on)]
        its = planned[study.id] or _would_be(study, usable, others, planned)
        found[study.id] = {kind: its[kind] for kind in kinds_of(study) if kind in its}
    return found


def _at_once(one: StudySession, other: StudySession) -> bool:
    return one.starts_utc < other.ends_utc and one.ends_utc > other.starts_utc


def _would_be(
    study: StudySession,
    rooms: Sequence[Room],
    others: Sequence[StudySession],
    planned: Mapping[int, Mapping[ModuleKind, Room]],
) -> dict[ModuleKind, Room]:
    """Return where a session would be planned beside ``others`` of its time; the earlier ones choose first."""
    earlier = [other for other in others if (other.starts_utc, other.id) < (study.starts_utc, study.id)]
    taken, by_id = set(_taken(rooms, others, earlier, planned)), {room.id: room for room in rooms}
    chosen = rules.plan(kinds_of(study), [facts_of(room) for room in rooms], taken, study.capacity)
    return {kind: by_id[room_id] for kind, room_id in chosen.items()}


def facts_of(room: Room) -> rules.RoomFacts:
    """Return what plans see of a room."""
    return rules.RoomFacts(room.id, room.kind, room.places)


def taken_rooms(
    session: Session, rooms: Sequence[Room], others: Sequence[StudySession], guessed: Sequence[StudySession]
) -> dict[int, StudySession]:
    """Return which of ``rooms`` other sessions of their time use: as planned, and of some as it would be planned."""
    return _taken(rooms, others, guessed, planned_rooms(session, others))


def _taken(
    rooms: Sequence[Room],
    others: Sequence[StudySession],
    guessed: Sequence[StudySession],
    planned: Mapping[int, Mapping[ModuleKind, Room]],
) -> dict[int, StudySession]:
    taken = {room.id: other for other in others for room in planned[other.id].values()}
    for other in guessed:
        if not planned[other.id]:
            facts = [facts_of(room) for room in rooms]
            chosen = rules.plan(kinds_of(other), facts, set(taken), other.capacity)
            taken |= dict.fromkeys(chosen.values(), other)
    return taken


def count_inside(session: Session, study: StudySession, room: Room) -> int:
    """Return how many riders study in a room of a session now, whatever kinds of modules are held in it."""
    here = [kind for kind, planned in rooms_of(session, study).items() if planned.id == room.id]
    inside = (
        select(func.count())
        .select_from(ModuleRecord)
        .join(ModuleRecord.attendance)
        .join(Attendance.booking)
        .join(ModuleRecord.module)
        .where(
            Booking.session_id == study.id,
            Booking.state == BookingState.ATTENDED,
            ModuleRecord.ended_utc.is_(None),
            CourseModule.kind.in_(here),
        )
    )
    return session.scalar(inside) or 0


def _at(starts_utc: datetime, ends_utc: datetime, but_id: int) -> list[ColumnElement[bool]]:
    """Return the conditions that a session takes place at a time, by days first: the indexes are in their order."""
    days = local_date(starts_utc) - timedelta(days=1), local_date(ends_utc)
    return [
        StudySession.starts_on.between(*days),
        StudySession.starts_utc < ends_utc,
        StudySession.ends_utc > starts_utc,
        among(StudySession.state, SessionState.SCHEDULED),
        StudySession.id != but_id,
    ]


def overlapping_at(
    session: Session, station_id: int, starts_utc: datetime, ends_utc: datetime, but_id: int = 0
) -> Sequence[StudySession]:
    """Return the other sessions of a station at a time, in order of time."""
    query = select(StudySession).where(StudySession.station_id == station_id, *_at(starts_utc, ends_utc, but_id))
    plan = loaded(StudySession.course, Course.versions, CourseVersion.modules)
    return session.scalars(query.options(plan).order_by(StudySession.starts_utc, StudySession.id)).all()


def lectured_at(
    session: Session, lecturer: str, starts_utc: datetime, ends_utc: datetime, but_id: int = 0
) -> tuple[StudySession, Station] | None:
    """Return another session, of any station, that a lecturer holds at a time."""
    query = select(StudySession, Station).join(StudySession.station)
    query = query.where(
        StudySession.lecturer == lecturer, StudySession.lecturer != "", *_at(starts_utc, ends_utc, but_id)
    )
    row = session.execute(query.order_by(StudySession.starts_utc).limit(1)).first()
    return None if row is None else (row[0], row[1])


def find_used(
    session: Session, rooms: Collection[int], others: Sequence[StudySession]
) -> tuple[Room, StudySession] | None:
    """Return one of some rooms, by id, that another session was planned in, and that session."""
    planned = planned_rooms(session, others)
    used = ((room, other) for other in others for room in planned[other.id].values() if room.id in rooms)
    return next(used, None)
