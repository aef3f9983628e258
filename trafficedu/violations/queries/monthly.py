"""Confirmed violations of whole months, from the sums of what is over: what pages show, at any size of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import FromClause, String, cast, func, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.core.month import Month, Period
from trafficedu.core.tables import table_of
from trafficedu.settled.models import PART, AddedFigure, Adds
from trafficedu.settled.queries import seen_path, sum_below, sum_of
from trafficedu.violations.models import Violation, ViolationKind
from trafficedu.violations.queries.figures import KindMonthCount
from trafficedu.violations.rules import ViolationState


def _adds(violation: FromClause) -> Sequence[Adds]:
    row = violation.c
    return [Adds(cast(row.kind_id, String(PART)), row.occurred_on, row.area_id, row.state == ViolationState.CONFIRMED)]


FIRST_DAY = select(func.min(Violation.occurred_on))
"""What follows from violations began no earlier."""
FIGURE = AddedFigure("violations", FIRST_DAY, table_of(Violation), _adds)


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


def count_below(
    session: Session, by: Actor, path: str, areas: Sequence[Area], period: Period, now: datetime
) -> Counter[int]:
    """Return the violations of a whole period in each of ``areas``, which lie below ``path``, by their id."""
    if seen_path(by, path) != path:
        return Counter()
    return sum_below(session, FIGURE, path, areas, period, now)
