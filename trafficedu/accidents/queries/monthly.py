"""Accidents of whole months, from the sums of what is over: what pages show, at any size of the table.

Those with an e-bike, which is what the district's claims are about; voided records never count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import FromClause, String, cast, func, select
from sqlalchemy.orm import Session

from trafficedu.accidents.models import Accident
from trafficedu.accidents.queries import figures
from trafficedu.accidents.queries.figures import SeverityCount, Tally
from trafficedu.accidents.rules import AccidentState, Severity
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.core.tables import table_of
from trafficedu.coverage.models import Covered
from trafficedu.coverage.rules import FigureKind
from trafficedu.settled.models import PART, AddedFigure, Adds, named
from trafficedu.settled.queries import seen_path, sum_of

KILLED, INJURED, EBIKE_UNKNOWN, WITHOUT_EBIKE = "killed", "injured", "ebike_unknown", "without_ebike"
_SEVERITIES = frozenset(Severity)


def _adds(accident: FromClause) -> Sequence[Adds]:
    """Return what an accident adds: one to its severity, and its people; nothing but itself without a known e-bike.

    One without an e-bike counts nowhere, but tells that its month was reported.
    """
    row = accident.c
    recorded = row.state == AccidentState.RECORDED
    counts = recorded & row.ebike_involved.is_(True)
    return [
        Adds(cast(row.severity, String(PART)), row.occurred_on, row.area_id, counts),
        Adds(named(KILLED), row.occurred_on, row.area_id, counts, number=row.killed),
        Adds(named(INJURED), row.occurred_on, row.area_id, counts, number=row.injured),
        Adds(named(EBIKE_UNKNOWN), row.occurred_on, row.area_id, recorded & row.ebike_involved.is_(None)),
        Adds(named(WITHOUT_EBIKE), row.occurred_on, row.area_id, recorded & row.ebike_involved.is_(False)),
    ]


FIGURE = AddedFigure("accidents", select(func.min(Accident.occurred_on)), table_of(Accident), _adds)
COVERED = Covered(FigureKind.ACCIDENTS, FIGURE, lambda part: part.not_in((KILLED, INJURED)), import_kind="accidents")


def count_by_month(session: Session, by: Actor, path: str, period: Period, now: datetime) -> list[SeverityCount]:
    """Return what :func:`accidents.queries.figures.count_by_month` counts, of the area at ``path``."""
    seen = seen_path(by, path)
    sums = sum_of(session, FIGURE, seen, period, now) if seen is not None else {}
    return [SeverityCount(month, part, n) for (month, part), n in sorted(sums.items()) if n and part in _SEVERITIES]


def tally(session: Session, by: Actor, path: str, first: Month, last: date, now: datetime) -> Tally:
    """Return what :func:`accidents.queries.figures.tally` counts from the first of a month to the day ``last``.

    A month that is cut short is counted as it is read.
    """
    seen = seen_path(by, path)
    counted = Counter[str]()
    until = Month.of(last)
    if seen is not None and last < min(until.last, local_date(now)):
        counted.update(asdict(figures.tally(session, by, until.first, last, seen)))
        until -= 1
    if seen is not None and first <= until:
        for (_, part), n in sum_of(session, FIGURE, seen, Period(first, until), now).items():
            counted[part] += n
    return Tally(**{part: counted[part] for part in (*Severity, KILLED, INJURED, EBIKE_UNKNOWN)})
