"""The rooms of a session: planned by default, changed by hand, and never fuller than they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.text import message
from trafficedu.education.models.courses import CourseModule, StudySession
from trafficedu.education.models.rooms import SessionRoom
from trafficedu.education.queries import rooms as queries
from trafficedu.education.rules import rooms as rules
from trafficedu.education.rules.states import ModuleKind
from trafficedu.education.services.conflicts import require_free
from trafficedu.education.services.seats import lock_sessions
from trafficedu.stations.models import Room

UNKNOWN_MACHINES = 1
"""Machines of a session for which no VR room is planned, where riders would begin in a group."""


def plan_rooms(session: Session, study: StudySession) -> Mapping[ModuleKind, Room]:
    """Plan a session in rooms that are free at its time, unless it is planned already; returns the plan.

    What a station has no room for, or none that is free, is left out.
    """
    planned = queries.planned_rooms(session, [study])[study.id]
    if planned:
        return planned
    chosen = queries.default_rooms(session, study)
    _write(session, study, chosen)
    return chosen


def change_rooms(
    session: Session, study: StudySession, chosen: Mapping[ModuleKind, Room], by: Actor, now: datetime
) -> None:
    """Hold the modules of a session in these rooms; a kind that is left out is held in none in particular.

    Raises
    ------
    Missing
        The session's station is not the actor's.
    Refusal
        The session is over or cancelled, a room is another station's, has ended or does not serve for its kind (field:
        the kind), or another session uses it at that time.
    """
    if not (by.scope.everything or by.scope.station_id == study.station_id):
        raise Missing(message("This session does not exist, or you do not have access to it."))
    if not study.takes_place or study.ends_utc <= now:
        raise Refusal(message("This session is over or has been cancelled, so its rooms stay as they are."))
    for kind, room in chosen.items():
        own = room.station_id == study.station_id and room.is_in_use(study.starts_on)
        if not (own and rules.may_serve(kind, room.kind)):
            raise Refusal(message("This room does not serve for this. Choose another one."), field=kind)
    if chosen:
        rooms = list({room.id: room for room in chosen.values()}.values())
        require_free(session, study.station, study.starts_utc, study.ends_utc, rooms=rooms, but=study)
    _write(session, study, chosen)
    used = [f"{kind}:{room.number}" for kind, room in chosen.items()]
    audit.write(session, "education:session:rooms", by, subject=study, rooms=" ".join(used))


def _write(session: Session, study: StudySession, chosen: Mapping[ModuleKind, Room]) -> None:
    session.execute(delete(SessionRoom).where(SessionRoom.session_id == study.id))
    session.add_all(SessionRoom(session_id=study.id, kind=kind, room_id=room.id) for kind, room in chosen.items())
    session.flush()


def require_place(session: Session, study: StudySession, module: CourseModule) -> None:
    """Raise Refusal where the room of a module is full; the session is held, so that nobody takes the last place twice.

    The caller holds the rider. Where no room is planned, none can be full.
    """
    room = queries.rooms_of(session, study).get(module.kind)
    if room is None:
        return
    lock_sessions(session, [study.id])
    if queries.count_inside(session, study, room) >= room.places:
        raise _full(room)


def _full(room: Room) -> Refusal:
    named = {"zh": room.name_zh, "en": room.name_en, "places": room.places}
    if room.machines:
        return Refusal(message("Every machine is in use: %(zh)s (%(en)s) has %(places)d.", **named))
    return Refusal(message("The room is full: %(zh)s (%(en)s) holds %(places)d.", **named))


def places_for_all(session: Session, study: StudySession, module: CourseModule, riders: int) -> int:
    """Return how many of so many riders may begin a module together: as many as its room has places left.

    Raises
    ------
    Refusal
        It is a ride, and there are fewer machines free: whoever sits somewhere else did not ride.
    """
    room = queries.rooms_of(session, study).get(module.kind)
    if room is not None:
        lock_sessions(session, [study.id])
        left = max(0, room.places - queries.count_inside(session, study, room))
    else:
        left = UNKNOWN_MACHINES if module.kind == ModuleKind.VR else riders
    if module.kind == ModuleKind.VR and riders > left:
        raise Refusal(
            message(
                "%(riders)d riders cannot ride at once: machines free: %(machines)d. Call them one by one from the "
                "VR queue.",
                riders=riders,
                machines=left,
            )
        )
    return min(left, riders)
