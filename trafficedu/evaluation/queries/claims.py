"""What was observed in some days, and what may be said of it: where records become observations, and only here.

A figure is that of the feature's pages. What is known of an area and month is asked of ``coverage``: a village without
an accident has none, a town that did not report has no number, a district without records nothing to compare with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from trafficedu.accidents.queries import monthly as accidents
from trafficedu.analysis.said import series
from trafficedu.analysis.said.comparing import compare, compare_shares
from trafficedu.analysis.said.observed import Observed, Units
from trafficedu.analysis.said.result import Said
from trafficedu.analysis.said.series import Series
from trafficedu.analysis.said.spans import Days, Pair, pair
from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.core.text import Message, message
from trafficedu.coverage.queries.coverage import Coverage, Unit, coverage_of
from trafficedu.coverage.rules import FigureKind
from trafficedu.evaluation.rules.calendar import MOST_MONTHS
from trafficedu.evaluation.rules.measures import CASUALTY, FATAL_ONLY, MEASURES, VIOLATIONS
from trafficedu.violations.queries import monthly as violations

DAY = timedelta(days=1)
MOST_LEFT_OUT = 0.5
"""Where a greater share of the units did not report, what is left of an area is not the area any more."""
OF_VIOLATIONS = {VIOLATIONS, series.EDUCATION.key, series.COMPLETED.key, series.ANSWERED.key}
"""What follows from violations is known where they are."""


def figure_of(measure: str) -> FigureKind:
    """Return the kind of figure whose coverage says where a measure is known."""
    return FigureKind.VIOLATIONS if measure in OF_VIOLATIONS else FigureKind.ACCIDENTS


@dataclass(frozen=True, eq=False)
class Observer:
    """Who reads what was observed in an area, in the scope of ``by``, and says what it allows; asks coverage once."""

    session: Session
    area: Area
    by: Actor
    now: datetime
    _known: dict[FigureKind, Coverage] = field(default_factory=dict)

    def pair(self, before: Period, after: Period) -> Pair:
        """Return the days of two periods that can be compared now: the last one that is over is yesterday."""
        return pair(before, after, local_date(self.now) - DAY)

    def coverage(self, kind: FigureKind) -> Coverage:
        """Return what is known of a kind of figure in the last ten years."""
        if kind not in self._known:
            running = Month.of(local_date(self.now))
            months = Period(running - MOST_MONTHS, running)
            self._known[kind] = coverage_of(self.session, kind, self.area, months, self.now)
        return self._known[kind]

    def reported(self, kind: FigureKind, period: Period) -> Message:
        """Return how many towns reported, for beside the figures of a period."""
        return self.coverage(kind).sentence_over(period)

    def begun(self, measure: str) -> Month | None:
        """Return the first month in which the district was heard of; None where it never was."""
        return self.coverage(figure_of(measure)).begun

    def count(self, measure: str, days: Days) -> int:
        """Return the events of a measure (``rules.measures.MEASURES``) in days that begin with a month."""
        return self._count(measure, self.area.path, days)

    def _count(self, measure: str, path: str, days: Days) -> int:
        if not days.count:
            return 0
        first = Month.of(days.first)
        if measure == VIOLATIONS:
            return violations.count_days(self.session, self.by, path, first, days.last, self.now)
        tally = accidents.tally(self.session, self.by, path, first, days.last, self.now)
        return {FATAL_ONLY: tally.fatal, CASUALTY: tally.casualty}.get(measure, tally.total)

    def compare(self, measure: str, before: Period, after: Period, among: int = 1) -> Said:
        """Say what two periods allow; ``among``: how many such statements are made at once.

        Units that did not report a month of either are left out of both and named, unless most did not.
        """
        between = self.pair(before, after)
        missing = self._missing(measure, between)
        units = self._units(measure, missing)
        earlier, later = (
            Observed(self._without(measure, missing if units.left_out else (), days), days, self.begun(measure), units)
            for days in (between.before, between.after)
        )
        return compare(MEASURES[measure], between, earlier, later, among)

    def compare_year(self, measure: str, period: Period, among: int = 1) -> Said:
        """Say how a period differs from the same one a year before."""
        return self.compare(measure, period.year_before, period, among)

    def _without(self, measure: str, missing: Sequence[Unit], days: Days) -> int:
        left_out = sum(self._count(measure, unit.path, days) for unit in missing)
        return self.count(measure, days) - left_out

    def _missing(self, measure: str, between: Pair) -> list[Unit]:
        """Return the units of which a month of either period was not reported; those that did not exist are not."""
        coverage = self.coverage(figure_of(measure))
        months = [
            month
            for days in (between.before, between.after)
            if days.count
            for month in Month.range(Month.of(days.first), Month.of(days.last))
            if month in coverage.months and coverage.begun is not None and month >= coverage.begun
        ]
        return [unit for unit in coverage.units if any(coverage.is_missing(unit, month) for month in months)]

    def _units(self, measure: str, missing: Sequence[Unit]) -> Units:
        everyone = len(self.coverage(figure_of(measure)).units)
        few = bool(missing) and len(missing) <= MOST_LEFT_OUT * everyone and len(missing) < everyone
        return Units(everyone - len(missing), everyone, tuple(unit.name for unit in missing), left_out=few)

    def compare_parts(
        self, measure: str, between: Pair, before: Mapping[str, int], after: Mapping[str, int], paths: Mapping[str, str]
    ) -> dict[str, Said]:
        """Compare the parts of a whole (kinds, areas) by key, those of which there is anything; all at once.

        ``before`` and ``after`` are the counts of the days of ``between``; ``paths`` the path of the area of a part,
        for parts that are areas.
        """
        missing = self._missing(measure, between)
        keys = [key for key in dict.fromkeys((*after, *before)) if after.get(key) or before.get(key)]
        since = self.begun(measure)

        def observed(key: str, counts: Mapping[str, int], days: Days) -> Observed:
            path = paths.get(key, self.area.path)
            own = [unit for unit in missing if unit.path.startswith(path) or path.startswith(unit.path)]
            units = Units(0, len(own), tuple(unit.name for unit in own)) if own else Units()
            return Observed(counts.get(key, 0), days, since, units)

        return {
            key: compare(
                MEASURES[measure],
                between,
                observed(key, before, between.before),
                observed(key, after, between.after),
                among=len(keys),
            )
            for key in keys
        }

    def compare_rates(
        self, of: Series, between: Pair, before: tuple[int, int], after: tuple[int, int], not_due: int = 0
    ) -> Said:
        """Compare two shares of successes (count, out of); while some are ``not_due`` yet there is no comparing."""
        since = self.begun(of.key)
        if not_due and between.because is None:
            between = replace(between, because=message("%(count)s are not due yet", count=f"{not_due:,}"))
        earlier, later = (
            Observed(count, days, since, denominator=out_of)
            for (count, out_of), days in ((before, between.before), (after, between.after))
        )
        return compare_shares(of, between, earlier, later)
