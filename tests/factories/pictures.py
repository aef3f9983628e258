"""Photos as a phone's camera writes them: with position, owner, comment and orientation in the file."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

GPS_IFD = 0x8825
_XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>XMP-SECRET</x:xmpmeta>"


def camera_photo(size: tuple[int, int] = (80, 60), orientation: int = 1, seed: int = 0) -> bytes:
    """Return a JPEG, red at its left edge and blue elsewhere, that says it was taken at 30.1785 N, 120.2647 E.

    ``seed`` changes a pixel, so that two photos differ.
    """
    picture = Image.new("RGB", size, (0, 0, 200))
    picture.paste((230, 0, 0), (0, 0, size[0] // 4, size[1]))
    picture.paste((seed % 256, seed // 256 % 256, 90), (size[0] // 2, size[1] // 2, size[0], size[1]))
    exif = Image.Exif()
    exif[0x010F] = "MakerName"
    exif[0x0112] = orientation
    exif[0x013B] = "OWNER-SECRET"
    exif[0x0132] = "2026:11:20 08:15:00"
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (30.0, 10.0, 42.6), 3: "E", 4: (120.0, 15.0, 52.9)})
    written = io.BytesIO()
    picture.save(written, "JPEG", exif=exif, comment=b"COMMENT-SECRET", xmp=_XMP)
    return written.getvalue()


def plain_photo(seed: int = 0, size: tuple[int, int] = (40, 30), form: str = "JPEG", mode: str = "RGB") -> bytes:
    """Return a picture of one colour, another one for each ``seed`` below 4,096, without any metadata."""
    colour = (seed % 16 * 17, seed // 16 % 16 * 17, seed // 256 % 16 * 17)
    written = io.BytesIO()
    Image.new("RGB", size, colour).convert(mode).save(written, form)
    return written.getvalue()


def signature(line: int = 1) -> bytes:
    """Return what a page's script sends of a line drawn across the box, on white."""
    picture = Image.new("RGB", (300, 100), "white")
    ImageDraw.Draw(picture).line((20, 20 + line, 280, 80), fill="black", width=4)
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
