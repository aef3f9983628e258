"""The rider's own paper: what happened, what follows from it, where to study, how to object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

from trafficedu.core.text import message
from trafficedu.reports import words
from trafficedu.reports.blocks import Fact
from trafficedu.reports.layout import A4, A5, MM, SMALL, STRONG, Page, Text
from trafficedu.reports.letter import Letter, write_sayings, write_title
from trafficedu.reports.proof import PLAIN, Stamp

HAPPENED, DISAGREE = message("What happened"), message("If you disagree")
READ_ON = message("Read this receipt, change your session, object, get your certificate")
KEY = message("You need the receipt number and the last four characters of your identity number.")
SIGNATURE = message("Signature of the rider")
LARGE_CODE = 30 * MM
"""Of a sheet that has room for it."""
SIGNATURE_HEIGHT = 26
"""Points: beside its line, so that the code stays on the first page."""


@dataclass(frozen=True)
class StudySeat:
    """The booked seat in a study session; ``over`` where the session has ended and a new one is to be chosen."""

    station: str
    address: str
    starts_at: datetime
    course: str
    minutes: int
    over: bool = False


@dataclass(frozen=True)
class NoticeReceiver:
    """Who was told of the violation; ``withheld`` says why not, when nobody was."""

    receiver: Literal["company", "village"]
    name: str
    withheld: str = ""


@dataclass(frozen=True, kw_only=True)
class ViolationData:
    """What each paper about a violation says, already masked and named in the language asked for.

    ``occurred_at`` is the day alone where nobody knows the hour. ``seat`` is ``None`` while the study waits for one;
    ``due_on`` is ``None`` if nothing has to be studied.
    """

    number: str
    district: str
    rider_name: str
    masked_id: str
    kind: str
    law: str
    place: str
    occurred_at: datetime | date
    penalty: str
    course: str
    seat: StudySeat | None
    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class ReceiptData(ViolationData):
    """What a receipt says besides.

    ``fine_yuan`` is ``None`` when there is no fine; ``notified`` is ``None`` if nobody is to be told.
    ``officer`` is a number, never a name. ``receipt_url`` leads to the receipt's page. ``signature`` is the key of the
    picture of the rider's signature, ``signed_at`` when the rider signed, or refused to where there is no picture.
    """

    fine_yuan: int | None
    notified: NoticeReceiver | None
    objection_days: int
    objection_workdays: int
    objection_where: str
    officer: str
    receipt_url: str
    plate: str = ""
    note: str = ""
    signature: str = ""
    signed_at: datetime | None = None


def render(data: ReceiptData, locale: str, stamp: Stamp = PLAIN, signature: bytes = b"") -> bytes:
    """Set a receipt on A5, portrait; a long law text or note runs on to a second page.

    ``signature`` is the picture that ``data`` names, PNG or JPEG.
    """
    return ReceiptLetter(data, locale, stamp, signature).to_pdf()


def render_a4(data: ReceiptData, locale: str, stamp: Stamp = PLAIN, signature: bytes = b"") -> bytes:
    """Set the same receipt on A4, for the printers of offices."""
    return _OnA4(data, locale, stamp, signature).to_pdf()


class ReceiptLetter(Letter[ReceiptData]):
    """What a receipt says, and how it stands on a sheet of A5; other papers set the same sentences otherwise."""

    PAGE = Page(A5, margin=32, top=24, bottom=36)
    NAME = message("Violation receipt")
    LABEL_WIDTH = {"zh": 72.0, "en": 92.0}
    AFTER_FACTS = 8
    CODE: ClassVar[float] = 64.0
    DROP: ClassVar[float] = 12.0
    """The least side of the code and what is left free above it, in points."""

    def __init__(self, data: ReceiptData, locale: str, stamp: Stamp = PLAIN, signature: bytes = b"") -> None:
        self.signature = signature
        super().__init__(data, locale, stamp)

    def lay_out(self) -> None:
        """Write the parts, what the rider has to do before what happened."""
        self._study()
        self._what_happened()
        self._signed()
        self._objection()
        self._code()

    def head(self) -> float:
        """Write the band, the authority and the name of the paper, with its code at the right."""
        stamp, x, drop = self.stamp, self.PAGE.column(0, 12)[0], self.DROP
        y, width = write_title(self.sheet, self.data.district, self.NAME, band=self.PAGE.top, drop=drop, stamp=stamp)
        y = self.sheet.write(self.labelled(message("Receipt number"), self.data.number), x, y, width, STRONG)
        return write_sayings(self.sheet, stamp, x, y, width) + 8

    def _study(self) -> None:
        """Say first what the rider has to do next: it is why the paper is read."""
        title, detail = self.next_step()
        self.flow.callout(title, detail)
        self.flow.gap(8)

    def next_step(self) -> tuple[Text, Text]:
        """Return what the rider has to do next: a line to be read first, and what belongs to it."""
        data, seat = self.data, self.data.seat
        if data.due_on is None:
            return message("No study is required."), ""
        if seat is None:
            return message("Study: waiting for a seat"), message(
                "%(course)s, to be completed by %(day)s. Find a session on the receipt's page.",
                course=data.course,
                day=self.day(data.due_on),
            )
        if seat.over:
            return message("Study: choose a new session"), message(
                "%(course)s, to be completed by %(day)s. The session of %(when)s at %(station)s is over: choose a new "
                "one on the receipt's page, or call the station.",
                course=data.course,
                day=self.day(data.due_on),
                when=self.moment(seat.starts_at),
                station=seat.station,
            )
        title = message("Study: %(when)s, %(station)s", when=self.moment(seat.starts_at), station=seat.station)
        detail = message(
            "%(course)s, %(minutes)s. To be completed by %(day)s.",
            course=seat.course,
            minutes=words.minutes(seat.minutes),
            day=self.day(data.due_on),
        )
        return title, f"{seat.address}\n{self.sheet.say(detail)}".strip()

    def _what_happened(self) -> None:
        self.facts(HAPPENED, *self.happened())

    def happened(self) -> tuple[Fact, ...]:
        """Return the facts: label and value, an empty value for what does not apply."""
        data = self.data
        return (
            Fact(message("Rider"), f"{data.rider_name}  {data.masked_id}"),
            Fact(message("Plate"), data.plate),
            Fact(message("Violation"), data.kind),
            Fact(message("Time"), self.occurred(data.occurred_at)),
            Fact(message("Place"), data.place),
            Fact(message("Legal basis"), data.law),
            Fact(message("Penalty"), self._penalty()),
            Fact(message("Recorded by"), data.officer),
            self._notified(),
            Fact(message("Note"), data.note),
        )

    def _penalty(self) -> Text:
        if self.data.fine_yuan is None:
            return self.data.penalty
        return message("%(penalty)s, %(fine)s", penalty=self.data.penalty, fine=words.yuan(self.data.fine_yuan))

    def _notified(self) -> Fact:
        notified = self.data.notified
        if notified is None:
            return Fact(message("Notified"), "")
        if notified.withheld:
            withheld = message("%(name)s not notified: %(reason)s", name=notified.name, reason=notified.withheld)
            return Fact(message("Notified"), withheld)
        return Fact(
            message("Company notified") if notified.receiver == "company" else message("Village notified"),
            notified.name,
        )

    def signing(self) -> Text:
        """Return how the rider signed, or that the rider refused to; "" where nobody was asked."""
        if self.data.signed_at is None:
            return ""
        when = self.moment(self.data.signed_at)
        if not self.signature:
            return message("The rider refused to sign, %(when)s.", when=when)
        return message("Signed by the rider, %(when)s:", when=when)

    def _signed(self) -> None:
        said = self.signing()
        if said and self.signature:
            self.beside_signature(said)
        elif said:
            self.flow.paragraph(said, after=8)

    def beside_signature(self, said: Text) -> None:
        """Write when the rider signed, and at the right of it how."""
        flow, height, width = self.flow, SIGNATURE_HEIGHT, SIGNATURE_HEIGHT * 3
        flow.room(height)
        top = flow.y
        flow.paragraph(said, after=0)
        x = flow.x + flow.width - width
        self.sheet.picture(self.signature, x, top, width, height, alternative=SIGNATURE)
        flow.gap(max(0, top + height - flow.y) + 4)

    def objecting(self) -> Text:
        """Return how, where and until when the rider can object."""
        return message(
            "You can object within %(days)s days of receiving this paper: %(where)s. Objections are reviewed "
            "within %(workdays)s working days; a record found to be wrong is removed.",
            days=self.data.objection_days,
            workdays=self.data.objection_workdays,
            where=self.data.objection_where,
        )

    def _objection(self) -> None:
        self.flow.heading(DISAGREE)
        self.flow.paragraph(self.objecting(), after=8)

    def _code(self) -> None:
        address = self.data.receipt_url
        what = message("Open this receipt: %(address)s", address=address)
        room = self.flow.floor - self.flow.y - self.DROP
        side = LARGE_CODE if room >= LARGE_CODE else self.CODE
        x, y, width = self.code_beside(address, what, READ_ON, side, self.DROP)
        self.sheet.write(KEY, x, y + 4, width, SMALL)


class _OnA4(ReceiptLetter):
    PAGE = Page(A4, margin=64, top=64, bottom=48)
    LABEL_WIDTH = {"zh": 96.0, "en": 128.0}
    AFTER_FACTS = 16
    CODE = LARGE_CODE
    DROP = 16.0
