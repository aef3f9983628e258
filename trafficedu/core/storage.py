"""What was handed in as evidence: kept under the name of its own content, cleaned of what it must not carry.

A photo is drawn anew, so that position, time and device of its EXIF data, and whatever else a file can hide, stay
behind; a PDF is kept as it is and only ever sent as a download. Files are never changed or removed: the name is the
SHA-256 of the content, so that a file and the record that names it prove each other.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from trafficedu.core.errors import DomainError, Missing
from trafficedu.core.text import message

JPEG, PDF = "image/jpeg", "application/pdf"
MOST_BYTES = 20 << 20
MOST_PIXELS = 80_000_000
LONGEST_SIDE = 2560
"""Pixels of the longer side of a kept photo: a plate across the road is still read."""
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Evidence:
    """A cleaned file: its content and its media type, :data:`JPEG` or :data:`PDF`."""

    content: bytes
    mimetype: str


class EvidenceStore:
    """The folder of evidence.

    Parameters
    ----------
    folder
        Made when it is first needed, readable by the server's account alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, content: bytes) -> str:
        """Keep ``content`` and return its key, the SHA-256 in hexadecimal; the same content twice is one file.

        It is on the disk before the transaction that names it commits: a rollback leaves a file that nobody
        names, never a name without a file.
        """
        key = hashlib.sha256(content).hexdigest()
        path = self._path(key)
        if path.is_file():
            return key
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, path)
        return key

    def open(self, key: str) -> Evidence:
        """Return what is kept under ``key``; raise :class:`Missing` where it is gone or no longer what it was."""
        path = self._path(key) if _KEY.fullmatch(key) else self._folder / "none"
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != key:
            raise Missing(message("This file is no longer here, or it was changed. Tell your administrator."))
        return Evidence(content, PDF if content.startswith(b"%PDF-") else JPEG)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key


def cleaned(content: bytes, field: str = "evidence") -> Evidence:
    """Return a photo drawn anew as JPEG without its metadata, upright, or a PDF as it is.

    Raises
    ------
    DomainError
        At ``field``: too large, or neither a JPEG, PNG or WebP picture nor a PDF.
    """
    if len(content) > MOST_BYTES:
        raise DomainError(message("This file is larger than %(mb)d MB.", mb=MOST_BYTES >> 20), field=field)
    return Evidence(content, PDF) if content.startswith(b"%PDF-") else Evidence(_redrawn(content, field), JPEG)


def cleaned_photo(content: bytes, field: str = "photo") -> bytes:
    """Return a photo as :func:`cleaned` does; raise DomainError at ``field`` for anything that is no picture."""
    if len(content) > MOST_BYTES:
        raise DomainError(message("This file is larger than %(mb)d MB.", mb=MOST_BYTES >> 20), field=field)
    return _redrawn(content, field)


def _redrawn(content: bytes, field: str) -> bytes:
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise DomainError(message("This picture has too many pixels. Send a smaller one."), field=field)
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise DomainError(message("Choose a photo (JPEG, PNG, WebP) or a PDF."), field=field) from error
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    upright.info.clear()
    drawn = io.BytesIO()
    upright.save(drawn, "JPEG", quality=85, optimize=True)
    return drawn.getvalue()
