"""Reading tables that people saved in a spreadsheet: CSV in whatever encoding, or XLSX. Must not know any feature.

A file's columns are checked before its first row; a row arrives with its line number and its cells, which keep the
type they have in the file: text is trimmed, a CSV knows nothing else. What an import did is told in an
:class:`ImportReport`.
"""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TextIO

import python_calamine
from sqlalchemy.orm import Session

from trafficedu.core import bulk
from trafficedu.core.actors import Actor
from trafficedu.core.cells import restore
from trafficedu.core.columns import Columns
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.parsing import Cell, as_text
from trafficedu.core.text import Message, message, translate
from trafficedu.core.traces import PLAINLY, Taking

SNIFF_BYTES = 1 << 20
XLSX_BYTES, XLSX_SMALL_BYTES, XLSX_RATIO = 512 << 20, 16 << 20, 100
"""A workbook's most bytes unpacked, and those it may have however small; between them, so many times its own size.

Tables saved by a spreadsheet unpack to 8 to 14 times their size, one cell of a single letter to 1,000 times.
"""
XLSX_CELLS = 25_000_000
"""A worksheet's most rows with the columns of the widest file; the rectangle up to the farthest cell counts."""
CELL = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,8})([0-9]{0,12})["']""")
"""Where a worksheet says the place of a cell, ``r="B7"``, or the number of a row, ``r="7"``."""
TOO_LARGE = message("This workbook is too large to read at once. Save it as CSV and try again.")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its line in the file (the header is line 1) and its typed cells by column name."""

    line: int
    values: Mapping[str, Cell]

    @property
    def cells(self) -> dict[str, str]:
        """The cells as a CSV would hold them."""
        return {name: as_text(cell) for name, cell in self.values.items()}

    def __getitem__(self, column: str) -> str:
        return as_text(self.values.get(column, ""))


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


@dataclass
class ImportReport:
    """What an import did, or would do: counts of rows and the rows refused.

    ``differing`` of those refused are known keys with another day or place, which somebody may say are the same.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    differing: int = 0

    @property
    def counts(self) -> dict[str, Any]:
        """How many rows ended how, for the audit trail and the log of runs."""
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": len(self.refused),
        }

    def refuse(self, row: Row, error: Refusal) -> None:
        """Note that ``row`` was not taken because of ``error``."""
        column = error.field or ""
        value = error.value if error.value is not None else row[column]
        self.refused.append(RefusedRow(row.line, column, value, error.text))

    def refuse_file(self, error: Refusal) -> None:
        """Note that the file as a whole cannot be read: nothing of it counts."""
        self.added = self.updated = self.unchanged = 0
        line = error.text.params.get("line", 1)
        self.refused = [
            RefusedRow(line if isinstance(line, int) else 1, error.field or "", error.value or "", error.text)
        ]

    def as_json(self, locale: str) -> dict[str, Any]:
        """Return the form that ``trafficedu import --json`` prints."""
        return self.counts | {"refused": [row.as_json(locale) for row in self.refused]}


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


def read_rows(path: Path, columns: Columns) -> Iterator[Row]:
    """Yield the rows of a CSV or XLSX file.

    CSV may be UTF-8 with or without a byte-order mark, or GB18030. Blank rows are passed over. An apostrophe
    that exports put before a formula sign is taken off again.

    Raises
    ------
    Refusal
        The file is broken, has no header, an unknown, missing or doubled column, or a row with more cells
        than columns.
    """
    return _read(path, columns)


def _read(path: Path, columns: Columns) -> Iterator[Row]:
    if path.suffix.lower() == ".xlsx":
        yield from _named(_xlsx_rows(path), columns)
        return
    with _open_text(path) as file:
        yield from _named(_csv_rows(file), columns)


def _named(lines: Iterator[tuple[int, list[Cell]]], columns: Columns) -> Iterator[Row]:
    first = next(lines, None)
    if first is None:
        raise Refusal(message("The file is empty. Its first row must name the columns."))
    header = [as_text(cell) for cell in first[1]]
    while header and not header[-1]:
        header.pop()
    columns.check(header)
    width = len(header)
    for line, cells in lines:
        if not any(cells) and all(cell == "" for cell in cells):
            continue
        if len(cells) > width and any(cell != "" for cell in cells[width:]):
            raise Refusal(
                message(
                    "Line %(line)d has more cells than there are columns. Check its commas and quotes.",
                    line=line,
                )
            )
        yield Row(line, dict(zip(header, cells, strict=False)))


def _csv_rows(file: TextIO) -> Iterator[tuple[int, list[Cell]]]:
    reader = csv.reader(file, strict=True)  # else a quote never closed would swallow the rest of the file
    try:
        for cells in reader:
            quoted = "'" in "".join(cells)  # seldom: then only is every cell looked at
            yield reader.line_num, [restore(cell.strip()) if quoted else cell.strip() for cell in cells]
    except csv.Error as error:
        raise Refusal(
            message("Line %(line)d cannot be read as CSV. Check its quotes.", line=reader.line_num)
        ) from error


def _open_text(path: Path) -> TextIO:
    """Open a CSV in the encoding it was saved in: UTF-8 (with or without mark) wherever it decodes, else GB18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        if _decodes(path, encoding):
            return path.open(encoding=encoding, newline="")
    raise Refusal(message("The file is not text in UTF-8 or GB18030. Save it as CSV UTF-8 and try again."))


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(SNIFF_BYTES):
                if "\0" in decoder.decode(chunk):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _xlsx_rows(path: Path) -> Iterator[tuple[int, list[Cell]]]:
    _refuse_inflated(path)
    try:
        sheet = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    except Exception as error:  # calamine raises several kinds for a file that is no workbook
        raise Refusal(message("The file is not a readable XLSX workbook. Save it again and retry.")) from error
    for number, cells in enumerate(sheet.iter_rows(), start=sheet.start[0] + 1 if sheet.start else 1):
        yield number, [cell.strip() if isinstance(cell, str) else cell for cell in cells]


def _refuse_inflated(path: Path) -> None:
    """Refuse a workbook that would unpack to more than memory should hold: a workbook is read as a whole.

    It is unpacked once for that, piece by piece. A single cell far out is as large as everything before it, for the
    reader makes room for the whole rectangle.
    """
    most = min(XLSX_BYTES, max(XLSX_SMALL_BYTES, XLSX_RATIO * path.stat().st_size))
    size, rows, columns = 0, 0, 0
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                tail = b""
                for piece in _pieces(archive, part):
                    size += len(piece)
                    for column, row in CELL.findall(tail + piece):
                        rows, columns = max(rows, int(row or 0)), max(columns, _column(column))
                    tail = (tail + piece)[-40:]
                    if size > most or rows * columns > XLSX_CELLS:
                        raise Refusal(TOO_LARGE)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, zlib.error) as error:
        raise Refusal(message("The file is not a readable XLSX workbook. Save it again and retry.")) from error


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the content of a part as it really is; BadZipFile where its checksum is of something else."""
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile("a workbook is deflated or stored")  # what zipfile unpacks of others has no bound
    part.file_size = XLSX_BYTES + SNIFF_BYTES  # zipfile ends at the size stated, which may be a lie
    with archive.open(part) as file:
        while piece := file.read(SNIFF_BYTES):
            yield piece


def _column(letters: bytes) -> int:
    """Return the number of a column named as spreadsheets do: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def count_rows(path: Path) -> int:
    """Return about how many rows the file has, for a progress bar; 0 where that cannot be told."""
    if path.suffix.lower() == ".xlsx":
        try:
            _refuse_inflated(path)
            return int(python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).total_height) - 1
        except Exception:  # calamine raises several kinds; the reading itself will say what is wrong
            return 0
    with path.open("rb") as file:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(SNIFF_BYTES), b""))
    return max(0, lines - 1)


def numbered(rows: Iterable[Mapping[str, Cell]]) -> Iterator[Row]:
    """Make rows of dictionaries, as the demo and the tests have them; lines count from 2."""
    return (Row(line, cells) for line, cells in enumerate(rows, start=2))
