"""The rates of a month, by area and by company, with their intervals; the counts are those of the features' pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.analysis.funnel import funnel
from trafficedu.analysis.proportions import wilson
from trafficedu.areas.models import Area
from trafficedu.areas.queries.ebikes import ebikes_of_areas
from trafficedu.companies.models import Company
from trafficedu.core.actors import Actor
from trafficedu.core.month import Month
from trafficedu.education.queries import rates as education
from trafficedu.feedback.queries import rates as feedback
from trafficedu.helmets.queries import rates as helmets
from trafficedu.helmets.queries.monthly import RateCriteria
from trafficedu.reports.bulletin_data import Limits, NamedRate, Rate
from trafficedu.violations.queries import figures as violations

LEAST_FUNNEL = 3
APART = 0.998


def wilson_rate(numerator: int, denominator: int) -> Rate:
    """Return a rate with its Wilson interval."""
    low, high = wilson(numerator, denominator) if denominator else (0.0, 1.0)
    return Rate(numerator, denominator, low, high)


def helmet_rates(
    session: Session, area: Area, month: Month, by: Actor
) -> tuple[helmets.RateRow, list[NamedRate], helmets.Standard]:
    """Return the rate of ``area`` over the months that the evaluation looks at, that of its parts, and the target."""
    found = helmets.rate_of(session, RateCriteria.latest(month, area.path), by)
    lines = helmets.by_area(session, found.seen, found.standard, area, found.pools)
    named = [NamedRate(one.key, one.name, line_rate(one), one.judgement.verdict) for one in lines]
    return found.row, named, found.standard


def line_rate(line: helmets.RateRow) -> Rate:
    """Return a line of the helmets' page as a rate."""
    return Rate(line.helmeted, line.clear, line.rate.low, line.rate.high)


def completion_by_part(
    session: Session, parts: Sequence[Area], area: Area, month: Month, as_of: datetime, by: Actor
) -> list[NamedRate]:
    """Return the share completed on time of the tasks due in the month, for each part of ``area``."""
    first, after = month.first, month.next.first
    rows = education.count_due_by_area_and_month(session, by, first, after, as_of, area.path)
    found = []
    for part in parts:
        own = [(due, on_time) for path, _, due, on_time in rows if path.startswith(part.path)]
        rate = wilson_rate(sum(on_time for _, on_time in own), sum(due for due, _ in own))
        found.append(NamedRate(part.code, part.name, rate))
    return apart(found)


def apart(rates: Sequence[NamedRate]) -> list[NamedRate]:
    """Mark the rates whose 99.8 % interval leaves out that of all of them together.

    With 27 areas one is marked by chance alone in about one month of twenty.
    """
    on_time, due = sum(one.rate.numerator for one in rates), sum(one.rate.denominator for one in rates)
    if not due:
        return list(rates)
    found = []
    for one in rates:
        low, high = wilson(one.rate.numerator, one.rate.denominator, APART) if one.rate.denominator else (0.0, 1.0)
        state = "below" if high < on_time / due else "above" if low > on_time / due else ""
        found.append(replace(one, state=state))
    return found


def feedback_by_company(
    session: Session, companies: Sequence[Company], month: Month, as_of: datetime
) -> list[NamedRate]:
    """Return the share answered on time of the notices due in the month, for each company."""
    first, after = month.first, month.next.first
    rows = feedback.count_due_of_companies(session, first, after, as_of)
    found = {company: (on_time, due) for company, due, on_time in rows}
    return apart([NamedRate(one.code, one.name, wilson_rate(*found.get(one.id, (0, 0)))) for one in companies])


def violation_funnel(session: Session, parts: Sequence[Area], area: Area, month: Month, by: Actor) -> list[Limits]:
    """Return each part's violations against what its e-bikes would bring; nothing where too few have any."""
    ebikes = ebikes_of_areas(session, area.path, month, month)[month]
    known = [part for part in parts if ebikes.get(part.path)]
    if len(known) < LEAST_FUNNEL:
        return []
    counts: Counter[str] = Counter()
    for row in violations.count_by_area(session, by, month.first, month.last, area.path):
        counts.update({part.code: row.violations for part in known if row.path.startswith(part.path)})
    observed = [counts[part.code] for part in known]
    limits = funnel(observed, [ebikes[part.path] or 0 for part in known])
    if not limits.rate:
        return []
    figures = (limits.expected, limits.low_95, limits.high_95, limits.low_998, limits.high_998, limits.outside)
    rows = zip(known, observed, *(figure.tolist() for figure in figures), strict=True)
    return [Limits(part.code, part.name, *own) for part, *own in rows]
