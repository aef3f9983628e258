"""Arithmetic of the overview: which period is looked at, and which one it is compared with. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

LONGEST_MONTHS = 60
EARLIEST = date(2000, 1, 1)


def month_after(month: date, months: int = 1) -> date:
    """Return the first day of the month ``months`` after that of ``month`` (before it where negative)."""
    number = month.year * 12 + month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


@dataclass(frozen=True)
class Period:
    """Whole months from ``first`` to ``last`` (first days of months, both included)."""

    first: date
    last: date

    @property
    def after(self) -> date:
        """The first day that no longer belongs to the period."""
        return month_after(self.last)

    @property
    def final_day(self) -> date:
        """The last day of the period."""
        return self.after - timedelta(days=1)

    @property
    def months(self) -> list[date]:
        """The first day of every month, ascending."""
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        return [month_after(self.first, step) for step in range(count)]

    @property
    def year_before(self) -> Period:
        """The same months one year earlier: the period that seasons allow to compare with."""
        return Period(month_after(self.first, -12), month_after(self.last, -12))


def period_of(first: date | None, last: date | None, today: date) -> Period:
    """Return the period asked for, put right: in order, not beyond this month, at most 60 months.

    Without a wish: the last twelve full months, because a month that has just begun reads like a fall.
    """
    running = today.replace(day=1)
    ending = _within((last or month_after(running, -1)).replace(day=1), running)
    beginning = _within((first or month_after(ending, -11)).replace(day=1), running)
    beginning, ending = min(beginning, ending), max(beginning, ending)
    return Period(max(beginning, month_after(ending, 1 - LONGEST_MONTHS)), ending)


def _within(month: date, running: date) -> date:
    """Return a month no later than the ``running`` one and no earlier than any record can be."""
    return min(max(month, EARLIEST), running)


def change_percent(now: int, before: int) -> float | None:
    """Return by how many percent ``now`` differs from ``before``; None where there was nothing before."""
    return None if before == 0 else 100 * (now - before) / before
