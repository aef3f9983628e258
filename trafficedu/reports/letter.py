"""The frame of a paper with a number: its sheet, its head, its facts, and a code with words beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar, Generic, Protocol, TypeVar

from trafficedu.core.text import Message, translate
from trafficedu.reports import words
from trafficedu.reports.blocks import Fact, Flow
from trafficedu.reports.layout import ACCENT, SMALL, STRONG, TITLE, Page, Sheet, Text
from trafficedu.reports.proof import PLAIN, SIDE, Stamp, draw_proof, sayings


class Numbered(Protocol):
    """What every paper says: its number and the authority it comes from."""

    @property
    def number(self) -> str:
        """Stands in the title, the head and the foot."""

    @property
    def district(self) -> str:
        """Stands above the title and in the foot."""


Data = TypeVar("Data", bound=Numbered)


class Letter(Generic[Data]):
    """One paper being set; a kind says its page and its name, and writes its head and its parts in reading order."""

    PAGE: ClassVar[Page]
    NAME: ClassVar[Message]
    LABEL_WIDTH: ClassVar[Mapping[str, float]]
    AFTER_FACTS: ClassVar[float] = 12

    def __init__(self, data: Data, locale: str, stamp: Stamp = PLAIN) -> None:
        self.data, self.locale, self.stamp = data, locale, stamp
        self.sheet = Sheet(
            self.PAGE,
            locale,
            title=f"{translate(self.NAME, locale)} {data.number}",
            author=data.district,
            footer=self.footer(),
            across=stamp.across,
        )
        self.flow = Flow(self.sheet, self.head(), self.continued)

    def footer(self) -> str:
        """Return what stands at the foot of every page."""
        return f"{self.data.district}  {self.data.number}"

    def head(self) -> float:
        """Write the head of the first page; return where the text begins."""
        raise NotImplementedError

    def continued(self) -> float:
        """Write the head of each further page, if there is one; return where its text begins."""
        return self.PAGE.top

    def lay_out(self) -> None:
        """Write the parts."""
        raise NotImplementedError

    def to_pdf(self) -> bytes:
        """Return the paper."""
        self.lay_out()
        return self.sheet.to_pdf()

    def labelled(self, label: Message, value: str) -> str:
        """Write a label and its value in one line."""
        return words.labelled(label, self.locale) + value

    def day(self, when: date) -> str:
        """Write a day."""
        return words.day(when, self.locale)

    def moment(self, when: datetime) -> str:
        """Write day and minute."""
        return words.moment(when, self.locale)

    def occurred(self, at: datetime | date) -> str:
        """Write when something happened: the minute, or the day where nobody knows the hour."""
        return words.occurred(at, self.locale)

    def facts(self, heading: Message, *facts: Fact) -> None:
        """Write a heading with labels and values below it."""
        self.flow.heading(heading)
        self.flow.facts(facts, self.LABEL_WIDTH[self.locale])
        self.flow.gap(self.AFTER_FACTS)

    def code_beside(
        self, address: str, alternative: Message, title: Message, side: float, drop: float
    ) -> tuple[float, float, float]:
        """Draw a rule and ``drop`` below it a code, whole on one page; begin the words beside it.

        Returns left edge, height and width of what may follow beside the code.
        """
        flow, sheet = self.flow, self.sheet
        flow.room(side + drop)
        sheet.rule(flow.x, flow.y, flow.width)
        sheet.code(address, flow.x, flow.y + drop, side, alternative=alternative)
        x, width = flow.x + side + 16, flow.width - side - 16
        y = sheet.write(title, x, flow.y + drop - 4, width, STRONG)
        y = sheet.write(address, x, y, width, SMALL)
        flow.gap(side + drop)
        return x, y, width


def write_title(
    sheet: Sheet, above: Text, title: Text, *, band: float, drop: float, stamp: Stamp = PLAIN
) -> tuple[float, float]:
    """Draw the coloured band at height ``band`` and, ``drop`` below it, a small line and the title, in one line.

    A document has its code at the right of them. Returns where the next thing may begin, and how wide it may be.
    """
    x, width = sheet.page.column(0, 12)
    sheet.fill(x, band, width, 3, ACCENT)
    free = width
    if stamp.proof is not None:
        draw_proof(sheet, stamp.proof, x + width - 80, band + 10, 80)
        free = width - SIDE - 40
    y = sheet.write(above, x, band + drop, free, SMALL)
    return sheet.write_fitting(title, x, y, free, TITLE, smallest=12, tag="H1"), free


def write_sayings(sheet: Sheet, stamp: Stamp, x: float, y: float, width: float) -> float:
    """Write what a document says of itself; nothing for what is none. Returns where the next thing may begin."""
    if stamp.proof is None:
        return y
    for saying in sayings(stamp.proof, sheet.locale):
        y = sheet.write(saying, x, y, width, SMALL)
    return y
