"""The receipt on a strip of 80 mm, as the printer at an officer's belt prints it: black alone, cut to length."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trafficedu.core.text import message
from trafficedu.reports import qr
from trafficedu.reports.layout import MM, SMALL, SPELLED_OUT, STRONG, TITLE, Page, Text
from trafficedu.reports.proof import PLAIN, SIDE, Proof, Stamp, sayings
from trafficedu.reports.receipt import (
    DISAGREE,
    HAPPENED,
    KEY,
    READ_ON,
    SIGNATURE,
    SIGNATURE_HEIGHT,
    ReceiptData,
    ReceiptLetter,
)

WIDTH, MARGIN = 80 * MM, 3 * MM
"""Printers for paper of 80 mm leave some three millimetres on each side."""
LONGEST = 14_400.0
"""Points, 5 m: no page of a PDF may be longer."""
CODE = 44 * MM
NAME = replace(TITLE, align="centre", size=16, leading=22)
CENTRED, NUMBER = replace(SMALL, align="centre"), replace(STRONG, align="centre")


def render(data: ReceiptData, locale: str, stamp: Stamp = PLAIN, signature: bytes = b"") -> bytes:
    """Set a receipt on one strip, as long as what it says."""
    return Strip(data, locale, stamp, signature).to_pdf()


class Strip(ReceiptLetter):
    """The receipt's sentences one below the other on a page whose height is measured."""

    PAGE = Page((WIDTH, LONGEST), margin=MARGIN, top=MARGIN, bottom=MARGIN)
    LABEL_WIDTH = {"zh": 56.0, "en": 60.0}

    def footer(self) -> str:
        """Return nothing: a strip has no foot, its number stands in its head."""
        return ""

    def head(self) -> float:
        """Write authority, name and number, each in the middle."""
        self.sheet.black = True
        (x, width), y, write = self.PAGE.column(0, 12), self.PAGE.top, self.sheet.write
        y = write(self.data.district, x, y, width, CENTRED)
        name = self.sheet.fitting(self.NAME, width, NAME, 12)
        y = write(self.NAME, x, y, width, name, tag="H1")
        y = write(self.labelled(message("Receipt number"), self.data.number), x, y, width, NUMBER)
        return y + 8

    def lay_out(self) -> None:
        """Write the parts and cut the strip below them."""
        super().lay_out()
        self._proof()
        if self.sheet.spelled_out:
            self.flow.gap(4)
            self.flow.paragraph(SPELLED_OUT, SMALL)
        self.sheet.cut(self.flow.y + MARGIN)

    def length(self) -> float:
        """Lay the strip out and return how long it is, in millimetres."""
        self.lay_out()
        return self.sheet.page.size[1] / MM

    def beside_signature(self, said: Text) -> None:
        """Write when the rider signed, and below it how: there is no room beside it."""
        flow, height = self.flow, 2 * SIGNATURE_HEIGHT
        flow.paragraph(said)
        self.sheet.picture(self.signature, flow.x, flow.y, flow.width, height, alternative=SIGNATURE)
        flow.gap(height + 8)

    def _code(self) -> None:
        flow, address = self.flow, self.data.receipt_url
        self.sheet.rule(flow.x, flow.y, flow.width)
        flow.gap(8)
        flow.paragraph(READ_ON, NUMBER, after=16)
        what = message("Open this receipt: %(address)s", address=address)
        self.sheet.code(address, flow.x + (flow.width - CODE) / 2, flow.y, CODE, alternative=what)
        flow.gap(CODE + 12)
        flow.paragraph(address, CENTRED)
        flow.paragraph(KEY, CENTRED, after=8)

    def _proof(self) -> None:
        """Write what the paper says of itself beside the code that proves it."""
        proof, flow, sheet = self.stamp.proof, self.flow, self.sheet
        if proof is None:
            return
        sheet.rule(flow.x, flow.y, flow.width)
        flow.gap(12)
        what = message("Verify this document: %(address)s", address=proof.address)
        sheet.code(proof.address, flow.x + 8, flow.y, SIDE, alternative=what)
        x, y = flow.x + SIDE + 24, flow.y - 4
        lines: list[Text] = [message("Scan to verify"), *sayings(proof, self.locale)]
        for line in lines:
            y = sheet.write(line, x, y, flow.x + flow.width - x, SMALL)
        flow.y = max(flow.y + SIDE + 12, y)


@dataclass(frozen=True)
class StripWords:
    """What a strip says, for a page that is printed on one; ``length`` is that of the strip on paper, in millimetres.

    ``facts`` are heading and lines, a line label and value. ``code`` and ``proof_code`` are elements of a page.
    """

    authority: str
    name: str
    number: str
    step: str
    detail: str
    facts: tuple[str, tuple[tuple[str, str], ...]]
    signing: str
    objection: tuple[str, str]
    read_on: str
    address: str
    key: str
    code: str
    sayings: tuple[str, ...]
    proof_code: str
    length: float


def in_words(data: ReceiptData, locale: str, proof: Proof, signature: bytes = b"") -> StripWords:
    """Return the sentences of a strip: those of every other paper of this receipt."""
    strip = Strip(data, locale, Stamp(proof), signature)
    say, (step, detail) = strip.sheet.say, strip.next_step()
    return StripWords(
        authority=data.district,
        name=say(strip.NAME),
        number=strip.labelled(message("Receipt number"), data.number),
        step=say(step),
        detail=say(detail),
        facts=(say(HAPPENED), tuple((say(fact.label), say(fact.value)) for fact in strip.happened() if fact.value)),
        signing=say(strip.signing()),
        objection=(say(DISAGREE), say(strip.objecting())),
        read_on=say(READ_ON),
        address=data.receipt_url,
        key=say(KEY),
        code=qr.inline_svg(data.receipt_url),
        sayings=tuple(say(line) for line in (message("Scan to verify"), *sayings(proof, locale))),
        proof_code=qr.inline_svg(proof.address),
        length=strip.length(),
    )
