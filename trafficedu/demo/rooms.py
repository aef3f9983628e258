"""Rooms of the stations: the first has one for each part of a course, the others a hall and a VR room."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from trafficedu.core.numbers import new_number
from trafficedu.stations.models import Room, Station
from trafficedu.stations.rules import RoomKind

HALL = (RoomKind.LECTURE, "大教室", "Large hall", 60, 0)
ONE_MACHINE = (RoomKind.VR, "VR室", "VR room", 10, 1)
FIRST = [
    HALL,
    (RoomKind.FILM, "放映室", "Film room", 40, 0),
    (RoomKind.VR, "VR室", "VR room", 12, 2),
    (RoomKind.QUIZ, "测验室", "Quiz room", 30, 0),
]


def furnish(session: Session, stations: Sequence[Station]) -> None:
    """Add the rooms of some stations."""
    for place, station in enumerate(stations):
        session.add_all(
            Room(
                number=new_number("X"),
                station_id=station.id,
                kind=kind,
                name_zh=name_zh,
                name_en=name_en,
                capacity=capacity,
                machines=machines,
            )
            for kind, name_zh, name_en, capacity, machines in (FIRST if place == 0 else [HALL, ONE_MACHINE])
        )
    session.flush()
