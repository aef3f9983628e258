"""The monthly bulletin (每月点评): several pages of A4 that a commander can lay on the table.

Only the frame and the order of the parts; the parts are in `bulletin_colours` and `bulletin_parts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trafficedu.core.text import Message, message, translate
from trafficedu.reports import bulletin_colours, bulletin_parts, fonts, words
from trafficedu.reports.blocks import Flow
from trafficedu.reports.bulletin_data import BulletinData, Count, Rate
from trafficedu.reports.layout import A4, ACCENT, INK, SMALL, SOFT, TINT, TITLE, Page, Sheet, Style

PAGE = Page(A4, margin=48, top=56, bottom=52)
NAME = message("Monthly road safety bulletin")
FIGURE = Style(18, 24, fonts.BOLD, INK)
TILE_HEIGHT = 86.0
TILES_A_ROW = 4


def render(data: BulletinData, locale: str) -> bytes:
    """Set a bulletin on A4, portrait."""
    month = words.month(data.month, locale)
    sheet = Sheet(
        PAGE,
        locale,
        title=f"{translate(NAME, locale)} {data.area} {month}",
        author=data.district,
        footer=f"{data.area}  {translate(NAME, locale)}  {month}",
    )
    flow = Flow(sheet, _head(sheet, data), lambda: PAGE.top)
    _glance(flow, data)
    bulletin_colours.draw(flow, data)
    bulletin_parts.draw(flow, data)
    return sheet.to_pdf()


def _head(sheet: Sheet, data: BulletinData) -> float:
    x, width = PAGE.column(0, 12)
    sheet.fill(x, PAGE.top - 16, width, 3, ACCENT)
    y = sheet.write(data.district, x, PAGE.top - 4, width, SMALL)
    title = f"{sheet.say(NAME)}  {words.month(data.month, sheet.locale)}"
    y = sheet.write_fitting(title, x, y, width, TITLE, smallest=12, tag="H1")
    y = sheet.write(data.area, x, y, width, replace(TITLE, size=13, leading=20, colour=INK))
    as_of = message("Figures as they stood on %(when)s", when=words.moment(data.as_of, sheet.locale))
    return sheet.write(sheet.say(as_of), x, y, width, SMALL) + 12


def _glance(flow: Flow, data: BulletinData) -> None:
    """Write what must be read if nothing else is: the findings, then the figures they come from."""
    flow.heading(message("The month at a glance"))
    flow.gap(4)
    for finding in data.findings:
        flow.paragraph(f"•\N{NO-BREAK SPACE}{flow.sheet.say(finding)}")
    flow.gap(8)
    tiles = _tiles(data, flow.sheet)
    for start in range(0, len(tiles), TILES_A_ROW):
        _row_of_tiles(flow, tiles[start : start + TILES_A_ROW])
    flow.gap(12)


def _tiles(data: BulletinData, sheet: Sheet) -> list[tuple[Message, str, Sequence[str]]]:
    companies, villages = data.feedback
    before_companies, before_villages = data.feedback_before
    return [
        (message("Violations"), f"{data.violations.now:,}", _counted(data.violations, sheet)),
        (message("E-bike casualty accidents"), f"{data.casualties.now:,}", _counted(data.casualties, sheet)),
        (message("Fatal e-bike accidents"), f"{data.fatal.now:,}", _counted(data.fatal, sheet)),
        (
            message("Education completed"),
            _share(data.completion),
            _rated(data.completion, data.completion_before, sheet),
        ),
        (message("Feedback from companies"), _share(companies), _rated(companies, before_companies, sheet)),
        (message("Feedback from villages"), _share(villages), _rated(villages, before_villages, sheet)),
        (message("Helmets worn"), _share(data.helmets), _helmets(data, sheet)),
        (message("Hazards overdue"), f"{data.hazards.overdue:,}", _hazards(data, sheet)),
    ]


def _share(rate: Rate) -> str:
    return "—" if rate.percent is None else f"{rate.percent:.1f}\N{NO-BREAK SPACE}%"


def _counted(count: Count, sheet: Sheet) -> list[str]:
    compared = message(
        "month before %(before)s, a year before %(year)s",
        before=f"{count.month_before:,}",
        year=f"{count.year_before:,}",
    )
    return [sheet.say(compared), sheet.say(count.verdict)]


def _rated(rate: Rate, before: Rate, sheet: Sheet) -> list[str]:
    lines = [_parts(rate)]
    lines.append(
        sheet.say(message("month before %(before)s", before=words.percentage(before.numerator, before.denominator)))
    )
    return lines


def _parts(rate: Rate) -> str:
    known = f", {words.interval(rate.low, rate.high)}" if rate.denominator else ""
    return f"{rate.numerator:,} / {rate.denominator:,}{known}"


def _helmets(data: BulletinData, sheet: Sheet) -> list[str]:
    scope = message(
        "%(months)s months, target %(target)s %%", months=data.helmets_months, target=f"{100 * data.helmet_target:g}"
    )
    return [_parts(data.helmets), sheet.say(scope)]


def _hazards(data: BulletinData, sheet: Sheet) -> list[str]:
    seen = data.hazards
    moved = message("new %(new)s, fixed %(fixed)s", new=seen.new, fixed=seen.fixed)
    return [sheet.say(message("open at the end of the month: %(open)s", open=seen.open)), sheet.say(moved)]


def _row_of_tiles(flow: Flow, tiles: Sequence[tuple[Message, str, Sequence[str]]]) -> None:
    gap = 8.0
    width = (flow.width - (TILES_A_ROW - 1) * gap) / TILES_A_ROW
    sheet = flow.sheet
    flow.room(TILE_HEIGHT)
    small = replace(SMALL, size=7, leading=10, colour=SOFT)
    for place, (label, value, notes) in enumerate(tiles):
        x = flow.x + place * (width + gap)
        sheet.fill(x, flow.y, width, TILE_HEIGHT, TINT)
        inner = width - 16
        y = sheet.write_fitting(sheet.say(label), x + 8, flow.y + 6, inner, SMALL, smallest=6)
        y = sheet.write_fitting(value, x + 8, y, inner, FIGURE, smallest=10)
        for note in notes:
            y = sheet.write(note, x + 8, y, inner, small)
    flow.gap(TILE_HEIGHT + gap)
