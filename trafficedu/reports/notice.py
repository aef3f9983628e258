"""The notice (抄告) to whoever has to educate the rider: the company, or the village without one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from trafficedu.core.text import message
from trafficedu.reports.blocks import Fact
from trafficedu.reports.layout import A4, SMALL, STRONG, Page
from trafficedu.reports.letter import Letter, write_sayings, write_title
from trafficedu.reports.proof import PLAIN, Stamp
from trafficedu.reports.receipt import ViolationData


@dataclass(frozen=True, kw_only=True)
class NoticeData(ViolationData):
    """What a notice says besides.

    ``stop`` says which stop of the rider it is, and in what time; papers before it was said have "" and say
    ``count_in_window`` in ``window_days`` days, this one included. ``recommended`` is the measure the district's policy
    recommends for that count, empty if none; ``policy`` is which one, and since when it was in force;
    ``legal_basis`` is why the receiver may know. ``answer_url`` leads to the answer form. ``signing`` says in words
    whether the rider signed or refused to, "" where nobody was asked: how the rider signs, a receiver does not see.
    """

    receiver: Literal["company", "village"]
    receiver_name: str
    violation_number: str
    count_in_window: int
    window_days: int
    recommended: str
    legal_basis: str
    sent_at: datetime
    answer_by: datetime
    answer_url: str
    contact: str = ""
    stop: str = ""
    policy: str = ""
    signing: str = ""


def render(data: NoticeData, locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Set a notice as a letter on A4, portrait."""
    return _Notice(data, locale, stamp).to_pdf()


class _Notice(Letter[NoticeData]):
    PAGE = Page(A4, margin=64, top=64, bottom=48)
    NAME = message("Notice of a rider's violation")
    LABEL_WIDTH = {"zh": 96.0, "en": 128.0}

    def lay_out(self) -> None:
        self._address()
        self._violation()
        self._study()
        self._request()
        self._code()

    def head(self) -> float:
        stamp, band, x = self.stamp, self.PAGE.top - 20, self.PAGE.column(0, 12)[0]
        y, width = write_title(self.sheet, self.data.district, self.NAME, band=band, drop=20, stamp=stamp)
        y = self.sheet.write(self.labelled(message("Notice number"), self.data.number), x, y, width, SMALL)
        return write_sayings(self.sheet, stamp, x, y, width) + 24

    def _address(self) -> None:
        data = self.data
        to = self.labelled(message("To %(name)s", name=data.receiver_name), "").strip()
        self.flow.paragraph(to, STRONG, after=4)
        if data.receiver == "company":
            opening = message(
                "A rider who worked for you on the day committed the violation below. "
                "Please educate the rider and tell us what you did."
            )
        else:
            opening = message(
                "A resident of your village committed the violation below. "
                "Please educate the rider and tell us what you did."
            )
        self.flow.paragraph(opening, after=12)
        self.flow.callout(message("Answer by %(when)s", when=self.moment(data.answer_by)), self._recommendation())
        self.flow.gap(16)

    def _recommendation(self) -> str:
        data = self.data
        if data.stop:
            said = self.sheet.say(message("%(stop)s (stops are counted, not records).", stop=data.stop))
            return said if not data.recommended else f"{said}\n{self._measure()}"
        count = message(
            "Violations of this rider in %(days)s days: %(count)s.",
            days=data.window_days,
            count=data.count_in_window,
        )
        said = self.sheet.say(count)
        if not data.recommended:
            return said
        return f"{said}\n" + self.labelled(message("Recommended measure"), data.recommended)

    def _measure(self) -> str:
        measure = self.labelled(message("Recommended measure"), self.data.recommended)
        if not self.data.policy:
            return measure
        return measure + self.sheet.say(message(" (by: %(policy)s)", policy=self.data.policy))

    def _violation(self) -> None:
        data = self.data
        self.facts(
            message("The violation"),
            Fact(message("Rider"), f"{data.rider_name}  {data.masked_id}"),
            Fact(message("Violation"), data.kind),
            Fact(message("Time"), self.occurred(data.occurred_at)),
            Fact(message("Place"), data.place),
            Fact(message("Legal basis"), data.law),
            Fact(message("Penalty"), data.penalty),
            Fact(message("Receipt number"), data.violation_number),
            Fact(message("Signature of the rider"), data.signing),
        )

    def _study(self) -> None:
        data, seat = self.data, self.data.seat
        if data.due_on is None:
            return
        where = f"{seat.station}  {seat.address}".strip() if seat else message("waiting for a seat")
        self.facts(
            message("The study"),
            Fact(message("Course"), data.course),
            Fact(message("Session"), self.moment(seat.starts_at) if seat else ""),
            Fact(message("Study station"), where),
            Fact(message("To be completed by"), self.day(data.due_on)),
        )

    def _request(self) -> None:
        self.flow.heading(message("What we ask you to do"))
        for request in (
            message("1. Speak to the rider about this violation and make sure the study is completed on time."),
            message("2. On the answer page, record what you did: the measure, the number of days and a short note."),
            message("3. This notice contains personal data. Show it only to those who need it for this purpose."),
        ):
            self.flow.paragraph(request)
        self.flow.gap(4)
        basis = self.labelled(message("Legal basis of this notice"), self.data.legal_basis)
        self.flow.paragraph(basis, SMALL, after=16)

    def _code(self) -> None:
        """Place the code to the answer page, and beside it who sends the notice and when."""
        sheet, data = self.sheet, self.data
        what = message("Open the answer page: %(address)s", address=data.answer_url)
        x, y, width = self.code_beside(data.answer_url, what, message("Scan to answer"), 88, 16)
        y = sheet.write(data.district, x, y + 8, width)
        y = sheet.write(self.moment(data.sent_at), x, y, width)
        if data.contact:
            sheet.write(data.contact, x, y, width, SMALL)
