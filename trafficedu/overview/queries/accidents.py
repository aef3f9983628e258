"""Accidents with an e-bike of an area and period: by severity and month, beside the same days a year before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.accidents.queries import monthly
from trafficedu.accidents.queries.figures import SeverityCount, Tally
from trafficedu.analysis.said.result import Said
from trafficedu.analysis.said.spans import Days
from trafficedu.areas.queries.tree import find_area
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.core.text import Message
from trafficedu.coverage.rules import FigureKind
from trafficedu.evaluation.queries.claims import Observer
from trafficedu.evaluation.rules.measures import CASUALTY, FATAL_ONLY

CLAIMED = (FATAL_ONLY, CASUALTY)


@dataclass(frozen=True)
class AccidentFigures:
    """Accidents of the ``days`` up to today, and of the days a year before (None where they cannot be compared).

    ``said`` is what may be said of each of ``CLAIMED``, ``before_days`` the days it compares with;
    ``reported`` how many towns reported.
    """

    months: Sequence[Month]
    days: Days
    counted: Tally
    by_month: Sequence[SeverityCount]
    before_days: Days
    before: Tally | None
    said: Sequence[Said]
    reported: Message


def read_accidents(session: Session, by: Actor, path: str, period: Period, now: datetime) -> AccidentFigures:
    """Return the accidents of the area at ``path``."""
    area = find_area(session, path.strip("/").rsplit("/", 1)[-1])
    last = min(period.last_day, local_date(now))
    observer = Observer(session, area, by, now)
    said = [observer.compare_year(measure, period, len(CLAIMED)) for measure in CLAIMED]
    days = said[0].pair.before
    known = all(one.comparable for one in said)
    return AccidentFigures(
        months=period.months,
        days=Days(period.first_day, last),
        counted=monthly.tally(session, by, path, period.first, last, now),
        by_month=monthly.count_by_month(session, by, path, period, now),
        before_days=days,
        before=monthly.tally(session, by, path, Month.of(days.first), days.last, now) if known else None,
        said=said,
        reported=observer.reported(FigureKind.ACCIDENTS, period),
    )
