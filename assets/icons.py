"""Draws the sign of the service for the first screens of phones, after ``trafficedu/static/icon.svg``."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

UNITS = 32
"""Of the drawing's side, as in the SVG."""
FINER = 4
"""Drawn so many times larger, then made smaller: smooth edges."""
ACCENT, WHITE, FAINT = (11, 95, 107, 255), (255, 255, 255, 255), (255, 255, 255, 140)
CHECK = [(9.5, 16.5), (14, 21), (22.5, 10.5)]
DASH, GAP = 3.0, 2.2
SAFE = 0.8
"""Of a maskable sign, the part that no phone cuts off."""
SIGNS = {"icon-180.png": (180, True), "icon-192.png": (192, False), "icon-512.png": (512, False)}
SIGNS["icon-maskable-512.png"] = (512, True)
"""Name -> pixels of a side, and whether the ground fills the whole square."""


def draw(pixels: int, whole: bool) -> Image.Image:
    """Return the sign; ``whole``: on a full square, and small enough for any cut."""
    side = pixels * FINER
    part = SAFE if whole else 1.0
    unit, edge = side / UNITS * part, side * (1 - part) / 2
    sign = Image.new("RGBA", (side, side), ACCENT if whole else (0, 0, 0, 0))
    pen = ImageDraw.Draw(sign, "RGBA")
    if not whole:
        pen.rounded_rectangle((0, 0, side - 1, side - 1), 7 * unit, ACCENT)

    def at(x: float, y: float) -> tuple[float, float]:
        return edge + x * unit, edge + y * unit

    begin = 5.0
    while begin < 27:
        end = min(begin + DASH, 27)
        pen.rectangle((*at(15, begin), *at(17, end)), FAINT)
        pen.rectangle((*at(begin, 15), *at(end, 17)), FAINT)
        begin += DASH + GAP
    points = [at(x, y) for x, y in CHECK]
    pen.line(points, WHITE, round(3.5 * unit), joint="curve")
    for x, y in points:
        half = 1.75 * unit
        pen.ellipse((x - half, y - half, x + half, y + half), WHITE)
    return sign.resize((pixels, pixels), Image.Resampling.LANCZOS)


def write(folder: Path) -> None:
    """Draw every sign into ``folder``."""
    for name, (pixels, whole) in SIGNS.items():
        draw(pixels, whole).save(folder / name, optimize=True)
