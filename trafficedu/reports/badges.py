"""The five colours on paper: never a colour alone, always a shape and a word with it."""

from __future__ import annotations

from dataclasses import dataclass

from reportlab.lib.colors import Color, HexColor

from trafficedu.core.text import Message, message
from trafficedu.reports.drawing import Drawing, Stroke
from trafficedu.reports.layout import BODY, Style

GREY = "grey"


@dataclass(frozen=True)
class Shade:
    """One colour of the evaluation as it is printed."""

    fill: Color
    name: Message


SHADES = dict(
    green=Shade(HexColor(0x1A7440), message("green")),
    blue=Shade(HexColor(0x1F5FB8), message("blue")),
    yellow=Shade(HexColor(0xF3C531), message("yellow")),
    orange=Shade(HexColor(0xE27F22), message("orange")),
    red=Shade(HexColor(0xB3201B), message("red")),
    grey=Shade(HexColor(0x647074), message("not evaluated")),
)
"""COLOUR -> how it is printed, the best first; the same values as on the pages."""
OUTLINE = 0.4
LEAST_TYPE = 6.5
"""Points below which the word beside a shape is no longer read: grey has a shorter one."""


def draw_shape(drawing: Drawing, colour: str, x: float, y: float, size: float) -> None:
    """Draw the shape of ``colour`` in a square with its top left corner at ``x``, ``y``."""
    fill, half = SHADES[colour].fill, size / 2
    edge = Stroke(Color(0, 0, 0, 0.45), OUTLINE)
    if colour == "green":
        drawing.disc(x + half, y + half, half, fill)
    elif colour == "blue":
        drawing.box(x + 0.06 * size, y + 0.06 * size, 0.88 * size, 0.88 * size, fill)
    elif colour == "yellow":
        drawing.shape([(x + half, y), (x + size, y + 0.94 * size), (x, y + 0.94 * size)], fill, edge)
    elif colour == "orange":
        drawing.shape([(x + half, y), (x + size, y + half), (x + half, y + size), (x, y + half)], fill, edge)
    elif colour == "red":
        cross, near, far = Stroke(fill, 0.24 * size), 0.14 * size, 0.86 * size
        drawing.line([(x + near, y + near), (x + far, y + far)], cross)
        drawing.line([(x + far, y + near), (x + near, y + far)], cross)
    else:
        drawing.disc(x + half, y + half, 0.4 * size, None, Stroke(fill, 0.14 * size))


def draw_badge(drawing: Drawing, colour: str, x: float, y: float, width: float, style: Style = BODY) -> None:
    """Draw the shape and write the word beside it, on a line of ``style``."""
    size = 0.78 * style.size
    draw_shape(drawing, colour, x, y + (style.leading - size) / 2, size)
    room = width - 1.5 * size
    name = SHADES[colour].name
    if colour == GREY and drawing.sheet.fitting(name, room, style, 1.0).size < LEAST_TYPE:
        name = message("grey")
    drawing.label(name, x + 1.5 * size, y, room, style)
