"""Tables as XLSX and CSV, written row by row: a million rows need no more memory than one.

Knows columns and values, not where they come from. Values decide how a cell is written:

============  =============================  ==============================
value         CSV                            XLSX
============  =============================  ==============================
``None``      empty                          empty
``str``       text, safe by `core.cells`     text, never a formula, in a cell formatted as text
``bool``      ``true``, ``false``            the same words
any number    the number                     a number
``date``      ``2026-11-03``                 a date
``datetime``  ``2026-11-03T21:04:00+08:00``  date and time in Asia/Shanghai
============  =============================  ==============================

A text cell says so in its format, or a spreadsheet would make a number of what somebody types into it, and round an
identity number. In a table that is to be imported again that holds for cells that are empty, too.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import IO

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from trafficedu.core.cells import protect
from trafficedu.core.clock import SHANGHAI
from trafficedu.core.errors import Refusal
from trafficedu.core.text import Message, message, translate

Value = str | bool | int | float | Decimal | date | datetime | None
Row = Sequence[Value]

SHEET_ROWS = 1_048_576
CELL_CHARACTERS = 32_767
TOO_MANY_ROWS = message("A worksheet holds 1,048,575 rows: choose a shorter period, or CSV.")
FORMATS = {
    "head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
    "text": {"num_format": 0x31},
    "date": {"num_format": "yyyy-mm-dd", "align": "left"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"},
}
EPOCH = datetime(2020, 1, 1)  # noqa: DTZ001 - the format has no zone; fixed, so that equal tables are equal files


@dataclass(frozen=True)
class Column:
    """One column: its ``key`` is the header an import knows it by; ``title`` the header a person reads.

    ``width`` is in characters of the spreadsheet's own font.
    """

    key: str
    title: Message | None = None
    width: float = 16


@dataclass(frozen=True)
class Table:
    """One worksheet: its name (at most 31 characters, no brackets, colons, slashes), columns and rows."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Row]


def headers(columns: Sequence[Column], locale: str | None) -> list[str]:
    """Return the first row: the keys, or, for a table made to be read, the titles in ``locale``."""
    if locale is None:
        return [column.key for column in columns]
    return [translate(column.title, locale) if column.title else column.key for column in columns]


def write_csv(columns: Sequence[Column], rows: Iterable[Row], out: IO[bytes], *, locale: str | None = None) -> int:
    """Write UTF-8 with a byte order mark, as spreadsheets in China need it; return the number of rows.

    Lines end with CR LF. ``locale`` sets titles for a reader in place of the keys an import needs.

    Raises
    ------
    ValueError
        A row has another number of values than there are columns, or a number is infinite or none.
    """
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([protect(header) for header in headers(columns, locale)])
    count = 0
    for row in checked(columns, rows):
        writer.writerow([csv_cell(value) for value in row])
        count += 1
    text.flush()
    text.detach()  # the stream belongs to the caller, who may have more to do with it
    return count


def csv_cell(value: Value) -> str:
    """Put one value into the text of a CSV cell."""
    if value is None:
        return ""
    if isinstance(value, str):
        return protect(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return shanghai(value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def shanghai(when: datetime) -> datetime:
    """Return ``when`` in Asia/Shanghai; a time without a zone is taken to be there already."""
    return when.astimezone(SHANGHAI) if when.tzinfo else when.replace(tzinfo=SHANGHAI)


def checked(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows, refusing one that would shift its values into the wrong columns."""
    for number, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise ValueError(f"row {number} has {len(row)} values for {len(columns)} columns")
        if any(isinstance(value, float) and not math.isfinite(value) for value in row):
            raise ValueError(f"row {number} holds a number that is infinite or none")
        yield row


def write_xlsx(
    columns: Sequence[Column],
    rows: Iterable[Row],
    out: IO[bytes],
    *,
    locale: str | None = None,
    name: str = "data",
    title: str = "",
) -> int:
    """Write one worksheet with a frozen, filtered head row; return the number of rows.

    Raises
    ------
    Refusal
        More rows than a worksheet holds (1,048,575), or a text longer than a cell holds.
    ValueError
        As `write_csv`.
    """
    return write_book([Table(name, columns, rows)], out, locale=locale, title=title)


def write_book(tables: Sequence[Table], out: IO[bytes], *, locale: str | None = None, title: str = "") -> int:
    """Write a workbook of several worksheets, each as `write_xlsx`; return the number of rows in all."""
    with TemporaryDirectory() as scratch:  # a refused table, too, leaves nothing behind
        options = {"constant_memory": True, "strings_to_urls": False, "tmpdir": scratch}
        with xlsxwriter.Workbook(out, options) as book:
            book.set_properties({"title": title, "author": "trafficedu", "created": EPOCH})
            formats = {key: book.add_format(look) for key, look in FORMATS.items()}
            return sum(
                _fill(book.add_worksheet(part.name), part, headers(part.columns, locale), formats, again=locale is None)
                for part in tables
            )


def _fill(sheet: Worksheet, part: Table, head: list[str], formats: dict[str, object], *, again: bool) -> int:
    columns = part.columns
    for place, (column, header) in enumerate(zip(columns, head, strict=True)):
        sheet.set_column(place, place, column.width, formats["text"] if again else None)
        sheet.write_string(0, place, header, formats["head"])
    sheet.freeze_panes(1, 0)
    count = 0
    for row in checked(columns, part.rows):
        count += 1
        if count >= SHEET_ROWS:
            raise Refusal(TOO_MANY_ROWS)
        for place, value in enumerate(row):
            _write_cell(sheet, count, place, value, formats)
    if columns:
        sheet.autofilter(0, 0, count, len(columns) - 1)
    return count


def _write_cell(sheet: Worksheet, row: int, place: int, value: Value, formats: dict[str, object]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_string(row, place, "true" if value else "false", formats["text"])
    elif isinstance(value, str):
        if len(value) > CELL_CHARACTERS:
            raise Refusal(message("A worksheet's cell holds 32,767 characters: choose CSV."))
        sheet.write_string(row, place, value, formats["text"])
    elif isinstance(value, datetime):
        sheet.write_datetime(row, place, shanghai(value).replace(tzinfo=None), formats["moment"])
    elif isinstance(value, date):
        sheet.write_datetime(row, place, value, formats["date"])
    else:
        sheet.write_number(row, place, value)


def check_rows(count: int) -> None:
    """Raise Refusal where a worksheet does not hold so many rows: asked before the first is written."""
    if count >= SHEET_ROWS:
        raise Refusal(TOO_MANY_ROWS)


def write_file(columns: Sequence[Column], rows: Iterable[Row], path: Path, *, locale: str | None = None) -> int:
    """Write ``path`` in the format its suffix names (``.csv`` or ``.xlsx``), whole or not at all.

    The file is readable by its owner alone: most tables hold personal data.

    Raises
    ------
    Refusal
        The suffix names another format; or as `write_xlsx`.
    """
    writers = {".csv": write_csv, ".xlsx": write_xlsx}
    write = writers.get(path.suffix.lower())
    if write is None:
        raise Refusal(message("%(name)s: the name has to end in .csv or .xlsx", name=path.name), field="file")
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as partial:
        try:
            count = write(columns, rows, partial, locale=locale)
            partial.close()
            Path(partial.name).replace(path)
        except BaseException:
            Path(partial.name).unlink(missing_ok=True)
            raise
    return count
