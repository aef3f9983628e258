"""Reads of stations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session, contains_eager

from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import lies_in
from trafficedu.core.actors import Actor, at_or_below
from trafficedu.core.errors import Missing
from trafficedu.core.listing import FIGURES, Column, Listing
from trafficedu.core.states import Activity
from trafficedu.core.text import message
from trafficedu.stations.models import Room, Station


@dataclass(frozen=True)
class StationFilter:
    """What the list of stations is narrowed to; ``below`` is the path of an area."""

    words: str = ""
    below: str = ""
    active: bool | None = True


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` sees a station: the own one, those of the own area, or, managing them, all."""
    if by.may("stations:station:manage"):
        return true()
    return by.scope.condition(station=Station.id, area=lies_in(Station.area_id))


def find_visible_station(session: Session, code: str, by: Actor) -> Station:
    """Return the station with ``code`` if ``by`` sees it; raise :class:`Missing`."""
    station = session.scalar(select(Station).where(Station.code == code, visible_to(by)))
    if station is None:
        raise Missing(message("There is no station with this code."))
    return station


def list_rooms(session: Session, station: Station) -> Sequence[Room]:
    """Return the rooms of a station in the order in which they were added, those that ended last."""
    rooms = session.scalars(select(Room).where(Room.station_id == station.id).order_by(Room.id)).all()
    return sorted(rooms, key=lambda room: room.ended_on is not None)


def find_room(session: Session, station: Station, number: str) -> Room:
    """Return a room of a station that the reader was found to see; raise :class:`Missing`."""
    room = session.scalar(select(Room).where(Room.number == number, Room.station_id == station.id))
    if room is None:
        raise Missing(message("This station has no such room."))
    return room


def _filtered(by: Actor, chosen: StationFilter) -> Select[tuple[Station]]:
    query = select(Station).join(Station.area).options(contains_eager(Station.area)).where(visible_to(by))
    if chosen.words:
        text = chosen.words.lower()
        columns = (Station.name, Station.code, Station.address, Area.name)
        query = query.where(or_(*(func.lower(column).contains(text, autoescape=True) for column in columns)))
    if chosen.below:
        query = query.where(at_or_below(Area.path, chosen.below))
    return query if chosen.active is None else query.where(Station.active == chosen.active)


STATIONS: Listing[Station, StationFilter] = Listing(
    _filtered,
    [
        Column("name", message("Station"), value=lambda row: row.name, sort=Station.name.expression),
        Column("code", message("Code"), value=lambda row: row.code, sort=Station.code.expression),
        Column("area", message("Village or town"), value=lambda row: row.area.name, sort=Area.path.expression),
        Column("address", message("Address"), value=lambda row: row.address),
        Column("seats", message("Seats"), value=lambda row: row.seats, sort=Station.seats.expression, look=FIGURES),
        Column("state", message("State"), value=lambda row: Activity.of(row.active)),
    ],
    sort="area",
    order=[Station.code.expression],
)
"""Words are looked for in name, code, address and the area's name."""


def choices(session: Session) -> list[tuple[int, str]]:
    """Return id and name of every active one, for lists to choose from."""
    query = select(Station.id, Station.name).where(Station.active).order_by(Station.name)
    return [(row.id, row.name) for row in session.execute(query)]
