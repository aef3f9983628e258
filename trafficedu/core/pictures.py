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

QUALITY = 82
FORMATS = ("JPEG", "PNG", "WEBP")


def redrawn(data: bytes, longest: int = LONGEST_SIDE, field: str = "photos") -> bytes:
    """Return the picture as a JPEG without any metadata, turned upright, its longer side at most ``longest`` pixels.

    Raises
    ------
    Refusal
        At ``field``: it is no JPEG, PNG or WebP picture, is broken, or has more than :data:`MOST_PIXELS`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a strange tag in a camera's metadata: it is dropped anyway
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Refusal(message("This photo is too large. Take it again at a lower resolution."), field=field)
                picture.draft("RGB", (longest, longest))
                upright = ImageOps.exif_transpose(picture)
                upright.thumbnail((longest, longest), Image.Resampling.LANCZOS)
                plain = Image.new("RGB", upright.size, "white")
                shown = upright.convert("RGBA")
                plain.paste(shown, mask=shown.getchannel("A"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        text = message("This file cannot be read as a photo. Choose a JPEG, PNG or WebP picture.")
        raise Refusal(text, field=field) from error
    written = io.BytesIO()
    plain.save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue()
