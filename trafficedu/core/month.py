"""A calendar month as the district's figures count it: read, stepped through, written. Knows no clock."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import overload

LONGEST_MONTHS = 60
"""Of a period that somebody chooses."""
_WRITTEN = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """One month of the calendar; months compare by time, ``month + 1`` is the next and ``later - earlier`` a count.

    ``Month.of(day) - 1`` is the last full month: a month that has just begun reads like a fall.

    Parameters
    ----------
    year
        1 to 9999.
    number
        1 (January) to 12.

    Raises
    ------
    ValueError
        There is no such month.
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        _ = self.first  # the calendar itself knows which months there are

    @classmethod
    def of(cls, day: date) -> Month:
        """Return the month in which ``day`` lies."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """Return the month written ``2026-10``; raise ValueError for anything else."""
        written = _WRITTEN.fullmatch(text)
        if written is None:
            raise ValueError(f"a month is written like 2026-10, not {text!r}")
        return cls(int(written[1]), int(written[2]))

    @classmethod
    def range(cls, first: Month, last: Month) -> list[Month]:
        """Return the months from ``first`` to ``last``, both included; none where ``last`` lies earlier."""
        return [first + count for count in range(last - first + 1)]

    @classmethod
    def at(cls, index: int) -> Month:
        """Return the month with this :attr:`index`."""
        return cls(index // 12, index % 12 + 1)

    @property
    def index(self) -> int:
        """Months since January of the year 0: the calendar of the analysis."""
        return self.year * 12 + self.number - 1

    @property
    def first(self) -> date:
        """Its first day: what the columns named ``month`` hold."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.year, self.number, monthrange(self.year, self.number)[1])

    @property
    def next(self) -> Month:
        """The month after it."""
        return self + 1

    def __add__(self, months: int) -> Month:
        return Month.at(self.index + months)

    @overload
    def __sub__(self, earlier: Month) -> int: ...
    @overload
    def __sub__(self, earlier: int) -> Month: ...
    def __sub__(self, earlier: Month | int) -> int | Month:
        if isinstance(earlier, Month):
            return self.index - earlier.index
        return self + -earlier

    def __contains__(self, day: date) -> bool:
        return (day.year, day.month) == (self.year, self.number)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


EARLIEST, LATEST = Month(2000, 1), Month(2999, 12)
"""No record of this system lies before the one, and nobody plans beyond the other."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months from ``first`` to ``last``, both included."""

    first: Month
    last: Month

    @classmethod
    def between(cls, first: Month, second: Month) -> Period:
        """Return the period from the earlier of the two months to the later one."""
        return cls(min(first, second), max(first, second))

    @classmethod
    def chosen(cls, first: Month | None, last: Month | None, running: Month, usual: Month) -> Period:
        """Return the period chosen, put right: in order, not beyond the ``running`` month, the last 60 months of it.

        Without a choice it ends with the month ``usual``, and it lasts twelve months.
        """
        ending = _within(usual if last is None else last, running)
        beginning = _within(ending - 11 if first is None else first, running)
        period = cls.between(beginning, ending)
        return cls(max(period.first, period.last - (LONGEST_MONTHS - 1)), period.last)

    @property
    def months(self) -> list[Month]:
        """Every month, ascending."""
        return Month.range(self.first, self.last)

    @property
    def first_day(self) -> date:
        """The day it begins with."""
        return self.first.first

    @property
    def last_day(self) -> date:
        """The day it ends with."""
        return self.last.last

    @property
    def after(self) -> date:
        """The first day that no longer belongs to it."""
        return self.last.next.first

    @property
    def year_before(self) -> Period:
        """The same months one year earlier: the period that seasons allow to compare with."""
        return Period(self.first - 12, self.last - 12)


def _within(month: Month, running: Month) -> Month:
    """Return a month no later than the ``running`` one and no earlier than any record can be."""
    return min(max(month, EARLIEST), running)
