from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import places
from trafficedu.core.actors import SYSTEM
from trafficedu.core.tabular import ImportReport, numbered, silent
from trafficedu.stations.imports import EXPORTER, IMPORTER
from trafficedu.stations.models import Station

NOW = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
ROW = {"code": "s-9", "name": "示范交治站", "area_code": places.VILLAGE, "seats": "24"}
PLACED = {"latitude": "30.1785", "longitude": "120.2647"}


def take(session: Session, *rows: dict[str, str]) -> ImportReport:
    return IMPORTER.run(session, numbered(rows), SYSTEM, NOW, skip_errors=True, progress=silent)


def test_stations_come_in_and_go_out_as_they_are(session: Session) -> None:
    assert take(session, ROW).added == 1
    station = session.scalars(select(Station).where(Station.code == "S-9")).one()
    assert (station.area.code, station.seats, station.active) == (places.VILLAGE, 24, True)
    listed = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in EXPORTER.rows(session, SYSTEM, NOW, None, False)
    ]
    again = take(session, *listed)
    assert (again.added, again.updated, again.unchanged, again.refused) == (0, 0, len(listed), [])
    assert take(session, ROW | {"seats": "40"}).updated == 1
    assert (station.seats, station.version) == (40, 2)


def test_a_position_comes_in_and_goes_out_in_wgs84(session: Session) -> None:
    """A point read off a map sold in China lies some 500 m off; read back it is the same point once more."""
    assert take(session, ROW | PLACED | {"coordinates": "gcj02"}).added == 1
    station = session.scalars(select(Station).where(Station.code == "S-9")).one()
    assert station.latitude is not None
    assert station.longitude is not None
    assert (30.1785 - station.latitude, 120.2647 - station.longitude) == pytest.approx((-0.0024, 0.0045), abs=6e-4)
    assert take(session, ROW | {"latitude": str(station.latitude), "longitude": str(station.longitude)}).unchanged == 1
    assert [row.column for row in take(session, ROW | {"latitude": "30.1785"}).refused] == ["longitude"]
    assert take(session, ROW).unchanged == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("seats", "0"),
        ("area_code", places.DISTRICT),
        ("code", "站"),
        ("name", ""),
        ("phone", "请打手机"),
        ("active", "?"),
        ("latitude", "北纬三十度"),
    ],
)
def test_what_cannot_be_is_said_at_its_column(session: Session, column: str, value: str) -> None:
    assert [row.column for row in take(session, ROW | {column: value}).refused] == [column]
