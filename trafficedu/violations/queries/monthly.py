"""Confirmed violations of whole months, from the sums of what is over: what pages show, at any size of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, String, case, cast, func, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.core.tables import table_of
from trafficedu.coverage.models import Covered
from trafficedu.coverage.rules import FigureKind
from trafficedu.settled.models import PART, AddedFigure, Adds, Figure, hour_text, named
from trafficedu.settled.queries import seen_path, sum_below, sum_of
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.queries import figures
from trafficedu.violations.queries.figures import KindMonthCount
from trafficedu.violations.rules.states import COMPANY_OPEN, ViolationState

HOURS_OF_DAY = 24
NO_HOUR = "unknown"
"""Instead of an hour: nobody knows it."""
NO_COMPANY, NO_RIDER, OPEN = "none", "unknown", "open"
"""Instead of a company: the rider works for none that is known; nobody knows yet who rode, or which company answers."""


@dataclass(frozen=True)
class CompanyCounts:
    """Violations by the id of the company that answers for them.

    ``without_company``: those of riders whom none engaged; ``unknown_rider``: of nobody known yet; ``open``: it is not
    settled yet which company answers.
    """

    by_company: Mapping[int, int]
    without_company: int
    unknown_rider: int
    open: int


@dataclass(frozen=True)
class HourCounts:
    """Violations in each of the 24 hours of the day, from 0, and those of which nobody knows the hour."""

    by_hour: Sequence[int]
    unknown: int


def _adds_to(part: Callable[[FromClause], ColumnElement[Any]]) -> Callable[[FromClause], Sequence[Adds]]:
    """Return what a violation adds: one to a part once it is confirmed."""

    def adds(violation: FromClause) -> Sequence[Adds]:
        row = violation.c
        return [Adds(part(violation), row.occurred_on, row.area_id, row.state == ViolationState.CONFIRMED)]

    return adds


def _kind(violation: FromClause) -> ColumnElement[str]:
    return cast(violation.c.kind_id, String(PART))


def _hour(violation: FromClause) -> ColumnElement[str]:
    return case((violation.c.hour_known, hour_text(violation.c.occurred_utc)), else_=named(NO_HOUR))


def _company(violation: FromClause) -> ColumnElement[str]:
    row = violation.c
    return case(
        (row.company_id.is_not(None), cast(row.company_id, String(PART))),
        (row.rider_id.is_(None), named(NO_RIDER)),
        (row.company_known.in_(COMPANY_OPEN), named(OPEN)),
        else_=named(NO_COMPANY),
    )


FIRST_DAY = select(func.min(Violation.occurred_on))
"""What follows from violations began no earlier."""
FIGURE = AddedFigure("violations", FIRST_DAY, table_of(Violation), _adds_to(_kind))
HOURS = AddedFigure("violation_hours", FIRST_DAY, table_of(Violation), _adds_to(_hour))
COMPANIES = AddedFigure("violation_companies", FIRST_DAY, table_of(Violation), _adds_to(_company))
COVERED = Covered(FigureKind.VIOLATIONS, FIGURE, import_kind="violations")


def count_by_kind_and_month(
    session: Session, by: Actor, path: str, period: Period, now: datetime
) -> list[KindMonthCount]:
    """Return what :func:`violations.queries.figures.count_by_kind_and_month` counts, of the area at ``path``."""
    seen = seen_path(by, path)
    if seen is None:
        return []
    kinds = {kind.id: kind for kind in session.scalars(select(ViolationKind).order_by(ViolationKind.valid_from))}
    latest = {kind.code: kind for kind in kinds.values()}
    counts: Counter[tuple[Month, str]] = Counter()
    for (month, kind_id), n in sum_of(session, FIGURE, seen, period, now).items():
        counts[month, kinds[int(kind_id)].code] += n
    return [
        KindMonthCount(code, latest[code].name_zh, latest[code].name_en, month, n)
        for (month, code), n in sorted(counts.items())
        if n
    ]


def count_by_month(session: Session, by: Actor, path: str, period: Period, now: datetime) -> Counter[Month]:
    """Return the violations of the area at ``path`` and all below it in each month that has any."""
    counts: Counter[Month] = Counter()
    seen = seen_path(by, path)
    for (month, _), n in (sum_of(session, FIGURE, seen, period, now) if seen is not None else {}).items():
        counts[month] += n
    return +counts


def count_days(session: Session, by: Actor, path: str, first: Month, last: date, now: datetime) -> int:
    """Return the violations of the area at ``path`` and all below it from the first of a month to the day ``last``.

    A month that is cut short is counted as it is read.
    """
    seen = seen_path(by, path)
    if seen is None:
        return 0
    until, count = Month.of(last), 0
    if last < min(until.last, local_date(now)):
        count = sum(row.violations for row in figures.count_by_kind_and_month(session, by, until.first, last, seen))
        until -= 1
    return count + count_by_month(session, by, path, Period(first, until), now).total() if first <= until else count


def count_by_hour(session: Session, by: Actor, path: str, period: Period, now: datetime) -> HourCounts:
    """Return the violations of the area at ``path`` and all below it by hour of the day."""
    counts = _by_part(session, HOURS, by, path, period, now)
    return HourCounts([counts[f"{hour:02d}"] for hour in range(HOURS_OF_DAY)], counts[NO_HOUR])


def count_by_company(session: Session, by: Actor, path: str, period: Period, now: datetime) -> CompanyCounts:
    """Return the violations of the area at ``path`` and all below it by company."""
    counts = _by_part(session, COMPANIES, by, path, period, now)
    without, unknown, waiting = (counts.pop(part, 0) for part in (NO_COMPANY, NO_RIDER, OPEN))
    return CompanyCounts({int(part): n for part, n in counts.items()}, without, unknown, waiting)


def _by_part(session: Session, figure: Figure, by: Actor, path: str, period: Period, now: datetime) -> Counter[str]:
    """Return the parts of a figure over a whole period; those that came to nothing are left out."""
    counts: Counter[str] = Counter()
    seen = seen_path(by, path)
    for (_, part), n in (sum_of(session, figure, seen, period, now) if seen is not None else {}).items():
        counts[part] += n
    return +counts


def count_below(
    session: Session, by: Actor, path: str, areas: Sequence[Area], period: Period, now: datetime
) -> Counter[int]:
    """Return the violations of a whole period in each of ``areas``, which lie below ``path``, by their id."""
    if seen_path(by, path) != path:
        return Counter()
    return sum_below(session, FIGURE, path, areas, period, now)
