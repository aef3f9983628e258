"""QR codes as vector outlines, for paper and for pages. Knows how to draw one, not what it leads to.

One path of horizontal bars is two to three times as fast as ReportLab's own widget, prints sharply at any
size and, being one path, shows no hairlines between its modules.
"""

from __future__ import annotations

from itertools import groupby

import segno
from reportlab.pdfgen.canvas import Canvas

QUIET_ZONE = 4
"""Modules that stay empty on each side, as ISO/IEC 18004 asks; whoever places a code leaves them free."""


def bars(content: str) -> tuple[int, list[tuple[int, int, int]]]:
    """Return a code's width in modules and its dark bars as (row, column, length), top row first.

    Error correction is at least M (15 %): a certificate is folded, a receipt gets wet. The mask is fixed:
    trying all eight takes 4 of 5 ms, and over addresses with random numbers none is better than another.
    """
    matrix = _made(content).matrix
    found = []
    for row, modules in enumerate(matrix):
        column = 0
        for dark, run in groupby(modules):
            length = len(list(run))
            if dark:
                found.append((row, column, length))
            column += length
    return len(matrix), found


def inline_svg(content: str) -> str:
    """Return a code as an element of a page, as wide as it has room for: black on white, with its quiet zone."""
    svg: str = _made(content).svg_inline(
        border=QUIET_ZONE, omitsize=True, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return svg


def _made(content: str) -> segno.QRCode:
    return segno.make(content, error="m", micro=False, mask=3)


def paint(canvas: Canvas, content: str, x: float, y: float, side: float) -> None:
    """Draw a code into the square whose lower left corner is ``x``, ``y``.

    The square holds the dark modules alone, so that a code stands flush with the text above and below it.
    """
    size, dark = bars(content)
    canvas.saveState()
    canvas.translate(x, y + side)
    canvas.scale(side / size, -side / size)
    # In whole modules and written out here: formatting 800 coordinates costs more than all the text.
    rectangles = " ".join(f"{column} {row} {length} 1 re" for row, column, length in dark)
    canvas._code.append(f"{rectangles} f")
    canvas.restoreState()
