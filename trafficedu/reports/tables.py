"""Tables that run on over pages, with their head on each of them. Knows cells, not what they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from trafficedu.reports import fonts
from trafficedu.reports.axes import Axis
from trafficedu.reports.badges import SHADES, draw_badge
from trafficedu.reports.blocks import Flow
from trafficedu.reports.drawing import Drawing, Stroke, aligned
from trafficedu.reports.layout import ACCENT, HAIR, INK, SMALL, STRONG, TINT, Style, Text

HEAD = replace(SMALL, size=7, leading=10, font=fonts.BOLD, colour=INK)
TICK = replace(SMALL, size=6, leading=8)
SMALLEST, SMALLEST_HEAD = 6.0, 5.0
"""No figure is set smaller than that; what still does not fit takes a second line."""
TOGETHER = 6
"""A table of so many rows is not torn apart; of a longer one at least these stand on one page with the head."""
LEAST_TOGETHER = 3
MOST_TOGETHER = 260.0
"""Points beyond which rows that belong together may part: half a page left white is worse."""


@dataclass(frozen=True)
class Badge:
    """A cell that shows a colour of the evaluation."""

    colour: str


@dataclass(frozen=True)
class Whisker:
    """A cell that shows a value on its interval, on the scale of its column; None: not known, and nothing is drawn."""

    value: float | None
    low: float | None
    high: float | None


Cell = Text | Badge | Whisker
Row = TypeVar("Row")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column: its title, its part of the width, what it shows of a row, and how its cells are aligned.

    ``scale`` is the round values that a column of whiskers reaches over, with those between them.
    """

    title: Text
    share: float
    cell: Callable[[Row], Cell]
    align: str = "left"
    strong: bool = False
    scale: Sequence[float] = ()


@dataclass(frozen=True)
class Look:
    """How a table is set: its type, and ``padding`` beside and ``around`` above and below what is in a cell.

    A row is at least ``row`` high with its cells in the middle; from the column ``written_from`` on cells have a
    left edge, to be filled in by hand. ``below`` is left free after the table. Cells are made smaller, down to
    ``smallest`` points, before they take a second line; figures (aligned to the right) never take one.
    """

    cell: Style = Style(8.5, 12)
    head: Style = HEAD
    padding: float = 3.5
    around: float = 2
    row: float = 0
    written_from: int | None = None
    below: float = 12
    smallest: float = 99


PLAIN = Look()


class _Table(Generic[Row]):
    def __init__(self, flow: Flow, columns: Sequence[Column[Row]], look: Look) -> None:
        self.flow, self.sheet, self.columns, self.look = flow, flow.sheet, columns, look
        total = sum(column.share for column in columns)
        self.widths = [flow.width * column.share / total for column in columns]
        self.xs = [flow.x + sum(self.widths[:place]) for place in range(len(columns))]

    def head(self) -> None:
        style = self.look.head
        styles = [self._whole_words(place, column.title) for place, column in enumerate(self.columns)]
        titles = [self._broken(place, column.title, styles[place]) for place, column in enumerate(self.columns)]
        scaled = (len(titles[place]) for place, column in enumerate(self.columns) if column.scale)
        height = max([len(lines) for lines in titles] + [lines + 1 for lines in scaled]) * style.leading + 8
        self.sheet.fill(self.flow.x, self.flow.y, self.flow.width, height, TINT)
        with self.sheet.group("TR"):
            for place, lines in enumerate(titles):
                self._put(place, lines, self.flow.y + 4, styles[place], "TH")
                self._ticks(place, self.flow.y + height - TICK.leading)
        self.flow.y += height
        self.sheet.rule(self.flow.x, self.flow.y, self.flow.width, colour=INK)

    def height(self, row: Row) -> float:
        """Return how much room a row takes."""
        return self._set(row)[3]

    def _set(self, row: Row) -> tuple[list[Cell], list[Style], list[list[str]], float]:
        """Break the cells of a row into lines; return them, how they are set, the lines and the height."""
        look = self.look
        cells = [column.cell(row) for column in self.columns]
        styles = [self._fitted(place, cell) for place, cell in enumerate(cells)]
        broken = [
            [""] if isinstance(cell, Badge | Whisker) else self._broken(place, cell, styles[place])
            for place, cell in enumerate(cells)
        ]
        height = max(look.row, max(len(lines) for lines in broken) * look.cell.leading + 2 * look.around)
        return cells, styles, broken, height

    def row(self, row: Row) -> None:
        flow, look = self.flow, self.look
        cells, styles, broken, height = self._set(row)
        if flow.y + height > flow.floor:
            flow.room(height)
            self.head()
        with self.sheet.group("TR"):
            for place, (cell, lines) in enumerate(zip(cells, broken, strict=True)):
                y = flow.y + ((height - len(lines) * look.cell.leading) / 2 if look.row else look.around)
                if isinstance(cell, Badge):
                    self._badge(place, cell, y)
                elif isinstance(cell, Whisker):
                    self._whisker(place, cell, flow.y, height)
                else:
                    drop = (look.cell.leading - styles[place].leading) / 2
                    self._put(place, lines, y + drop, styles[place], "TD")
                if look.written_from is not None and place >= look.written_from:
                    self.sheet.fill(self.xs[place], flow.y, 0.5, height, HAIR)
        flow.y += height
        self.sheet.rule(flow.x, flow.y, flow.width, colour=HAIR)

    def _style(self, place: int) -> Style:
        return replace(self.look.cell, font=fonts.BOLD) if self.columns[place].strong else self.look.cell

    def _whole_words(self, place: int, title: Text) -> Style:
        """Return how a head is set: so small that none of its words is torn apart."""
        style = self.look.head
        words = self.sheet.say(title).split() or [""]
        longest = max(words, key=style.width) if self.sheet.locale == "en" else ""
        fitted = self.sheet.fitting(longest, self._inner(place)[1], style, SMALLEST_HEAD)
        return replace(fitted, leading=style.leading)

    def _fitted(self, place: int, cell: Cell) -> Style:
        """Return how a cell is set: smaller where that keeps it in one line."""
        style = self._style(place)
        if isinstance(cell, Badge | Whisker):
            return style
        width = self._inner(place)[1]
        fitted = self.sheet.fitting(cell, width, style, SMALLEST)
        figure = self.columns[place].align == "right"
        return fitted if figure or fitted.size >= self.look.smallest else style

    def _axis(self, place: int) -> Axis:
        scale, (x, width) = tuple(self.columns[place].scale), self._inner(place)
        return Axis(scale[0], scale[-1], x + 4, x + width - 4, scale)

    def _ticks(self, place: int, y: float) -> None:
        if self.columns[place].scale:
            axis = self._axis(place)
            drawing = Drawing(self.sheet, self.columns[place].title)
            for tick in axis.ticks:
                drawing.label(axis.tick_text(tick), axis.at(tick) - 14, y, 28, aligned(TICK, "centre"))

    def _whisker(self, place: int, cell: Whisker, y: float, height: float) -> None:
        axis, middle = self._axis(place), y + height / 2
        with self.sheet.group("TD"):
            known = [f"{value:.1f}" for value in (cell.value, cell.low, cell.high) if value is not None]
            drawing = Drawing(self.sheet, " ".join(known) or "—")
            for tick in axis.ticks:
                drawing.line([(axis.at(tick), y), (axis.at(tick), y + height)], Stroke(HAIR, 0.4))
            if cell.low is not None and cell.high is not None:
                drawing.line([(axis.at(cell.low), middle), (axis.at(cell.high), middle)], Stroke(ACCENT, 1.25))
            if cell.value is not None:
                drawing.disc(axis.at(cell.value), middle, 2.4, ACCENT)

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


def draw_table(
    flow: Flow, columns: Sequence[Column[Row]], rows: Sequence[Row], look: Look = PLAIN, title: Text = ""
) -> None:
    """Set a table below its title; a row that no longer fits begins the next page, below the head repeated."""
    table = _Table(flow, columns, look)
    heights = [table.height(row) for row in (rows if len(rows) <= TOGETHER else rows[:LEAST_TOGETHER])]
    titled = len(flow.sheet.lines(title, flow.width, STRONG)) * STRONG.leading + 4 if title else 0
    flow.room(40 + titled + (sum(heights) if sum(heights) < MOST_TOGETHER else heights[0]))
    if title:
        flow.paragraph(title, STRONG, after=4)
    with flow.sheet.group("Table"):
        table.head()
        for row in rows:
            table.row(row)
    flow.gap(look.below)
