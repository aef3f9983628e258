"""The notice (抄告) to whoever has to educate the rider: the company, or the village without one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from trafficedu.core.text import message, translate
from trafficedu.reports import words
from trafficedu.reports.blocks import Fact, Flow
from trafficedu.reports.layout import A4, ACCENT, SMALL, STRONG, TITLE, Page, Sheet
from trafficedu.reports.receipt import StudySeat

PAGE = Page(A4, margin=64, top=64, bottom=48)
CODE_SIDE = 88.0
LABEL_WIDTH = {"zh": 96.0, "en": 128.0}
NAME = message("Notice of a rider's violation")


@dataclass(frozen=True)
class NoticeData:
    """What a notice says, already masked and named in the language asked for.

    ``count_in_window`` is how many violations the rider has in ``window_days`` days, this one included;
    ``recommended`` is the measure the district's policy recommends for that count, empty if none;
    ``legal_basis`` is why the receiver may know. ``answer_url`` leads to the answer form.
    """

    number: str
    district: str
    receiver: Literal["company", "village"]
    receiver_name: str
    rider_name: str
    masked_id: str
    violation_number: str
    kind: str
    law: str
    place: str
    occurred_at: datetime
    penalty: str
    count_in_window: int
    window_days: int
    recommended: str
    course: str
    seat: StudySeat | None
    due_on: date | None
    legal_basis: str
    sent_at: datetime
    answer_by: datetime
    answer_url: str
    contact: str = ""


def render(data: NoticeData, locale: str) -> bytes:
    """Set a notice as a letter on A4, portrait."""
    sheet = Sheet(
        PAGE,
        locale,
        title=f"{translate(NAME, locale)} {data.number}",
        author=data.district,
        footer=f"{data.district}  {data.number}",
    )
    _Notice(sheet, data).lay_out()
    return sheet.to_pdf()


class _Notice:
    """One notice on its way to paper; the parts stand in reading order."""

    def __init__(self, sheet: Sheet, data: NoticeData) -> None:
        self.sheet = sheet
        self.data = data
        self.locale = sheet.locale
        self.flow = Flow(sheet, self._head(), lambda: PAGE.top)

    def lay_out(self) -> None:
        self._address()
        self._violation()
        self._study()
        self._request()
        self._signature()
        self._code()

    def _head(self) -> float:
        sheet, data = self.sheet, self.data
        x, width = PAGE.column(0, 12)
        sheet.fill(x, PAGE.top - 20, width, 3, ACCENT)
        y = sheet.write(data.district, x, PAGE.top, width, SMALL)
        y = sheet.write(sheet.say(NAME), x, y, width, TITLE, tag="H1")
        label = words.labelled(message("Notice number"), self.locale)
        return sheet.write(f"{label}{data.number}", x, y, width, SMALL) + 24

    def _address(self) -> None:
        data = self.data
        self.flow.paragraph(
            words.labelled(message("To %(name)s", name=data.receiver_name), self.locale).strip(), STRONG
        )
        self.flow.gap(4)
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
        self.flow.paragraph(self.sheet.say(opening))
        self.flow.gap(12)
        deadline = message("Answer by %(when)s", when=words.moment(data.answer_by, self.locale))
        self.flow.callout(self.sheet.say(deadline), self._recommendation())
        self.flow.gap(16)

    def _recommendation(self) -> str:
        data = self.data
        count = message(
            "Violations of this rider in %(days)s days: %(count)s.",
            days=data.window_days,
            count=data.count_in_window,
        )
        said = self.sheet.say(count)
        if not data.recommended:
            return said
        recommended = words.labelled(message("Recommended measure"), self.locale)
        return f"{said}\n{recommended}{data.recommended}"

    def _facts(self, *facts: Fact) -> None:
        self.flow.facts(facts, LABEL_WIDTH[self.locale])
        self.flow.gap(12)

    def _violation(self) -> None:
        data = self.data
        self.flow.heading(message("The violation"))
        self._facts(
            Fact(message("Rider"), f"{data.rider_name}  {data.masked_id}"),
            Fact(message("Violation"), data.kind),
            Fact(message("Time"), words.moment(data.occurred_at, self.locale)),
            Fact(message("Place"), data.place),
            Fact(message("Legal basis"), data.law),
            Fact(message("Penalty"), data.penalty),
            Fact(message("Receipt number"), data.violation_number),
        )

    def _study(self) -> None:
        data = self.data
        if data.due_on is None:
            return
        self.flow.heading(message("The study"))
        seat = data.seat
        waiting = self.sheet.say(message("waiting for a seat"))
        where = f"{seat.station}  {seat.address}".strip() if seat else waiting
        self._facts(
            Fact(message("Course"), data.course),
            Fact(message("Session"), words.moment(seat.starts_at, self.locale) if seat else ""),
            Fact(message("Study station"), where),
            Fact(message("To be completed by"), words.day(data.due_on, self.locale)),
        )

    def _request(self) -> None:
        self.flow.heading(message("What we ask of you"))
        for request in (
            message("1. Speak with the rider about this violation, and see that the study is completed in time."),
            message("2. Record what you did on the answer page: the measure, for how many days, and a few words."),
            message("3. Show this notice only to those who need it for that. It is about a person."),
        ):
            self.flow.paragraph(self.sheet.say(request))
        self.flow.gap(4)
        basis = words.labelled(message("You are told on the basis of"), self.locale)
        self.flow.paragraph(f"{basis}{self.data.legal_basis}", SMALL)
        self.flow.gap(16)

    def _signature(self) -> None:
        self.flow.room(CODE_SIDE + 16)
        self.sheet.rule(self.flow.x, self.flow.y, self.flow.width)
        self.flow.gap(12)

    def _code(self) -> None:
        """Place the code to the answer page, and beside it who sends the notice and when."""
        flow, sheet, data = self.flow, self.sheet, self.data
        what = sheet.say(message("Open the answer page: %(address)s", address=data.answer_url))
        sheet.code(data.answer_url, flow.x, flow.y + 4, CODE_SIDE, alternative=what)
        x = flow.x + CODE_SIDE + 16
        width = flow.width - CODE_SIDE - 16
        y = sheet.write(sheet.say(message("Scan to answer")), x, flow.y, width, STRONG)
        y = sheet.write(data.answer_url, x, y, width, SMALL)
        y = sheet.write(data.district, x, y + 8, width)
        y = sheet.write(words.moment(data.sent_at, self.locale), x, y, width)
        if data.contact:
            sheet.write(data.contact, x, y, width, SMALL)
        flow.gap(CODE_SIDE)
