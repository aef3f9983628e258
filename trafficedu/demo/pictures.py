"""Small drawn pictures for the demo's photos: a road with something wrong, and the same road mended. No photograph."""

from __future__ import annotations

import io
from functools import cache
from random import Random

from PIL import Image, ImageDraw

SIZE = (480, 320)
SKY, FIELD, ROAD, LINE, HOLE, WATER = "#c9dbe6", "#8fa97e", "#6f757a", "#e8e6dc", "#2f2a26", "#587a94"
HORIZON = 120


@cache
def road(number: int, mended: bool) -> bytes:
    """Return the JPEG of road ``number``; the same number draws the same road, before and after."""
    chance = Random(number)
    picture = Image.new("RGB", SIZE, SKY)
    draw = ImageDraw.Draw(picture)
    width, height = SIZE
    draw.rectangle((0, HORIZON, width, height), fill=FIELD)
    middle = width // 2 + chance.randint(-60, 60)
    draw.polygon(((middle - 18, HORIZON), (middle + 18, HORIZON), (width - 20, height), (20, height)), fill=ROAD)
    for step in range(6):
        top = HORIZON + 8 + step * 34
        half = 1 + step
        x = middle + (width // 2 - middle) * (top - HORIZON) / (height - HORIZON)
        if mended or step % 3:
            draw.polygon(
                ((x - half, top), (x + half, top), (x + half + 1, top + 18), (x - half - 1, top + 18)), fill=LINE
            )
    for _ in range(chance.randint(1, 3)):
        x, y = chance.randint(150, 330), chance.randint(190, 270)
        long, wide = chance.randint(28, 60), chance.randint(10, 22)
        if not mended:
            draw.ellipse((x - long, y - wide, x + long, y + wide), fill=HOLE)
            draw.ellipse((x - long // 2, y - wide // 2, x + long // 2, y + wide // 2), fill=WATER)
        else:
            draw.rectangle((x - long, y - wide, x + long, y + wide), fill="#5c6166")
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=70)
    return written.getvalue()
