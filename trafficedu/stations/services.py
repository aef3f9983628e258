"""Use cases that change stations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from trafficedu.areas.queries.extents import surroundings_of
from trafficedu.areas.queries.tree import find_valid_area
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.corrections import correcting
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.positions import check_position
from trafficedu.core.text import message
from trafficedu.stations.models import Station

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
