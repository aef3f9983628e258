"""A calendar month as the district's figures count it: read, stepped through, written. Knows no clock."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import overload

_WRITTEN = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """One month of the calendar; months compare by time, ``month + 1`` is the next and ``later - earlier`` a count.

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
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    @overload
    def __sub__(self, earlier: Month) -> int: ...
    @overload
    def __sub__(self, earlier: int) -> Month: ...
    def __sub__(self, earlier: Month | int) -> int | Month:
        if isinstance(earlier, Month):
            return (self.year - earlier.year) * 12 + self.number - earlier.number
        return self + -earlier

    def __contains__(self, day: date) -> bool:
        return (day.year, day.month) == (self.year, self.number)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"
