"""Nobody teaches, and no room serves, in two sessions at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.clock import local
from trafficedu.core.errors import Refusal
from trafficedu.core.text import message
from trafficedu.core.turns import take_turn
from trafficedu.education.models.courses import StudySession
from trafficedu.education.queries import rooms as queries
from trafficedu.education.rules import rooms as rules
from trafficedu.education.rules.states import ModuleKind
from trafficedu.stations.models import Room, Station


def require_free(
    session: Session,
    station: Station,
    starts_utc: datetime,
    ends_utc: datetime,
    *,
    rooms: Sequence[Room] = (),
    lecturer: str = "",
    but: StudySession | None = None,
    kinds: Sequence[ModuleKind] = tuple(ModuleKind),
) -> None:
    """Raise Refusal where a session cannot be held at a time because of another one; sessions may follow at once.

    Holds the lecturer and the station until the end of the transaction, so that two who plan at once, wherever they
    are, are answered one after the other. The lecturer first: who waits for one holds nothing that others need.

    Parameters
    ----------
    rooms
        The rooms it is planned in. Without any, every kind of its modules needs a room that no other session uses; a
        station without rooms is one hall.
    lecturer
        Who holds it, as it is written; "" is nobody.
    but
        The session itself, where it is there already.
    kinds
        The kinds of its modules, for a session without rooms.

    Raises
    ------
    Refusal
        Somebody else uses a room then, or no room is left (field ``starts_utc``), or the lecturer holds another session
        (field ``lecturer``); it names the other session.
    """
    lecturer = lecturer.strip()
    if lecturer:
        take_turn(session, [f"lecturer {lecturer}"])
    session.execute(select(Station.id).where(Station.id == station.id).with_for_update(key_share=True))
    own_id = 0 if but is None else but.id
    others = queries.overlapping_at(session, station.id, starts_utc, ends_utc, own_id)
    if rooms:
        _require_rooms(session, rooms, others)
    elif others:
        _require_any(session, station, starts_utc, others, kinds)
    busy = queries.lectured_at(session, lecturer, starts_utc, ends_utc, own_id) if lecturer else None
    if busy is not None:
        text = message(
            "%(lecturer)s holds another session at this time: %(session)s, %(when)s, %(station)s.",
            lecturer=lecturer,
            session=busy[0].number,
            when=_when(busy[0]),
            station=busy[1].name,
        )
        raise Refusal(text, field="lecturer")


def _require_rooms(session: Session, rooms: Sequence[Room], others: Sequence[StudySession]) -> None:
    used = queries.find_used(session, {room.id for room in rooms}, others)
    if used is not None:
        room, other = used
        text = message(
            "Session %(session)s, %(when)s, uses this room at that time: %(room)s.",
            session=other.number,
            when=_when(other),
            room=f"{room.name_zh} ({room.name_en})",
        )
        raise Refusal(text, field="starts_utc")


def _require_any(
    session: Session,
    station: Station,
    starts_utc: datetime,
    others: Sequence[StudySession],
    kinds: Sequence[ModuleKind],
) -> None:
    found, other = queries.rooms_in_use(session, station.id, starts_utc), others[0]
    if not found:
        text = message(
            "The station has another session at this time: %(session)s, %(when)s. "
            "Where it has several rooms, enter them on the station's page.",
            session=other.number,
            when=_when(other),
        )
        raise Refusal(text, field="starts_utc")
    taken = queries.taken_rooms(session, found, others, others)
    facts = [queries.facts_of(room) for room in found]
    free, all_free = (rules.plan(kinds, facts, used, 1) for used in (set(taken), set[int]()))
    for kind in kinds:
        if kind in all_free and kind not in free:
            other = taken[all_free[kind]]
            text = message(
                "No room for this is free at this time: %(kind)s. Session %(session)s, %(when)s, uses it.",
                kind=kind.label,
                session=other.number,
                when=_when(other),
            )
            raise Refusal(text, field="starts_utc")


def _when(study: StudySession) -> str:
    return f"{local(study.starts_utc):%Y-%m-%d %H:%M}-{local(study.ends_utc):%H:%M}"
