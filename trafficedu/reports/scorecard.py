"""The scorecard of one town, village or company: one page that says which colour, why, and what would lift it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from trafficedu.core.month import Month
from trafficedu.core.text import Message, message, translate
from trafficedu.reports import company_part, fonts, words
from trafficedu.reports.badges import GREY, SHADES, draw_shape
from trafficedu.reports.blocks import Flow
from trafficedu.reports.bulletin_colours import number
from trafficedu.reports.charts import TICK, Plot, draw_title
from trafficedu.reports.company_part import CompanyFigures
from trafficedu.reports.drawing import Drawing, Stroke, aligned
from trafficedu.reports.layout import A4, HAIR, INK, SMALL, TINT, Page, Sheet, Style
from trafficedu.reports.letter import write_sayings, write_title
from trafficedu.reports.proof import PLAIN, Stamp
from trafficedu.reports.tables import Column, Look, Whisker, draw_table

PAGE = Page(A4, margin=48, top=56, bottom=52)
NAME = message("Scorecard")
SCORE = Style(30, 38, fonts.BOLD, INK)
MARK = 9.0
HISTORY_HEIGHT = 92.0
LEAST_HISTORY = 2


@dataclass(frozen=True)
class Part:
    """One dimension: its score and weight (a share of 1), what it was counted from, and its score the month before.

    ``brings`` is its part of the whole score; an absent dimension has neither.
    """

    name: Message
    score: float | None
    weight: float
    brings: float | None
    counted: Message
    before: float | None


@dataclass(frozen=True)
class PastMonth:
    """Colour and score of an earlier month; a month without an evaluation has neither."""

    name: str
    colour: str = ""
    score: float | None = None


@dataclass(frozen=True)
class ScorecardData:
    """What a scorecard says.

    ``low``, ``high`` are the interval of the score, ``best`` and ``worst`` the ranks that go with it among
    ``peers`` targets of the same level. ``history`` ends with this month. ``why`` are the sentences about what
    moved and what would lift the colour, ``notes`` those about the figures, ``company`` is what is counted of one.
    ``how_sure`` says what the interval is (None in older documents).
    """

    district: str
    kind: Message
    code: str
    name: str
    month: Month
    as_of: datetime
    colour: str
    score: float | None
    low: float | None
    high: float | None
    best: int | None
    worst: int | None
    peers: int
    evaluated: Message
    veto: Message | None
    parts: Sequence[Part]
    history: Sequence[PastMonth]
    why: Sequence[Message]
    notes: Sequence[Message]
    company: CompanyFigures | None = None
    how_sure: Message | None = None


def render(data: ScorecardData, locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Set a scorecard on A4, portrait."""
    month = words.month(data.month, locale)
    sheet = Sheet(
        PAGE,
        locale,
        title=f"{translate(NAME, locale)} {data.name} {month}",
        author=data.district,
        footer=f"{data.name} ({data.code})  {translate(NAME, locale)}  {month}",
        across=stamp.across,
    )
    flow = Flow(sheet, _head(sheet, data, stamp), lambda: PAGE.top)
    _verdict(flow, data)
    _parts(flow, data)
    if data.company is not None:
        company_part.draw(flow, data.company)
    _history(flow, data)
    for heading, sentences in (
        (message("What changed, and how to improve it"), data.why),
        (message("About these figures"), data.notes),
    ):
        if sentences:
            flow.heading(heading)
            flow.bullets(sentences, SMALL)
            flow.gap(10)
    return sheet.to_pdf()


def _head(sheet: Sheet, data: ScorecardData, stamp: Stamp) -> float:
    y, width = write_title(sheet, data.district, data.name, band=PAGE.top - 16, drop=12, stamp=stamp)
    x = PAGE.column(0, 12)[0]
    about = f"{sheet.say(data.kind)} {data.code}  {sheet.say(NAME)}  {words.month(data.month, sheet.locale)}"
    y = sheet.write(about, x, y, width)
    as_of = message("Figures as at %(when)s", when=words.moment(data.as_of, sheet.locale))
    y = sheet.write(f"{sheet.say(data.evaluated)} {sheet.say(as_of)}", x, y, width, SMALL)
    return write_sayings(sheet, stamp, x, y, width) + 12


def _verdict(flow: Flow, data: ScorecardData) -> None:
    """Show the colour as large as the page bears: shape, word, score; then how sure it is."""
    sheet, height = flow.sheet, 76.0
    word = SHADES[data.colour].name
    sheet.fill(flow.x, flow.y, flow.width, height, TINT)
    drawing = Drawing(sheet, word)
    draw_shape(drawing, data.colour, flow.x + 16, flow.y + 18, 40)
    sheet.write_fitting(word, flow.x + 72, flow.y + 19, 144, replace(SCORE, size=26), smallest=14)
    sheet.write(number(data.score), flow.x + 222, flow.y + 19, 84, SCORE)
    y, x, width = flow.y + 14, flow.x + 312, flow.width - 320
    for line in _how_sure(data):
        y = sheet.write(line, x, y, width, SMALL)
    flow.gap(height + 16)


def _how_sure(data: ScorecardData) -> Iterator[Message]:
    if data.colour == GREY:
        yield message("Too little data for a colour.")
    if data.low is not None and data.high is not None:
        yield data.how_sure or message("It could as well be %(limits)s.", limits=f"{data.low:.0f}–{data.high:.0f}")
    if data.best is not None and data.worst is not None:
        yield message("Rank %(best)s to %(worst)s of %(peers)s.", best=data.best, worst=data.worst, peers=data.peers)
    if data.veto is not None:
        yield data.veto


def _parts(flow: Flow, data: ScorecardData) -> None:
    flow.heading(message("What makes up the score"), after=4)
    column = Column[Part]
    columns = [
        column(message("Dimension"), 3, lambda part: part.name, strong=True),
        column(message("score"), 1.1, lambda part: number(part.score), "right"),
        column("", 2.2, _bar, scale=(0.0, 50.0, 100.0)),
        column(message("previous month"), 1.3, lambda part: number(part.before), "right"),
        column(message("Weight"), 1.1, lambda part: f"{100 * part.weight:g}\N{NO-BREAK SPACE}%", "right"),
        column(message("Contribution"), 1.7, lambda part: number(part.brings), "right"),
        column(message("Based on"), 5, lambda part: part.counted),
    ]
    draw_table(flow, columns, data.parts, Look(smallest=7))


def _bar(part: Part) -> Whisker:
    """Show a score as a line from nothing to itself."""
    return Whisker(part.score, 0.0 if part.score is not None else None, part.score)


def _history(flow: Flow, data: ScorecardData) -> None:
    """Draw the months that lead here, each with the shape of its colour at its score, grey ones below the scale."""
    say = flow.sheet.say
    begun = next((place for place, one in enumerate(data.history) if one.colour), len(data.history))
    months = data.history[begun:]
    if len(months) < LEAST_HISTORY or all(one.score is None for one in months):
        flow.paragraph(message("No earlier month has a score to compare with."), SMALL, after=12)
        return
    draw_title(flow, _course(months), HISTORY_HEIGHT + 44)
    spoken = "; ".join(f"{one.name} {say(SHADES[one.colour].name)} {number(one.score)}" for one in months if one.colour)
    plot = Plot(flow, spoken, [one.name for one in months], (0.0, 100.0), HISTORY_HEIGHT)
    plot.frame(message("score"))
    for stretch in plot.points([one.score for one in months]):
        plot.drawing.line(stretch, Stroke(HAIR, 1.25))
    below = plot.bottom + TICK.leading + 5
    for place, one in enumerate(months):
        if one.colour and one.score is None:
            draw_shape(plot.drawing, one.colour, plot.x(place) - MARK / 2, below, MARK)
            plot.drawing.label(message("no score"), plot.x(place) + MARK, below - 1, 44, TICK)
        elif one.colour and one.score is not None:
            at = plot.scale.at(one.score)
            draw_shape(plot.drawing, one.colour, plot.x(place) - MARK / 2, at - MARK / 2, MARK)
            plot.drawing.label(number(one.score), plot.x(place) - 16, at - MARK - 8, 32, aligned(TICK, "centre"))
    flow.y = plot.bottom + 32


def _course(months: Sequence[PastMonth]) -> Message:
    """Say where the score stood first and last, in words that claim no trend."""
    scored = [one for one in months if one.score is not None]
    return message(
        "Score of %(count)s months: between %(low)s and %(high)s",
        count=len(scored),
        low=number(min(one.score or 0.0 for one in scored)),
        high=number(max(one.score or 0.0 for one in scored)),
    )
