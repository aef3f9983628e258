"""Running text: headings, paragraphs and facts one below the other, page after page. Knows no document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from trafficedu.reports.layout import ACCENT, BODY, SMALL, STRONG, TINT, Sheet, Style, Text
from trafficedu.reports.tagging import Element

HEADING = replace(STRONG, colour=ACCENT)


@dataclass(frozen=True)
class Fact:
    """A label and its value; an empty value is left out together with its label."""

    label: Text
    value: Text
    style: Style = BODY


class Flow:
    """A place on a sheet that moves down, and on to the next page when the next thing no longer fits.

    Parameters
    ----------
    sheet
        Where to write.
    y
        Where to begin on the first page.
    continued
        Draws the head of each further page and returns where its text begins.
    """

    def __init__(self, sheet: Sheet, y: float, continued: Callable[[], float]) -> None:
        self.sheet = sheet
        self.y = y
        self.floor = sheet.page.floor
        self.x, self.width = sheet.page.column(0, 12)
        self._continued = continued

    def room(self, height: float) -> None:
        """Begin another page unless ``height`` points are left on this one."""
        if self.y + height > self.floor:
            self.sheet.new_page()
            self.y = self._continued()

    def gap(self, height: float) -> None:
        """Leave white space."""
        self.y += height

    def heading(self, text: Text, *, level: int = 2, keep: float = 2 * BODY.leading, after: float = 0) -> None:
        """Write a heading with at least ``keep`` points below it on the same page, and ``after`` points of space."""
        self.room(HEADING.leading + keep)
        self.y = self.sheet.write(text, self.x, self.y, self.width, HEADING, tag=f"H{level}") + after

    def paragraph(self, text: Text, style: Style = BODY, *, after: float = 0) -> None:
        """Write a paragraph that may run on over pages, nothing if the text is empty, and leave space after it."""
        if text:
            self._lines(text, self.x, self.width, style, "P")
        self.gap(after)

    def bullets(self, sentences: Sequence[Text], style: Style = BODY) -> None:
        """Write each sentence as a paragraph behind a dot, which stands alone before all its lines."""
        indent = style.size
        for sentence in sentences:
            self.room(style.leading)
            element = self.sheet.element("P")
            self.sheet.put(["•"], self.x, self.y, indent, style, element)
            self._fill(sentence, self.x + indent, self.width - indent, style, element)

    def facts(self, facts: Sequence[Fact], label_width: float) -> None:
        """Write labels in one column and their values in another."""
        for fact in facts:
            if not fact.value:
                continue
            self.room(fact.style.leading)
            drop = fact.style.baseline - SMALL.baseline
            page = self.sheet.page_count
            below = self.sheet.write(fact.label, self.x, self.y + drop, label_width - 8, SMALL)
            self._lines(fact.value, self.x + label_width, self.width - label_width, fact.style, "P")
            if page == self.sheet.page_count:
                self.y = max(self.y, below)

    def callout(self, title: Text, text: Text, *, padding: float = 8) -> None:
        """Write what must not be overlooked on a tinted ground: one strong line, then plain ones."""
        sheet = self.sheet
        inner = self.width - 2 * padding - 4
        strong = sheet.lines(title, inner, STRONG)
        plain = sheet.lines(text, inner, BODY) if text else []
        height = 2 * padding + (len(strong) + len(plain)) * BODY.leading
        self.room(height)
        sheet.fill(self.x, self.y, self.width, height, TINT)
        sheet.fill(self.x, self.y, 3, height, ACCENT)
        left = self.x + padding + 4
        below = sheet.put(strong, left, self.y + padding, inner, STRONG, sheet.element("P"))
        if plain:
            sheet.put(plain, left, below, inner, BODY, sheet.element("P"))
        self.y += height

    def _lines(self, text: Text, x: float, width: float, style: Style, tag: str) -> None:
        self._fill(text, x, width, style, self.sheet.element(tag))

    def _fill(self, text: Text, x: float, width: float, style: Style, element: Element) -> None:
        waiting = self.sheet.lines(text, width, style)
        while waiting:
            self.room(style.leading)
            fitting = max(1, int((self.floor - self.y + 0.01) // style.leading))
            self.y = self.sheet.put(waiting[:fitting], x, self.y, width, style, element)
            waiting = waiting[fitting:]
