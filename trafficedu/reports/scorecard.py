"""The scorecard of one town, village or company: one page that says which colour, why, and what would lift it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from trafficedu.core.month import Month
from trafficedu.core.text import Message, message, translate
from trafficedu.reports import fonts, words
from trafficedu.reports.badges import GREY, SHADES, draw_shape
from trafficedu.reports.blocks import Flow
from trafficedu.reports.bulletin_colours import number
from trafficedu.reports.charts import TICK, Plot, draw_title
from trafficedu.reports.drawing import Drawing, Stroke, aligned
from trafficedu.reports.layout import A4, ACCENT, HAIR, INK, SMALL, TINT, Page, Sheet, Style
from trafficedu.reports.letter import write_sayings, write_title
from trafficedu.reports.proof import PLAIN, Stamp
from trafficedu.reports.tables import Column, draw_table

PAGE = Page(A4, margin=48, top=56, bottom=52)
NAME = message("Scorecard")
SCORE = Style(30, 38, fonts.BOLD, INK)
MARK = 9.0
HISTORY_HEIGHT = 92.0


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
    moved and what would lift the colour, ``notes`` those about the figures.
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
    sheet.write(word, flow.x + 72, flow.y + 19, 150, replace(SCORE, size=26))
    sheet.write(number(data.score), flow.x + 222, flow.y + 19, 84, SCORE)
    y, x, width = flow.y + 14, flow.x + 312, flow.width - 320
    for line in _how_sure(data):
        y = sheet.write(line, x, y, width, SMALL)
    flow.gap(height + 16)


def _how_sure(data: ScorecardData) -> Iterator[Message]:
    if data.colour == GREY:
        yield message("Too little data for a colour.")
    if data.low is not None and data.high is not None:
        yield message("By chance alone the score could be %(limits)s.", limits=f"{data.low:.0f}–{data.high:.0f}")
    if data.best is not None and data.worst is not None:
        yield message("Rank %(best)s to %(worst)s of %(peers)s.", best=data.best, worst=data.worst, peers=data.peers)
    if data.veto is not None:
        yield data.veto


def _parts(flow: Flow, data: ScorecardData) -> None:
    flow.heading(message("What makes up the score"), after=4)
    column = Column[Part]
    columns = [
        column(message("Dimension"), 3, lambda part: part.name, strong=True),
        column(message("score"), 1.2, lambda part: number(part.score), "right"),
        column(message("previous month"), 1.3, lambda part: number(part.before), "right"),
        column(message("Weight"), 1.2, lambda part: f"{100 * part.weight:g}\N{NO-BREAK SPACE}%", "right"),
        column(message("Contribution"), 1.2, lambda part: number(part.brings), "right"),
        column(message("Based on"), 5, lambda part: part.counted),
    ]
    draw_table(flow, columns, data.parts)
    _bars(flow, data.parts)


def _bars(flow: Flow, parts: Sequence[Part]) -> None:
    """Draw the scores as bars from 0 to 100; an absent one is an empty frame."""
    say, height = flow.sheet.say, 15.0
    said = [f"{say(part.name)} {number(part.score)}" for part in parts]
    drawing = Drawing(flow.sheet, "; ".join(said))
    left, width = flow.x + 130, flow.width - 180
    for place, part in enumerate(parts):
        y = flow.y + place * height
        drawing.label(part.name, flow.x, y, 122, replace(SMALL, leading=height))
        frame = [(left, y + 3), (left + width, y + 3), (left + width, y + height - 3), (left, y + height - 3)]
        drawing.shape(frame, None, Stroke(HAIR, 0.5))
        if part.score:
            drawing.box(left, y + 3, width * part.score / 100, height - 6, ACCENT)
        drawing.label(number(part.score), left + width + 6, y, 44, replace(SMALL, leading=height, colour=INK))
    flow.gap(len(parts) * height + 14)


def _history(flow: Flow, data: ScorecardData) -> None:
    """Draw the months that lead here, each with the shape of its colour at its score."""
    say = flow.sheet.say
    title = say(message("Earlier months"))
    draw_title(flow, title, HISTORY_HEIGHT + 30)
    spoken = "; ".join(
        f"{one.name} {say(SHADES[one.colour].name)} {number(one.score)}" for one in data.history if one.colour
    )
    plot = Plot(flow, f"{title}: {spoken}", [one.name for one in data.history], (0.0, 100.0), HISTORY_HEIGHT)
    plot.frame(message("score"))
    for stretch in plot.points([one.score for one in data.history]):
        plot.drawing.line(stretch, Stroke(HAIR, 1.25))
    for place, one in enumerate(data.history):
        if one.colour:
            at = plot.scale.at(one.score) if one.score is not None else plot.bottom - MARK
            draw_shape(plot.drawing, one.colour, plot.x(place) - MARK / 2, at - MARK / 2, MARK)
        if one.score is not None:
            over = plot.scale.at(one.score) - MARK - 8
            plot.drawing.label(number(one.score), plot.x(place) - 16, over, 32, aligned(TICK, "centre"))
    flow.y = plot.bottom + 24
