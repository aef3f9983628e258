"""Rooms of stations, for tests."""

from __future__ import annotations

from sqlalchemy.orm import Session

from trafficedu.core.numbers import new_number
from trafficedu.stations.models import Room, Station
from trafficedu.stations.rules import RoomKind


def add_room(
    session: Session, station: Station, kind: RoomKind, capacity: int = 30, machines: int = 0, name: str = ""
) -> Room:
    room = Room(
        number=new_number("X"),
        station_id=station.id,
        kind=kind,
        name_zh=name or f"{kind}室",
        name_en=name or f"{kind} room",
        capacity=capacity,
        machines=machines,
    )
    session.add(room)
    session.flush()
    return room
