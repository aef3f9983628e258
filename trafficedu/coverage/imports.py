"""What is said about months as files: ``coverage`` of the command line's contract."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from trafficedu.areas.imports.columns import area_column
from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import list_names
from trafficedu.core import bulk, parsing
from trafficedu.core.actors import Actor
from trafficedu.core.called import Called
from trafficedu.core.clock import local_date
from trafficedu.core.columns import Column, Columns, closed
from trafficedu.core.errors import Refusal
from trafficedu.core.keyed_import import Candidate, KeyedImport, Known
from trafficedu.core.month import EARLIEST, Month, Period
from trafficedu.core.reading import Row
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import message
from trafficedu.coverage.models import CoverageMark
from trafficedu.coverage.queries.coverage import Coverage, coverage_of
from trafficedu.coverage.queries.marks import top_of
from trafficedu.coverage.rules import MARKS, FigureKind, check_said
from trafficedu.coverage.services.saying import note_by_file

COLUMNS = Columns(
    closed("figure", FigureKind, title=message("Figure"), headings=("指标", "数据种类", "统计项目")),
    area_column(),
    Column("month", parsing.month, title=message("Month"), headings=("年月", "统计月份"), example="2026-11"),
    closed("state", MARKS, title=message("State"), headings=("报送情况", "报送状态")),
)
FIRST_ASKED = 12
"""Months before the first one of a file that are read with it."""


class CoverageImport(KeyedImport[dict[str, Any]]):
    """Marks by figure, unit and month; a later file says anew what holds."""

    columns, model, key_column = COLUMNS, CoverageMark, "month"
    compared = changeable = ("state",)

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        condition = by.scope.condition(area=Area.path)
        self._areas = {area.code: area for area in session.scalars(select(Area).where(condition))}
        self._called = Called(self._areas, lambda: list_names(session, condition))
        self._covered: dict[FigureKind, Coverage] = {}

    def prepare(self, cells: dict[str, Any]) -> dict[str, Any]:
        """Check a row as what is said on the page."""
        area, month, figure = (
            self._areas.get(self._called.code_of(cells["area_code"], "area_code")),
            cells["month"],
            cells["figure"],
        )
        if area is None:
            raise Refusal(message("There is no area with this code."), field="area_code")
        check_said(cells["state"], month, 0, local_date(self.now))
        found = self._coverage(figure, month)
        unit = next((unit for unit in found.units if unit.id == area.id), None) if found else None
        if found is None or unit is None or not unit.is_there(month):
            raise Refusal(message("Towns report, and districts without towns. This area does not."), field="area_code")
        place = found.units.index(unit), month - found.months[0]
        check_said(cells["state"], month, found.records[place[0]][place[1]], local_date(self.now))
        return {"figure": figure, "area_id": area.id, "month": month, "state": cells["state"]}

    def _coverage(self, figure: FigureKind, month: Month) -> Coverage | None:
        """Return what is known of a figure, read once for all months up to now; anew for an earlier one."""
        known = self._covered.get(figure)
        if known is None or month < known.months[0]:
            top = top_of(self.session, self.by)
            if top is None or month < EARLIEST:
                return None
            running = Month.of(local_date(self.now))
            period = Period(max(min(month, running) - FIRST_ASKED, EARLIEST), max(month, running))
            known = self._covered[figure] = coverage_of(self.session, figure, top, period, self.now)
        return known if month <= known.months[-1] else None

    def key(self, ready: dict[str, Any]) -> tuple[FigureKind, int, Month]:
        """Return figure, unit and month."""
        return ready["figure"], ready["area_id"], ready["month"]

    def find(self, keys: Collection[Any]) -> dict[Any, Known]:
        """Return what is said already."""
        names = ("figure", "area_id", "month")
        columns = [self.table.c[name] for name in (*names, *self.names)]
        return {
            tuple(values[: len(names)]): self.as_known(values[len(names) :])
            for batch in bulk.batches(keys, 500)
            for values in self.session.execute(
                select(*columns).where(tuple_(*(self.table.c[name] for name in names)).in_(batch))
            )
        }

    def label(self, row: Row) -> str:
        """Return figure, unit and month."""
        return f"{row['figure']} {row['area_code']} {row['month']}"

    def facts(self, ready: dict[str, Any], known: Known) -> Mapping[str, Any]:
        """Return what is said."""
        return {"state": ready["state"]}

    def values(self, ready: dict[str, Any]) -> dict[str, Any]:
        """Return the row of what was not said before."""
        return ready

    def load(self, candidates: Sequence[Candidate[dict[str, Any]]]) -> Sequence[int]:
        """Write what is new, with the acts."""
        ids = super().load(candidates)
        if ids:
            said = [(*self.key(each.ready), None, each.ready["state"]) for each in candidates]
            note_by_file(self.session, said, self.by, self.now)
        return ids

    def change(self, changed: Sequence[tuple[dict[str, Any], Known]]) -> None:
        """Write what is said anew, with the acts."""
        ids = [known["id"] for _, known in changed]
        query = select(self.table.c.id, self.table.c.state).where(self.table.c.id.in_(ids))
        before = {row.id: row.state for row in self.session.execute(query)}
        super().change(changed)
        said = [(*self.key(ready), before[known["id"]], ready["state"]) for ready, known in changed]
        note_by_file(self.session, said, self.by, self.now)


def _export(session: Session, by: Actor, now: datetime, month: Month | None, clear: bool) -> Iterable[dict[str, Any]]:
    query = (
        select(CoverageMark.figure, Area.code, CoverageMark.month, CoverageMark.state)
        .join(Area, Area.id == CoverageMark.area_id)
        .where(by.scope.condition(area=Area.path))
        .order_by(CoverageMark.figure, CoverageMark.month, Area.code)
    )
    if month is not None:
        query = query.where(CoverageMark.month == month)
    for row in session.execute(query.execution_options(yield_per=bulk.BATCH)):
        yield {"figure": row.figure, "area_code": row.code, "month": str(row.month), "state": row.state}


IMPORTER = Importer(COLUMNS, CoverageImport.run, "coverage:month:import")
EXPORTER = Exporter(COLUMNS, _export, "coverage:month:export", monthly=True)
