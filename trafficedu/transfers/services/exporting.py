"""Writing a table out. The command line and the job of the page enter here alike.

What a kind of file means stands in its feature's ``imports``; this room knows only its shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy.orm import Session

from trafficedu.core import audit, spreadsheet
from trafficedu.core.actors import Actor
from trafficedu.core.columns import Column
from trafficedu.core.month import Month
from trafficedu.core.tabular import Exporter, Progress, silent
from trafficedu.core.text import translate

PIECE_ROWS = 1_000


@dataclass(frozen=True)
class Export:
    """What is to be written: the kind, of which month, whether personal data is unmasked.

    ``headings`` is the language in which headings and words are written for people; None for the contract's names.
    """

    kind: str
    month: Month | None = None
    clear: bool = False
    headings: str | None = None


class TableOut:
    """A table on its way out, for ``by``; nothing is written to the database.

    Raises
    ------
    Denied
        Unmasked personal data without the permission for it.
    """

    def __init__(self, session: Session, exporter: Exporter, wanted: Export, by: Actor, now: datetime) -> None:
        if wanted.clear:
            by.require(exporter.clear_permission)
        self._session, self._exporter, self._wanted, self._by, self._now = session, exporter, wanted, by, now
        self._declared = exporter.columns.exported
        self.columns = [spreadsheet.Column(self._heading(column)) for column in self._declared]

    def _heading(self, column: Column) -> str:
        locale = self._wanted.headings
        return translate(column.label, locale) if locale else column.name

    def count(self) -> int | None:
        """Return how many rows there are, ``spreadsheet.SHEET_ROWS`` at most; None where nobody knows beforehand."""
        if self._exporter.count is None:
            return None
        return self._exporter.count(self._session, self._by, self._wanted.month, spreadsheet.SHEET_ROWS)

    def rows(self, progress: Progress = silent) -> Iterator[list[Any]]:
        """Yield the rows and tell of each thousand."""
        wanted = self._wanted
        listed = self._exporter.rows(self._session, self._by, self._now, wanted.month, wanted.clear)
        for number, row in enumerate(listed, start=1):
            yield [column.written(row.get(column.name, ""), wanted.headings) for column in self._declared]
            if number % PIECE_ROWS == 0:
                progress(PIECE_ROWS)


def export_file(table: TableOut, path: Path, progress: Progress = silent) -> int:
    """Write a table to ``path`` (CSV or XLSX by its name); return how many rows.

    Raises
    ------
    Refusal
        The name has another ending, or there are more rows than a worksheet holds; no file is left behind.
    """
    if path.suffix.lower() == ".xlsx":
        spreadsheet.check_rows(table.count() or 0)
    return spreadsheet.write_file(table.columns, table.rows(progress), path)


def export_stream(table: TableOut, out: IO[bytes], progress: Progress = silent) -> int:
    """Write a table as CSV into a stream; return how many rows."""
    return spreadsheet.write_csv(table.columns, table.rows(progress), out)


def note_export(session: Session, wanted: Export, by: Actor, rows: int) -> None:
    """Audit that a table left the house."""
    month = str(wanted.month) if wanted.month else None
    audit.write(session, f"{wanted.kind}:file:export", by, rows=rows, month=month, clear=wanted.clear)
    session.flush()
