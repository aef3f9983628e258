"""Worksheets of XLSX workbooks, with the types of their cells. Must not know any feature.

A workbook is looked through once before it is read: it must not unpack to more than memory should hold, and it says
things that the reader of its values does not tell: cells that hold an error, formulas nobody has calculated, rows and
sheets that are hidden, whether a day without a time is shown as a midnight.
"""

from __future__ import annotations

import re
import string
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import python_calamine

from trafficedu.core.cells import ERRORS, TypedText
from trafficedu.core.delimited import ERROR, SNIFF_BYTES, Lines
from trafficedu.core.errors import Refusal
from trafficedu.core.parsing import Cell, Fault
from trafficedu.core.text import message
from trafficedu.core.times import Serial1904

XLSX_BYTES, XLSX_SMALL_BYTES, XLSX_RATIO = 512 << 20, 16 << 20, 100
"""A workbook's most bytes unpacked, and those it may have however small; between them, so many times its own size.

Tables saved by a spreadsheet unpack to 8 to 14 times their size, one cell of a single letter to 1,000 times.
"""
XLSX_CELLS = 25_000_000
"""A worksheet's most rows with the columns of the widest file; the rectangle up to the farthest content counts."""
DIGITS, LETTERS = b"0123456789", string.ascii_letters.encode()
LONGEST_CELL = 256 << 10
"""Bytes of a cell that are kept to look at it: a spreadsheet's longest text has 32,767 characters."""

_CELL = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,8}[0-9]{1,12})["']""")
"""Where a worksheet says the place of a cell, ``r="B7"``."""
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)<")
_IS_TEXT = re.compile(rb"""\bt\s*=\s*["']str["']""")
_HOLDS = re.compile(rb"<(?:\w+:)?(?:v|is|f)[\s>]")
_IN_CLOCK = re.compile(r"\[[^\]]*\]|\"[^\"]*\"|\\.")
CLOCK_FORMATS = frozenset({18, 19, 20, 21, 22, 32, 33, 34, 35, 45, 46, 47, 55, 56})
"""Built-in formats that show a time of day, those of Chinese versions among them."""


class _Tags(NamedTuple):
    """What is looked for in a worksheet: cells that hold something, an error, a formula; rows that are hidden."""

    full: re.Pattern[bytes]
    error: re.Pattern[bytes]
    formula: re.Pattern[bytes]
    hidden: re.Pattern[bytes]
    midnights: re.Pattern[bytes]
    clocks: re.Pattern[bytes] | None


_FULL = rb"""<%(p)bc\b[^>]*?\sr\s*=\s*["']([A-Za-z]{1,8}[0-9]{1,12})["'][^>]*(?<!/)>(?!\s*</)"""
_ERROR = rb"""<%(p)bc\s([^>]*\bt\s*=\s*["']e["'][^>]*)(?<!/)>(.*?)</%(p)bc>"""
_FORMULA = rb"""<%(p)bc\b([^>]*)(?<!/)>\s*<%(p)bf\b(.*?)</%(p)bc>"""
_HIDDEN = rb"""<%(p)brow\b(?=[^>]*\shidden\s*=\s*["'](?:1|true)["'])[^>]*?\sr\s*=\s*["'](\d{1,9})["']"""
_MIDNIGHT = rb""" s="(?:%(clocks)b)"[^>]*>\s*<%(p)bv>\d+(?:\.0+)?<| s\s*='| s\s+="""
"""Quickly found: there may be a whole day in a style of :data:`_CLOCK`."""
_CLOCK = rb"""<%(p)bc\b([^>]*\ss\s*=\s*["'](?:%(clocks)b)["'][^>]*)>\s*<%(p)bv>\d+(?:\.0+)?<"""


@lru_cache(maxsize=8)
def _tags(prefixed: bool, clocks: bytes) -> _Tags:
    """Return the patterns for tags that may have a prefix; ``clocks`` are the styles that show a time of day."""
    own = {b"p": rb"(?:\w+:)?" if prefixed else b"", b"clocks": clocks}
    full, error, formula, hidden = (re.compile(text % own, re.DOTALL) for text in (_FULL, _ERROR, _FORMULA, _HIDDEN))
    midnights = re.compile(_MIDNIGHT % own)
    return _Tags(full, error, formula, hidden, midnights, re.compile(_CLOCK % own) if clocks else None)


OTHER_WORKBOOK = message("This workbook is in another format (.ods, .xlsb). Open it and save it as .xlsx.")
TOO_LARGE = message("This workbook is too large to read at once. Save it as CSV and try again.")
NOT_READABLE = message("The file is not a readable XLSX workbook. Save it again and retry.")
NOT_CALCULATED = message(
    "This cell holds a formula that has not been calculated. Open the file in a spreadsheet, save it, and try again."
)
NO_PLACE = message(
    "This workbook holds an error or a formula that has not been calculated, and does not say in which cell. Open it "
    "in a spreadsheet, save it, and try again."
)
MIDNIGHT = Fault("00:00", NOT_READABLE)
"""Marks a day that is shown with its time."""


@dataclass
class SheetFacts:
    """What a worksheet says beside its values; ``marks`` by row and column, both from 0."""

    rows: int = 0
    columns: int = 0
    filled: bool = False
    hidden: set[int] = field(default_factory=set)
    marks: dict[int, dict[int, Fault]] = field(default_factory=dict)

    def measure(self, piece: bytes, place: re.Pattern[bytes]) -> None:
        """Find how far a piece of the sheet reaches, and whether it holds anything."""
        cells = place.findall(piece)
        if cells:
            places = b" ".join(cells)  # taken apart at once, not one by one: there are millions
            self.columns = max(self.columns, *map(_column, set(places.translate(None, DIGITS).split())))
            self.rows = max(self.rows, *map(int, set(places.translate(None, LETTERS).split())))
            self.filled = self.filled or _HOLDS.search(piece) is not None

    def note(self, piece: bytes, tags: _Tags) -> None:
        """Note what a piece of the sheet says beside its values."""
        if b"hidden" in piece:
            self.hidden.update(int(row) - 1 for row in tags.hidden.findall(piece))
        if b'"e"' in piece or b"'e'" in piece:
            for head, content in tags.error.findall(piece):
                shown = _VALUE.search(content)
                text = shown[1].decode("utf-8", "replace").strip() if shown else "#N/A"
                self.mark(head, Fault(text, ERROR.filled(error=text)))
        if b"<f" in piece or b":f" in piece:
            for head, content in tags.formula.findall(piece):
                value = _VALUE.search(content)
                if value is None or not (value[1].strip() or _IS_TEXT.search(head)):
                    self.mark(head, Fault("=", NOT_CALCULATED))
        if tags.clocks is not None and tags.midnights.search(piece):
            for head in tags.clocks.findall(piece):
                self.mark(head, MIDNIGHT)

    def mark(self, head: bytes, fault: Fault) -> None:
        """Mark the cell whose tag has the attributes ``head``."""
        found = _CELL.search(b" " + head)
        if found is None:
            raise Refusal(NO_PLACE)
        row, column = int(found[1].translate(None, LETTERS)), _column(found[1].translate(None, DIGITS))
        self.marks.setdefault(row - 1, {})[column - 1] = fault


@dataclass(frozen=True)
class Book:
    """A workbook as it was looked through: its visible sheets that hold something, by name, in their order."""

    sheets: Mapping[str, SheetFacts]
    since_1904: bool


def look_through(path: Path) -> Book:
    """Look through a workbook; raise Refusal where it is none, or would fill the memory."""
    stat = path.stat()
    return _look_through(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1)
def _look_through(path: Path, _changed: int, size: int) -> Book:
    most = min(XLSX_BYTES, max(XLSX_SMALL_BYTES, XLSX_RATIO * size))
    try:
        with zipfile.ZipFile(path) as archive:
            if "xl/workbook.bin" in archive.namelist():
                raise Refusal(OTHER_WORKBOOK)
            frame = _Frame.of(archive, most)
            facts = {}
            for part in archive.infolist():
                facts[part.filename.lower()], unpacked = _facts_of(archive, part, frame.clocks, most)
                most -= unpacked
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, zlib.error, ElementTree.ParseError, KeyError) as error:
        raise Refusal(NOT_READABLE) from error
    sheets = {name: facts.get(part) for name, part in frame.visible.items()}
    return Book({name: found for name, found in sheets.items() if found is not None and found.filled}, frame.since_1904)


@dataclass(frozen=True)
class _Frame:
    """What stands around the worksheets: the visible ones with the names of their parts, the calendar, the styles.

    ``clocks`` are the numbers of the styles that show a time of day, ``|`` between them.
    """

    visible: Mapping[str, str]
    since_1904: bool
    clocks: bytes

    @classmethod
    def of(cls, archive: zipfile.ZipFile, most: int) -> _Frame:
        book = _tree(archive, "xl/workbook.xml", most)
        targets = {
            each.get("Id"): each.get("Target", "") for each in _tree(archive, "xl/_rels/workbook.xml.rels", most)
        }
        visible = {}
        for sheet in book.iterfind("{*}sheets/{*}sheet"):
            target = targets.get(next((value for key, value in sheet.items() if key.endswith("}id")), ""), "")
            if sheet.get("state", "visible") == "visible":
                visible[sheet.get("name", "")] = _part(target)
        properties = book.find("{*}workbookPr")
        since_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
        return cls(visible, since_1904, _clocks(archive, most))


def _part(target: str) -> str:
    return (target.lstrip("/") if target.startswith("/") else f"xl/{target.removeprefix('xl/')}").lower()


def _tree(archive: zipfile.ZipFile, name: str, most: int) -> ElementTree.Element:
    found = next((part for part in archive.infolist() if part.filename.lower() == name.lower()), None)
    if found is None:
        raise KeyError(name)
    content = bytearray()
    for piece in pieces(archive, found):
        content += piece
        if len(content) > most:
            raise Refusal(TOO_LARGE)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Refusal(NOT_READABLE)
    return ElementTree.fromstring(bytes(content))  # noqa: S314 - without entities of its own, as was just made sure


def _clocks(archive: zipfile.ZipFile, most: int) -> bytes:
    try:
        styles = _tree(archive, "xl/styles.xml", most)
    except KeyError:
        return b""
    shown = {
        int(each.get("numFmtId", "0"))
        for each in styles.iterfind("{*}numFmts/{*}numFmt")
        if re.search("[hs时分]|上午", _IN_CLOCK.sub("", each.get("formatCode", "").lower()))
    }
    cells = styles.find("{*}cellXfs")
    places = [
        str(place)
        for place, each in enumerate(() if cells is None else cells)
        if int(each.get("numFmtId", "0")) in shown | CLOCK_FORMATS
    ]
    return "|".join(places).encode()


def _facts_of(archive: zipfile.ZipFile, part: zipfile.ZipInfo, clocks: bytes, most: int) -> tuple[SheetFacts, int]:
    """Return what a part says, if it is a worksheet, and its size unpacked.

    Formats that reach far down are looked at a second time, by content.
    """
    for full_only in (False, True):
        facts, size = SheetFacts(), 0
        for unpacked, piece in _whole_cells(archive, part, most):
            size = unpacked
            tags = _tags(b":c" in piece, clocks)
            facts.measure(piece, tags.full if full_only else _CELL)
            if facts.rows * facts.columns > XLSX_CELLS:
                break
            facts.note(piece, tags)
        else:
            return facts, size
    raise Refusal(TOO_LARGE)


def _whole_cells(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> Iterator[tuple[int, bytes]]:
    """Yield the content of a part in pieces that end before a cell, each with what was unpacked so far."""
    size, rest = 0, b""
    for piece in pieces(archive, part):
        size += len(piece)
        if size > most:
            raise Refusal(TOO_LARGE)
        whole = rest + piece
        cut = whole.rfind(b"<", 0, max(whole.rfind(b"<c "), whole.rfind(b":c "), 0) + 1)
        if cut <= 0 or len(whole) - cut > LONGEST_CELL:
            cut = max(0, len(whole) - 300)
        yield size, whole[:cut]
        rest = whole[cut:]
    yield size, rest


def pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the content of a part as it really is; BadZipFile where its checksum is of something else."""
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile("a workbook is deflated or stored")  # what zipfile unpacks of others has no bound
    part.file_size = XLSX_BYTES + SNIFF_BYTES  # zipfile ends at the size stated, which may be a lie
    with archive.open(part) as file:
        while piece := file.read(SNIFF_BYTES):
            yield piece


@lru_cache(maxsize=1024)
def _column(letters: bytes) -> int:
    """Return the number of a column named as spreadsheets do: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def read_sheet(path: Path, name: str, book: Book) -> Lines:
    """Yield the rows of a worksheet, each with its number, from 1, and its cells from the first column on."""
    facts = book.sheets[name]
    try:
        sheet = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_name(name)
    except Exception as error:  # calamine raises several kinds for a file that is no workbook
        raise Refusal(NOT_READABLE) from error
    ahead: list[Cell] = [""] * (sheet.start[1] if sheet.start else 0)
    row, line = -1, list[Cell]()
    for row, cells in enumerate(sheet.iter_rows()):
        line = [*ahead, *[_typed(cell) if isinstance(cell, str) else cell for cell in cells]]
        if row in facts.marks:
            _apply(facts.marks[row], line)
        yield row + 1, _since_1904(line) if book.since_1904 else line
    for row in sorted(below for below in facts.marks if below > row):  # the reader of values knows none of these
        line = []
        _apply(facts.marks[row], line)
        yield row + 1, line


def _typed(text: str) -> Cell:
    bare = text.strip()
    if bare[:1] == "#" and bare in ERRORS:
        return Fault(bare, ERROR.filled(error=bare))
    return TypedText(bare) if bare.endswith("000") and len(bare) > 17 else bare


def _apply(marks: Mapping[int, Fault], line: list[Cell]) -> None:
    for place, fault in marks.items():
        line.extend([""] * (place + 1 - len(line)))
        cell = line[place]
        if fault is not MIDNIGHT:
            line[place] = fault
        elif isinstance(cell, date) and not isinstance(cell, datetime):
            line[place] = datetime.combine(cell, time())


def _since_1904(line: Sequence[Cell]) -> list[Cell]:
    return [Serial1904(cell) if isinstance(cell, float) else cell for cell in line]
