"""Reads of stations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session, contains_eager

from trafficedu.areas.models import Area
from trafficedu.areas.queries import lies_in
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.paging import Page, paginate
from trafficedu.core.text import message
from trafficedu.stations.models import Station

SORTS = {"name": Station.name, "code": Station.code, "area": Area.path, "seats": Station.seats}


@dataclass(frozen=True)
class StationFilter:
    """What the list of stations is narrowed to; ``below`` is the path of an area."""

    words: str = ""
    below: str = ""
    active: bool | None = True


@dataclass(frozen=True)
class NearStation:
    """A station and how near it is: 0 in the same village, 1 in the same town, 2 elsewhere in the district."""

    station: Station
    rank: int


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` sees a station: the own one, those of the own area, or, managing them, all."""
    if by.may("stations:station:manage"):
        return true()
    return by.scope.condition(station=Station.id, area=lies_in(Station.area_id))


def find_station(session: Session, code: str) -> Station:
    """Return the station with ``code``, active or not, whoever asks; raise :class:`Missing`."""
    return _one(session, Station.code == code)


def find_visible_station(session: Session, code: str, by: Actor) -> Station:
    """Return the station with ``code`` if ``by`` sees it; raise :class:`Missing`."""
    return _one(session, Station.code == code, visible_to(by))


def _one(session: Session, *conditions: ColumnElement[bool]) -> Station:
    station = session.scalar(select(Station).where(*conditions))
    if station is None:
        raise Missing(message("There is no station with this code."))
    return station


def list_stations(session: Session, wanted: StationFilter, by: Actor, page: int, sort: str = "area") -> Page[Station]:
    """Return the stations that ``by`` sees; words are looked for in name, code, address and the area's name."""
    query = select(Station).join(Station.area).options(contains_eager(Station.area)).where(visible_to(by))
    if wanted.words:
        text = wanted.words.lower()
        columns = (Station.name, Station.code, Station.address, Area.name)
        query = query.where(or_(*(func.lower(column).contains(text, autoescape=True) for column in columns)))
    if wanted.below:
        query = query.where(Area.path.startswith(wanted.below, autoescape=True))
    if wanted.active is not None:
        query = query.where(Station.active == wanted.active)
    column = SORTS.get(sort.removeprefix("-"), Area.path)
    return paginate(session, query.order_by(column.desc() if sort.startswith("-") else column, Station.code), page)


def list_near(session: Session, area: Area) -> Sequence[NearStation]:
    """Return all active stations, the nearest to ``area`` first: same village, same town, same district.

    A station of the town itself is as near to a village as one in another village of the town; seen from a
    town every station in it is rank 1. Within a rank by code; breaking ties by load is the caller's.
    """
    district = area.path.partition("/")[0] + "/"
    query = (
        select(Station)
        .join(Station.area)
        .options(contains_eager(Station.area))
        .where(Station.active, Area.path.startswith(district))
    )
    ranked = [NearStation(station, _rank(area.path, station.area.path)) for station in session.scalars(query)]
    return sorted(ranked, key=lambda near: (near.rank, near.station.code))


def _rank(here: str, there: str) -> int:
    parts, others = here.split("/")[:-1], there.split("/")[:-1]
    if parts[:2] != others[:2] or len(parts) < 2:
        return 2
    return 0 if parts == others and len(parts) > 2 else 1


def choices(session: Session) -> list[tuple[int, str]]:
    """Return id and name of every active one, for lists to choose from."""
    query = select(Station.id, Station.name).where(Station.active).order_by(Station.name)
    return [(row.id, row.name) for row in session.execute(query)]
