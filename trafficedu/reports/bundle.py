"""Several papers in one file, to be printed at one go: each page as it was issued."""

from __future__ import annotations

import io
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
    return Bundle(kept.getvalue(), pages)
