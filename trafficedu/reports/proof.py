"""What makes a paper a document: its number, where it proves itself, what it replaces, what is written across it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from trafficedu.core.text import Message, message
from trafficedu.reports import words
from trafficedu.reports.layout import SMALL, Sheet

SIDE = 52.0
DRAFT = message("DRAFT")
REVOKED = message("REVOKED")
REPLACED = message("REPLACED")
EXCERPT = message("EXCERPT")


@dataclass(frozen=True)
class Proof:
    """Number and day of a document, and the public ``address`` at which it says whether it still holds.

    ``replaces`` is the number of the document it was issued instead of, ``marks`` what it must not be read without,
    such as a sign-off by exception.
    """

    number: str
    issued_on: date
    address: str
    replaces: str = ""
    marks: Sequence[Message] = field(default=())


@dataclass(frozen=True)
class Stamp:
    """What is put on a paper beside its facts: the proof that it was issued, and a word across every page."""

    proof: Proof | None = None
    across: Message | None = None


PLAIN = Stamp()


def draw_proof(sheet: Sheet, proof: Proof, x: float, y: float, width: float) -> None:
    """Draw the code to the verify page at the right of a box ``width`` wide, and its number below."""
    what = message("Verify this document: %(address)s", address=proof.address)
    sheet.code(proof.address, x + width - SIDE, y, SIDE, alternative=what)
    style = replace(SMALL, size=6.5, leading=9, align="right")
    below = sheet.write(proof.number, x, y + SIDE + 3, width, style)
    sheet.write(message("Scan to verify"), x, below, width, style)


def sayings(proof: Proof, locale: str) -> list[Message]:
    """Return the sentences a paper says of itself: when it was issued, what it replaces, what marks it."""
    said = [
        message("Document %(number)s, issued on %(day)s.", number=proof.number, day=words.day(proof.issued_on, locale))
    ]
    if proof.replaces:
        said.append(message("It replaces document %(number)s, which no longer holds.", number=proof.replaces))
    return [*said, *proof.marks]
