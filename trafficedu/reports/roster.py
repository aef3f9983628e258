"""The sign-in sheet of a study session: printed before, filled in by hand, or printed after as a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from trafficedu.core.text import message, translate
from trafficedu.reports import fonts, words
from trafficedu.reports.certificate import StudyModule
from trafficedu.reports.layout import (
    A4_LANDSCAPE,
    ACCENT,
    HAIR,
    INK,
    SMALL,
    STRONG,
    TINT,
    TITLE,
    Page,
    Sheet,
    Style,
)

PAGE = Page(A4_LANDSCAPE, margin=36, top=32, bottom=40)
CELL = Style(9, 13)
CELL_STRONG = replace(CELL, font=fonts.BOLD)
HEAD = replace(SMALL, font=fonts.BOLD, colour=INK)
PADDING = 5.0
ROW_HEIGHT = 28.0
WRITTEN_FROM = 4
"""The first column that may have to be filled in by hand: from here on cells have a left edge."""
NAME = message("Session roster")


@dataclass(frozen=True)
class RosterRow:
    """One rider of a session; what is not known yet is ``None`` and stays empty, to be filled in by hand.

    ``module_minutes`` has one entry for each module of the session.
    """

    rider_name: str
    masked_id: str
    company: str
    checked_in_at: datetime | None
    module_minutes: tuple[int | None, ...]
    quiz_score: int | None


@dataclass(frozen=True)
class RosterData:
    """What a roster says, already masked and named in the language asked for."""

    session_number: str
    district: str
    station: str
    address: str
    course: str
    modules: tuple[StudyModule, ...]
    starts_at: datetime
    ends_at: datetime
    capacity: int
    instructor: str
    rows: tuple[RosterRow, ...]
    printed_at: datetime


@dataclass(frozen=True)
class _Column:
    title: str
    x: float
    width: float
    align: str = "left"


def render(data: RosterData, locale: str) -> bytes:
    """Set a roster on A4, landscape; the head is repeated on every page.

    Raises
    ------
    ValueError
        A row has another number of modules than the session.
    """
    if any(len(row.module_minutes) != len(data.modules) for row in data.rows):
        raise ValueError("every row of a roster needs one entry for each module")
    printed = message("Printed %(when)s", when=words.moment(data.printed_at, locale))
    sheet = Sheet(
        PAGE,
        locale,
        title=f"{translate(NAME, locale)} {data.session_number}",
        author=data.district,
        footer=f"{data.session_number}  {translate(printed, locale)}",
    )
    _Roster(sheet, data).lay_out()
    return sheet.to_pdf()


class _Roster:
    """One roster on its way to paper."""

    def __init__(self, sheet: Sheet, data: RosterData) -> None:
        self.sheet = sheet
        self.data = data
        self.locale = sheet.locale
        self.x, self.width = PAGE.column(0, 12)
        self.columns = self._columns()

    def lay_out(self) -> None:
        y = self._head()
        with self.sheet.group("Table"):
            y = self._table_head(y)
            for number, row in enumerate(self.data.rows, start=1):
                cells = self._cells(number, row)
                height = self._height(cells)
                if y + height > PAGE.floor:
                    self.sheet.new_page()
                    y = self._table_head(self._head())
                y = self._row(cells, y, height)
        self._sign_off(y)

    def _columns(self) -> list[_Column]:
        say, modules = self.sheet.say, self.data.modules
        fixed = [
            (say(message("No.")), 28.0, "right"),
            (say(message("Name")), 96.0, "left"),
            (say(message("Identity document")), 112.0, "left"),
            (say(message("Company")), 104.0, "left"),
            (say(message("Check-in")), 52.0, "left"),
        ]
        score = (say(message("Score")), 40.0, "right")
        signature = 104.0
        rest = self.width - sum(width for _, width, _ in fixed) - score[1] - signature
        share = rest / max(1, len(modules))
        studied = [(f"{module.name}\n{say(words.minutes(module.minutes))}", share, "left") for module in modules]
        columns = []
        x = self.x
        for title, width, align in [
            *fixed,
            *studied,
            score,
            (say(message("Rider's signature")), signature, "left"),
        ]:
            columns.append(_Column(title, x, width, align))
            x += width
        return columns

    def _head(self) -> float:
        sheet, data = self.sheet, self.data
        sheet.fill(self.x, PAGE.top, self.width, 3, ACCENT)
        left, left_width = PAGE.column(0, 7)
        right, right_width = PAGE.column(7, 5)
        y = sheet.write(f"{data.district}  {sheet.say(NAME)}", left, PAGE.top + 10, left_width, SMALL)
        sheet.write_fitting(data.course, left, y, left_width, TITLE, smallest=10, tag="H1")
        when = f"{words.moment(data.starts_at, self.locale)} – {words.clock(data.ends_at)}"
        numbers = message(
            "%(number)s: %(booked)s booked, %(capacity)s seats",
            number=data.session_number,
            booked=len(data.rows),
            capacity=data.capacity,
        )
        lines = (when, f"{data.station}  {data.address}".strip())
        below = PAGE.top + 10
        for line in lines:
            below = sheet.write(line, right, below, right_width, replace(STRONG, size=9, leading=13))
        below = sheet.write(sheet.say(numbers), right, below, right_width, CELL)
        return max(below, y + TITLE.leading) + 8

    def _table_head(self, y: float) -> float:
        titles = [self.sheet.lines(column.title, column.width - 2 * PADDING, HEAD) for column in self.columns]
        height = max(len(lines) for lines in titles) * HEAD.leading + 8
        self.sheet.fill(self.x, y, self.width, height, TINT)
        with self.sheet.group("TR"):
            for column, lines in zip(self.columns, titles, strict=True):
                self._cell(column, lines, y + 4, HEAD, "TH")
        self.sheet.rule(self.x, y + height, self.width, colour=INK)
        return y + height

    def _cells(self, number: int, row: RosterRow) -> list[list[str]]:
        minutes = [self._minutes(value) for value in row.module_minutes]
        texts = [
            str(number),
            row.rider_name,
            row.masked_id,
            row.company,
            words.clock(row.checked_in_at) if row.checked_in_at else "",
            *minutes,
            "" if row.quiz_score is None else str(row.quiz_score),
            "",
        ]
        return [
            self.sheet.lines(text, column.width - 2 * PADDING, self._style(place))
            for place, (text, column) in enumerate(zip(texts, self.columns, strict=True))
        ]

    def _minutes(self, value: int | None) -> str:
        return "" if value is None else self.sheet.say(words.minutes(value))

    @staticmethod
    def _style(place: int) -> Style:
        return CELL_STRONG if place == 1 else CELL

    @staticmethod
    def _height(cells: Sequence[Sequence[str]]) -> float:
        """Leave room for a signature, whatever else the row holds."""
        return max(ROW_HEIGHT, max(len(lines) for lines in cells) * CELL.leading + 2 * PADDING)

    def _row(self, cells: list[list[str]], y: float, height: float) -> float:
        with self.sheet.group("TR"):
            for place, (column, lines) in enumerate(zip(self.columns, cells, strict=True)):
                self._cell(column, lines, y + (height - len(lines) * CELL.leading) / 2, self._style(place), "TD")
                if place >= WRITTEN_FROM:
                    self.sheet.fill(column.x, y, 0.5, height, HAIR)
        self.sheet.rule(self.x, y + height, self.width, colour=HAIR)
        return y + height

    def _cell(self, column: _Column, lines: list[str], y: float, style: Style, tag: str) -> None:
        inner = column.width - 2 * PADDING
        aligned = replace(style, align=column.align)
        self.sheet.put(lines, column.x + PADDING, y, inner, aligned, self.sheet.element(tag))

    def _sign_off(self, y: float) -> None:
        """Leave a line each for the instructor and for whoever signs the session off."""
        if y + 56 > PAGE.floor:
            self.sheet.new_page()
            y = self._head()
        half = (self.width - 24) / 2
        named = ((message("Instructor"), self.data.instructor), (message("Signed off by, date"), ""))
        for place, (label, value) in enumerate(named):
            x = self.x + place * (half + 24)
            self.sheet.write(value, x, y + 20, half, CELL)
            self.sheet.rule(x, y + 40, half, colour=INK)
            self.sheet.write(self.sheet.say(label), x, y + 42, half, SMALL)
