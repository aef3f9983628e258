"""Tables that run on over pages, with their head on each of them. Knows cells, not what they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from trafficedu.reports import fonts
from trafficedu.reports.badges import SHADES, draw_badge
from trafficedu.reports.blocks import Flow
from trafficedu.reports.drawing import Drawing
from trafficedu.reports.layout import HAIR, INK, SMALL, TINT, Style, Text

HEAD = replace(SMALL, size=7, leading=10, font=fonts.BOLD, colour=INK)
TOGETHER = 6
"""Rows that stand on one page with the head; a table no longer than that is not torn apart."""


@dataclass(frozen=True)
class Badge:
    """A cell that shows a colour of the evaluation."""

    colour: str


Cell = Text | Badge
Row = TypeVar("Row")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column: its title, its part of the width, what it shows of a row, and how its cells are aligned."""

    title: Text
    share: float
    cell: Callable[[Row], Cell]
    align: str = "left"
    strong: bool = False


@dataclass(frozen=True)
class Look:
    """How a table is set: its type, and ``padding`` beside and ``around`` above and below what is in a cell.

    A row is at least ``row`` high with its cells in the middle; from the column ``written_from`` on cells have a
    left edge, to be filled in by hand. ``below`` is left free after the table.
    """

    cell: Style = Style(8.5, 12)
    head: Style = HEAD
    padding: float = 3.5
    around: float = 2
    row: float = 0
    written_from: int | None = None
    below: float = 12


PLAIN = Look()


class _Table(Generic[Row]):
    def __init__(self, flow: Flow, columns: Sequence[Column[Row]], look: Look) -> None:
        self.flow, self.sheet, self.columns, self.look = flow, flow.sheet, columns, look
        total = sum(column.share for column in columns)
        self.widths = [flow.width * column.share / total for column in columns]
        self.xs = [flow.x + sum(self.widths[:place]) for place in range(len(columns))]

    def head(self) -> None:
        style = self.look.head
        titles = [self._broken(place, column.title, style) for place, column in enumerate(self.columns)]
        height = max(len(lines) for lines in titles) * style.leading + 8
        self.sheet.fill(self.flow.x, self.flow.y, self.flow.width, height, TINT)
        with self.sheet.group("TR"):
            for place, lines in enumerate(titles):
                self._put(place, lines, self.flow.y + 4, style, "TH")
        self.flow.y += height
        self.sheet.rule(self.flow.x, self.flow.y, self.flow.width, colour=INK)

    def row(self, row: Row) -> None:
        flow, look = self.flow, self.look
        cells = [column.cell(row) for column in self.columns]
        broken = [
            [""] if isinstance(cell, Badge) else self._broken(place, cell, self._style(place))
            for place, cell in enumerate(cells)
        ]
        height = max(look.row, max(len(lines) for lines in broken) * look.cell.leading + 2 * look.around)
        if flow.y + height > flow.floor:
            flow.room(height)
            self.head()
        with self.sheet.group("TR"):
            for place, (cell, lines) in enumerate(zip(cells, broken, strict=True)):
                y = flow.y + ((height - len(lines) * look.cell.leading) / 2 if look.row else look.around)
                if isinstance(cell, Badge):
                    self._badge(place, cell, y)
                else:
                    self._put(place, lines, y, self._style(place), "TD")
                if look.written_from is not None and place >= look.written_from:
                    self.sheet.fill(self.xs[place], flow.y, 0.5, height, HAIR)
        flow.y += height
        self.sheet.rule(flow.x, flow.y, flow.width, colour=HAIR)

    def _style(self, place: int) -> Style:
        return replace(self.look.cell, font=fonts.BOLD) if self.columns[place].strong else self.look.cell

    def _inner(self, place: int) -> tuple[float, float]:
        return self.xs[place] + self.look.padding, self.widths[place] - 2 * self.look.padding

    def _broken(self, place: int, text: Text, style: Style) -> list[str]:
        return self.sheet.lines(text, self._inner(place)[1], style)

    def _put(self, place: int, lines: list[str], y: float, style: Style, tag: str) -> None:
        x, width = self._inner(place)
        self.sheet.put(lines, x, y, width, replace(style, align=self.columns[place].align), self.sheet.element(tag))

    def _badge(self, place: int, badge: Badge, y: float) -> None:
        x, width = self._inner(place)
        with self.sheet.group("TD"):
            drawing = Drawing(self.sheet, SHADES[badge.colour].name)
            draw_badge(drawing, badge.colour, x, y, width, self.look.cell)


def draw_table(flow: Flow, columns: Sequence[Column[Row]], rows: Sequence[Row], look: Look = PLAIN) -> None:
    """Set a table; a row that no longer fits begins the next page, below the head repeated."""
    table = _Table(flow, columns, look)
    flow.room(40 + look.cell.leading * min(len(rows), TOGETHER) * 1.4)
    with flow.sheet.group("Table"):
        table.head()
        for row in rows:
            table.row(row)
    flow.gap(look.below)
