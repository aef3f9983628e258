"""How a kind of table is taken in and written out, and what an import did. Must not know any feature.

Rows come from ``core.reading``. What an import did is told in an :class:`ImportReport`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from trafficedu.core import bulk
from trafficedu.core.actors import Actor
from trafficedu.core.columns import Columns, HeaderRefusal
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.parsing import Cell, Remark
from trafficedu.core.reading import Row
from trafficedu.core.text import Message, message, translate
from trafficedu.core.traces import PLAINLY, Taking


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """Why a row was not taken: where, what stood there (never personal data in clear), and how to mend it."""

    line: int
    column: str
    value: str
    reason: Message

    def as_json(self, locale: str) -> dict[str, Any]:
        """Return the form that ``trafficedu import --json`` prints."""
        return {
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "reason": translate(self.reason, locale),
        }


REMARKS_KEPT = 1_000
"""More say no more, and memory must not grow with good rows."""


@dataclass
class ImportReport:
    """What an import did, or would do: counts of rows and the rows refused.

    ``differing`` of those refused are known keys with another day or place, which somebody may say are the same.
    ``remarks`` are said of rows that were taken, but for a cell, and of the file: the first :data:`REMARKS_KEPT`.
    ``header`` is that of a file whose columns are not understood.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    differing: int = 0
    conflicts: list[tuple[int, str]] = field(default_factory=list)
    """Riders, by id, whose document came under another name, and that name."""
    header: list[str] = field(default_factory=list)
    months: Counter[str] = field(default_factory=Counter)
    """Rows that are right in themselves by the month of what they tell, of a file of what happened."""
    remarks: list[RefusedRow] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, Any]:
        """How many rows ended how, for the audit trail and the log of runs."""
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": len(self.refused),
        }

    @property
    def of_file(self) -> list[Message]:
        """What is to be said of the file as a whole; nothing personal is in it."""
        return [remark.reason for remark in self.remarks if not remark.column]

    @property
    def of_cells(self) -> list[Message]:
        """What is to be said of single cells; nothing personal is in it."""
        text = message("Line %(line)d, %(column)s: %(reason)s")
        told = [remark for remark in self.remarks if remark.column]
        return [text.filled(line=each.line, column=each.column, reason=each.reason) for each in told]

    def refuse(self, row: Row, error: Refusal) -> None:
        """Note that ``row`` was not taken because of ``error``."""
        column = error.field or ""
        value = error.value if error.value is not None else row[column]
        self.refused.append(RefusedRow(row.line, column, value, error.text))

    def remark(self, row: Row, remark: Remark) -> None:
        """Note what is wrong with a cell that keeps nothing else of ``row`` out."""
        column = remark.field or ""
        if len(self.remarks) < REMARKS_KEPT:
            self.remarks.append(RefusedRow(row.line, column, remark.value or "", remark.text))

    def remark_file(self, text: Message) -> None:
        """Note what is to be said of the file as a whole."""
        self.remarks.append(RefusedRow(1, "", "", text))

    def refuse_file(self, error: Refusal) -> None:
        """Note that the file as a whole cannot be read: nothing of it counts."""
        self.added = self.updated = self.unchanged = 0
        self.header = error.header if isinstance(error, HeaderRefusal) else []
        line = error.text.params.get("line", 1)
        self.refused = [
            RefusedRow(line if isinstance(line, int) else 1, error.field or "", error.value or "", error.text)
        ]

    def as_json(self, locale: str) -> dict[str, Any]:
        """Return the form that ``trafficedu import --json`` prints; ``remarks`` only where there are any."""
        remarks = {"remarks": [row.as_json(locale) for row in self.remarks]} if self.remarks else {}
        return self.counts | {"refused": [row.as_json(locale) for row in self.refused]} | remarks


Progress = Callable[[int], None]
"""Told how many more rows are done."""


def silent(_rows: int) -> None:
    """Show no progress."""


Batches = Callable[[Iterator[Row]], Iterator[list[Row]]]
"""Cuts the rows of a file into batches; what it does between two of them, it does when the next is asked for."""


class RunImport(Protocol):
    """Read all rows, validate them, write what is good, and report.

    Flushes, never commits. Every row ends in exactly one count of the report: added, updated, unchanged or
    refused. Nothing needs undoing here: with a refused row and without ``skip_errors`` the caller undoes the
    whole file, so that an importer may stop writing (but not validating) after the first refusal. Memory must
    not grow with the number of good rows. ``progress`` is told of every row, in batches. Rows are taken as
    ``batches`` cuts them, where the file can be taken in parts at all. ``taking`` says whose file it is, and is told
    what becomes of each row.
    """

    def __call__(
        self,
        session: Session,
        rows: Iterator[Row],
        by: Actor,
        now: datetime,
        *,
        skip_errors: bool,
        progress: Progress,
        batches: Batches = bulk.batches,
        taking: Taking = PLAINLY,
    ) -> ImportReport:
        """Import ``rows``; see the class."""


class ListRows(Protocol):
    """Yield the rows of an export, scoped to ``by``, by column name; an absent column is empty.

    Values are texts, numbers, dates and moments (``core.spreadsheet`` says how each is written).

    ``month`` narrows what happens in time, and is None for everything. ``clear`` asks for
    personal data unmasked: the caller has checked the permission and writes the audit row.
    """

    def __call__(
        self, session: Session, by: Actor, now: datetime, month: Month | None, clear: bool
    ) -> Iterable[Mapping[str, Any]]:
        """Yield the rows; see the class."""


class CountRows(Protocol):
    """Tell how many rows an export has, ``most`` at most, without writing one."""

    def __call__(self, session: Session, by: Actor, month: Month | None, most: int) -> int:
        """Count the rows; see the class."""


@dataclass(frozen=True)
class Importer:
    """How one kind of file is read: its columns and the function that takes the rows in.

    ``permission`` opens it on the page of imports; without one it is for the command line only. ``by_slices``: rows
    stand for themselves and have keys, so that a long file may be taken in part by part.
    """

    columns: Columns
    run: RunImport
    permission: str = ""
    by_slices: bool = True


@dataclass(frozen=True)
class Exporter:
    """How one kind of file is written: the same columns as its importer, and the function that yields rows.

    ``permission`` opens it on the page, ``clear_permission`` with personal data unmasked; ``monthly`` says that
    a month narrows it. ``count`` says how many rows that are, as far as it is asked for: of a table that may be long.
    """

    columns: Columns
    rows: ListRows
    permission: str = ""
    clear_permission: str = ""
    monthly: bool = False
    count: CountRows | None = None


def numbered(rows: Iterable[Mapping[str, Cell]]) -> Iterator[Row]:
    """Make rows of dictionaries, as the demo and the tests have them; lines count from 2."""
    return (Row(line, cells) for line, cells in enumerate(rows, start=2))
