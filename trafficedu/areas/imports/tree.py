"""Areas as files: ``areas`` of the command line's contract.

The tree is held in memory while a file is read (a whole country has some 600,000).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, literal, select, update
from sqlalchemy.orm import Session

from trafficedu.areas.events import TreeGrewUpwards
from trafficedu.areas.models import Area, AreaExtent
from trafficedu.areas.queries.tree import facts_by_code
from trafficedu.areas.rules import (
    BEGINNING,
    AreaFacts,
    Level,
    check_one_top,
    check_place,
    check_successor,
    check_within,
)
from trafficedu.core import parsing
from trafficedu.core.actors import SYSTEM, Actor, at_or_below
from trafficedu.core.catalogue import shipped
from trafficedu.core.columns import Column, Columns, closed, yes_no
from trafficedu.core.corrections import HeldCorrections
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.keyed_import import FileImport, said_twice
from trafficedu.core.month import Month
from trafficedu.core.parsing import if_given
from trafficedu.core.reading import Row, read_rows
from trafficedu.core.tabular import Exporter, Importer, silent
from trafficedu.core.text import message
from trafficedu.core.traces import Noted, RowAct, plain

SHIPPED = Path(__file__).parents[2] / "reference" / "areas.csv"


def area_code(cell: parsing.Cell) -> str:
    """Return a code: digits and Latin letters."""
    code = parsing.needed(20)(parsing.identifier(cell))
    if not code.isalnum() or not code.isascii():
        raise Refusal(message("A code can only contain letters (A to Z) and numbers."))
    return code


COLUMNS = Columns(
    Column(
        "code",
        area_code,
        title=message("Area code"),
        headings=("代码", "编码", "区划代码", "区域代码"),
        example="330109001001",
    ),
    Column("name", parsing.needed(80), title=message("Name of the area"), headings=("名称", "区划", "区域")),
    closed(
        "level",
        Level,
        title=message("Level"),
        headings=("级别", "类型"),
        also={"村": Level.VILLAGE, "社区": Level.VILLAGE},
    ),
    Column(
        "parent_code",
        parsing.identifier,
        title=message("Code of the parent"),
        headings=("上级", "上级代码", "上级区划"),
        note=message("Empty for the top of the tree."),
        example="330109001",
    ),
    Column("valid_from", if_given(parsing.day), optional=True, title=message("Valid from"), headings=("启用日期",)),
    Column("valid_to", if_given(parsing.day), optional=True, title=message("Valid to"), headings=("停用日期",)),
    Column("successor", parsing.identifier, optional=True, title=message("Code of the successor"), headings=("继任",)),
    yes_no("evaluated", title=message("Evaluated"), headings=("参加评估", "是否评估")),
)


class AreaImport(FileImport):
    """A whole tree, in whatever order: a parent may come later than its villages.

    ``before`` is the tree as it is, ``after`` what the file wants of it, both by code.
    """

    columns = COLUMNS
    fields = {"successor_id": "successor"}

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self.before, self.after = facts_by_code(session), dict[str, AreaFacts]()
        self.rows: dict[str, Row] = {}
        self._ids = dict(session.execute(select(Area.code, Area.id)).tuples().all())
        self._versions = dict(session.execute(select(Area.code, Area.version)).tuples().all())
        self._corrections = HeldCorrections(session, Area.__tablename__)
        self._given: dict[str, AreaFacts] = {}

    def take(self, rows: Sequence[Row]) -> None:
        """Read the rows; what they say together is judged at the end."""
        for row in rows:
            try:
                facts = _facts(row, self.before)
                if facts.code in self.rows:
                    raise Refusal(said_twice(row.line, self.rows[facts.code].line), field="code")
                self.rows[facts.code] = row
                self._given[facts.code] = facts
            except Refusal as error:
                self.refuse(row, error)

    def finish(self) -> None:
        """Take out what does not fit the tree, and write the rest."""
        self._keep_corrections()
        for level in Level:
            for facts in [facts for facts in self._given.values() if facts.level == level]:
                self._place(facts)
        _settle(self)
        if _write_areas(self):
            publish(self.session, TreeGrewUpwards(self.now, self.by))
        self.taking.trace.flush(self.session)

    def at(self, code: str) -> AreaFacts | None:
        """Return an area as the file wants it, else as it is."""
        return self.after.get(code) or self.before.get(code)

    def take_out(self, code: str, error: Refusal) -> None:
        """Refuse the row of an area after all."""
        self.after.pop(code)
        self.refuse(self.rows.pop(code), error)

    def _keep_corrections(self) -> None:
        """Let stand what somebody corrected; what the file says of it is kept below."""
        known = {self._ids[code]: code for code in self._given if code in self.before}
        self._corrections.meet(known)
        for key, code in known.items():
            said, before = self._given[code], self.before[code]
            corrected = [name for name in self._corrections.fields(key) if hasattr(said, name)]
            for name in corrected:
                if self._corrections.said(key, name, getattr(said, name), self.now):
                    self._note(RowAct.KEPT, before, said, [name])
            if corrected:
                self._given[code] = replace(said, **{name: getattr(before, name) for name in corrected})

    def _place(self, facts: AreaFacts) -> None:
        """Accept ``facts`` where parent and dates allow it. What lies above the top of the tree is no row, not kept."""
        parent = self.at(facts.parent_code)
        kept = replace(facts, parent_code=parent.code if parent else "")
        before = self.before.get(facts.code)
        if before is None and parent is not None and not self.rows[facts.code]["valid_from"]:
            kept = replace(kept, valid_from=parent.valid_from)
        self.after[facts.code] = kept
        try:
            check_place(kept, before, parent)
        except Refusal as error:
            self.take_out(facts.code, error)

    def _note(self, act: RowAct, before: AreaFacts, after: AreaFacts, names: Iterable[str]) -> None:
        code = before.code
        self.taking.trace.note(
            Noted(
                act,
                self.rows[code].line,
                code,
                Area.__tablename__,
                self._ids[code],
                self._versions[code] + 1,
                {name: plain(getattr(before, name)) for name in names},
                {name: plain(getattr(after, name)) for name in names},
            )
        )

    def note_written(self, ids: Mapping[str, int]) -> None:
        """Tell the trace what was added and changed; ``ids`` of all areas by code."""
        for code, facts in self.after.items():
            before = self.before.get(code)
            if before is None:
                noted = Noted(RowAct.ADDED, self.rows[code].line, code, Area.__tablename__, ids[code], 1)
                self.taking.trace.note(noted)
            elif facts != before:
                names = (each.name for each in dataclass_fields(facts))
                differing = [name for name in names if getattr(facts, name) != getattr(before, name)]
                self._note(RowAct.UPDATED, before, facts, differing)


def _facts(row: Row, before: Mapping[str, AreaFacts]) -> AreaFacts:
    """Read one row; what an absent column or an empty first day leaves open stays as it was."""
    cells = COLUMNS.read(row.values)
    known = before.get(cells["code"])
    if known is not None:
        cells |= {name: getattr(known, name) for name in ("valid_to", "successor") if name not in row.values}
    if cells["valid_from"] is None:
        cells["valid_from"] = known.valid_from if known is not None else BEGINNING
    if cells["evaluated"] is None:
        cells["evaluated"] = known.evaluated if known is not None else True
    return AreaFacts(**cells)


def _settle(tree: AreaImport) -> None:
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
            tree.take_out(code, error)


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


def _write_areas(tree: AreaImport) -> bool:
    """Write what was accepted; tells whether the top of the tree got a parent."""
    session, report = tree.session, tree.report
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
    tree.note_written(ids)
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


IMPORTER = Importer(COLUMNS, AreaImport.run, "areas:area:manage", by_slices=False)
EXPORTER = Exporter(COLUMNS, _export_areas, "areas:area:read")


def load_shipped(session: Session, now: datetime) -> int:
    """Load the shipped tree into an installation that has no area yet; returns how many areas were added."""
    if session.scalar(select(Area.id).limit(1)) is not None:
        return 0
    rows = read_rows(SHIPPED, COLUMNS)
    report = AreaImport.run(session, rows, SYSTEM, now, skip_errors=False, progress=silent)
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
