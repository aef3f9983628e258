"""Reading tables that people saved: CSV in whatever encoding, or XLSX, as the content says. Must not know any feature.

The header is looked for in the first rows: titles may stand above it. A file's columns are checked before its first
row; a row arrives with its line number and its cells, which keep the type they have in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, Self

from trafficedu.core import delimited, workbooks
from trafficedu.core.cells import TypedText
from trafficedu.core.columns import NO_MAPPING, Columns, HeaderRefusal, SourceMapping
from trafficedu.core.errors import Refusal
from trafficedu.core.parsing import Cell, as_text, digits
from trafficedu.core.text import LOCALES, Message, listed, message, translate

HEADER_ROWS = 10
"""Rows in which the header is looked for: titles stand above it."""
LONG = re.compile(rb"(?<!\d)\d{15}(?!000)\d{3}(?!\d)")
EXPLANATIONS = message("How to fill in")
"""The sheet of a template that explains its columns; it is not read."""
ZIP, OLE, HTML = b"PK", b"\xd0\xcf\x11\xe0", (b"<html", b"<table", b"<!doc", b"<?xml")
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

OLD_WORKBOOK = message(
    "This file has the old workbook format of Excel or WPS (.xls, .et). Open it and save it as .xlsx, or as CSV UTF-8."
)
WITH_PASSWORD = message("This workbook is protected with a password. Save it without one and try again.")
WEB_PAGE = message(
    "This file is a web page or XML, whatever its name says. Open it in a spreadsheet and save it as .xlsx."
)
EMPTY = message("The file is empty. Its first row must name the columns.")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its line in the file and its typed cells by column name."""

    line: int
    values: Mapping[str, Cell]

    @property
    def cells(self) -> dict[str, str]:
        """The cells as a CSV would hold them."""
        return {name: as_text(cell) for name, cell in self.values.items()}

    def __getitem__(self, column: str) -> str:
        return as_text(self.values.get(column, ""))


@dataclass(frozen=True)
class Way:
    """How a file is read: which ``sheet``, and how its source calls things."""

    sheet: str = ""
    mapping: SourceMapping = field(default=NO_MAPPING)


USUAL = Way()


class Reading:
    """The rows of a file; ``remarks`` holds, once all were read, what is to be said of the file besides."""

    def __init__(self, path: Path, columns: Columns, way: Way) -> None:
        self.remarks: list[Message] = []
        self._hidden = 0
        self._rows = self._read(path, columns, way)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Row:
        return next(self._rows)

    def _read(self, path: Path, columns: Columns, way: Way) -> Iterator[Row]:
        with ExitStack() as opened:
            lines, hidden = _lines(path, columns, way, opened)
            header, rest = _find_header(lines, columns, way.mapping)
            names = _placed(header, columns, way.mapping)
            unnamed = [place for place, heading in enumerate(header) if not heading]
            kept = {column.name for column in columns.all if column.read is digits} if _keeps_digits(path) else set()
            for read in _named(rest, names, unnamed, way.mapping):
                row = read
                for name in kept:
                    cell = row.values.get(name, "")
                    if isinstance(cell, str) and cell.endswith("000"):
                        row = replace(row, values={**row.values, name: TypedText(cell)})
                self._hidden += row.line - 1 in hidden
                yield row
        if self._hidden:
            self.remarks.append(message("Hidden rows that were read like the others: %(rows)d.", rows=self._hidden))


def read_rows(path: Path, columns: Columns, way: Way = USUAL) -> Reading:
    """Yield the rows of a CSV or XLSX file.

    CSV may be UTF-8 with or without a byte-order mark, UTF-16 with one, or GB18030, its cells separated by commas,
    semicolons, tabs. Blank rows are passed over, hidden ones are not. An apostrophe that exports put before a formula
    sign is taken off again.

    Raises
    ------
    Refusal
        The file is broken or of another kind, has no header, an unknown, missing or doubled column, a row with more
        cells than columns, or several sheets of which none was chosen.
    """
    return Reading(path, columns, way)


def read_raw(path: Path, columns: Columns, way: Way = USUAL) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Yield a file's headings as they stand there (as line 0), then its rows with their lines and cells."""
    with ExitStack() as opened:
        lines, _ = _lines(path, columns, way, opened)
        header, rest = _find_header(lines, columns, way.mapping)
        yield 0, header
        yield from rest


def read_header(path: Path, columns: Columns, way: Way = USUAL) -> list[str]:
    """Return the headings of a file as they stand there, known or not; raise Refusal as :func:`read_rows`."""
    with ExitStack() as opened:
        lines, _ = _lines(path, columns, way, opened)
        return _find_header(lines, columns, way.mapping)[0]


def count_rows(path: Path) -> int:
    """Return about how many rows the file has, for a progress bar; 0 where that cannot be told."""
    try:
        if is_workbook(path):
            return max((facts.rows for facts in workbooks.look_through(path).sheets.values()), default=1) - 1
    except Refusal:
        return 0  # the reading itself will say what is wrong
    return max(0, delimited.count_lines(path) - 1)


def is_workbook(path: Path) -> bool:
    """Tell a workbook from a text; raise Refusal where it is one, or a web page, that is not read here."""
    with path.open("rb") as file:
        head = file.read(4096)
        _check_kind(head, file)
    if not head.startswith(ZIP):
        return False
    if b"application/vnd.oasis" in head[:100]:
        raise Refusal(workbooks.OTHER_WORKBOOK)
    return True


def _check_kind(head: bytes, file: IO[bytes]) -> None:
    if head.startswith(OLE):
        protected = any(ENCRYPTED in piece for piece in iter(lambda: file.read(delimited.SNIFF_BYTES), b""))
        raise Refusal(WITH_PASSWORD if protected or ENCRYPTED in head else OLD_WORKBOOK)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(HTML):
        raise Refusal(WEB_PAGE)


def _lines(path: Path, columns: Columns, way: Way, opened: ExitStack) -> tuple[delimited.Lines, set[int]]:
    """Return the rows of the table, and which of them, from 0, are hidden."""
    if is_workbook(path):
        book = workbooks.look_through(path)
        name = _chosen_sheet(book, way.sheet)
        return (workbooks.read_sheet(path, name, book), book.sheets[name].hidden) if name else (iter(()), set())
    if way.sheet:
        raise Refusal(message("Only a workbook has sheets: a CSV is one table."), field="sheet")
    file = opened.enter_context(delimited.open_text(path))
    return delimited.read_lines(file, lambda rows: _best(rows, columns, way.mapping)[1]), set()


def _chosen_sheet(book: workbooks.Book, wanted: str) -> str:
    """Return the sheet to read, "" where none holds anything."""
    if wanted:
        if wanted in book.sheets:
            return wanted
        text = message("There is no visible sheet with this name that holds anything. There are: %(names)s.")
        raise Refusal(text.filled(names=listed(book.sheets) if book.sheets else "-"), field="sheet", value=wanted)
    own = {translate(EXPLANATIONS, locale) for locale in LOCALES}
    names = [name for name in book.sheets if name not in own] or list(book.sheets)
    if len(names) > 1:
        text = message("The workbook has several sheets that hold something: %(names)s. Choose the one to be read.")
        raise Refusal(text.filled(names=listed(names)), field="sheet")
    return names[0] if names else ""


def _best(rows: Sequence[Sequence[Cell]], columns: Columns, mapping: SourceMapping) -> tuple[int, tuple[int, int]]:
    """Return which row is the header, most likely, and how well it fits: its known headings, its cells."""
    best, most = 0, (0, 0)
    for number, cells in enumerate(rows):
        texts = [cell for cell in cells if isinstance(cell, str) and cell]
        fit = sum(columns.find(text, mapping) is not None for text in texts), len(texts)
        if fit > most:
            best, most = number, fit
    return best, most


def _find_header(lines: delimited.Lines, columns: Columns, mapping: SourceMapping) -> tuple[list[str], delimited.Lines]:
    """Return the headings, and the rows below them."""
    first = list(islice(lines, HEADER_ROWS))
    filled = [(line, cells) for line, cells in first if any(cell != "" for cell in cells)]
    if not filled:
        raise Refusal(EMPTY)
    place, _ = _best([cells for _, cells in filled], columns, mapping)
    header = [as_text(cell) for cell in filled[place][1]]
    while header and not header[-1]:
        header.pop()
    return header, chain(filled[place + 1 :], lines)


def _keeps_digits(path: Path) -> bool:
    """Tell of a text whether no spreadsheet has rounded its long numbers: one does so to all of them.

    The first of them tell: a number that ends in three zeros by itself is one of a thousand.
    """
    with path.open("rb") as file:
        return LONG.search(file.read(delimited.SNIFF_BYTES)) is not None


def _placed(header: Sequence[str], columns: Columns, mapping: SourceMapping) -> list[str]:
    try:
        return columns.place(header, mapping)
    except Refusal as error:
        raise HeaderRefusal(error, header) from error


def _named(
    lines: delimited.Lines, names: Sequence[str], unnamed: Sequence[int], mapping: SourceMapping
) -> Iterator[Row]:
    width, spare = len(names), "" in names
    for line, cells in lines:
        if not any(cells) and all(cell == "" for cell in cells):
            continue
        if len(cells) > width and any(cell != "" for cell in cells[width:]):
            text = message("Line %(line)d has more cells than there are columns. Check its commas and quotes.")
            raise Refusal(text.filled(line=line))
        values = dict(zip(names, cells, strict=False))
        if spare:
            _check_unnamed(line, cells, unnamed)
            values.pop("", None)
        row = Row(line, values)
        yield _translated(row, mapping) if mapping.values else row


def _check_unnamed(line: int, cells: Sequence[Cell], unnamed: Sequence[int]) -> None:
    full = next((place for place in unnamed if place < len(cells) and cells[place] != ""), None)
    if full is not None:
        text = message("Line %(line)d holds something in column %(column)d, which has no heading. Name it or empty it.")
        raise Refusal(text.filled(line=line, column=full + 1))


def _translated(row: Row, mapping: SourceMapping) -> Row:
    """Return a row with the source's words in ours."""
    values = dict(row.values)
    for name, words in mapping.values.items():
        cell = values.get(name, "")
        if isinstance(cell, str | int | float) and (word := words.get(as_text(cell))) is not None:
            values[name] = word
    return replace(row, values=values)
