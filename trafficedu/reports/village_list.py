"""The red-yellow-black list on paper: what stands on it, what it was read off, what a correction changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from trafficedu.core.month import Month
from trafficedu.core.text import Message, message, translate
from trafficedu.reports import words
from trafficedu.reports.blocks import Flow
from trafficedu.reports.layout import A4, SMALL, Page, Sheet
from trafficedu.reports.letter import write_sayings, write_title
from trafficedu.reports.proof import PLAIN, Stamp
from trafficedu.reports.tables import Badge, Column, Look, draw_table

PAGE = Page(A4, margin=48, top=56, bottom=52)
NAME = message("Red-yellow-black list")


@dataclass(frozen=True)
class ListedVillage:
    """A village on the list, its colour and why it stands there."""

    code: str
    name: str
    town: str
    colour: str
    why: Message


@dataclass(frozen=True)
class ListPart:
    """One of the three lists."""

    name: Message
    villages: Sequence[ListedVillage]


@dataclass(frozen=True)
class VillageListData:
    """What the list of a month says; ``changes`` is what a correction changed, empty for a first list."""

    district: str
    month: Month
    published_on: date
    evaluated: Message
    parts: Sequence[ListPart]
    changes: Sequence[Message] = field(default=())


def render(data: VillageListData, locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Set the list on A4, portrait."""
    month = words.month(data.month, locale)
    title = f"{translate(NAME, locale)} {month}"
    sheet = Sheet(PAGE, locale, title=title, author=data.district, footer=title, across=stamp.across)
    flow = Flow(sheet, _head(sheet, data, stamp), lambda: PAGE.top)
    if data.changes:
        flow.heading(message("What this correction changes"))
        flow.bullets(data.changes)
        flow.gap(12)
    for part in data.parts:
        if part.villages:
            said = message("%(list)s: %(count)s villages", list=part.name, count=len(part.villages))
            flow.heading(said, after=4)
            draw_table(flow, _columns(), part.villages, Look(smallest=7))
            flow.gap(14)
    return sheet.to_pdf()


def _head(sheet: Sheet, data: VillageListData, stamp: Stamp) -> float:
    title = f"{sheet.say(NAME)}  {words.month(data.month, sheet.locale)}"
    y, width = write_title(sheet, data.district, title, band=PAGE.top - 16, drop=12, stamp=stamp)
    x = PAGE.column(0, 12)[0]
    y = sheet.write(data.evaluated, x, y, width, SMALL)
    published = message("Published on %(day)s.", day=words.day(data.published_on, sheet.locale))
    y = sheet.write(published, x, y, width, SMALL)
    return write_sayings(sheet, stamp, x, y, width) + 20


def _columns() -> list[Column[ListedVillage]]:
    column = Column[ListedVillage]
    return [
        column(message("Village"), 2.8, lambda row: row.name, strong=True),
        column(message("Town"), 2.6, lambda row: row.town),
        column(message("Colour"), 1.4, lambda row: Badge(row.colour)),
        column(message("Why"), 4.4, lambda row: row.why),
    ]
