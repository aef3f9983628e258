"""Lines, areas and marks of one picture on a sheet. Knows canvas paths, not what they stand for.

A picture is one ``Figure`` of the structure tree with a text that is read aloud in its place; what is written
inside it stays text, so that it can be searched and copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from reportlab.lib.colors import Color
from reportlab.pdfgen.canvas import Canvas

from trafficedu.reports import fonts
from trafficedu.reports.layout import INK, SMALL, Sheet, Style, Text

Point = tuple[float, float]
Points = Sequence[Point]


@dataclass(frozen=True)
class Stroke:
    """How a line is drawn: colour, weight in points, and the pattern of its dashes (none: unbroken)."""

    colour: Color = INK
    weight: float = 0.75
    dash: tuple[float, ...] = ()


class Drawing:
    """A picture being drawn; points count from the top left corner of the page."""

    def __init__(self, sheet: Sheet, alternative: Text) -> None:
        self.sheet = sheet
        self._height = sheet.page.size[1]
        self._element = sheet.element("Figure", alternative=fonts.legible(sheet.say(alternative))[0])

    def line(self, points: Points, stroke: Stroke) -> None:
        """Draw a line through ``points``; fewer than two draw nothing."""
        if len(points) > 1:
            self.sheet.paint(self._element, partial(self._paint_path, list(points), stroke, None, False))

    def shape(self, points: Points, fill: Color | None, stroke: Stroke | None = None) -> None:
        """Draw a closed shape."""
        self.sheet.paint(self._element, partial(self._paint_path, list(points), stroke, fill, True))

    def box(self, x: float, y: float, width: float, height: float, fill: Color) -> None:
        """Fill a rectangle."""
        self.shape([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], fill)

    def disc(self, x: float, y: float, radius: float, fill: Color | None, stroke: Stroke | None = None) -> None:
        """Draw a circle around a point."""
        self.sheet.paint(self._element, partial(self._paint_disc, x, y, radius, fill, stroke))

    def label(self, text: Text, x: float, y: float, width: float, style: Style = SMALL) -> None:
        """Write one line, made smaller (down to five points) where ``width`` asks for it, then cut."""
        fitted = self.sheet.fitting(text, width, style, 5.0)
        drop = (style.leading - fitted.leading) / 2
        lines = self.sheet.lines(text, width, fitted)
        self.sheet.put(lines[:1], x, y + drop, width, fitted, self._element)

    def _paint_path(
        self, points: list[Point], stroke: Stroke | None, fill: Color | None, closed: bool, canvas: Canvas
    ) -> None:
        canvas.saveState()
        _prepare(canvas, stroke, fill)
        path = canvas.beginPath()
        path.moveTo(points[0][0], self._height - points[0][1])
        for x, y in points[1:]:
            path.lineTo(x, self._height - y)
        if closed:
            path.close()
        canvas.drawPath(path, stroke=int(stroke is not None), fill=int(fill is not None))
        canvas.restoreState()

    def _paint_disc(
        self, x: float, y: float, radius: float, fill: Color | None, stroke: Stroke | None, canvas: Canvas
    ) -> None:
        canvas.saveState()
        _prepare(canvas, stroke, fill)
        canvas.circle(x, self._height - y, radius, stroke=int(stroke is not None), fill=int(fill is not None))
        canvas.restoreState()


def _prepare(canvas: Canvas, stroke: Stroke | None, fill: Color | None) -> None:
    if fill is not None:
        canvas.setFillColor(fill)
    if stroke is not None:
        canvas.setStrokeColor(stroke.colour)
        canvas.setLineWidth(stroke.weight)
        if stroke.dash:
            canvas.setDash(list(stroke.dash), 0)
        canvas.setLineJoin(1)


def aligned(style: Style, align: str) -> Style:
    """Return ``style`` with its lines set ``left``, ``right`` or ``centre``."""
    return replace(style, align=align)
