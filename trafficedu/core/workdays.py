"""Working days of the Chinese calendar: public holidays and make-up workdays. Pure; corrections are passed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import chinese_calendar

FIRST_YEAR = 2004
"""The first year that the library knows."""


def is_workday(day: date, corrections: Mapping[date, bool]) -> bool:
    """Tell whether offices work on ``day``.

    ``corrections`` (day -> works) is the district's own table and wins over the published calendar. A year
    for which no calendar was published yet counts Monday to Friday; the administrator's first screen warns
    before that happens.
    """
    if day in corrections:
        return corrections[day]
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def is_public_holiday(day: date, corrections: Mapping[date, bool]) -> bool:
    """Tell whether ``day`` is a day off by the calendar and not an ordinary Saturday or Sunday.

    A correction that frees a weekday makes it one; a correction that works ends one. A year not published yet
    knows no holidays.
    """
    if day in corrections:
        return not corrections[day] and day.weekday() < 5
    try:
        free, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return False
    return bool(free and name)


def is_make_up_workday(day: date, corrections: Mapping[date, bool]) -> bool:
    """Tell whether ``day`` is a Saturday or Sunday that is worked, to make up for a public holiday."""
    return day.weekday() >= 5 and is_workday(day, corrections)


def is_published(day: date, corrections: Mapping[date, bool]) -> bool:
    """Tell whether the official calendar of the year of ``day`` is known, or the district says itself what it is."""
    return day in corrections or FIRST_YEAR <= day.year <= last_published_year()


def add_workdays(start: date, days: int, corrections: Mapping[date, bool]) -> date:
    """Return the working day on which ``days`` working days after ``start`` are over; ``start`` is not counted."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= is_workday(day, corrections)
    return day


def workdays_left(today: date, last: date, corrections: Mapping[date, bool]) -> int:
    """Return the working days after ``today`` up to ``last``: 0 on the last day, negative once it is over."""
    first, end = min(today, last), max(today, last)
    days = sum(is_workday(first + timedelta(days=n), corrections) for n in range(1, (end - first).days + 1))
    return days if last >= today else -max(days, 1)


def last_published_year() -> int:
    """Return the last year whose official holiday arrangement the calendar library knows."""
    year: int = max(day.year for day in chinese_calendar.constants.holidays)
    return year
