"""Several papers in one file, to be printed at one go: each page as it was issued."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2


@dataclass(frozen=True)
class Bundle:
    """One PDF of several, with how many pages it has."""

    body: bytes
    pages: int


def bundle(papers: Sequence[bytes]) -> Bundle:
    """Put the pages of ``papers`` behind one another, unchanged.

    Raises
    ------
    ValueError
        There is none.
    """
    if not papers:
        raise ValueError("there is no paper to put together")
    with pypdfium2.PdfDocument.new() as whole:
        for paper in papers:
            with pypdfium2.PdfDocument(paper) as one:
                whole.import_pages(one)
        pages = len(whole)
        kept = io.BytesIO()
        whole.save(kept)
    return Bundle(_the_same_again(kept.getvalue(), papers), pages)


_MADE, _MARK = re.compile(rb"/CreationDate\(D:[0-9]{14}"), re.compile(rb"<[0-9A-F]{32}><[0-9A-F]{32}>")


def _the_same_again(body: bytes, papers: Sequence[bytes]) -> bytes:
    """Let the same papers give the same bytes: PDFium writes the second and a number drawn by lot into each file.

    Both are replaced by something of the same length, for a PDF says at which byte each part begins.
    """
    digest = hashlib.sha256(b"".join(hashlib.sha256(paper).digest() for paper in papers)).hexdigest()[:32].upper()
    mark = f"<{digest}>".encode() * 2
    return _MARK.sub(mark, _MADE.sub(b"/CreationDate(D:20000101000000", body))
