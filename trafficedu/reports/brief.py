"""The commander's brief, one page: what alarms, what changed, who stands worst, what waits, what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from trafficedu.core.month import Month
from trafficedu.core.text import Message, message, translate
from trafficedu.reports import words
from trafficedu.reports.blocks import Flow
from trafficedu.reports.bulletin_colours import number
from trafficedu.reports.layout import A4, SMALL, Page, Sheet
from trafficedu.reports.letter import write_sayings, write_title
from trafficedu.reports.proof import PLAIN, Stamp
from trafficedu.reports.tables import Badge, Column, draw_table

PAGE = Page(A4, margin=48, top=56, bottom=52)
NAME = message("Commander's brief")
MOST = (10, 8, 6, 5, 4, 3, 2)
"""So many alarms, changes and areas stand on the one page: the most that fit; what is left out is counted."""


@dataclass(frozen=True)
class WorstArea:
    """An area or company that is firmly orange or worse, or held there by a veto.

    ``before`` is the colour of the month before; ``note`` says what is firm, or that there is a veto.
    """

    name: str
    kind: Message
    colour: str
    score: float | None
    before: str
    note: Message | None


@dataclass(frozen=True)
class BriefData:
    """What the brief says.

    Parameters
    ----------
    evaluated
        Which version of the evaluation the colours are of; that there is none.
    alarms
        One sentence each; ``judged`` says what was not judged and what is promised.
    changed
        What changed by more than chance, a sentence each; ``compared`` says how many comparisons were made.
    worst
        The worst first.
    watched
        How many more are red or orange without that being firm: they are not named.
    colours
        How many areas stand on each colour, in words.
    waits
        What is overdue and can still be helped.
    known
        How many units reported each figure.
    """

    district: str
    area: str
    month: Month
    as_of: datetime
    evaluated: Message
    alarms: Sequence[Message]
    changed: Sequence[Message]
    compared: Message
    worst: Sequence[WorstArea]
    watched: int
    colours: Message
    waits: Sequence[Message]
    known: Sequence[Message]
    judged: Sequence[Message] = ()


def render(data: BriefData, locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Set the brief on one page of A4, portrait."""
    sheets = (_set(data, locale, stamp, most) for most in MOST)
    fitting = next((sheet for sheet in sheets if sheet.page_count == 1), None)
    return (fitting or _set(data, locale, stamp, MOST[-1])).to_pdf()


def _set(data: BriefData, locale: str, stamp: Stamp, most: int) -> Sheet:
    month = words.month(data.month, locale)
    title = f"{translate(NAME, locale)} {data.area} {month}"
    sheet = Sheet(PAGE, locale, title=title, author=data.district, footer=title, across=stamp.across)
    flow = Flow(sheet, _head(sheet, data, stamp), lambda: PAGE.top)
    _part(flow, message("Alarms"), data.alarms, most, data.judged)
    _part(flow, message("What changed by more than chance"), data.changed, most, [data.compared])
    flow.heading(message("Who stands worst"))
    flow.paragraph(data.colours, after=4)
    if data.worst:
        draw_table(flow, _columns(), data.worst[:most])
        _left_out(flow, len(data.worst) - most)
    if data.watched:
        text = message(
            "%(count)s more are red or orange without that being firm: they are to watch.", count=data.watched
        )
        flow.paragraph(text, SMALL)
    flow.gap(10)
    _part(flow, message("What waits and can still be helped"), data.waits)
    _part(flow, message("What was reported"), data.known)
    flow.paragraph(data.evaluated, SMALL)
    return sheet


def _head(sheet: Sheet, data: BriefData, stamp: Stamp) -> float:
    title = f"{sheet.say(NAME)}  {words.month(data.month, sheet.locale)}"
    y, width = write_title(sheet, data.district, title, band=PAGE.top - 16, drop=12, stamp=stamp)
    x = PAGE.column(0, 12)[0]
    as_of = message("Figures as at %(when)s", when=words.moment(data.as_of, sheet.locale))
    y = sheet.write(f"{data.area}  {sheet.say(as_of)}", x, y, width, SMALL)
    return write_sayings(sheet, stamp, x, y, width) + 12


def _part(
    flow: Flow, title: Message, sentences: Sequence[Message], most: int | None = None, below: Sequence[Message] = ()
) -> None:
    flow.heading(title)
    shown = sentences if most is None else sentences[:most]
    flow.bullets(shown)
    _left_out(flow, len(sentences) - len(shown))
    for sentence in below:
        flow.paragraph(sentence, SMALL)
    flow.gap(8)


def _left_out(flow: Flow, count: int) -> None:
    if count > 0:
        flow.paragraph(message("%(count)s more on the screen.", count=count), SMALL)


def _columns() -> list[Column[WorstArea]]:
    column = Column[WorstArea]
    return [
        column(message("Town, village or company"), 4, lambda row: row.name, strong=True),
        column(message("Level"), 2, lambda row: row.kind),
        column(message("Colour"), 2, lambda row: Badge(row.colour)),
        column(message("score"), 1.5, lambda row: number(row.score)),
        column(message("previous month"), 2, lambda row: Badge(row.before) if row.before else "—"),
        column(message("What is firm"), 2, lambda row: row.note or "—"),
    ]
