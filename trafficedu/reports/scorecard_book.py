"""The scorecard as a workbook: the same facts as on its page and on paper, to reckon with."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from trafficedu.core.spreadsheet import Column, Table, write_book
from trafficedu.core.text import Message, message, translate
from trafficedu.reports import company_part, words
from trafficedu.reports.badges import SHADES
from trafficedu.reports.company_part import CompanyFigures
from trafficedu.reports.proof import PLAIN, Stamp, sayings
from trafficedu.reports.scorecard import ScorecardData

Sheet = tuple[Message, Sequence[Column], Iterable[Sequence[Any]]]
FACT, VALUE = Column("fact", message("Figure"), 52), Column("value", message("Value"), 16)
LOW, HIGH = Column("low", message("from (%)"), 10), Column("high", message("to (%)"), 10)
NUMERATOR, DENOMINATOR = (
    Column("numerator", message("Numerator"), 12),
    Column("denominator", message("Denominator"), 12),
)


def render(data: ScorecardData, locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Return the workbook; its last sheet says what it is."""
    out = io.BytesIO()
    tables = [
        Table(translate(name, locale), columns, [[_said(value, locale) for value in row] for row in rows])
        for name, columns, rows in _sheets(data, stamp, locale)
    ]
    write_book(tables, out, locale=locale, title=f"{data.name} {words.month(data.month, locale)}")
    return out.getvalue()


def _said(value: Any, locale: str) -> Any:
    return translate(value, locale) if isinstance(value, Message) else value


def _sheets(data: ScorecardData, stamp: Stamp, locale: str) -> Iterator[Sheet]:
    yield message("Scorecard"), [FACT, VALUE], _head(data)
    yield message("What makes up the score"), _PARTS, _parts(data)
    if data.company is not None:
        yield message("Riders and violations"), [FACT, VALUE, NUMERATOR, DENOMINATOR, LOW, HIGH], _company(data.company)
        kinds = [(one.name, one.month, one.months) for one in data.company.kinds]
        yield message("Kinds"), _KINDS, kinds
        yield message("Hours, twelve months"), _HOURS, [*enumerate(data.company.hours), (None, data.company.no_hour)]
    history = [(one.name, SHADES[one.colour].name if one.colour else "", one.score) for one in data.history]
    yield message("Earlier months"), [MONTH, COLOUR, SCORE], history
    said = sayings(stamp.proof, locale) if stamp.proof is not None else [stamp.across] if stamp.across else []
    notes = [*said, data.evaluated, *data.why, *data.notes]
    yield message("About these figures"), [Column("note", message("Note"), 120)], [(note,) for note in notes]


MONTH, COLOUR = Column("month", message("Month"), 12), Column("colour", message("Colour"), 14)
SCORE = Column("score", message("score"), 10)
_PARTS = [
    Column("name", message("Dimension"), 24),
    SCORE,
    Column("before", message("previous month"), 14),
    Column("weight", message("Weight"), 10),
    Column("brings", message("Contribution"), 14),
    Column("counted", message("Based on"), 60),
]
_KINDS = [
    Column("kind", message("Kind"), 30),
    Column("month", message("this month"), 12),
    Column("months", message("twelve months"), 14),
]
_HOURS = [Column("hour", message("Hour"), 10), Column("violations", message("Violations"), 12)]


def _head(data: ScorecardData) -> Iterator[tuple[Any, ...]]:
    yield message("Name"), data.name
    yield message("Code"), data.code
    yield message("Month"), str(data.month)
    yield message("Colour"), SHADES[data.colour].name
    yield message("score"), data.score
    yield message("score from"), _rounded(data.low)
    yield message("score to"), _rounded(data.high)
    yield message("rank from"), data.best
    yield message("rank to"), data.worst
    if data.veto is not None:
        yield message("veto"), data.veto


def _rounded(value: float | None, digits: int = 2) -> float | None:
    return None if value is None else round(value, digits)


def _parts(data: ScorecardData) -> Iterator[tuple[Any, ...]]:
    for part in data.parts:
        yield part.name, part.score, part.before, part.weight, _rounded(part.brings), part.counted


def _company(found: CompanyFigures) -> Iterator[tuple[Any, ...]]:
    nothing = (None,) * 4
    band = found.band_per_100
    yield message("Riders engaged at the end of the month"), found.riders, *nothing
    yield message("Rider-days in the month"), found.rider_days, *nothing
    yield message("Violations in the month"), found.violations, *nothing
    yield message("Violations per 100 riders"), _rounded(found.per_100), *nothing
    yield message("Violations per 100 riders, all companies"), _rounded(found.common_per_100), *nothing
    yield message("95 of 100 companies of this size: from"), _rounded(band[0]) if band else None, *nothing
    yield message("95 of 100 companies of this size: to"), _rounded(band[1]) if band else None, *nothing
    for name, rate in (
        (company_part.COMPLETED, found.completion),
        (company_part.ANSWERED, found.answers),
    ):
        limits = (_rounded(100 * rate.low), _rounded(100 * rate.high)) if rate.denominator else (None, None)
        yield name, _rounded(rate.percent), rate.numerator, rate.denominator, *limits
    share = 100 * found.repeated / found.offenders if found.offenders else None
    yield company_part.REPEATED, _rounded(share), found.repeated, found.offenders, None, None
