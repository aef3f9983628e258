"""The annex of the bulletin: every figure it is made from, as a workbook to reckon with."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from trafficedu.core.spreadsheet import Column, Table, write_book
from trafficedu.core.text import Message, message, translate
from trafficedu.reports import words
from trafficedu.reports.badges import SHADES
from trafficedu.reports.bulletin_colours import DIMENSIONS, KINDS
from trafficedu.reports.bulletin_data import BulletinData, NamedRate, Rate
from trafficedu.reports.proof import PLAIN, Stamp, sayings

Row = tuple[Any, ...]
NOW, BEFORE, YEAR = message("this month"), message("previous month"), message("a year earlier")
INDICATOR, EFFECT = message("Indicator"), message("Estimated effect (not proof of cause)")


@dataclass(frozen=True)
class _Figure(Column):
    """A column whose key is the attribute it shows, rounded to ``digits``."""

    digits: int | None = None


CODE, WHERE = Column("code", message("Code"), 14), Column("name", message("Town, village or company"), 24)
MONTH = Column("month", message("Month"), 12)
LOW_95, HIGH_95 = Column("low_95", message("95 % from"), 10), Column("high_95", message("95 % to"), 10)
RATE = [
    Column("numerator", message("Numerator"), 12),
    Column("denominator", message("Denominator"), 12),
    Column("rate", message("Rate (%)"), 10),
    Column("low", message("from (%)"), 10),
    Column("high", message("to (%)"), 10),
]

NOTHING = (None,) * len(RATE)


def render(data: BulletinData, locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Return the workbook, its heads and the names of its sheets in ``locale``; its last sheet says what it is."""
    out = io.BytesIO()
    title = f"{data.area} {words.month(data.month, locale)}"
    tables = [
        Table(translate(name, locale), columns, [[_said(value, locale) for value in row] for row in rows])
        for name, columns, rows in _sheets(data, stamp, locale)
    ]
    write_book(tables, out, locale=locale, title=title)
    return out.getvalue()


def _said(value: Any, locale: str) -> Any:
    """Put messages into words, and several names into one cell."""
    if isinstance(value, Message):
        return translate(value, locale)
    if isinstance(value, list | tuple):
        return words.listed(tuple(_said(one, locale) for one in value), locale)
    return value


def _shown(thing: object, columns: Sequence[Column]) -> Iterator[Any]:
    """Yield what the columns show of a thing."""
    for column in columns:
        value = getattr(thing, column.key)
        yield round(value, column.digits) if isinstance(column, _Figure) else value


def _sheets(
    data: BulletinData, stamp: Stamp, locale: str
) -> Iterator[tuple[Message, Sequence[Column], Iterable[Iterable[Any]]]]:
    yield message("Headline figures"), _HEADLINE, _headline(data)
    yield message("Colours and ranks"), _colour_columns(), _colours(data)
    yield message("Rates with intervals"), [Column("of", INDICATOR, 26), CODE, WHERE, *RATE], _rates(data)
    yield message("Violations"), _MONTHS, [(one.name, one.count, one.year_before) for one in data.months]
    yield message("What changed"), _CHANGES, _changes(data)
    yield message("Funnel"), _FUNNEL, [_shown(one, _FUNNEL) for one in data.funnel]
    yield message("Accidents"), _OUTLOOK, _outlook(data)
    yield message("Campaigns"), _CAMPAIGNS, [_shown(one, _CAMPAIGNS) for one in data.campaigns]
    yield message("Recommended places"), _PLACES, [_shown(one, _PLACES) for one in data.recommended.places]
    said = sayings(stamp.proof, locale) if stamp.proof is not None else [stamp.across] if stamp.across else []
    where = [message("Verify this document: %(address)s", address=stamp.proof.address)] if stamp.proof else []
    notes = [(note,) for note in (*said, *where, data.recommended.rule, *data.notes)]
    yield message("About these figures"), [Column("note", message("Note"), 120)], notes


_HEADLINE = [
    Column("figure", INDICATOR, 34),
    Column("count", message("How many"), 10),
    *RATE,
    Column("month_before", BEFORE, 14),
    Column("year_before", YEAR, 14),
]


def _headline(data: BulletinData) -> Iterator[Row]:
    for label, count in (
        (message("Violations"), data.violations),
        (message("E-bike casualty accidents"), data.casualties),
        (message("Fatal e-bike accidents"), data.fatal),
    ):
        yield label, count.now, *NOTHING, count.month_before, count.year_before
    for label, rate, before in (
        (message("Education completed"), data.completion, data.completion_before),
        (message("Notices answered by companies"), data.feedback[0], data.feedback_before[0]),
        (message("Notices answered by villages"), data.feedback[1], data.feedback_before[1]),
        (message("Helmets worn"), data.helmets, None),
    ):
        yield label, None, *_parts(rate), _rounded(before.percent) if before else None, None
    for label, number in (
        (message("Hazards open"), data.hazards.open),
        (message("Hazards found"), data.hazards.new),
        (message("Hazards fixed"), data.hazards.fixed),
        (message("Hazards overdue"), data.hazards.overdue),
    ):
        yield label, number, *NOTHING, None, None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _parts(rate: Rate) -> Row:
    limits = (round(100 * rate.low, 2), round(100 * rate.high, 2)) if rate.denominator else (None, None)
    return rate.numerator, rate.denominator, _rounded(rate.percent), *limits


def _colour_columns() -> list[Column]:
    columns = [
        Column("kind", message("Level"), 10),
        CODE,
        WHERE,
        Column("colour", message("Colour"), 10),
        Column("score", message("score"), 9),
        Column("low", message("score from"), 9),
        Column("high", message("score to"), 9),
        Column("best", message("rank from"), 9),
        Column("worst", message("rank to"), 9),
        Column("before", message("colour of the previous month"), 12),
        Column("score_before", message("score of the previous month"), 12),
        Column("veto", message("veto"), 10),
    ]
    for key, name in DIMENSIONS.items():
        columns += [
            Column(f"{key}_score", message("%(dimension)s: score", dimension=name), 11),
            Column(f"{key}_numerator", message("%(dimension)s: numerator", dimension=name), 11),
            Column(f"{key}_denominator", message("%(dimension)s: denominator", dimension=name), 11),
        ]
    return columns


def _colours(data: BulletinData) -> Iterator[Row]:
    for ranking in data.rankings:
        for one in ranking.standings:
            before, score_before = one.before or ("", None)
            dimensions = [value for key in DIMENSIONS for value in one.dimensions.get(key, (None, None, None))]
            yield (
                KINDS[ranking.kind],
                one.code,
                one.name,
                SHADES[one.colour].name,
                one.score,
                _rounded(one.low),
                _rounded(one.high),
                one.best,
                one.worst,
                SHADES[before].name if before else "",
                score_before,
                SHADES[one.veto].name if one.veto else "",
                *dimensions,
            )


def _rates(data: BulletinData) -> Iterator[Row]:
    groups: tuple[tuple[Message, Sequence[NamedRate]], ...] = (
        (message("Helmets worn"), data.helmets_by_area),
        (message("Study tasks completed on time, of those due in the month"), data.completion_by_area),
        (message("Notices answered on time, of those due in the month"), data.feedback_by_company),
    )
    for label, rates in groups:
        for one in rates:
            yield label, one.code, one.name, *_parts(one.rate)


_MONTHS = [MONTH, Column("count", message("Violations"), 12), Column("year_before", YEAR, 14)]
_CHANGES = [
    Column("what", message("What"), 12),
    Column("name", message("Kind or area"), 32),
    Column("now", NOW, 12),
    Column("month_before", BEFORE, 12),
    Column("year_before", YEAR, 14),
    Column("verdict", message("What can be concluded"), 40),
]


def _changes(data: BulletinData) -> Iterator[Row]:
    for label, changes in ((message("Kind"), data.kinds), (message("Area"), data.areas)):
        for one in changes:
            yield label, *_shown(one, _CHANGES[1:])


_FUNNEL = [
    CODE,
    WHERE,
    Column("count", message("Violations"), 12),
    _Figure("expected", message("Usual for its e-bikes"), 14, 2),
    LOW_95,
    HIGH_95,
    Column("low_998", message("99.8 % from"), 11),
    Column("high_998", message("99.8 % to"), 11),
]
_OUTLOOK = [
    MONTH,
    Column("counted", message("actual"), 12),
    Column("expected", message("forecast"), 12),
    Column("low_80", message("80 % from"), 10),
    Column("high_80", message("80 % to"), 10),
    LOW_95,
    HIGH_95,
]


def _outlook(data: BulletinData) -> Iterator[Row]:
    seen = data.outlook
    if seen is not None:
        for month, counted in zip(seen.months, seen.counted, strict=True):
            yield month, counted, *NOTHING
        forecast = (getattr(seen, column.key) for column in _OUTLOOK[2:])
        for month, *values in zip(seen.ahead, *forecast, strict=True):
            yield month, None, *values


_CAMPAIGNS = [
    Column("name", message("Campaign"), 28),
    Column("first", message("Starts on"), 12),
    Column("last", message("Ends on"), 12),
    Column("areas", message("Areas covered"), 30),
    Column("effect", EFFECT, 80),
]
_PLACES = [
    CODE,
    Column("name", message("Place"), 24),
    _Figure("expected", message("Expected next month"), 12, 2),
    Column("observed", message("Observed"), 10),
    _Figure("usual", message("Usual"), 10, 2),
    _Figure("excess", message("Times the usual"), 12, 3),
    _Figure("low", message("95 % from"), 10, 3),
    _Figure("high", message("95 % to"), 10, 3),
    _Figure("more_percent", message("Probability of more than usual (%)"), 14, 1),
    Column("overdue", message("Overdue hazards"), 12),
    Column("reasons", message("Why it is recommended"), 50),
    Column("inside", message("Mostly in"), 40),
]
