"""Registered e-bikes as files: ``ebikes`` of the command line's contract, taken in batches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from trafficedu.areas.imports.columns import area_column
from trafficedu.areas.models import Area, RegisteredEBikes
from trafficedu.areas.queries.tree import list_names, visible_to
from trafficedu.areas.services import check_month
from trafficedu.core import bulk, clock, parsing
from trafficedu.core.actors import Actor
from trafficedu.core.called import Called
from trafficedu.core.columns import Column, Columns
from trafficedu.core.errors import Refusal
from trafficedu.core.keyed_import import KeyedImport, Known
from trafficedu.core.month import Month
from trafficedu.core.reading import Row
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import message

COLUMNS = Columns(
    area_column(),
    Column("month", parsing.month, title=message("Month"), headings=("年月", "统计月份"), example="2026-11"),
    Column(
        "ebikes",
        parsing.whole(most=10_000_000),
        title=message("Registered e-bikes"),
        headings=("电动自行车", "登记数", "保有量", "登记电动自行车数"),
        example="1520",
        number=True,
    ),
)


class EBikeImport(KeyedImport[dict[str, Any]]):
    """Figures by area and month; a changed figure replaces the former one."""

    columns, model, key_column = COLUMNS, RegisteredEBikes, "month"
    compared = changeable = ("ebikes",)

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self._areas = {area.code: area for area in session.scalars(select(Area).where(visible_to(by)))}
        self._called = Called(self._areas, lambda: list_names(session, visible_to(by)))

    def prepare(self, cells: dict[str, Any]) -> dict[str, Any]:
        """Check a row as a figure that is entered; an area has one figure a month."""
        area, month = self._areas.get(self._called.code_of(cells["area_code"], "area_code")), cells["month"]
        if area is None:
            raise Refusal(message("There is no area with this code."), field="area_code")
        check_month(area, month, clock.local_date(self.now))
        return {"area_id": area.id, "month": month, "ebikes": cells["ebikes"]}

    def key(self, ready: dict[str, Any]) -> tuple[int, Month]:
        """Return area and month."""
        return ready["area_id"], ready["month"]

    def find(self, keys: Collection[Any]) -> dict[Any, Known]:
        """Return the figures known."""
        key = tuple_(RegisteredEBikes.area_id, RegisteredEBikes.month)
        columns = (self.table.c[name] for name in ("area_id", "month", *self.names))
        query = select(*columns)
        return {
            (area_id, month): self.as_known(values)
            for batch in bulk.batches(keys, 1_000)
            for area_id, month, *values in self.session.execute(query.where(key.in_(batch)))
        }

    def label(self, row: Row) -> str:
        """Return area and month."""
        return f"{row['area_code']} {row['month']}"

    def facts(self, ready: dict[str, Any], known: Known) -> Mapping[str, Any]:
        """Return the figure."""
        return {"ebikes": ready["ebikes"]}

    def values(self, ready: dict[str, Any]) -> dict[str, Any]:
        """Return the row of a new figure."""
        return ready


def _export_ebikes(
    session: Session, by: Actor, now: datetime, month: Month | None, clear: bool
) -> Iterable[dict[str, Any]]:
    query = (
        select(Area.code, RegisteredEBikes.month, RegisteredEBikes.ebikes)
        .join(Area, Area.id == RegisteredEBikes.area_id)
        .where(visible_to(by))
        .order_by(RegisteredEBikes.month, Area.code)
    )
    if month is not None:
        query = query.where(RegisteredEBikes.month == month)
    for row in session.execute(query.execution_options(yield_per=bulk.BATCH)):
        yield {"area_code": row.code, "month": str(row.month), "ebikes": row.ebikes}


IMPORTER = Importer(COLUMNS, EBikeImport.run, "areas:ebikes:manage")
EXPORTER = Exporter(COLUMNS, _export_ebikes, "areas:area:read", monthly=True)
