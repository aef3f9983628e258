"""The sheet "one road, one plan" (一路一方案): what is wrong, the plan in four parts, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from trafficedu.core.text import message, translate
from trafficedu.reports import words
from trafficedu.reports.blocks import HEADING, Fact, Flow
from trafficedu.reports.layout import A4, ACCENT, SMALL, STRONG, TITLE, Page, Sheet

PAGE = Page(A4, margin=64, top=64, bottom=48)
CODE_SIDE = 72.0
LABEL_WIDTH = {"zh": 80.0, "en": 112.0}
PICTURE_HEIGHT = 124.0
NAME = message("One road, one plan")


@dataclass(frozen=True)
class PlanStep:
    """One step of the hazard's life, named in the sheet's language."""

    at: datetime
    what: str
    by: str
    note: str


@dataclass(frozen=True)
class HazardPlanData:
    """What the sheet says, named in the language asked for; what is not known yet is empty or None.

    ``where`` is town and village, ``place`` the words of the finder. ``before`` and ``after`` are JPEG pictures
    without metadata. ``page_url`` leads to the hazard's page.
    """

    number: str
    district: str
    where: str
    place: str
    position: str
    kind: str
    risk: str
    description: str
    state: str
    reported_at: datetime
    reported_by: str
    goal: str
    measures: str
    responsible: str
    deadline_on: date | None
    fixed_on: date | None
    fixed_by: str
    verified_on: date | None
    verified_by: str
    on_time: bool | None
    before: tuple[bytes, ...]
    after: tuple[bytes, ...]
    steps: tuple[PlanStep, ...]
    page_url: str
    printed_at: datetime


def render(data: HazardPlanData, locale: str) -> bytes:
    """Set the sheet on A4, portrait."""
    sheet = Sheet(
        PAGE,
        locale,
        title=f"{translate(NAME, locale)} {data.number}",
        author=data.district,
        footer=f"{data.district}  {data.number}",
    )
    _Plan(sheet, data).lay_out()
    return sheet.to_pdf()


class _Plan:
    """One sheet on its way to paper; the parts stand in reading order."""

    def __init__(self, sheet: Sheet, data: HazardPlanData) -> None:
        self.sheet = sheet
        self.data = data
        self.locale = sheet.locale
        self.flow = Flow(sheet, self._head(), lambda: PAGE.top)

    def lay_out(self) -> None:
        self._hazard()
        self._plan()
        self._pictures()
        self._result()
        self._steps()
        self._signatures()

    def _head(self) -> float:
        sheet, data = self.sheet, self.data
        x, width = PAGE.column(0, 12)
        sheet.fill(x, PAGE.top - 20, width, 3, ACCENT)
        left = width - CODE_SIDE - 16
        y = sheet.write(data.district, x, PAGE.top, left, SMALL)
        y = sheet.write(sheet.say(NAME), x, y, left, TITLE, tag="H1")
        label = words.labelled(message("Hazard number"), self.locale)
        y = sheet.write(f"{label}{data.number}", x, y, left, SMALL)
        what = sheet.say(message("Open the hazard's page: %(address)s", address=data.page_url))
        sheet.code(data.page_url, x + width - CODE_SIDE, PAGE.top, CODE_SIDE, alternative=what)
        return max(y, PAGE.top + CODE_SIDE) + 16

    def _facts(self, *facts: Fact) -> None:
        self.flow.facts(facts, LABEL_WIDTH[self.locale])
        self.flow.gap(12)

    def _hazard(self) -> None:
        data = self.data
        self.flow.heading(message("The hazard"))
        reported = words.moment(data.reported_at, self.locale)
        self._facts(
            Fact(message("Town and village"), data.where),
            Fact(message("Place"), data.place, STRONG),
            Fact(message("Coordinates"), data.position),
            Fact(message("Hazard kind"), data.kind),
            Fact(message("Risk"), data.risk),
            Fact(message("What was seen"), data.description),
            Fact(message("Reported on"), f"{reported}  {data.reported_by}".strip()),
            Fact(message("Present state"), data.state),
        )

    def _plan(self) -> None:
        """Write the four parts; a hazard without a plan says so in their place."""
        data = self.data
        self.flow.heading(message("The plan in four parts"))
        if data.deadline_on is None:
            self.flow.paragraph(self.sheet.say(message("There is no plan yet.")))
            self.flow.gap(12)
            return
        self._facts(
            Fact(message("1. Goal"), data.goal),
            Fact(message("2. Measures"), data.measures),
            Fact(message("3. Responsible"), data.responsible),
            Fact(message("4. Deadline"), words.day(data.deadline_on, self.locale), STRONG),
        )

    def _pictures(self) -> None:
        """Place before and after side by side, row by row, whole, never torn from their headings."""
        flow, sheet, data = self.flow, self.sheet, self.data
        sides = (
            (message("Before the work"), data.before, message("No photo from before.")),
            (message("After the work"), data.after, message("No photo from after yet.")),
        )
        rows = max(len(data.before), len(data.after))
        flow.room(STRONG.leading + (PICTURE_HEIGHT if rows else STRONG.leading))
        for place, (name, pictures, none) in enumerate(sides):
            x, width = PAGE.column(place * 6, 6)
            below = sheet.write(sheet.say(name), x, flow.y, width, HEADING, tag="H2")
            if not pictures:
                sheet.write(sheet.say(none), x, below, width, SMALL)
        flow.gap(HEADING.leading + (0 if rows else SMALL.leading))
        for row in range(rows):
            flow.room(PICTURE_HEIGHT)
            for place, (name, pictures, _none) in enumerate(sides):
                x, width = PAGE.column(place * 6, 6)
                for picture in pictures[row : row + 1]:
                    sheet.picture(picture, x, flow.y, width, PICTURE_HEIGHT, alternative=sheet.say(name))
            flow.gap(PICTURE_HEIGHT + 8)
        flow.gap(12)

    def _result(self) -> None:
        data = self.data
        if data.fixed_on is None:
            return
        self.flow.heading(message("The result"))
        timely = message("within the deadline") if data.on_time else message("after the deadline")
        verified = ""
        if data.verified_on is not None:
            verified = f"{words.day(data.verified_on, self.locale)}  {data.verified_by}".strip()
        self._facts(
            Fact(message("Fixed on"), f"{words.day(data.fixed_on, self.locale)}  {data.fixed_by}".strip()),
            Fact(message("Verified on"), verified or self.sheet.say(message("not verified yet"))),
            Fact(message("Punctual"), "" if data.on_time is None else self.sheet.say(timely)),
        )

    def _steps(self) -> None:
        self.flow.heading(message("Course of events"))
        for step in self.data.steps:
            line = f"{words.moment(step.at, self.locale)}  {step.what}  {step.by}".rstrip()
            self.flow.paragraph(f"{line}  {step.note}".rstrip(), SMALL)
        self.flow.gap(16)

    def _signatures(self) -> None:
        """Two lines to sign on, side by side, and when the sheet was printed."""
        flow, sheet = self.flow, self.sheet
        flow.room(72)
        flow.gap(32)
        for place, label in enumerate((message("Signed: responsible"), message("Signed: verified"))):
            x, width = PAGE.column(place * 6, 6)
            sheet.rule(x, flow.y, width)
            sheet.write(sheet.say(label), x, flow.y + 4, width, SMALL)
        flow.gap(24)
        printed = words.labelled(message("Printed on"), self.locale) + words.moment(self.data.printed_at, self.locale)
        flow.paragraph(printed, SMALL)
