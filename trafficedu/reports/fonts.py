"""The two weights every document is set in. Knows the font files, not what is written with them."""

from __future__ import annotations

import mmap
import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFDocument
from reportlab.pdfbase.ttfonts import TTFont

FOLDER = Path(__file__).parent / "fonts"
REGULAR = "NotoSansSC-Regular"
BOLD = "NotoSansSC-Bold"

RENDERING = threading.RLock()
"""Held while a document is painted: ReportLab's parsed fonts keep a read position, so two threads that
write PDFs at once would take each other's outlines. Painting is bound to the interpreter lock anyway."""

HALF_EM = 0.5
_KEPT_SPACES = frozenset("\n\u00a0\u3000")
_OPENING = frozenset("（《〈「『【〔〖“‘")
_CLOSING = frozenset("，。、；：）》〉」』】〕〗”’")
_VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


class MissingFontError(RuntimeError):
    """The font files were not built; a wheel carries them, in a checkout ``make setup`` builds them."""


class Font(TTFont):  # type: ignore[misc]  # reportlab carries no types
    """A TrueType font whose rare ideographs can be searched and copied.

    ReportLab writes a character beyond the basic plane into the map from glyphs to text as one number of
    five digits, where the format asks for two surrogates of four: a viewer then copies something else.
    """

    def addObjects(self, doc: PDFDocument) -> None:  # noqa: N802 - reportlab's name
        """Add the font's objects to ``doc``, with the map mended, and let the file go that was read for them."""
        super().addObjects(doc)
        self.face._ttf_data.madvise(mmap.MADV_DONTNEED)
        for name, thing in doc.idToObject.items():
            if name.startswith("toUnicodeCMap:"):
                thing.content = _LONG_NUMBER.sub(_as_surrogates, thing.content)


_LONG_NUMBER = re.compile("<([0-9A-F]{5,6})>")


def _as_surrogates(found: re.Match[str]) -> str:
    return f"<{chr(int(found[1], 16)).encode('utf-16-be').hex().upper()}>"


class _Mapped:
    """A file that is read by mapping it: its outlines stay in the system's cache of files, which processes share."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)

    def read(self) -> mmap.mmap:
        """Return the whole of it."""
        with Path(self.name).open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


@lru_cache(maxsize=2)
def font(name: str) -> Font:
    """Load and register one weight at its first use; parsing takes some 50 ms and leaves 9 MB.

    The server does so before its processes part, so that they share it (docs/adr/0027).
    """
    path = FOLDER / f"{name}.ttf"
    with RENDERING:
        if not path.exists():
            raise MissingFontError(f"no font file {path.name} beside trafficedu.reports: run `make setup`")
        # Glyphs nobody uses stay out of the file: by default ReportLab embeds all of ASCII per subset.
        loaded = Font(name, _Mapped(path), asciiReadable=False)
        loaded.face.glyphToChar = {}  # half of what was parsed; only shaping reads it, which we do not do
        pdfmetrics.registerFont(loaded)
        return loaded


def load_if_built() -> None:
    """Load both weights, if they were built: without them only documents fail, and say why."""
    with suppress(MissingFontError):
        font(REGULAR)
        font(BOLD)


@lru_cache(maxsize=2)
def _advances(name: str) -> dict[int, float]:
    advances: dict[int, float] = font(name).face.charWidths
    return advances


def width(text: str, name: str, size: float) -> float:
    """Return the width of ``text`` in points, set at ``size``: no kerning, but punctuation squeezed."""
    advances = _advances(name)
    if len(text) == 1:  # most of what a Chinese line is made of
        return advances.get(ord(text), 1000) * size / 1000
    natural = sum(advances.get(ord(char), 1000) for char in text) / 1000
    return (natural - HALF_EM * sum(_squeezes(text))) * size


def _squeezes(text: str) -> Iterator[bool]:
    """Tell for each two neighbours whether the empty half of a full-width mark between them is taken out."""
    if text.isascii():
        return
    for before, after in pairwise(text):
        yield (before in _CLOSING and (after in _CLOSING or after in _OPENING)) or (
            before in _OPENING and after in _OPENING
        )


def segments(text: str, name: str) -> list[tuple[str, float]]:
    """Cut a line where punctuation is squeezed; each part comes with its distance from the start, in em."""
    cuts = [place for place, squeezed in enumerate(_squeezes(text), start=1) if squeezed]
    parts = []
    offset = 0.0
    for start, end in pairwise((0, *cuts, len(text))):
        part = text[start:end]
        parts.append((part, offset))
        offset += width(part, name, 1) - HALF_EM
    return parts


def overhang(line: str) -> float:
    """Return how far, in em, a line is moved left so that an opening bracket stands flush with the margin."""
    return HALF_EM if line[:1] in _OPENING and line else 0.0


def has_glyph(char: str) -> bool:
    """Tell whether ``char`` has an outline; both weights are cut to the same set."""
    return ord(char) in _advances(REGULAR)


def legible(text: str) -> tuple[str, bool]:
    """Put ``text`` into characters that can be printed, and say whether one had to be spelled out.

    Control characters, direction marks and variation selectors go, tabs become spaces, line feeds stay. A
    character without an outline becomes its code point in Chinese brackets, U+30EDE inside 〔 and 〕: a name
    must never be printed as an empty box, which says nothing and cannot be searched.
    """
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    printed = []
    spelled_out = False
    for char in composed:
        if char in _KEPT_SPACES or (has_glyph(char) and char.isprintable()):
            printed.append(char)
        elif char.isspace():
            printed.append(" ")
        elif not _is_invisible(char):
            printed.append(f"〔U+{ord(char):04X}〕")
            spelled_out = True
    return "".join(printed), spelled_out


def _is_invisible(char: str) -> bool:
    # Of what lacks an outline only controls and selectors may vanish: an accent is part of the name.
    controls = unicodedata.category(char) in ("Cc", "Cf")
    return controls or any(ord(char) in block for block in _VARIATION_SELECTORS)
