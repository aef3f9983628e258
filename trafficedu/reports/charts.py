"""Charts as vectors: columns, dots with intervals, lines with bands. Knows figures and words, not features.

A chart's title says the finding, and is read aloud in its place. Counts begin at zero, intervals are drawn, what
is not known leaves a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reportlab.lib.colors import Color, HexColor, white

from trafficedu.reports.axes import Axis, axis, root_axis
from trafficedu.reports.blocks import Flow
from trafficedu.reports.drawing import Drawing, Point, Stroke, aligned
from trafficedu.reports.layout import ACCENT, HAIR, INK, SMALL, SOFT, STRONG, Text

Values = Sequence[float | None]

SECOND = HexColor(0xB5651D)
QUIET = HexColor(0x9AA6AE)
BAND_WIDE = HexColor(0xDCE8EA)
BAND_NEAR = HexColor(0xB4D0D5)
ROW = 13.0
FRAME = 30.0
"""What a picture of dots needs above and below its rows."""
LEAST_ROWS = 6
"""Rows that stand together on a page, where a picture of dots goes on over two."""
TICK = replace(SMALL, size=7, leading=10)
PLOT_HEIGHT = 150.0
LEFT = 34.0


@dataclass(frozen=True)
class Dot:
    """One row: its name, its value with an interval (None: not known), and how it is written at the end.

    ``bands`` are limits drawn behind it, the widest first; ``strong`` rows are printed darker.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    text: Text
    bands: tuple[tuple[float, float], ...] = ()
    strong: bool = False


@dataclass(frozen=True)
class Dots:
    """A list of values with their intervals, one below the other.

    ``target`` is a value with its name, drawn as a dashed line; beyond ``top`` the scale does not go. ``root`` draws
    square roots, so that many times the usual and a part of it find room side by side.
    """

    title: Text
    dots: Sequence[Dot]
    unit: Text
    target: tuple[float, Text] | None = None
    note: Text = ""
    from_zero: bool = False
    top: float | None = None
    root: bool = False


@dataclass(frozen=True)
class Line:
    """One line over the months; ``quiet`` is dashed, ``bands`` are intervals around it, the widest first."""

    name: Text
    values: Values
    bands: tuple[tuple[Values, Values], ...] = ()
    quiet: bool = False


@dataclass(frozen=True)
class Lines:
    """Lines over the same months (names like 2026-10)."""

    title: Text
    months: Sequence[str]
    lines: Sequence[Line]
    unit: Text
    note: Text = ""
    from_zero: bool = True


@dataclass(frozen=True)
class Columns:
    """Counts by month as columns; ``before`` are those of the same months a year earlier, as short lines."""

    title: Text
    months: Sequence[str]
    values: Values
    before: Values
    name: Text
    before_name: Text
    unit: Text
    note: Text = ""


def draw_title(flow: Flow, title: Text, height: float) -> None:
    """Write a chart's title, with ``height`` of the chart on the same page."""
    lines = flow.sheet.lines(title, flow.width, STRONG)
    flow.room(len(lines) * STRONG.leading + height)
    flow.y = flow.sheet.put(lines, flow.x, flow.y, flow.width, STRONG, flow.sheet.element("H3")) + 4


def _finish(flow: Flow, note: Text) -> None:
    flow.paragraph(note, SMALL, after=12)


def draw_dots(flow: Flow, chart: Dots) -> None:
    """Draw rows of dots with their intervals: as many as this page holds, the others below their scale on the next."""
    waiting = list(chart.dots)
    draw_title(flow, chart.title, FRAME + ROW * min(len(waiting), LEAST_ROWS) + SMALL.leading)
    while waiting:
        fitting = int((flow.floor - flow.y - FRAME) // ROW)
        if fitting < len(waiting):
            fitting = min(fitting, len(waiting) - LEAST_ROWS)  # no two or three rows alone on the next page
        if fitting < min(LEAST_ROWS, len(waiting)):
            flow.room(flow.floor)
            fitting = int((flow.floor - flow.y - FRAME) // ROW)
        _draw_rows(flow, chart, waiting[:fitting])
        waiting = waiting[fitting:]
    _finish(flow, chart.note)


def _scale(chart: Dots, start: float, end: float) -> Axis:
    seen = [limit for dot in chart.dots for limit in (dot.value, dot.low, dot.high) if limit is not None]
    seen += [limit for dot in chart.dots for band in dot.bands for limit in band]
    seen += [chart.target[0]] if chart.target else []
    low = 0.0 if chart.from_zero or not seen else min(seen)
    high = max(seen, default=1.0)
    if chart.root:
        return root_axis(high, start, end)
    return axis(low, high if chart.top is None else min(high, chart.top), start, end, top=chart.top)


def _draw_rows(flow: Flow, chart: Dots, dots: Sequence[Dot]) -> None:
    names, texts = 0.21 * flow.width, 0.24 * flow.width
    drawing = Drawing(flow.sheet, chart.title)
    scale = _scale(chart, flow.x + names + 8, flow.x + flow.width - texts - 8)
    top, bottom = flow.y + 12, flow.y + 12 + len(dots) * ROW
    for tick in scale.ticks:
        at = scale.at(tick)
        drawing.line([(at, top), (at, bottom + 3)], Stroke(HAIR, 0.5))
        drawing.label(scale.tick_text(tick), at - 20, bottom + 3, 40, aligned(TICK, "centre"))
    drawing.label(chart.unit, scale.end + 8, bottom + 3, texts - 4, TICK)
    if chart.target:
        at = scale.at(chart.target[0])
        drawing.line([(at, top - 2), (at, bottom)], Stroke(INK, 0.75, (2, 2)))
        drawing.label(chart.target[1], at - 60, top - 12, 120, aligned(replace(TICK, colour=INK), "centre"))
    for place, dot in enumerate(dots):
        _draw_dot(drawing, scale, dot, flow.x, top + place * ROW, (names, texts))
    flow.y = bottom + 18


def _draw_dot(drawing: Drawing, scale: Axis, dot: Dot, x: float, y: float, widths: tuple[float, float]) -> None:
    middle = y + ROW / 2
    ink = ACCENT if dot.strong else SOFT
    style = replace(TICK, size=8, leading=ROW, colour=INK if dot.strong else SOFT)
    drawing.label(dot.name, x, y, widths[0], style)
    for band, fill in zip(dot.bands, (BAND_WIDE, BAND_NEAR), strict=False):
        left, right = scale.at(band[0]), scale.at(band[1])
        drawing.box(left, y + 2, max(right - left, 0.5), ROW - 4, fill)
    if dot.low is not None and dot.high is not None:
        drawing.line([(scale.at(dot.low), middle), (scale.at(dot.high), middle)], Stroke(ink, 1.25))
    if dot.value is not None:
        drawing.disc(scale.at(dot.value), middle, 2.6, ink)
    drawing.label(dot.text, scale.end + 8, y, widths[1], style)


class Plot:
    """The frame of a chart over months: its two axes, and where a month lies."""

    def __init__(
        self,
        flow: Flow,
        alternative: Text,
        months: Sequence[str],
        scale_to: tuple[float, float],
        height: float = PLOT_HEIGHT,
    ) -> None:
        self.drawing = Drawing(flow.sheet, alternative)
        self.left, self.right = flow.x + LEFT, flow.x + flow.width
        self.top, self.bottom = flow.y + 14, flow.y + 14 + height
        self.scale = axis(*scale_to, self.bottom, self.top)
        self.step = (self.right - self.left) / max(1, len(months))
        self._months = months

    def x(self, place: int) -> float:
        """Return the middle of a month."""
        return self.left + (place + 0.5) * self.step

    def frame(self, unit: Text) -> None:
        """Draw ticks, months and the unit."""
        for tick in self.scale.ticks:
            at = self.scale.at(tick)
            self.drawing.line([(self.left, at), (self.right, at)], Stroke(HAIR, 0.5))
            text = self.scale.tick_text(tick)
            self.drawing.label(text, self.left - LEFT, at - 5, LEFT - 5, aligned(TICK, "right"))
        self.drawing.label(unit, self.left - LEFT, self.top - 16, 160, TICK)
        every = max(1, -(-len(self._months) // 12))
        for place in range((len(self._months) - 1) % every, len(self._months), every):
            name = self._months[place]
            self.drawing.label(name, self.x(place) - 24, self.bottom + 2, 48, aligned(TICK, "centre"))

    def points(self, values: Values) -> list[list[Point]]:
        """Return the stretches of known values as points."""
        stretches: list[list[Point]] = [[]]
        for place, value in enumerate(values):
            if value is None:
                stretches.append([])
            else:
                stretches[-1].append((self.x(place), self.scale.at(value)))
        return [stretch for stretch in stretches if stretch]

    def key(self, entries: Sequence[tuple[Text, Color, bool]]) -> None:
        """Name the lines above the plot, each with a piece of it."""
        x = self.right
        for name, colour, quiet in reversed(entries):
            width = TICK.width(self.drawing.sheet.say(name)) + 4
            x -= width
            self.drawing.label(name, x, self.top - 16, width, TICK)
            x -= 18
            dash = (2.0, 2.0) if quiet else ()
            self.drawing.line([(x, self.top - 11), (x + 14, self.top - 11)], Stroke(colour, 1.5, dash))
            x -= 10


def _known(*several: Values) -> list[float]:
    return [value for values in several for value in values if value is not None]


def draw_lines(flow: Flow, chart: Lines) -> None:
    """Draw lines over months, with their bands."""
    draw_title(flow, chart.title, PLOT_HEIGHT + 42)
    limits = [side for line in chart.lines for band in line.bands for side in band]
    seen = _known(*(line.values for line in chart.lines), *limits)
    low = 0.0 if chart.from_zero or not seen else min(seen)
    plot = Plot(flow, chart.title, chart.months, (low, max(seen, default=1.0)))
    plot.frame(chart.unit)
    inks = iter((INK, ACCENT, SECOND))
    colours = [QUIET if line.quiet else next(inks, QUIET) for line in chart.lines]
    for line in chart.lines:
        for (lows, highs), fill in zip(line.bands, (BAND_WIDE, BAND_NEAR), strict=False):
            for under, over in zip(plot.points(lows), plot.points(highs), strict=False):
                _draw_band(plot, under, over, fill)
    for line, colour in zip(chart.lines, colours, strict=True):
        stroke = Stroke(colour, 0.9 if line.quiet else 1.25, (2, 2) if line.quiet else ())
        for stretch in plot.points(line.values):
            plot.drawing.line(stretch, stroke)
            if not line.quiet:
                for x, y in stretch:
                    plot.drawing.disc(x, y, 1.4, colour)
    plot.key([(line.name, colour, line.quiet) for line, colour in zip(chart.lines, colours, strict=True)])
    flow.y = plot.bottom + 16
    _finish(flow, chart.note)


def _draw_band(plot: Plot, under: list[Point], over: list[Point], fill: Color) -> None:
    half = plot.step / 2  # a band of one month is still seen
    edges = [(under[0][0] - half, under[0][1]), *under, (under[-1][0] + half, under[-1][1])]
    back = [(over[0][0] - half, over[0][1]), *over, (over[-1][0] + half, over[-1][1])]
    plot.drawing.shape([*edges, *reversed(back)], fill)


def draw_columns(flow: Flow, chart: Columns) -> None:
    """Draw counts by month, the last one dark; a short line marks the year before."""
    draw_title(flow, chart.title, PLOT_HEIGHT + 42)
    plot = Plot(flow, chart.title, chart.months, (0.0, max(_known(chart.values, chart.before), default=1.0)))
    plot.frame(chart.unit)
    width = 0.62 * plot.step
    for place, value in enumerate(chart.values):
        if value:
            at = plot.scale.at(value)
            last = place == len(chart.values) - 1
            plot.drawing.box(plot.x(place) - width / 2, at, width, plot.bottom - at, ACCENT if last else BAND_NEAR)
        if value is not None and plot.step >= 24:
            dark = place == len(chart.values) - 1 and plot.bottom - plot.scale.at(value) > ROW
            style = replace(aligned(TICK, "centre"), colour=white if dark else INK)
            text = f"{value:,.0f}"
            plot.drawing.label(text, plot.x(place) - plot.step / 2, plot.bottom - 11, plot.step, style)
    for place, value in enumerate(chart.before):
        if value is not None:
            at, half = plot.scale.at(value), 0.45 * plot.step
            plot.drawing.line([(plot.x(place) - half, at), (plot.x(place) + half, at)], Stroke(SECOND, 1.25))
    plot.key([(chart.name, ACCENT, False), (chart.before_name, SECOND, False)])
    flow.y = plot.bottom + 16
    _finish(flow, chart.note)
