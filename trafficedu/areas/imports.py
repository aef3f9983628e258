"""Areas and registered e-bikes as files: ``areas`` and ``ebikes`` of the command line's contract.

The tree is held in memory while a file of areas is read (a whole country has some 600,000); e-bikes go through
in batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area, RegisteredEBikes
from trafficedu.areas.queries import facts_by_code, visible_to
from trafficedu.areas.rules import BEGINNING, AreaFacts, Level, check_place, check_successor, check_within
from trafficedu.core import bulk, clock, parsing
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.tabular import Columns, Exporter, Importer, ImportReport, Progress, Row, read_rows, silent
from trafficedu.core.text import message
from trafficedu.core.validity import Validity

OPTIONAL = frozenset({"valid_from", "valid_to", "successor", "evaluated"})
AREA_COLUMNS = Columns(
    ("code", "name", "level", "parent_code", "valid_from", "valid_to", "successor", "evaluated"), OPTIONAL
)
SHIPPED = Path(__file__).parent.parent / "reference" / "areas.csv"
EBIKE_COLUMNS = Columns(("area_code", "month", "ebikes"))


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
    session: Session, rows: Iterator[Row], by: Actor, now: datetime, *, skip_errors: bool, progress: Progress
) -> ImportReport:
    """Take in the rows in whatever order they stand; a parent may come later than its villages."""
    report, tree = ImportReport(), _Tree(facts_by_code(session))
    wanted: dict[str, AreaFacts] = {}
    for row in rows:
        try:
            facts = _facts(row, tree.before.get(row["code"]))
            if facts.code in wanted:
                raise Refusal(message("This code stands in an earlier line, too."), field="code")
            wanted[facts.code] = facts
            tree.rows[facts.code] = row
        except Refusal as error:
            report.refuse(row, error)
        progress(1)
    for level in Level:
        for facts in [facts for facts in wanted.values() if facts.level == level]:
            _place(tree, facts, report)
    _settle(tree, report)
    _write_areas(session, tree, report)
    report.refused.sort(key=lambda refused: refused.line)
    return report


def _facts(row: Row, before: AreaFacts | None) -> AreaFacts:
    """Read one row; what an absent column or an empty first day leaves open stays as it was."""
    known = before or AreaFacts(row["code"], "", "", "", BEGINNING)
    level = parsing.one_of(row, "level", Level)
    code = parsing.needed_text(row, "code", 20)
    if not code.isalnum() or not code.isascii():
        raise Refusal(message("A code consists of digits and Latin letters."), field="code")
    evaluated = parsing.flag(row, "evaluated")
    return AreaFacts(
        code=code,
        name=parsing.needed_text(row, "name", 80),
        level=level,
        parent_code=row["parent_code"],
        valid_from=parsing.day(row, "valid_from") or known.valid_from,
        valid_to=parsing.day(row, "valid_to") if "valid_to" in row.cells else known.valid_to,
        successor=row["successor"] if "successor" in row.cells else known.successor,
        evaluated=known.evaluated if evaluated is None else evaluated,
    )


def _place(tree: _Tree, facts: AreaFacts, report: ImportReport) -> None:
    """Accept ``facts`` where parent and dates allow it. The city above a district is no row and not kept."""
    parent = tree.at(facts.parent_code)
    kept = replace(facts, parent_code=parent.code if parent else "")
    before = tree.before.get(facts.code)
    if before is None and parent is not None and tree.rows[facts.code]["valid_from"] == "":
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
        wrong = {code: error for code in tree.after if (error := _misfit(tree.after[code], whole)) is not None}
        for area in whole.values():  # an area that stays as it is may outlive a parent that the file ends
            parent = tree.after.get(area.parent_code)
            if area.code in tree.after or parent is None or parent.code in wrong:
                continue
            try:
                check_within(area, parent)
            except Refusal:
                wrong[parent.code] = Refusal(
                    message("%(name)s below it lies outside these dates: change it in the same file.", name=area.name),
                    field="valid_to" if parent.valid_to else "valid_from",
                )
        if not wrong:
            return
        for code, error in wrong.items():
            tree.refuse(report, code, error)


def _misfit(area: AreaFacts, whole: dict[str, AreaFacts]) -> Refusal | None:
    try:
        if area.parent_code:
            parent = whole.get(area.parent_code)
            if parent is None:
                return Refusal(message("The parent's own line was refused."), field="parent_code")
            check_within(area, parent)
        check_successor(area, whole)
    except Refusal as error:
        return error
    return None


def _write_areas(session: Session, tree: _Tree, report: ImportReport) -> None:
    ids: dict[str, int] = {row.code: row.id for row in session.execute(select(Area.code, Area.id))}
    paths: dict[str, str] = {row.code: row.path for row in session.execute(select(Area.code, Area.path))}
    for level in Level:
        fresh = [facts for facts in tree.after.values() if facts.level == level and facts.code not in tree.before]
        for facts in fresh:
            paths[facts.code] = paths.get(facts.parent_code, "") + facts.code + "/"
        rows = [_area_values(facts) | _position(facts, ids, paths) for facts in fresh]
        if rows:
            session.execute(insert(Area), rows)
            ids = {row.code: row.id for row in session.execute(select(Area.code, Area.id))}
        report.added += len(rows)
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
    session: Session, by: Actor, now: datetime, month: date | None, clear: bool
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


def _import_ebikes(
    session: Session, rows: Iterator[Row], by: Actor, now: datetime, *, skip_errors: bool, progress: Progress
) -> ImportReport:
    """Take in figures by area and month; a changed figure replaces the former one."""
    report, seen = ImportReport(), set[tuple[int, date]]()
    areas = {area.code: area for area in session.scalars(select(Area).where(visible_to(by)))}
    this_month = clock.local_date(now).replace(day=1)
    for batch in bulk.batches(rows):
        good: dict[tuple[int, date], int] = {}
        for row in batch:
            try:
                key, ebikes = _figure(row, areas, this_month)
                if key in seen:
                    raise Refusal(message("This area and month stand in an earlier line, too."), field="month")
                seen.add(key)
                good[key] = ebikes
            except Refusal as error:
                report.refuse(row, error)
        _write_figures(session, good, report)
        progress(len(batch))
    return report


def _figure(row: Row, areas: dict[str, Area], this_month: date) -> tuple[tuple[int, date], int]:
    area = areas.get(row["area_code"])
    if area is None:
        raise Refusal(message("There is no area with this code."), field="area_code")
    month = parsing.month(row, "month")
    if month > this_month:
        raise Refusal(message("This month has not begun yet."), field="month")
    following = clock.month_bounds(month)[1]
    if not area.overlaps(Validity(month, following - timedelta(days=1))):
        raise Refusal(
            message("%(name)s did not exist on %(day)s.", name=area.name, day=month.isoformat()), field="month"
        )
    return (area.id, month), parsing.whole(row, "ebikes", most=10_000_000)


def _write_figures(session: Session, good: dict[tuple[int, date], int], report: ImportReport) -> None:
    key = tuple_(RegisteredEBikes.area_id, RegisteredEBikes.month)
    known: dict[tuple[int, date], RegisteredEBikes] = {}
    for keys in bulk.batches(good, 1_000):
        for found in session.scalars(select(RegisteredEBikes).where(key.in_(keys))):
            known[(found.area_id, found.month)] = found
    fresh = [(area_id, month, ebikes, 1) for (area_id, month), ebikes in good.items() if (area_id, month) not in known]
    bulk.load(session, RegisteredEBikes.__table__, ("area_id", "month", "ebikes", "version"), fresh)
    report.added += len(fresh)
    for place, row in known.items():
        if row.ebikes == good[place]:
            report.unchanged += 1
        else:
            row.ebikes = good[place]
            report.updated += 1
    session.flush()


def _export_ebikes(
    session: Session, by: Actor, now: datetime, month: date | None, clear: bool
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
        yield {"area_code": row.code, "month": row.month.isoformat()[:7], "ebikes": row.ebikes}


AREAS_IMPORTER = Importer(AREA_COLUMNS, _import_areas, "areas:area:manage")
AREAS_EXPORTER = Exporter(AREA_COLUMNS, _export_areas, "areas:area:read")
EBIKES_IMPORTER = Importer(EBIKE_COLUMNS, _import_ebikes, "areas:ebikes:manage")
EBIKES_EXPORTER = Exporter(EBIKE_COLUMNS, _export_ebikes, "areas:area:read", monthly=True)


def load_shipped(session: Session, now: datetime) -> int:
    """Load the shipped tree into an installation that has no area yet; returns how many areas were added."""
    if session.scalar(select(Area.id).limit(1)) is not None:
        return 0
    rows = read_rows(SHIPPED, AREA_COLUMNS)
    report = _import_areas(session, rows, SYSTEM, now, skip_errors=False, progress=silent)
    assert not report.refused, report.refused[0]
    return report.added
