"""When things happen: growth, seasons, weekdays, holidays, and the hours of couriers and of everybody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from itertools import accumulate
from random import Random

from trafficedu.core.month import Month
from trafficedu.core.workdays import add_workdays, is_workday
from trafficedu.demo.plan import HOUR, Plan, Span, date_of, number_of, weekday_of

BY_MONTH = (0.92, 0.66, 0.96, 1.03, 1.06, 1.08, 1.10, 1.07, 1.05, 1.00, 1.05, 1.02)
"""January to December: few in the weeks of the Spring Festival, many in the warm months."""
BY_WEEKDAY = (1.04, 1.05, 1.03, 1.05, 1.12, 0.92, 0.79)
ON_A_HOLIDAY = 0.72
GROWTH = 0.45
"""How much more is recorded in the last month than in the first."""

HOURS = {
    "courier": (3, 1.5, 0.8, 0.3, 0.3, 0.6, 2, 4, 5, 5, 9, 16, 15, 8, 4, 4, 7, 15, 17, 12, 8, 7, 5, 4),
    "local": (0.6, 0.3, 0.2, 0.2, 0.4, 1.5, 6, 17, 13, 6, 5, 6, 5, 4, 4, 5, 9, 15, 10, 5, 4, 3, 2, 1),
}
"""Weights of the 24 hours: meals are delivered at noon, in the evening and at night; others ride to work."""
HOURS_SUMMED = {who: tuple(accumulate(weights)) for who, weights in HOURS.items()}
LEAST_TODAY = 8


def _no_corrections() -> Mapping[date, bool]:
    return {}


@lru_cache(maxsize=5000)
def works(day: int) -> bool:
    """Tell whether offices work on ``day``."""
    return is_workday(date_of(day), _no_corrections())


@lru_cache(maxsize=5000)
def after_workdays(day: int, workdays: int) -> int:
    """Return the day on which so many working days after ``day`` are over."""
    return number_of(add_workdays(date_of(day), workdays, _no_corrections()))


def holiday(day: int) -> bool:
    """Tell whether ``day`` is a weekday on which nobody works."""
    return weekday_of(day) < 5 and not works(day)


def per_day(plan: Plan, span: Span, chance: Random) -> Counter[int]:
    """Spread the violations over the days: how many on each, in all exactly ``plan.violations``.

    Today gets a few in any case, so that the officer's first screen has something to show.
    """
    days, weights = [], []
    length = span.today - span.first_day + 1
    noise = {month: max(0.7, chance.gauss(1, 0.05)) for month in span.months}
    for place in range(length):
        day = span.first_day + place
        when = date_of(day)
        weight = BY_MONTH[when.month - 1] * BY_WEEKDAY[weekday_of(day)] * noise[Month.of(when)]
        weight *= 1 + GROWTH * place / length
        days.append(day)
        weights.append(weight * (ON_A_HOLIDAY if holiday(day) else 1))
    today = min(LEAST_TODAY, plan.violations // 10)
    drawn = Counter(chance.choices(days, weights, k=plan.violations - today))
    drawn[span.today] += today
    return drawn


def second_of_day(chance: Random, who: str) -> int:
    """Return when in the day a ``courier`` or a ``local`` rides, in seconds after midnight."""
    hour = chance.choices(range(24), cum_weights=HOURS_SUMMED[who])[0]
    return hour * HOUR + chance.randrange(HOUR)
