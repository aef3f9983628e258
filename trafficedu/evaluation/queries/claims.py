"""Two periods compared by counts, with the exact test."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.accidents.queries import monthly as accidents
from trafficedu.analysis.counts import compare_counts
from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.core.month import Period
from trafficedu.evaluation.rules.comparisons import PeriodComparison
from trafficedu.evaluation.rules.measures import CASUALTY, FATAL_ONLY, VIOLATIONS
from trafficedu.violations.queries import monthly as violations


def count_events(session: Session, measure: str, area: Area, period: Period, by: Actor, now: datetime) -> int:
    """Return the events of a measure (``rules.measures.MEASURES``) in an area and a period."""
    if measure == VIOLATIONS:
        return violations.count_by_month(session, by, area.path, period, now).total()
    tally = accidents.tally(session, by, area.path, period.first, period.last_day, now)
    return {FATAL_ONLY: tally.fatal, CASUALTY: tally.casualty}.get(measure, tally.total)


def compare_periods(
    session: Session, measure: str, area: Area, before: Period, after: Period, by: Actor, now: datetime
) -> PeriodComparison:
    """Compare two periods by the conditional exact test; their days are the exposure."""
    earlier, later = (count_events(session, measure, area, period, by, now) for period in (before, after))
    days = [float((period.after - period.first_day).days) for period in (before, after)]
    change = compare_counts(earlier, later, *days)
    return PeriodComparison(
        before=earlier,
        after=later,
        percent=None if change.ratio is None else 100 * (change.ratio - 1),
        low=None if change.ratio is None else 100 * (change.low - 1),
        high=None if change.high is None else 100 * (change.high - 1),
        p_value=change.p_value,
        proven=change.proven,
    )
