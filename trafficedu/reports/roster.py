"""The sign-in sheet of a study session: printed before, filled in by hand, or printed after as a record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from trafficedu.core.text import message, translate
from trafficedu.reports import fonts, words
from trafficedu.reports.certificate import StudyModule
from trafficedu.reports.layout import A4_LANDSCAPE, ACCENT, INK, SMALL, STRONG, TITLE, Page, Style
from trafficedu.reports.letter import Letter, write_sayings
from trafficedu.reports.proof import PLAIN, SIDE, Stamp, draw_proof
from trafficedu.reports.tables import Cell, Column, Look, draw_table

CELL = Style(9, 13)
LOOK = Look(CELL, replace(SMALL, font=fonts.BOLD, colour=INK), padding=5, around=5, row=28, written_from=4, below=0)
"""Leaves room for a signature, whatever else a row holds."""


@dataclass(frozen=True)
class RosterRow:
    """One rider of a session; what is not known yet is ``None`` and stays empty, to be filled in by hand.

    ``module_minutes`` has one entry for each module of the session. ``score_by_hand``: the quiz did not mark it itself.
    ``online_minutes`` of the modules, in the same order, were seen at home.
    """

    rider_name: str
    masked_id: str
    company: str
    checked_in_at: datetime | None
    module_minutes: tuple[int | None, ...]
    quiz_score: int | None
    score_by_hand: bool = False
    online_minutes: tuple[int, ...] = ()


Numbered = tuple[int, RosterRow]
"""A rider and which one of the list it is: a cell is asked for more than once, to see how wide its column has to be."""


@dataclass(frozen=True)
class RosterData:
    """What a roster says, already masked and named in the language asked for."""

    number: str
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


def render(data: RosterData, locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Set a roster on A4, landscape; the head is repeated on every page.

    Raises
    ------
    ValueError
        A row has another number of modules than the session.
    """
    if any(len(row.module_minutes) != len(data.modules) for row in data.rows):
        raise ValueError("every row of a roster needs one entry for each module")
    return _Roster(data, locale, stamp).to_pdf()


class _Roster(Letter[RosterData]):
    PAGE = Page(A4_LANDSCAPE, margin=36, top=32, bottom=40)
    NAME = message("Session roster")

    def lay_out(self) -> None:
        draw_table(self.flow, self._columns(), list(enumerate(self.data.rows, 1)), LOOK)
        self._sign_off()

    def footer(self) -> str:
        printed = message("Printed %(when)s", when=self.moment(self.data.printed_at))
        return f"{self.data.number}  {translate(printed, self.locale)}"

    def continued(self) -> float:
        return self.head()

    def _columns(self) -> list[Column[Numbered]]:
        modules, column = self.data.modules, Column[Numbered]
        fixed = [
            column(message("No."), 28, lambda row: str(row[0]), "right"),
            column(message("Name"), 96, lambda row: row[1].rider_name, strong=True),
            column(message("Identity document"), 112, lambda row: row[1].masked_id),
            column(message("Company"), 104, lambda row: row[1].company),
            column(message("Check-in"), 52, _clock),
        ]
        closing = [
            column(message("Score"), 40, _score, "right"),
            column(message("Rider's signature"), 104, lambda row: ""),
        ]
        rest = self.PAGE.column(0, 12)[1] - sum(column.share for column in [*fixed, *closing])
        studied = [
            column(
                f"{module.name}\n{self.sheet.say(words.minutes(module.minutes))}",
                rest / len(modules),
                partial(_minutes, place),
            )
            for place, module in enumerate(modules)
        ]
        return [*fixed, *studied, *closing]

    def head(self) -> float:
        sheet, data = self.sheet, self.data
        x, width = self.PAGE.column(0, 12)
        sheet.fill(x, self.PAGE.top, width, 3, ACCENT)
        left, left_width = self.PAGE.column(0, 7)
        right, right_width = self.PAGE.column(7, 5)
        if self.stamp.proof is not None:
            draw_proof(sheet, self.stamp.proof, x + width - 80, self.PAGE.top + 10, 80)
            right_width -= SIDE + 40
        y = sheet.write(f"{data.district}  {sheet.say(self.NAME)}", left, self.PAGE.top + 10, left_width, SMALL)
        sheet.write_fitting(data.course, left, y, left_width, TITLE, smallest=10, tag="H1")
        y = write_sayings(sheet, self.stamp, left, y + TITLE.leading, left_width)
        when = f"{self.moment(data.starts_at)} – {words.clock(data.ends_at)}"
        below = self.PAGE.top + 10
        for line in (when, f"{data.station}  {data.address}".strip()):
            below = sheet.write(line, right, below, right_width, replace(STRONG, size=9, leading=13))
        numbers = message(
            "%(number)s: %(booked)s booked, %(capacity)s seats",
            number=data.number,
            booked=len(data.rows),
            capacity=data.capacity,
        )
        below = sheet.write(numbers, right, below, right_width, CELL)
        return max(below, y, self.PAGE.top + (SIDE + 34 if self.stamp.proof is not None else 0)) + 8

    def _sign_off(self) -> None:
        """Leave a line each for the instructor and for whoever signs the session off."""
        flow, sheet = self.flow, self.sheet
        if any(row.score_by_hand for row in self.data.rows):
            flow.room(70)
            by_hand = message("* Entered by hand as an exception, with a reason kept in the system.")
            flow.y = sheet.write(by_hand, flow.x, flow.y + 4, flow.width, SMALL)
        if any(any(row.online_minutes) for row in self.data.rows):
            flow.room(70)
            at_home = message("° Seen at home on the rider's own phone, in whole or in part.")
            flow.y = sheet.write(at_home, flow.x, flow.y + 4, flow.width, SMALL)
        flow.room(56)
        half = (flow.width - 24) / 2
        named = ((message("Instructor"), self.data.instructor), (message("Signed off by, date"), ""))
        for place, (label, value) in enumerate(named):
            x = flow.x + place * (half + 24)
            sheet.write(value, x, flow.y + 20, half, CELL)
            sheet.rule(x, flow.y + 40, half, colour=INK)
            sheet.write(label, x, flow.y + 42, half, SMALL)


def _clock(numbered: Numbered) -> Cell:
    checked_in = numbered[1].checked_in_at
    return words.clock(checked_in) if checked_in else ""


def _score(numbered: Numbered) -> Cell:
    row = numbered[1]
    score = "" if row.quiz_score is None else str(row.quiz_score)
    return f"{score} *" if row.score_by_hand else score


def _minutes(place: int, numbered: Numbered) -> Cell:
    row = numbered[1]
    minutes = row.module_minutes[place]
    if minutes is None:
        return ""
    at_home = any(row.online_minutes[place : place + 1])
    return message("%(minutes)d min °", minutes=minutes) if at_home else words.minutes(minutes)
