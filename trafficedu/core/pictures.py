"""Photographs that somebody sent: made small, upright and silent about where, when and with what they were taken.

A camera writes its position, its owner's name and a small second picture into the file. Nothing of that is cut out
one by one: the picture is drawn anew from its pixels and saved without any of it. Must not know where it is kept.
"""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from trafficedu.core.errors import Refusal
from trafficedu.core.text import message

LONGEST_SIDE = 1600
"""Pixels: enough to read a crack in the road on A4, about 300 kB a picture."""

MOST_PIXELS = 60_000_000
"""What a phone's camera gives at most; a larger picture is refused before it is unpacked."""

LONGEST_STROKES = 900
DARK, LEAST_DRAWN = 128, 20
"""Below which shade of grey a pixel counts as drawn, and how many make a signature rather than a slip of a finger."""
QUALITY = 82
FORMATS = ("JPEG", "PNG", "WEBP")


def redrawn(data: bytes, longest: int = LONGEST_SIDE, field: str = "photos") -> bytes:
    """Return the picture as a JPEG without any metadata, turned upright, its longer side at most ``longest`` pixels.

    Of an animated one it is the first picture.

    Raises
    ------
    Refusal
        At ``field``: it is no JPEG, PNG or WebP picture, is broken, or has more than :data:`MOST_PIXELS`.
    """
    written = io.BytesIO()
    _on_white(data, longest, field).save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue()


def strokes(data: bytes, field: str = "signature") -> bytes:
    """Return what was drawn by hand as a PNG in greys on white, no side longer than :data:`LONGEST_STROKES`.

    Raises
    ------
    Refusal
        At ``field``: as :func:`redrawn` says, or nothing was drawn.
    """
    grey = _on_white(data, LONGEST_STROKES, field).convert("L")
    drawn = sum(grey.histogram()[:DARK])
    if drawn < LEAST_DRAWN:
        raise Refusal(message("Nothing is drawn in the box yet."), field=field)
    written = io.BytesIO()
    grey.save(written, "PNG", optimize=True)
    return written.getvalue()


def _on_white(data: bytes, longest: int, field: str) -> Image.Image:
    """Return the pixels alone, upright, on white, no side longer than ``longest``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a strange tag in a camera's metadata: it is dropped anyway
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Refusal(message("This photo is too large. Take it again at a lower resolution."), field=field)
                picture.draft("RGB", (longest, longest))
                picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
                shown = ImageOps.exif_transpose(picture).convert("RGBA")
                plain = Image.new("RGB", shown.size, "white")
                plain.paste(shown, mask=shown.getchannel("A"))
                return plain
    except Refusal:
        raise
    except Exception as error:  # whatever a decoder stumbles over in the bytes of a stranger
        text = message("This file cannot be read as a photo. Choose a JPEG, PNG or WebP picture.")
        raise Refusal(text, field=field) from error
