"""The sheet "one road, one plan" (一路一方案): what is wrong, the plan in four parts, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from trafficedu.core.text import message
from trafficedu.reports.blocks import HEADING, Fact
from trafficedu.reports.layout import A4, SMALL, STRONG, Page
from trafficedu.reports.letter import Letter, write_sayings, write_title
from trafficedu.reports.proof import PLAIN, SIDE, Stamp

PICTURE_HEIGHT = 124.0


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

    ``where`` is town and village, ``place`` the words of the finder. ``before`` and ``after`` are the keys of
    JPEG pictures without metadata. ``page_url`` leads to the hazard's page.
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
    before: tuple[str, ...]
    after: tuple[str, ...]
    steps: tuple[PlanStep, ...]
    page_url: str
    printed_at: datetime


def render(data: HazardPlanData, pictures: Mapping[str, bytes], locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Set the sheet on A4, portrait; ``pictures`` are the photos by their keys."""
    return _Plan(data, pictures, locale, stamp).to_pdf()


class _Plan(Letter[HazardPlanData]):
    PAGE = Page(A4, margin=64, top=64, bottom=48)
    NAME = message("One road, one plan")
    LABEL_WIDTH = {"zh": 80.0, "en": 112.0}

    def __init__(self, data: HazardPlanData, pictures: Mapping[str, bytes], locale: str, stamp: Stamp) -> None:
        self._photos = pictures
        super().__init__(data, locale, stamp)

    def lay_out(self) -> None:
        self._hazard()
        self._plan()
        self._pictures()
        self._result()
        self._steps()
        self._signatures()

    def head(self) -> float:
        sheet, data, stamp = self.sheet, self.data, self.stamp
        x, width = self.PAGE.column(0, 12)
        band = self.PAGE.top - 20
        y, free = write_title(sheet, data.district, self.NAME, band=band, drop=20, stamp=stamp)
        if stamp.proof is None:
            what = message("Open the hazard's page: %(address)s", address=data.page_url)
            sheet.code(data.page_url, x + width - SIDE, band + 10, SIDE, alternative=what)
        y = sheet.write(self.labelled(message("Hazard number"), data.number), x, y, free, SMALL)
        return max(write_sayings(sheet, stamp, x, y, free), band + SIDE + 30) + 16

    def _hazard(self) -> None:
        data = self.data
        self.facts(
            message("The hazard"),
            Fact(message("Town and village"), data.where),
            Fact(message("Place"), data.place, STRONG),
            Fact(message("Coordinates"), data.position),
            Fact(message("Hazard kind"), data.kind),
            Fact(message("Risk"), data.risk),
            Fact(message("What was seen"), data.description),
            Fact(message("Reported on"), f"{self.moment(data.reported_at)}  {data.reported_by}".strip()),
            Fact(message("Current state"), data.state),
        )

    def _plan(self) -> None:
        """Write the four parts; a hazard without a plan says so in their place."""
        data = self.data
        heading = message("The plan in four parts")
        if data.deadline_on is None:
            self.flow.heading(heading)
            self.flow.paragraph(message("There is no plan yet."), after=12)
            return
        self.facts(
            heading,
            Fact(message("1. Goal"), data.goal),
            Fact(message("2. Measures"), data.measures),
            Fact(message("3. Responsible"), data.responsible),
            Fact(message("4. Deadline"), self.day(data.deadline_on), STRONG),
        )

    def _pictures(self) -> None:
        """Place before and after side by side, row by row, whole, never torn from their headings."""
        flow, sheet, data = self.flow, self.sheet, self.data
        sides = (
            (message("Before the work"), data.before, message("No photo from before the work.")),
            (message("After the work"), data.after, message("No photo from after the work yet.")),
        )
        rows = max(len(data.before), len(data.after))
        flow.room(STRONG.leading + (PICTURE_HEIGHT if rows else STRONG.leading))
        for place, (name, pictures, none) in enumerate(sides):
            x, width = self.PAGE.column(place * 6, 6)
            below = sheet.write(name, x, flow.y, width, HEADING, tag="H2")
            if not pictures:
                sheet.write(none, x, below, width, SMALL)
        flow.gap(HEADING.leading + (0 if rows else SMALL.leading))
        for row in range(rows):
            flow.room(PICTURE_HEIGHT)
            for place, (name, pictures, _none) in enumerate(sides):
                x, width = self.PAGE.column(place * 6, 6)
                for picture in pictures[row : row + 1]:
                    sheet.picture(self._photos[picture], x, flow.y, width, PICTURE_HEIGHT, alternative=name)
            flow.gap(PICTURE_HEIGHT + 8)
        flow.gap(12)

    def _result(self) -> None:
        data = self.data
        if data.fixed_on is None:
            return
        timely = message("within the deadline") if data.on_time else message("after the deadline")
        verified = f"{self.day(data.verified_on)}  {data.verified_by}".strip() if data.verified_on else ""
        self.facts(
            message("The result"),
            Fact(message("Fixed on"), f"{self.day(data.fixed_on)}  {data.fixed_by}".strip()),
            Fact(message("Verified on"), verified or message("not verified yet")),
            Fact(message("On time"), "" if data.on_time is None else timely),
        )

    def _steps(self) -> None:
        self.flow.heading(message("What was done"))
        for step in self.data.steps:
            line = f"{self.moment(step.at)}  {step.what}  {step.by}".rstrip()
            self.flow.paragraph(f"{line}  {step.note}".rstrip(), SMALL)
        self.flow.gap(16)

    def _signatures(self) -> None:
        """Two lines to sign on, side by side, and when the sheet was printed."""
        flow, sheet = self.flow, self.sheet
        flow.room(72)
        flow.gap(32)
        for place, label in enumerate((message("Signed: responsible"), message("Signed: verified"))):
            x, width = self.PAGE.column(place * 6, 6)
            sheet.rule(x, flow.y, width)
            sheet.write(label, x, flow.y + 4, width, SMALL)
        flow.gap(24)
        flow.paragraph(self.labelled(message("Printed on"), self.moment(self.data.printed_at)), SMALL)
