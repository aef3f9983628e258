"""Reads a PDF back, as a viewer, a screen reader or a camera would."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import zxingcpp


@dataclass(frozen=True)
class Reading:
    """What was found; ``fonts`` says for each whether it is embedded, ``outside`` what left the margins."""

    pages: list[str]
    fonts: dict[str, bool]
    codes: list[str]
    outside: list[str]
    title: str
    author: str

    @property
    def text(self) -> str:
        return "\n".join(self.pages)

    @property
    def flat(self) -> str:
        """The text without line breaks: a sentence can be looked for wherever its lines end."""
        return self.text.replace("\r\n", "").replace("\n", "")


def read(data: bytes, *, margin: float = 20, codes: bool = True) -> Reading:
    """Read a document; ``codes`` looks for QR codes too."""
    with pdfium.PdfDocument(data) as document:
        metadata = document.get_metadata_dict()
        pages, found, outside = [], [], []
        fonts: dict[str, bool] = {}
        for page in document:
            text_page = page.get_textpage()
            pages.append(text_page.get_text_range())
            outside += _outside(page, text_page, margin)
            fonts |= _fonts(page)
            if codes:
                found += [code.text for code in zxingcpp.read_barcodes(page.render(scale=3).to_pil())]
            text_page.close()
            page.close()
        return Reading(pages, fonts, found, outside, metadata["Title"], metadata["Author"])


def _outside(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, margin: float) -> list[str]:
    width, height = page.get_size()
    found = []
    for index in range(text_page.count_chars()):
        left, bottom, right, top = text_page.get_charbox(index)
        if left < margin - 1 or right > width - margin + 1 or bottom < margin - 12 or top > height - margin + 1:
            found.append(text_page.get_text_range(index, 1))
    return [char for char in found if char.strip()]


def _fonts(page: pdfium.PdfPage) -> dict[str, bool]:
    found = {}
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=4):
        font = raw.FPDFTextObj_GetFont(item.raw)
        name = ctypes.create_string_buffer(128)
        raw.FPDFFont_GetBaseFontName(font, name, 128)
        found[name.value.decode()] = bool(raw.FPDFFont_GetIsEmbedded(font))
    return found
