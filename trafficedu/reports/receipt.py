"""The rider's own paper: what happened, what follows from it, where to study, how to object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from trafficedu.core.text import Message, message, translate
from trafficedu.reports import words
from trafficedu.reports.blocks import Fact, Flow
from trafficedu.reports.layout import A5, ACCENT, SMALL, STRONG, TITLE, Page, Sheet

PAGE = Page(A5, margin=32, top=32, bottom=40)
CODE_SIDE = 72.0
LABEL_WIDTH = {"zh": 72.0, "en": 92.0}
NAME = message("Violation receipt")


@dataclass(frozen=True)
class StudySeat:
    """The booked seat in a study session."""

    station: str
    address: str
    starts_at: datetime
    course: str
    minutes: int


@dataclass(frozen=True)
class Told:
    """Who was told of the violation; ``withheld`` says why not, when nobody was."""

    receiver: Literal["company", "village"]
    name: str
    withheld: str = ""


@dataclass(frozen=True)
class ReceiptData:
    """What a receipt says, already masked and named in the language asked for.

    ``fine_yuan`` is ``None`` when there is no fine; ``seat`` is ``None`` while the study waits for one;
    ``due_on`` is ``None`` if nothing has to be studied; ``told`` is ``None`` if nobody is to be told.
    ``officer`` is a number, never a name. ``receipt_url`` leads to the receipt's page.
    """

    number: str
    district: str
    rider_name: str
    masked_id: str
    kind: str
    law: str
    place: str
    occurred_at: datetime
    penalty: str
    fine_yuan: int | None
    course: str
    seat: StudySeat | None
    due_on: date | None
    told: Told | None
    objection_days: int
    objection_workdays: int
    objection_where: str
    officer: str
    receipt_url: str
    plate: str = ""
    note: str = ""


def render(data: ReceiptData, locale: str) -> bytes:
    """Set a receipt on A5, portrait; a long law text or note runs on to a second page."""
    sheet = Sheet(
        PAGE,
        locale,
        title=f"{translate(NAME, locale)} {data.number}",
        author=data.district,
        footer=f"{data.district}  {data.number}",
    )
    receipt = _Receipt(sheet, data)
    receipt.lay_out()
    return sheet.to_pdf()


class _Receipt:
    """One receipt on its way to paper; the parts stand in reading order."""

    def __init__(self, sheet: Sheet, data: ReceiptData) -> None:
        self.sheet = sheet
        self.data = data
        self.locale = sheet.locale
        self.flow = Flow(sheet, self._head(), lambda: PAGE.top)

    def lay_out(self) -> None:
        self._study()
        self._what_happened()
        self._objection()
        self._code()

    def _head(self) -> float:
        sheet, data = self.sheet, self.data
        x, width = PAGE.column(0, 12)
        sheet.fill(x, PAGE.top, width, 3, ACCENT)
        y = sheet.write(data.district, x, PAGE.top + 12, width, SMALL)
        y = sheet.write(sheet.say(NAME), x, y, width, TITLE, tag="H1")
        label = words.labelled(message("Receipt number"), self.locale)
        return sheet.write(f"{label}{data.number}", x, y, width, STRONG) + 8

    def _facts(self, *facts: tuple[Message, str]) -> None:
        rows = [Fact(label, value) for label, value in facts]
        self.flow.facts(rows, LABEL_WIDTH[self.locale])
        self.flow.gap(8)

    def _study(self) -> None:
        """Say first what the rider has to do next: it is why the paper is read."""
        data, say = self.data, self.sheet.say
        if data.due_on is None:
            self.flow.callout(say(message("No study is required.")), "")
        elif data.seat is None:
            due = message(
                "%(course)s, to be completed by %(day)s. Look for a seat on the receipt's page.",
                course=data.course,
                day=words.day(data.due_on, self.locale),
            )
            self.flow.callout(say(message("Study: waiting for a seat")), say(due))
        else:
            seat = data.seat
            when = words.moment(seat.starts_at, self.locale)
            title = message("Study: %(when)s, %(station)s", when=when, station=seat.station)
            detail = message(
                "%(course)s, %(minutes)s. To be completed by %(day)s.",
                course=seat.course,
                minutes=words.minutes(seat.minutes),
                day=words.day(data.due_on, self.locale),
            )
            self.flow.callout(say(title), f"{seat.address}\n{say(detail)}".strip())
        self.flow.gap(12)

    def _what_happened(self) -> None:
        data = self.data
        self.flow.heading(message("What happened"))
        self._facts(
            (message("Rider"), f"{data.rider_name}  {data.masked_id}"),
            (message("Plate"), data.plate),
            (message("Violation"), data.kind),
            (message("Time"), words.moment(data.occurred_at, self.locale)),
            (message("Place"), data.place),
            (message("Legal basis"), data.law),
            (message("Penalty"), self._penalty()),
            (message("Recorded by"), data.officer),
            self._told(),
            (message("Note"), data.note),
        )

    def _penalty(self) -> str:
        if self.data.fine_yuan is None:
            return self.data.penalty
        fine = words.yuan(self.data.fine_yuan)
        return self.sheet.say(message("%(penalty)s, %(fine)s", penalty=self.data.penalty, fine=fine))

    def _told(self) -> tuple[Message, str]:
        told = self.data.told
        if told is None:
            return message("Told"), ""
        label = message("Company told") if told.receiver == "company" else message("Village told")
        if not told.withheld:
            return label, told.name
        withheld = message("%(name)s is not told: %(reason)s", name=told.name, reason=told.withheld)
        return message("Told"), self.sheet.say(withheld)

    def _objection(self) -> None:
        self.flow.heading(message("If you disagree"))
        text = message(
            "You can object within %(days)s days of receiving this paper: %(where)s. "
            "The objection is reviewed within %(workdays)s working days; a record found wrong is removed.",
            days=self.data.objection_days,
            workdays=self.data.objection_workdays,
            where=self.data.objection_where,
        )
        self.flow.paragraph(self.sheet.say(text))
        self.flow.gap(12)

    def _code(self) -> None:
        """Place the code with its explanation beside it, together on one page."""
        flow, sheet, address = self.flow, self.sheet, self.data.receipt_url
        flow.room(CODE_SIDE + 12)
        sheet.rule(flow.x, flow.y, flow.width)
        text_x = flow.x + CODE_SIDE + 16
        what = sheet.say(message("Open this receipt: %(address)s", address=address))
        sheet.code(address, flow.x, flow.y + 12, CODE_SIDE, alternative=what)
        text_width = flow.width - CODE_SIDE - 16
        title = sheet.say(message("Read this receipt, move the seat, object, fetch the certificate"))
        y = sheet.write(title, text_x, flow.y + 8, text_width, STRONG)
        y = sheet.write(address, text_x, y, text_width, SMALL)
        hint = message("You need the receipt number and the last four characters of your identity number.")
        sheet.write(sheet.say(hint), text_x, y + 4, text_width, SMALL)
        flow.gap(CODE_SIDE + 12)
