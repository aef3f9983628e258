"""The monthly bulletin (月度通报): several pages of A4 that a commander can lay on the table.

Only the frame and the order of the parts; the parts are in `bulletin_colours` and `bulletin_parts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trafficedu.core.text import Message, message, translate
from trafficedu.reports import bulletin_colours, bulletin_parts, fonts, words
from trafficedu.reports.blocks import Flow
from trafficedu.reports.bulletin_data import BulletinData, Count, Rate
from trafficedu.reports.layout import A4, INK, SMALL, SOFT, TINT, TITLE, Page, Sheet, Style, Text
from trafficedu.reports.letter import write_sayings, write_title
from trafficedu.reports.proof import PLAIN, Stamp

PAGE = Page(A4, margin=48, top=56, bottom=52)
NAME = message("Monthly road safety bulletin")
FIGURE = Style(18, 24, fonts.BOLD, INK)
HEAD_OF_TILE = 50.0
"""Label, figure and margins of a tile; the notes come on top."""
TILES_A_ROW = 4


def render(data: BulletinData, locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Set a bulletin on A4, portrait."""
    month = words.month(data.month, locale)
    sheet = Sheet(
        PAGE,
        locale,
        title=f"{translate(NAME, locale)} {data.area} {month}",
        author=data.district,
        footer=f"{data.area}  {translate(NAME, locale)}  {month}",
        across=stamp.across,
    )
    flow = Flow(sheet, _head(sheet, data, stamp), lambda: PAGE.top)
    _glance(flow, data)
    bulletin_colours.draw(flow, data)
    bulletin_parts.draw(flow, data)
    return sheet.to_pdf()


def _head(sheet: Sheet, data: BulletinData, stamp: Stamp) -> float:
    title = f"{sheet.say(NAME)}  {words.month(data.month, sheet.locale)}"
    y, width = write_title(sheet, data.district, title, band=PAGE.top - 16, drop=12, stamp=stamp)
    x = PAGE.column(0, 12)[0]
    y = sheet.write(data.area, x, y, width, replace(TITLE, size=13, leading=20, colour=INK))
    as_of = message("Figures as at %(when)s", when=words.moment(data.as_of, sheet.locale))
    y = sheet.write(as_of, x, y, width, SMALL)
    return write_sayings(sheet, stamp, x, y, width) + 12


def _glance(flow: Flow, data: BulletinData) -> None:
    """Write what must be read if nothing else is: the findings, then the figures they come from."""
    flow.heading(message("The month at a glance"), after=4)
    flow.bullets(data.findings)
    flow.gap(8)
    tiles = _tiles(data)
    for start in range(0, len(tiles), TILES_A_ROW):
        _row_of_tiles(flow, tiles[start : start + TILES_A_ROW])
    flow.gap(12)


def _tiles(data: BulletinData) -> list[tuple[Text, str, Sequence[Text]]]:
    hazards, target = data.hazards, f"{100 * data.helmet_target:g}"
    answered = data.feedback_said or (None, None)
    return [
        _counted(message("Violations"), data.violations),
        _counted(message("E-bike casualty accidents"), data.casualties),
        _counted(message("Fatal e-bike accidents"), data.fatal),
        _rated(message("Education completed"), data.completion, data.completion_said, data.violations),
        _rated(message("Notices answered by companies"), data.feedback[0], answered[0], data.violations),
        _rated(message("Notices answered by villages"), data.feedback[1], answered[1], data.violations),
        (
            message("Helmets worn"),
            _share(data.helmets),
            [
                _parts(data.helmets),
                message("%(months)s months, target %(target)s %%", months=data.helmets_months, target=target),
            ],
        ),
        (
            message("Hazards overdue"),
            f"{hazards.overdue:,}",
            [
                message("open at the end of the month: %(open)s", open=hazards.open),
                message("new %(new)s, fixed %(fixed)s", new=hazards.new, fixed=hazards.fixed),
            ],
        ),
    ]


def _share(rate: Rate) -> str:
    return "—" if rate.percent is None else f"{rate.percent:.1f}\N{NO-BREAK SPACE}%"


def _counted(label: Text, count: Count) -> tuple[Text, str, list[Text]]:
    compared = message(
        "previous month %(before)s, a year earlier %(year)s",
        before=words.count(count.month_before),
        year=words.count(count.year_before),
    )
    return label, f"{count.now:,}", [compared, count.verdict, *([count.reported] if count.reported else [])]


def _rated(label: Text, rate: Rate, said: Message | None, rests_on: Count) -> tuple[Text, str, list[Text]]:
    """Return a rate with what is said of it beside the month before, and how many towns reported what it rests on."""
    return label, _share(rate), [_parts(rate), *(one for one in (said, rests_on.reported) if one)]


def _parts(rate: Rate) -> str:
    known = f", {words.interval(rate.low, rate.high)}" if rate.denominator else ""
    return f"{rate.numerator:,} / {rate.denominator:,}{known}"


def _row_of_tiles(flow: Flow, tiles: Sequence[tuple[Text, str, Sequence[Text]]]) -> None:
    gap = 8.0
    width = (flow.width - (TILES_A_ROW - 1) * gap) / TILES_A_ROW
    sheet = flow.sheet
    small = replace(SMALL, size=7, leading=10, colour=SOFT)
    lines = max(sum(len(sheet.lines(note, width - 16, small)) for note in notes) for _, _, notes in tiles)
    height = HEAD_OF_TILE + lines * small.leading
    flow.room(height)
    for place, (label, value, notes) in enumerate(tiles):
        x = flow.x + place * (width + gap)
        sheet.fill(x, flow.y, width, height, TINT)
        inner = width - 16
        y = sheet.write_fitting(label, x + 8, flow.y + 6, inner, SMALL, smallest=6)
        y = sheet.write_fitting(value, x + 8, y, inner, FIGURE, smallest=10)
        for note in notes:
            y = sheet.write(note, x + 8, y, inner, small)
    flow.gap(height + gap)
