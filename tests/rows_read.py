"""How many rows the statements of a request read, on either database.

Every SELECT is asked a second time, in its own transaction with its own parameters: PostgreSQL says how many rows each
scan met (``EXPLAIN ANALYZE``), SQLite is counted step by step of its machine. What a table of bounded size gave (areas,
companies, kinds) is counted apart: that grows with the district's map, not with its history.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event

from tests.benchmarks.growing import GROWN

STEPS_A_ROW, STEPS_A_LOOK = 50, 8
"""Steps of SQLite's machine for a row that is found by an index, joined to several others, sorted and handed on; and
for one of a table that is read from end to end, which the plan of a statement says.
"""
STEPS_AT_ONCE = 50
ENOUGH = 40_000
"""Rows after which a statement on SQLite is not counted on: it reads too many, whatever there is yet to come."""


@dataclass(frozen=True)
class Reading:
    """What one statement read: rows of tables that grow, rows of bounded ones, and how many it handed on."""

    statement: str
    growing: int
    bounded: int
    returned: int
    detail: str

    def beyond(self, shown: int) -> int:
        """Return how many rows of growing tables were read beyond those handed on; at most ``shown`` count as such."""
        return self.growing - min(self.returned, shown)


@contextmanager
def readings() -> Iterator[list[Reading]]:
    """Collect what statements read meanwhile, on whichever engine: those who only read may have one of their own."""
    read: list[Reading] = []

    def note(connection: Connection, _cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        if not many and statement.lstrip().startswith(("SELECT", "WITH")):
            measure = _on_sqlite if connection.dialect.name == "sqlite" else _on_postgresql
            read.append(measure(connection.connection.dbapi_connection, statement, given))

    event.listen(Engine, "after_cursor_execute", note)
    try:
        yield read
    finally:
        event.remove(Engine, "after_cursor_execute", note)


def _on_postgresql(raw: Any, statement: str, given: Any) -> Reading:
    with raw.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) {statement}", given)
        answer = cursor.fetchone()[0]
    plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    rows: Counter[str] = Counter()
    _add(plan, rows)
    growing = {table: count for table, count in rows.items() if table in GROWN}
    said = ", ".join(f"{table} {count}" for table, count in rows.most_common(4))
    return Reading(
        statement, sum(growing.values()), sum(rows.values()) - sum(growing.values()), round(plan["Actual Rows"]), said
    )


def _add(node: Mapping[str, Any], rows: Counter[str]) -> None:
    """Add what a node of a plan and those below it read, by table."""
    if "Relation Name" in node:
        met = node["Actual Rows"] + sum(
            node.get(key, 0) for key in ("Rows Removed by Filter", "Rows Removed by Index Recheck")
        )
        met = max(
            met, sum(_entries(child) for child in node.get("Plans", ()) if child["Node Type"].startswith("Bitmap"))
        )
        rows[node["Relation Name"]] += round(met * node["Actual Loops"])
    for child in node.get("Plans", ()):
        _add(child, rows)


def _entries(node: Mapping[str, Any]) -> float:
    """Return how many entries of indexes a bitmap was made of; a bitmap has one loop for each of its heap's."""
    below = [child for child in node.get("Plans", ()) if child["Node Type"].startswith("Bitmap")]
    return sum(map(_entries, below)) if below else float(node["Actual Rows"])


def _on_sqlite(raw: Any, statement: str, given: Any) -> Reading:
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += STEPS_AT_ONCE
        return int(steps > ENOUGH * STEPS_A_ROW)

    raw.set_progress_handler(count, STEPS_AT_ONCE)
    returned = 0
    try:
        for _ in raw.execute(statement, given):
            returned += 1
    except sqlite3.OperationalError:
        if steps <= ENOUGH * STEPS_A_ROW:
            raise
    finally:
        raw.set_progress_handler(None, 0)
    plan = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", given)]
    scanned = [line for line in plan if line.startswith("SCAN") and line.split()[1] in GROWN and " INDEX" not in line]
    read = steps // (STEPS_A_LOOK if scanned else STEPS_A_ROW)
    said = ", ".join(scanned or plan[:3])
    return Reading(statement, read, 0, returned, said)
