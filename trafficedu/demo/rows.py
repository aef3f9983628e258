"""Rows on their way into the database: gathered by table, written in bulk in the order foreign keys ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from sqlalchemy import ColumnDefault, Date, func, select, text
from sqlalchemy.orm import Session

from trafficedu.accidents.models import Accident, AccidentKind, AccidentRider
from trafficedu.areas.models import RegisteredEBikes
from trafficedu.configuration import queries as configuration
from trafficedu.core import bulk
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import Base, UTCDateTime
from trafficedu.core.tables import table_of
from trafficedu.demo.places import Places
from trafficedu.demo.plan import Span, date_of, day_of, moment
from trafficedu.education import models as education
from trafficedu.feedback.models import Feedback, Notice
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.patrols.models import Patrol
from trafficedu.riders.models import Engagement, Rider, Vehicle
from trafficedu.violations.models import Objection, Violation

NUMBERED: dict[type[Base], str] = {
    RegisteredEBikes: "",
    Rider: "R",
    Vehicle: "",
    Engagement: "",
    Violation: "V",
    Objection: "O",
    Notice: "N",
    Feedback: "",
    education.StudySession: "S",
    education.StudyTask: "T",
    education.TaskViolation: "",
    education.Booking: "",
    education.Attendance: "",
    education.ModuleRecord: "",
    education.Certificate: "C",
    HelmetSite: "",
    HelmetSurvey: "H",
    HelmetSheet: "",
    HelmetCount: "",
    Accident: "A",
    AccidentKind: "",
    AccidentRider: "",
    Patrol: "Q",
}
"""Tables in the order in which they are written -> the letter of their public numbers, if they have any."""
CACHE_KIB = 200_000


class _Columns:
    """The columns of a table: what each holds unless a row says otherwise, and which are moments or days."""

    def __init__(self, model: type[Base], letter: str) -> None:
        table = table_of(model)
        self.letter = letter
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
        if self.letter:
            row["number"] = new_number(self.letter)
        for name, day in self.days:
            if row[name] and row[day] is None:
                row[day] = day_of(row[name])
        for name, written in self.written:
            if isinstance(row[name], int):
                row[name] = written(row[name]) if row[name] else None
        return row


class Rows:
    """Gathers rows until :meth:`flush`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._columns = {model: _Columns(model, letter) for model, letter in NUMBERED.items()}
        self._waiting: dict[type[Base], list[dict[str, Any]]] = {model: [] for model in NUMBERED}
        self._ids = dict.fromkeys(NUMBERED, 0)
        self.written = dict.fromkeys(NUMBERED, 0)
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text(f"PRAGMA cache_size = -{CACHE_KIB}"))

    def new_id(self, model: type[Base]) -> int:
        """Return the next internal id of a table that is still empty in the database."""
        self._ids[model] += 1
        return self._ids[model]

    def add(self, model: type[Base], **values: Any) -> int:
        """Gather a row and return its id: the next one, unless it is named.

        A column that is not named holds what the model says, or nothing (NULL); numbers are made here. Moments and
        days may be given as the demo counts them, 0 for never; the day of a moment (``started_on`` of
        ``started_utc``) need not be given.
        """
        row = self._columns[model].row(values)
        if row.get("id", 0) is None:
            row["id"] = self.new_id(model)
        self._waiting[model].append(row)
        return int(row.get("id", 0))

    def flush(self) -> None:
        """Write what was gathered."""
        for model, rows in self._waiting.items():
            if rows:
                self.written[model] += bulk.load(self._session, table_of(model), rows)
                rows.clear()

    def finish(self) -> None:
        """Let the database's own numbering go on after the last id, and let it look at what it holds now."""
        self.flush()
        if self._session.get_bind().dialect.name == "postgresql":
            for model, columns in self._columns.items():
                if "id" in columns.blank and self.written[model]:
                    name = table_of(model).name
                    last = select(func.max(table_of(model).c.id)).scalar_subquery()
                    self._session.execute(select(func.setval(func.pg_get_serial_sequence(name, "id"), last)))
        for model in NUMBERED:
            self._session.execute(text(f"ANALYZE {table_of(model).name}"))


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
