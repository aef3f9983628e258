"""The rider's own paper: what happened, what follows from it, where to study, how to object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from trafficedu.core.text import message
from trafficedu.reports import words
from trafficedu.reports.blocks import Fact
from trafficedu.reports.layout import A5, SMALL, STRONG, Page, Text
from trafficedu.reports.letter import Letter, write_sayings, write_title
from trafficedu.reports.proof import PLAIN, Stamp


@dataclass(frozen=True)
class StudySeat:
    """The booked seat in a study session."""

    station: str
    address: str
    starts_at: datetime
    course: str
    minutes: int


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
    ``officer`` is a number, never a name. ``receipt_url`` leads to the receipt's page.
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


def render(data: ReceiptData, locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Set a receipt on A5, portrait; a long law text or note runs on to a second page."""
    return _Receipt(data, locale, stamp).to_pdf()


class _Receipt(Letter[ReceiptData]):
    PAGE = Page(A5, margin=32, top=32, bottom=40)
    NAME = message("Violation receipt")
    LABEL_WIDTH = {"zh": 72.0, "en": 92.0}
    AFTER_FACTS = 8

    def lay_out(self) -> None:
        self._study()
        self._what_happened()
        self._objection()
        self._code()

    def head(self) -> float:
        stamp, x = self.stamp, self.PAGE.column(0, 12)[0]
        y, width = write_title(self.sheet, self.data.district, self.NAME, band=self.PAGE.top, drop=12, stamp=stamp)
        y = self.sheet.write(self.labelled(message("Receipt number"), self.data.number), x, y, width, STRONG)
        return write_sayings(self.sheet, stamp, x, y, width) + 8

    def _study(self) -> None:
        """Say first what the rider has to do next: it is why the paper is read."""
        title, detail = self._next()
        self.flow.callout(title, detail)
        self.flow.gap(12)

    def _next(self) -> tuple[Text, Text]:
        data, seat = self.data, self.data.seat
        if data.due_on is None:
            return message("No study is required."), ""
        if seat is None:
            return message("Study: waiting for a seat"), message(
                "%(course)s, to be completed by %(day)s. Find a session on the receipt's page.",
                course=data.course,
                day=self.day(data.due_on),
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
        data = self.data
        self.facts(
            message("What happened"),
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

    def _objection(self) -> None:
        self.flow.heading(message("If you disagree"))
        text = message(
            "You can object within %(days)s days of receiving this paper: %(where)s. Objections are reviewed "
            "within %(workdays)s working days; a record found to be wrong is removed.",
            days=self.data.objection_days,
            workdays=self.data.objection_workdays,
            where=self.data.objection_where,
        )
        self.flow.paragraph(text, after=12)

    def _code(self) -> None:
        address = self.data.receipt_url
        what = message("Open this receipt: %(address)s", address=address)
        title = message("Read this receipt, change your session, object, get your certificate")
        x, y, width = self.code_beside(address, what, title, 64, 12)
        hint = message("You need the receipt number and the last four characters of your identity number.")
        self.sheet.write(hint, x, y + 4, width, SMALL)
