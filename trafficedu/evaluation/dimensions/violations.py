"""Violations recorded, beside what the others of the level had for as many e-bikes, stops or rider-days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from trafficedu.analysis.colours.rule_set import COMPANY, EBIKES, RIDER_DAYS, STOPS, VIOLATIONS
from trafficedu.core.actors import SYSTEM
from trafficedu.core.month import Month
from trafficedu.core.text import Message, message
from trafficedu.coverage.rules import FigureKind
from trafficedu.evaluation.dimensions.base import Dimension, Records, Stored, days
from trafficedu.evaluation.dimensions.reading import WINDOW, Asked, Monthly, Reading
from trafficedu.evaluation.queries.targets import Target
from trafficedu.patrols.queries.monthly import stops_by_area_and_month
from trafficedu.riders.queries.engagements import sum_engaged_days_by_month
from trafficedu.violations.queries import figures

OBSERVED = "observed"
MonthsOf = Mapping[str, list[int | None]]


def read(asked: Asked) -> Reading:
    """Return ``observed`` and ``exposure`` month by month: of areas e-bikes and stops, of companies rider-days."""
    reading, counts = Reading(), Monthly(asked)
    first, last = asked.period.first_day, asked.period.last_day
    for path, month, n in figures.count_by_area_and_month(asked.session, SYSTEM, first, last):
        counts.add_path(path, month, observed=n)
        reading.recorded += n if month == asked.month else 0
    companies = {target.id: (target.kind, target.code) for target in asked.targets.companies}
    for company, month, n in figures.count_by_company_and_month(asked.session, first, last):
        if company in companies:
            counts.add(companies[company], month, observed=n)
    exposure = _exposures(asked, counts)
    for target in asked.targets.all():
        key, known = (target.kind, target.code), asked.known(FigureKind.VIOLATIONS, target)
        for part, places in asked.parts(target.kind):
            observed = counts.by_month(key, OBSERVED, places, known)
            reading.put(part, key, {OBSERVED: observed, "exposure": exposure(target, places)})
            if part == WINDOW:
                reading.looked[key] = {
                    VIOLATIONS: counts.total(key, OBSERVED, places),
                    STOPS: counts.total(key, STOPS, places),
                }
    return reading


def _exposures(asked: Asked, counts: Monthly) -> Callable[[Target, slice], MonthsOf]:
    """Return what gives the exposures of a target in some months; stops are counted where any are in the district."""
    patrolled = set()
    for path, month, n in stops_by_area_and_month(asked.session, asked.period):
        counts.add_path(path, month, stops=n)
        patrolled.add(month)
    known = [month in patrolled for month in asked.months]
    engaged = sum_engaged_days_by_month(asked.session, asked.period)
    nobody = Counter[Month]()

    def of(target: Target, places: slice) -> MonthsOf:
        if target.kind == COMPANY:
            days = engaged.get(target.id, nobody)
            return {RIDER_DAYS: [days[month] or None for month in asked.months[places]]}
        stops = counts.by_month((target.kind, target.code), STOPS, places, known)
        return {EBIKES: asked.ebikes_of(target, places), STOPS: stops}

    return of


EXPOSURE_NAMES = {
    EBIKES: message("registered e-bikes"),
    STOPS: message("stops on patrol"),
    RIDER_DAYS: message("engaged rider-days"),
}


def _seen(expected: float) -> Message:
    return message("%(n)s violations expected", n=f"{expected:,.1f}")


def _based_on(one: Stored) -> Message:
    exposure = one["basis"].get("exposure")
    if exposure is None:
        return message("What to measure the violations against is not known.")
    return message(
        "%(observed)s violations; %(expected)s at the rate of the others of these months (by %(exposure)s)",
        observed=f"{one['numerator']:,.0f}",
        expected=f"{one['denominator']:,.1f}",
        exposure=EXPOSURE_NAMES[exposure],
    )


DIMENSION = Dimension(
    read=read,
    title=message("Violations"),
    half=message("expected violations"),
    seen=_seen,
    based_on=_based_on,
    step=message("%(steps)s fewer violations (of %(most)s)"),
    gather=message("more months with patrols or cameras, so that %(more)s more violations would be expected"),
    records=(
        Records(
            message("Violation records"),
            "violations.index",
            "violations:violation:read",
            lambda code, months: {"area": code, **days(months)},
            lambda code, months: {"company": code, **days(months)},
        ),
        Records(
            message("Patrols"),
            "patrols.index",
            "patrols:patrol:read",
            lambda code, months: {"area": code, **days(months)},
        ),
    ),
)
