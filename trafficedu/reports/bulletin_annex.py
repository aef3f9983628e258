"""The annex of the bulletin: every figure it is made from, as a workbook to reckon with."""

from __future__ import annotations

import io
from collections.abc import Iterator

from trafficedu.core.spreadsheet import Column, Row, Table, write_book
from trafficedu.core.text import Message, message, translate
from trafficedu.reports import words
from trafficedu.reports.badges import SHADES
from trafficedu.reports.bulletin_colours import DIMENSIONS, KINDS
from trafficedu.reports.bulletin_data import BulletinData, NamedRate, Rate

HEADLINE = message("Headline figures")
FIGURE, NOW = message("Indicator"), message("this month")
BEFORE, YEAR = message("month before"), message("a year before")
NUMERATOR, DENOMINATOR = message("Numerator"), message("Denominator")
SHARE, LOW, HIGH = message("Rate (%)"), message("from (%)"), message("to (%)")
CODE, WHERE = message("Code"), message("Town, village or company")


def render(data: BulletinData, locale: str) -> bytes:
    """Return the workbook, its heads and the names of its sheets in ``locale``."""
    out = io.BytesIO()
    title = f"{data.area} {words.month(data.month, locale)}"
    write_book(list(_tables(data, locale)), out, locale=locale, title=title)
    return out.getvalue()


def _tables(data: BulletinData, locale: str) -> Iterator[Table]:
    def say(text: Message) -> str:
        return translate(text, locale)

    yield Table(say(HEADLINE), _HEADLINE, list(_headline(data, locale)))
    yield Table(say(message("Colours and ranks")), _colour_columns(), list(_colours(data, locale)))
    yield Table(say(message("Rates with intervals")), _RATES, list(_rates(data, locale)))
    yield Table(say(message("Violations")), _MONTHS, [(one.name, one.count, one.year_before) for one in data.months])
    yield Table(say(message("What changed")), _CHANGES, list(_changes(data, locale)))
    yield Table(say(message("Funnel")), _FUNNEL, list(_funnel(data)))
    yield Table(say(message("Accidents")), _OUTLOOK, list(_outlook(data)))
    yield Table(say(message("Campaigns")), _CAMPAIGNS, list(_campaigns(data, locale)))
    yield Table(say(message("Recommended places")), _PLACES, list(_places(data, locale)))
    yield Table(say(message("About these figures")), [Column("note", message("Note"), 120)], list(_notes(data, locale)))


_HEADLINE = [
    Column("figure", FIGURE, 34),
    Column("count", message("How many"), 10),
    Column("numerator", NUMERATOR, 12),
    Column("denominator", DENOMINATOR, 12),
    Column("rate", SHARE, 10),
    Column("low", LOW, 10),
    Column("high", HIGH, 10),
    Column("month_before", BEFORE, 14),
    Column("year_before", YEAR, 14),
]


def _headline(data: BulletinData, locale: str) -> Iterator[Row]:
    for label, count in (
        (message("Violations"), data.violations),
        (message("E-bike casualty accidents"), data.casualties),
        (message("Fatal e-bike accidents"), data.fatal),
    ):
        figures = (count.month_before, count.year_before)
        yield translate(label, locale), count.now, None, None, None, None, None, *figures
    for label, rate, before in (
        (message("Education completed"), data.completion, data.completion_before),
        (message("Feedback from companies"), data.feedback[0], data.feedback_before[0]),
        (message("Feedback from villages"), data.feedback[1], data.feedback_before[1]),
        (message("Helmets worn"), data.helmets, None),
    ):
        known = _percent(before) if before else None
        yield translate(label, locale), None, *_parts(rate), known, None
    for label, number in (
        (message("Hazards open"), data.hazards.open),
        (message("Hazards found"), data.hazards.new),
        (message("Hazards fixed"), data.hazards.fixed),
        (message("Hazards overdue"), data.hazards.overdue),
    ):
        yield translate(label, locale), number, None, None, None, None, None, None, None


def _percent(rate: Rate) -> float | None:
    return None if rate.percent is None else round(rate.percent, 2)


def _parts(rate: Rate) -> Row:
    limits = (round(100 * rate.low, 2), round(100 * rate.high, 2)) if rate.denominator else (None, None)
    return rate.numerator, rate.denominator, _percent(rate), *limits


def _colour_columns() -> list[Column]:
    columns = [
        Column("kind", message("Level"), 10),
        Column("code", CODE, 14),
        Column("name", WHERE, 24),
        Column("colour", message("Colour"), 10),
        Column("score", message("score"), 9),
        Column("low", message("score from"), 9),
        Column("high", message("score to"), 9),
        Column("best", message("rank from"), 9),
        Column("worst", message("rank to"), 9),
        Column("before", message("colour of the month before"), 12),
        Column("score_before", message("score of the month before"), 12),
        Column("veto", message("veto"), 10),
    ]
    for key, name in DIMENSIONS.items():
        columns += [
            Column(f"{key}_score", message("%(dimension)s: score", dimension=name), 11),
            Column(f"{key}_numerator", message("%(dimension)s: numerator", dimension=name), 11),
            Column(f"{key}_denominator", message("%(dimension)s: denominator", dimension=name), 11),
        ]
    return columns


def _colours(data: BulletinData, locale: str) -> Iterator[Row]:
    for ranking in data.rankings:
        for one in ranking.standings:
            before, score_before = one.before or ("", None)
            dimensions = [value for key in DIMENSIONS for value in one.dimensions.get(key, (None, None, None))]
            yield (
                translate(KINDS[ranking.kind], locale),
                one.code,
                one.name,
                translate(SHADES[one.colour].name, locale),
                one.score,
                _rounded(one.low),
                _rounded(one.high),
                one.best,
                one.worst,
                translate(SHADES[before].name, locale) if before else "",
                score_before,
                translate(SHADES[one.veto].name, locale) if one.veto else "",
                *dimensions,
            )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


_RATES = [
    Column("rate", FIGURE, 26),
    Column("code", CODE, 14),
    Column("name", WHERE, 24),
    Column("numerator", NUMERATOR, 12),
    Column("denominator", DENOMINATOR, 12),
    Column("percent", SHARE, 10),
    Column("low", LOW, 10),
    Column("high", HIGH, 10),
]


def _rates(data: BulletinData, locale: str) -> Iterator[Row]:
    groups: list[tuple[Message, list[NamedRate]]] = [
        (message("Helmets worn"), list(data.helmets_by_area)),
        (message("Education completed on time, of the tasks due in the month"), list(data.completion_by_area)),
        (message("Feedback in time, of the notices due in the month"), list(data.feedback_by_company)),
    ]
    for label, rates in groups:
        for one in rates:
            yield translate(label, locale), one.code, one.name, *_parts(one.rate)


_MONTHS = [
    Column("month", message("Month"), 12),
    Column("count", message("Violations"), 12),
    Column("year_before", YEAR, 14),
]
_CHANGES = [
    Column("what", message("What"), 12),
    Column("name", message("Kind or area"), 32),
    Column("now", NOW, 12),
    Column("month_before", BEFORE, 12),
    Column("year_before", YEAR, 14),
]


def _changes(data: BulletinData, locale: str) -> Iterator[Row]:
    for label, changes in ((message("Kind"), data.kinds), (message("Area"), data.areas)):
        for one in changes:
            yield translate(label, locale), one.name, one.now, one.month_before, one.year_before


_FUNNEL = [
    Column("code", CODE, 14),
    Column("name", WHERE, 24),
    Column("count", message("Violations"), 12),
    Column("expected", message("Usual for its e-bikes"), 14),
    Column("low_95", message("95 % from"), 10),
    Column("high_95", message("95 % to"), 10),
    Column("low_998", message("99.8 % from"), 11),
    Column("high_998", message("99.8 % to"), 11),
]


def _funnel(data: BulletinData) -> Iterator[Row]:
    for one in data.funnel:
        limits = (one.low_95, one.high_95, one.low_998, one.high_998)
        yield one.code, one.name, one.count, round(one.expected, 2), *limits


_OUTLOOK = [
    Column("month", message("Month"), 12),
    Column("counted", message("counted"), 12),
    Column("expected", message("forecast"), 12),
    Column("low_80", message("80 % from"), 10),
    Column("high_80", message("80 % to"), 10),
    Column("low_95", message("95 % from"), 10),
    Column("high_95", message("95 % to"), 10),
]


def _outlook(data: BulletinData) -> Iterator[Row]:
    seen = data.outlook
    if seen is None:
        return
    for month, counted in zip(seen.months, seen.counted, strict=True):
        yield month, counted, None, None, None, None, None
    forecast = zip(seen.ahead, seen.expected, seen.low_80, seen.high_80, seen.low_95, seen.high_95, strict=True)
    for month, *values in forecast:
        yield month, None, *values


_CAMPAIGNS = [
    Column("name", message("Campaign"), 28),
    Column("first", message("Starts on"), 12),
    Column("last", message("Ends on"), 12),
    Column("areas", message("Where it runs"), 30),
    Column("effect", message("Effect, estimated and not asserted"), 80),
]


def _campaigns(data: BulletinData, locale: str) -> Iterator[Row]:
    for one in data.campaigns:
        where = words.listed(tuple(one.areas), locale)
        yield one.name, one.first, one.last, where, translate(one.effect, locale)


_PLACES = [
    Column("code", CODE, 14),
    Column("name", message("Place"), 24),
    Column("expected", message("Expected next month"), 12),
    Column("observed", message("Seen there"), 10),
    Column("usual", message("Usual"), 10),
    Column("excess", message("Times the usual"), 12),
    Column("low", message("95 % from"), 10),
    Column("high", message("95 % to"), 10),
    Column("more", message("Probability of more than usual (%)"), 14),
    Column("overdue", message("Overdue hazards"), 12),
    Column("reasons", message("What speaks for it"), 50),
    Column("inside", message("Most of it in"), 40),
]


def _places(data: BulletinData, locale: str) -> Iterator[Row]:
    for one in data.recommended.places:
        yield (
            one.code,
            one.name,
            round(one.expected, 2),
            one.observed,
            round(one.usual, 2),
            round(one.excess, 3),
            round(one.low, 3),
            round(one.high, 3),
            round(100 * one.more, 1),
            one.overdue,
            words.listed(tuple(translate(reason, locale) for reason in one.reasons), locale),
            words.listed(tuple(one.inside), locale),
        )


def _notes(data: BulletinData, locale: str) -> Iterator[Row]:
    for note in (data.recommended.rule, *data.notes):
        yield (translate(note, locale),)
