"""Rows on their way into the database: gathered by table, written in bulk in the order foreign keys ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from sqlalchemy import ColumnDefault, Date, Table, func, select, text
from sqlalchemy.orm import Session

from trafficedu.configuration import queries as configuration
from trafficedu.core import bulk
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import Base, UTCDateTime
from trafficedu.core.tables import table_of
from trafficedu.demo.places import Places
from trafficedu.demo.plan import Span, date_of, day_of, moment

NUMBERED = dict(
    rider="R", violation="V", objection="O", notice="N", study_session="S", study_task="T", certificate="C",
    helmet_survey="H", accident="A", patrol="Q", vehicle="B", plate_use="D",
)  # fmt: skip
"""Table -> the letter of its public numbers."""
CACHE_KIB = 200_000


class _Columns:
    """The columns of a table: what each holds unless a row says otherwise, and which are moments or days."""

    def __init__(self, table: Table) -> None:
        self.letter = NUMBERED.get(table.name)
        self.blank: dict[str, Any] = {
            column.name: column.default.arg
            if isinstance(column.default, ColumnDefault) and column.default.is_scalar
            else None
            for column in table.columns
        }
        self.written: list[tuple[str, Callable[[int], Any]]] = [
            (column.name, date_of if isinstance(column.type, Date) else moment)
            for column in table.columns
            if isinstance(column.type, Date | UTCDateTime)
        ]
        moments = [name for name, written in self.written if written is moment]
        self.days = [(name, day) for name in moments if (day := f"{name.removesuffix('_utc')}_on") in self.blank]

    def row(self, values: dict[str, Any]) -> dict[str, Any]:
        row = self.blank | values
        assert len(row) == len(self.blank), f"there is no column {row.keys() - self.blank.keys()}"
        if self.letter and not row["number"]:
            row["number"] = new_number(self.letter)
        for name, day in self.days:
            if row[name] and row[day] is None:
                row[day] = day_of(row[name])
        for name, written in self.written:
            if type(value := row[name]) is int:
                row[name] = written(value) if value else None
        return row


class Rows:
    """Gathers rows until :meth:`flush`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._columns: dict[Table, _Columns] = {}
        self._waiting: dict[Table, list[dict[str, Any]]] = {}
        self._ids: Counter[Table] = Counter()
        self.written: Counter[Table] = Counter()
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text(f"PRAGMA cache_size = -{CACHE_KIB}"))

    def new_id(self, model: type[Base]) -> int:
        """Return the next internal id of a table that is still empty in the database."""
        self._ids[table_of(model)] += 1
        return self._ids[table_of(model)]

    def add(self, model: type[Base], **values: Any) -> int:
        """Gather a row and return its id: the next one, unless it is named.

        A column that is not named holds what the model says, or nothing (NULL); a number that is not named is made.
        Moments and days may be given as the demo counts them, 0 for never; the day of a moment (``started_on`` of
        ``started_utc``) need not be given.
        """
        table = table_of(model)
        if table not in self._columns:
            self._columns[table], self._waiting[table] = _Columns(table), []
        row = self._columns[table].row(values)
        if row.get("id", 0) is None:
            row["id"] = self.new_id(model)
        self._waiting[table].append(row)
        return int(row.get("id", 0))

    def flush(self) -> None:
        """Write what was gathered, in the order foreign keys ask for."""
        for table in Base.metadata.sorted_tables:
            if rows := self._waiting.get(table):
                self.written[table] += bulk.load(self._session, table, rows)
                rows.clear()

    def finish(self) -> None:
        """Let the database's own numbering go on after the last id, and let it look at what it holds now."""
        self.flush()
        if self._session.get_bind().dialect.name == "postgresql":
            for table in self.written:
                if "id" in table.c:
                    last = select(func.max(table.c.id)).scalar_subquery()
                    self._session.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), last)))
        for table in self.written:
            self._session.execute(text(f"ANALYZE {table.name}"))


@dataclass(frozen=True, eq=False)
class World:
    """What the history is told with."""

    session: Session
    rows: Rows
    places: Places
    span: Span
    seed: int
    chance: Random


class Teller:
    """A part of the history. One with a ``SALT`` draws from a chance of its own: the rest stays what it was."""

    SALT: ClassVar[int | None] = None

    def __init__(self, world: World) -> None:
        self._session, self._rows, self._places, self._span = world.session, world.rows, world.places, world.span
        self._chance = world.chance if self.SALT is None else Random(world.seed + self.SALT)

    def _figure(self, code: str) -> int:
        """Return a configured number as it stands."""
        return configuration.figure(self._session, code)
