"""Areas and registered e-bikes as files: ``areas`` and ``ebikes`` of the command line's contract.

The tree is held in memory while a file of areas is read (a whole country has some 600,000); e-bikes go through
in batches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, literal, select, tuple_, update
from sqlalchemy.orm import Session

from trafficedu.areas.events import TreeGrewUpwards
from trafficedu.areas.models import Area, AreaExtent, RegisteredEBikes
from trafficedu.areas.queries.tree import facts_by_code, visible_to
from trafficedu.areas.rules import (
    BEGINNING,
    AreaFacts,
    Level,
    check_one_top,
    check_place,
    check_successor,
    check_within,
)
from trafficedu.areas.services import check_month
from trafficedu.core import bulk, clock, parsing
from trafficedu.core.actors import SYSTEM, Actor, at_or_below
from trafficedu.core.catalogue import shipped
from trafficedu.core.columns import Column, Columns
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.keyed_import import KeyedImport, Known
from trafficedu.core.month import Month
from trafficedu.core.parsing import if_given
from trafficedu.core.tabular import Batches, Exporter, Importer, ImportReport, Progress, Row, read_rows, silent
from trafficedu.core.text import message

SHIPPED = Path(__file__).parent.parent / "reference" / "areas.csv"


def area_code(cell: parsing.Cell) -> str:
    """Return a code: digits and Latin letters."""
    code = parsing.needed(20)(cell)
    if not code.isalnum() or not code.isascii():
        raise Refusal(message("A code can only contain letters (A to Z) and numbers."))
    return code


AREA_COLUMNS = Columns(
    Column("code", area_code),
    Column("name", parsing.needed(80)),
    Column("level", parsing.one_of(Level)),
    Column("parent_code"),
    Column("valid_from", if_given(parsing.day), optional=True),
    Column("valid_to", if_given(parsing.day), optional=True),
    Column("successor", optional=True),
    Column("evaluated", if_given(parsing.flag), optional=True),
)
EBIKE_COLUMNS = Columns(
    Column("area_code"),
    Column("month", parsing.month),
    Column("ebikes", parsing.whole(most=10_000_000)),
)


@dataclass
class _Tree:
    """The tree as it is and as the file wants it."""

    before: dict[str, AreaFacts]
    after: dict[str, AreaFacts] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)

    def at(self, code: str) -> AreaFacts | None:
        return self.after.get(code) or self.before.get(code)

    def refuse(self, report: ImportReport, code: str, error: Refusal) -> None:
        """Take a row out again."""
        report.refuse(self.rows.pop(code), error)
        self.after.pop(code)


def _import_areas(
    session: Session,
    rows: Iterator[Row],
    by: Actor,
    now: datetime,
    *,
    skip_errors: bool,
    progress: Progress,
    batches: Batches = bulk.batches,
) -> ImportReport:
    """Take in the rows in whatever order they stand; a parent may come later than its villages."""
    report, tree = ImportReport(), _Tree(facts_by_code(session))
    by_code: dict[str, AreaFacts] = {}
    for row in rows:
        try:
            facts = _facts(row, tree.before)
            if facts.code in by_code:
                raise Refusal(message("This code also appears in an earlier line."), field="code")
            by_code[facts.code] = facts
            tree.rows[facts.code] = row
        except Refusal as error:
            report.refuse(row, error)
        progress(1)
    for level in Level:
        for facts in [facts for facts in by_code.values() if facts.level == level]:
            _place(tree, facts, report)
    _settle(tree, report)
    if _write_areas(session, tree, report):
        publish(session, TreeGrewUpwards(now, by))
    report.refused.sort(key=lambda refused: refused.line)
    return report


def _facts(row: Row, before: Mapping[str, AreaFacts]) -> AreaFacts:
    """Read one row; what an absent column or an empty first day leaves open stays as it was."""
    cells = AREA_COLUMNS.read(row.values)
    known = before.get(cells["code"])
    if known is not None:
        cells |= {name: getattr(known, name) for name in ("valid_to", "successor") if name not in row.values}
    if cells["valid_from"] is None:
        cells["valid_from"] = known.valid_from if known is not None else BEGINNING
    if cells["evaluated"] is None:
        cells["evaluated"] = known.evaluated if known is not None else True
    return AreaFacts(**cells)


def _place(tree: _Tree, facts: AreaFacts, report: ImportReport) -> None:
    """Accept ``facts`` where parent and dates allow it. What lies above the top of the tree is no row and not kept."""
    parent = tree.at(facts.parent_code)
    kept = replace(facts, parent_code=parent.code if parent else "")
    before = tree.before.get(facts.code)
    if before is None and parent is not None and not tree.rows[facts.code]["valid_from"]:
        kept = replace(kept, valid_from=parent.valid_from)
    tree.after[facts.code] = kept
    try:
        check_place(kept, before, parent)
    except Refusal as error:
        tree.refuse(report, facts.code, error)


def _settle(tree: _Tree, report: ImportReport) -> None:
    """Take out what does not fit the tree as it would be: lost parents, outlived parents, bad successors."""
    while True:
        whole = tree.before | tree.after
        wrong = {
            code: error for code in tree.after if (error := _misfit(tree.after[code], whole, tree.before)) is not None
        }
        for area in whole.values():  # an area that stays as it is may outlive a parent that the file ends
            parent = tree.after.get(area.parent_code)
            if area.code in tree.after or parent is None or parent.code in wrong:
                continue
            try:
                check_within(area, parent)
            except Refusal:
                wrong[parent.code] = Refusal(
                    message(
                        "%(name)s, which lies below it, falls outside these dates. Change it in the same file.",
                        name=area.name,
                    ),
                    field="valid_to" if parent.valid_to else "valid_from",
                )
        if not wrong:
            return
        for code, error in wrong.items():
            tree.refuse(report, code, error)


def _misfit(area: AreaFacts, whole: Mapping[str, AreaFacts], before: Mapping[str, AreaFacts]) -> Refusal | None:
    try:
        if area.code not in before:
            check_one_top(area, whole.values())
        if area.parent_code:
            parent = whole.get(area.parent_code)
            if parent is None:
                return Refusal(message("The line for its parent was refused."), field="parent_code")
            check_within(area, parent)
        check_successor(area, whole)
    except Refusal as error:
        return error
    return None


def _write_areas(session: Session, tree: _Tree, report: ImportReport) -> bool:
    """Write what was accepted; tells whether the top of the tree got a parent."""
    ids: dict[str, int] = {row.code: row.id for row in session.execute(select(Area.code, Area.id))}
    paths: dict[str, str] = {row.code: row.path for row in session.execute(select(Area.code, Area.path))}
    grew = False
    for level in Level:
        fresh = [facts for facts in tree.after.values() if facts.level == level and facts.code not in tree.before]
        for facts in fresh:
            paths[facts.code] = paths.get(facts.parent_code, "") + facts.code + "/"
        rows = [_area_values(facts) | _position(facts, ids, paths) for facts in fresh]
        if rows:
            session.execute(insert(Area), rows)
            ids = {row.code: row.id for row in session.execute(select(Area.code, Area.id))}
        report.added += len(rows)
        for facts in tree.after.values():
            before = tree.before.get(facts.code)
            if facts.level == level and before is not None and facts.parent_code != before.parent_code:
                paths, grew = _put_below(session, facts, ids, paths), True
    changed = [facts for facts in tree.after.values() if facts.code in tree.before]
    for facts in changed:
        if facts == tree.before[facts.code]:
            report.unchanged += 1
            continue
        values = _area_values(facts) | {"version": Area.version + 1}
        session.execute(update(Area).where(Area.code == facts.code).values(values))
        report.updated += 1
    for facts in tree.after.values():
        before = tree.before.get(facts.code)
        if facts.successor != (before.successor if before else ""):
            successor = ids.get(facts.successor)
            session.execute(update(Area).where(Area.code == facts.code).values(successor_id=successor))
    session.expire_all()
    return grew


def _put_below(session: Session, top: AreaFacts, ids: Mapping[str, int], paths: Mapping[str, str]) -> dict[str, str]:
    """Put what was the top of the tree, with all below it, under a parent; returns the paths as they are then."""
    above, path = paths[top.parent_code], paths[top.code]
    session.execute(update(Area).where(Area.code == top.code).values(parent_id=ids[top.parent_code]))
    session.execute(update(Area).where(at_or_below(Area.path, path)).values(path=literal(above) + Area.path))
    return {code: f"{above}{old}" if old.startswith(path) else old for code, old in paths.items()}


def _area_values(facts: AreaFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "valid_from": facts.valid_from,
        "valid_to": facts.valid_to,
        "evaluated": facts.evaluated,
    }


def _position(facts: AreaFacts, ids: dict[str, int], paths: dict[str, str]) -> dict[str, Any]:
    return {
        "code": facts.code,
        "level": facts.level,
        "parent_id": ids.get(facts.parent_code),
        "path": paths[facts.code],
        "version": 1,
    }


def _export_areas(
    session: Session, by: Actor, now: datetime, month: Month | None, clear: bool
) -> Iterable[dict[str, Any]]:
    for facts in sorted(facts_by_code(session, by).values(), key=lambda facts: facts.code):
        yield {
            "code": facts.code,
            "name": facts.name,
            "level": facts.level,
            "parent_code": facts.parent_code,
            "valid_from": facts.valid_from,
            "valid_to": facts.valid_to,
            "successor": facts.successor,
            "evaluated": facts.evaluated,
        }


class EBikeImport(KeyedImport[dict[str, Any]]):
    """Figures by area and month; a changed figure replaces the former one."""

    columns, model = EBIKE_COLUMNS, RegisteredEBikes
    compared = changeable = ("ebikes",)

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self._areas = {area.code: area for area in session.scalars(select(Area).where(visible_to(by)))}
        self._seen = set[tuple[int, Month]]()

    def prepare(self, cells: dict[str, Any]) -> dict[str, Any]:
        """Check a row as a figure that is entered; an area has one figure a month."""
        area, month = self._areas.get(cells["area_code"]), cells["month"]
        if area is None:
            raise Refusal(message("There is no area with this code."), field="area_code")
        check_month(area, month, clock.local_date(self.now))
        if (area.id, month) in self._seen:
            raise Refusal(message("This area and month also appear in an earlier line."), field="month")
        self._seen.add((area.id, month))
        return {"area_id": area.id, "month": month, "ebikes": cells["ebikes"]}

    def key(self, ready: dict[str, Any]) -> tuple[int, Month]:
        """Return area and month."""
        return ready["area_id"], ready["month"]

    def find(self, keys: Collection[Any]) -> dict[Any, Known]:
        """Return the figures known."""
        key = tuple_(RegisteredEBikes.area_id, RegisteredEBikes.month)
        columns = (RegisteredEBikes.area_id, RegisteredEBikes.month, RegisteredEBikes.id, RegisteredEBikes.ebikes)
        return {
            (row.area_id, row.month): {"id": row.id, "ebikes": row.ebikes}
            for batch in bulk.batches(keys, 1_000)
            for row in self.session.execute(select(*columns).where(key.in_(batch)))
        }

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


AREAS_IMPORTER = Importer(AREA_COLUMNS, _import_areas, "areas:area:manage", by_slices=False)
AREAS_EXPORTER = Exporter(AREA_COLUMNS, _export_areas, "areas:area:read")
EBIKES_IMPORTER = Importer(EBIKE_COLUMNS, EBikeImport.run, "areas:ebikes:manage")
EBIKES_EXPORTER = Exporter(EBIKE_COLUMNS, _export_ebikes, "areas:area:read", monthly=True)


def load_shipped(session: Session, now: datetime) -> int:
    """Load the shipped tree into an installation that has no area yet; returns how many areas were added."""
    if session.scalar(select(Area.id).limit(1)) is not None:
        return 0
    rows = read_rows(SHIPPED, AREA_COLUMNS)
    report = _import_areas(session, rows, SYSTEM, now, skip_errors=False, progress=silent)
    assert not report.refused, report.refused[0]
    return report.added


def load_extents(session: Session, _now: datetime) -> int:
    """Load the shipped rectangles of areas that have none yet; returns how many."""
    rows = {row.pop("code"): row for row in shipped("area_extents.csv", AreaExtent)}
    lacking = select(Area.id, Area.code).where(Area.code.in_(rows), Area.id.not_in(select(AreaExtent.area_id)))
    fresh = [AreaExtent(area_id=area_id, **rows[code]) for area_id, code in session.execute(lacking)]
    session.add_all(fresh)
    session.flush()
    return len(fresh)
