"""Tables that run on over pages, with their head on each of them. Knows cells, not what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trafficedu.reports import fonts
from trafficedu.reports.badges import SHADES, draw_badge
from trafficedu.reports.blocks import Flow
from trafficedu.reports.drawing import Drawing
from trafficedu.reports.layout import HAIR, INK, SMALL, TINT, Style

CELL = Style(8.5, 12)
CELL_STRONG = replace(CELL, font=fonts.BOLD)
HEAD = replace(SMALL, size=7, leading=10, font=fonts.BOLD, colour=INK)
PADDING = 3.5
TOGETHER = 6
"""Rows that stand on one page with the head; a table no longer than that is not torn apart."""


@dataclass(frozen=True)
class Badge:
    """A cell that shows a colour of the evaluation."""

    colour: str


Cell = str | Badge


@dataclass(frozen=True)
class Column:
    """A column: its title, its part of the width, and how its cells are aligned."""

    title: str
    share: float
    align: str = "left"
    strong: bool = False


class _Table:
    def __init__(self, flow: Flow, columns: Sequence[Column]) -> None:
        self.flow, self.sheet, self.columns = flow, flow.sheet, columns
        total = sum(column.share for column in columns)
        self.widths = [flow.width * column.share / total for column in columns]
        self.xs = [flow.x + sum(self.widths[:place]) for place in range(len(columns))]

    def head(self) -> None:
        titles = [
            self.sheet.lines(column.title, width - 2 * PADDING, HEAD)
            for column, width in zip(self.columns, self.widths, strict=True)
        ]
        height = max(len(lines) for lines in titles) * HEAD.leading + 8
        self.sheet.fill(self.flow.x, self.flow.y, self.flow.width, height, TINT)
        with self.sheet.group("TR"):
            for place, lines in enumerate(titles):
                self._put(place, lines, self.flow.y + 4, HEAD, "TH")
        self.flow.y += height
        self.sheet.rule(self.flow.x, self.flow.y, self.flow.width, colour=INK)

    def row(self, cells: Sequence[Cell]) -> None:
        broken = [
            [""] if isinstance(cell, Badge) else self.sheet.lines(cell, width - 2 * PADDING, self._style(place))
            for place, (cell, width) in enumerate(zip(cells, self.widths, strict=True))
        ]
        height = max(len(lines) for lines in broken) * CELL.leading + 4
        if self.flow.y + height > self.flow.floor:
            self.flow.room(height)
            self.head()
        y = self.flow.y + 2
        with self.sheet.group("TR"):
            for place, (cell, lines) in enumerate(zip(cells, broken, strict=True)):
                if isinstance(cell, Badge):
                    self._badge(place, cell, y)
                else:
                    self._put(place, lines, y, self._style(place), "TD")
        self.flow.y += height
        self.sheet.rule(self.flow.x, self.flow.y, self.flow.width, colour=HAIR)

    def _style(self, place: int) -> Style:
        return CELL_STRONG if self.columns[place].strong else CELL

    def _put(self, place: int, lines: list[str], y: float, style: Style, tag: str) -> None:
        set_as = replace(style, align=self.columns[place].align)
        x, width = self.xs[place] + PADDING, self.widths[place] - 2 * PADDING
        self.sheet.put(lines, x, y, width, set_as, self.sheet.element(tag))

    def _badge(self, place: int, badge: Badge, y: float) -> None:
        with self.sheet.group("TD"):
            drawing = Drawing(self.sheet, self.sheet.say(SHADES[badge.colour].name))
            draw_badge(drawing, badge.colour, self.xs[place] + PADDING, y, self.widths[place] - 2 * PADDING, CELL)


def draw_table(flow: Flow, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    """Set a table; a row that no longer fits begins the next page, below the head repeated.

    Raises
    ------
    ValueError
        A row has another number of cells than there are columns.
    """
    table = _Table(flow, columns)
    flow.room(40 + CELL.leading * min(len(rows), TOGETHER) * 1.4)
    with flow.sheet.group("Table"):
        table.head()
        for row in rows:
            table.row(row)
    flow.gap(12)
