"""Two periods compared by counts, with the exact test."""

from __future__ import annotations

from sqlalchemy.orm import Session

from trafficedu.accidents.queries import figures as accidents
from trafficedu.analysis.counts import compare_counts
from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.core.month import Period
from trafficedu.evaluation.rules.comparisons import PeriodComparison
from trafficedu.evaluation.rules.measures import CASUALTY, FATAL_ONLY, VIOLATIONS
from trafficedu.violations.queries import figures as violations


def count_events(session: Session, measure: str, area: Area, period: Period, by: Actor) -> int:
    """Return the events of a measure (``rules.measures.MEASURES``) in an area and a period."""
    first, last = period.first_day, period.last_day
    if measure == VIOLATIONS:
        return sum(row.violations for row in violations.count_by_area(session, by, first, last, area.path))
    tally = accidents.tally(session, by, first, last, area.path)
    return {FATAL_ONLY: tally.fatal, CASUALTY: tally.casualty}.get(measure, tally.total)


def compare_periods(
    session: Session, measure: str, area: Area, before: Period, after: Period, by: Actor
) -> PeriodComparison:
    """Compare two periods by the conditional exact test; their days are the exposure."""
    earlier, later = (count_events(session, measure, area, period, by) for period in (before, after))
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
