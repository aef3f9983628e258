"""Stations as files, ``stations`` of the command line's contract: the fields of their page, keyed by ``code``.

What a file leaves out, or leaves empty, stays as it is; an address or a number is taken away on the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.imports.columns import area_column
from trafficedu.areas.models import TOWN, VILLAGE, Area
from trafficedu.areas.queries.extents import RememberedSurroundings
from trafficedu.areas.queries.tree import AREA_COLUMNS, AreaRow, existing_on, list_names
from trafficedu.core import parsing
from trafficedu.core.actors import Actor
from trafficedu.core.called import Called
from trafficedu.core.clock import local_date
from trafficedu.core.columns import Column, Columns, coordinate_system, coordinates, place_in_wgs84, yes_no
from trafficedu.core.errors import Refusal
from trafficedu.core.keyed_import import KeyedImport, Known
from trafficedu.core.month import Month
from trafficedu.core.parsing import if_given
from trafficedu.core.positions import check_position
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import message
from trafficedu.stations.models import Station
from trafficedu.stations.queries import visible_to

COLUMNS = Columns(
    Column("code", parsing.code, title=message("Station code"), headings=("代码", "编号"), example="S-07"),
    Column("name", parsing.needed(120), title=message("Station"), headings=("名称", "站名", "劝导站")),
    area_column(),
    Column("address", if_given(parsing.text(200)), optional=True, title=message("Address"), headings=("地址",)),
    Column("phone", if_given(parsing.telephone), optional=True, title=message("Telephone"), headings=("电话",)),
    *coordinates(),
    Column(
        "seats",
        if_given(parsing.whole(1, 1000)),
        optional=True,
        title=message("Seats"),
        headings=("座位", "座位数", "容量"),
        example="30",
        number=True,
    ),
    yes_no("active", title=message("Active"), headings=("启用", "是否启用", "状态")),
    coordinate_system(),
)
NEW = {"address": "", "phone": "", "seats": 30, "active": True}
"""What is left open of a new station."""


class StationImport(KeyedImport[dict[str, Any]]):
    """What repeats in a file (areas) is looked up once."""

    columns, model, action = COLUMNS, Station, "stations:station:import"
    fields = {"area_id": "area_code"}
    telling = ("name",)
    compared = changeable = ("name", "area_id", "address", "phone", "latitude", "longitude", "seats", "active")

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        placed = Area.level.in_((TOWN, VILLAGE))
        rows = session.execute(select(*AREA_COLUMNS).where(placed))
        self._areas = {row.code: AreaRow.of(row) for row in rows}
        self._called = Called(self._areas, lambda: list_names(session, placed))
        self._surroundings = RememberedSurroundings(session)
        self._today = local_date(now)

    def prepare(self, cells: dict[str, Any]) -> dict[str, Any]:
        """Return a row; raise Refusal at ``area_code`` unless a village or town exists under it, or at its position."""
        area = self._areas.get(self._called.code_of(cells.pop("area_code"), "area_code"))
        if area is None:
            raise Refusal(message("There is no village or town with this code."), field="area_code")
        place_in_wgs84(cells)
        check_position(cells["latitude"], cells["longitude"], self._surroundings.of(area.path))
        return cells | {"area_id": existing_on(area, self._today).id}

    def key(self, ready: dict[str, Any]) -> str:
        """Return the code."""
        return str(ready["code"])

    def facts(self, ready: dict[str, Any], known: Known) -> Mapping[str, Any]:
        """Return what a row says; an empty cell says nothing."""
        return {name: ready[name] for name in self.compared if ready[name] is not None}

    def values(self, ready: dict[str, Any]) -> dict[str, Any]:
        """Return the row of a new station."""
        return ready | {name: value for name, value in NEW.items() if ready[name] is None}


def list_rows(
    session: Session, by: Actor, now: datetime, month: Month | None, clear: bool
) -> Iterable[Mapping[str, Any]]:
    """Yield the stations that ``by`` may see, by code; see ``core.tabular.ListRows``."""
    query = select(Station, Area.code).join(Area, Area.id == Station.area_id).where(visible_to(by))
    for station, area_code in session.execute(query.order_by(Station.code)):
        yield {column.name: getattr(station, column.name, area_code) for column in COLUMNS.exported}


IMPORTER = Importer(COLUMNS, StationImport.run, permission="stations:station:manage")
EXPORTER = Exporter(COLUMNS, list_rows, permission="stations:station:read")
