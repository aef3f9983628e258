"""Use cases that change stations and their rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.queries.extents import surroundings_of
from trafficedu.areas.queries.tree import find_valid_area
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.corrections import correcting
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.positions import check_position
from trafficedu.core.text import message
from trafficedu.stations.models import Room, Station
from trafficedu.stations.rules import RoomKind

CORRECTED = ("name", "area_id", "address", "phone", "latitude", "longitude", "seats", "active")


@dataclass(frozen=True)
class StationInput:
    """What is entered for a station. An inactive one gets no more sessions; its records stay."""

    name: str
    area_code: str
    address: str = ""
    phone: str = ""
    latitude: float | None = None
    longitude: float | None = None
    seats: int = 30
    active: bool = True


@dataclass(frozen=True)
class RoomInput:
    """What is entered for a room; ``machines`` of a VR room only. After ``ended_on`` no session is planned in it."""

    name_zh: str
    name_en: str
    capacity: int
    machines: int = 0
    ended_on: date | None = None


def add_station(session: Session, code: str, new: StationInput, by: Actor, today: date) -> Station:
    """Add a station under a code it keeps; raises Refusal at ``code``, ``area_code`` or ``latitude``."""
    station = Station(code=code.upper())
    _apply(session, station, new, today)
    session.add(station)
    _flush(session)
    audit.write(session, "stations:station:create", by, subject=station, code=station.code)
    return station


def change_station(
    session: Session, station: Station, new: StationInput, version: int, by: Actor, now: datetime
) -> None:
    """Change a station, deactivating it included; a later file does not change that back. Raises Stale, Refusal."""
    expect_version(station, version)
    with correcting(session, station, CORRECTED, by, now):
        _apply(session, station, new, local_date(now))
        _flush(session)
    audit.write(session, "stations:station:update", by, subject=station, code=station.code, active=station.active)


def _apply(session: Session, station: Station, new: StationInput, today: date) -> None:
    station.area = find_valid_area(session, new.area_code, today)
    check_position(new.latitude, new.longitude, surroundings_of(session, station.area.path))
    station.name, station.address, station.phone = new.name, new.address, new.phone
    station.latitude, station.longitude = new.latitude, new.longitude
    station.seats, station.active = new.seats, new.active


def _flush(session: Session) -> None:
    flush_or_refuse(session, {"station.code": Refusal(message("Another station already has this code."), field="code")})


def add_room(session: Session, station: Station, kind: RoomKind, new: RoomInput, by: Actor) -> Room:
    """Add a room to a station; what it is for stays. Raises Missing, Refusal as :func:`change_room`."""
    _require_own(station, by)
    room = Room(number=new_number("X"), station_id=station.id, kind=kind)
    _furnish(session, station, room, new)
    session.add(room)
    session.flush()
    audit.write(session, "stations:room:create", by, subject=room, station=station.code)
    return room


def change_room(session: Session, room: Room, new: RoomInput, version: int, by: Actor) -> None:
    """Change a room, or let it end with a day.

    Raises
    ------
    Stale
        Somebody else changed it meanwhile.
    Missing
        The station is not the actor's.
    Refusal
        At ``machines``: a VR room without one, or another room with some; at ``name_zh``: the station has a room of
        this name.
    """
    _require_own(room.station, by)
    expect_version(room, version)
    _furnish(session, room.station, room, new)
    session.flush()
    audit.write(session, "stations:room:update", by, subject=room, station=room.station.code, ended=str(new.ended_on))


def _require_own(station: Station, by: Actor) -> None:
    if not (by.may("stations:station:manage") or by.scope.everything or by.scope.station_id == station.id):
        raise Missing(message("There is no station with this code."))


def _furnish(session: Session, station: Station, room: Room, new: RoomInput) -> None:
    if (room.kind == RoomKind.VR) != (new.machines > 0):
        text = (
            message("Enter how many machines there are.")
            if room.kind == RoomKind.VR
            else message("Only a VR room has machines. Leave this empty.")
        )
        raise Refusal(text, field="machines")
    session.execute(select(Station.id).where(Station.id == station.id).with_for_update())
    same = select(Room.id).where(Room.station_id == station.id, Room.name_zh == new.name_zh, Room.ended_on.is_(None))
    with session.no_autoflush:
        if session.scalar(same.where(Room.id != (room.id or 0)).limit(1)) is not None:
            raise Refusal(message("The station has another room of this name."), field="name_zh")
    room.name_zh, room.name_en = new.name_zh, new.name_en
    room.capacity, room.machines, room.ended_on = new.capacity, new.machines, new.ended_on
