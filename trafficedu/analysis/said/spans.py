"""Which days two periods are compared by: like days with like days, and only those that are over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

from trafficedu.core.month import Month, Period
from trafficedu.core.text import Message, message

DAY = timedelta(days=1)


class Relation(StrEnum):
    """How the earlier period lies to the later one."""

    YEAR = auto()
    MONTH = auto()
    OTHER = auto()


@dataclass(frozen=True)
class Days:
    """Days from ``first`` to ``last``, both included; none where ``last`` lies before ``first``."""

    first: date
    last: date

    @property
    def count(self) -> int:
        """How many days."""
        return max(0, (self.last - self.first).days + 1)

    def __str__(self) -> str:
        return f"{self.first} – {self.last}"


@dataclass(frozen=True)
class Pair:
    """Two periods as they are compared.

    Parameters
    ----------
    before, after
        The days that count of each; those of the earlier one are cut as those of the later one are.
    relation
        How the one lies to the other.
    months
        Whole months of the later period before it was cut: one month, or more.
    cut
        Whether days that are not over were left out.
    seasons
        Whether both lie in the same months of the year, so that the season is no part of a difference.
    because
        Why they cannot be compared; None where they can.
    """

    before: Days
    after: Days
    relation: Relation
    months: int
    cut: bool
    seasons: bool
    because: Message | None = None

    @property
    def then(self) -> Message:
        """The earlier period in words."""
        if self.relation is Relation.YEAR and self.cut:
            return message("the same days a year earlier")
        if self.relation is Relation.YEAR and self.months == 1:
            return message("the same month a year earlier")
        if self.relation is Relation.YEAR:
            return message("the same period a year earlier")
        if self.relation is Relation.MONTH and self.cut:
            return message("the same days of the month before")
        if self.relation is Relation.MONTH:
            return message("the month before")
        return message("%(first)s to %(last)s", first=self.before.first.isoformat(), last=self.before.last.isoformat())


def pair(before: Period, after: Period, until: date) -> Pair:
    """Return the days of two periods that can be compared at the end of the day ``until``, the last that is over.

    A later period that is not over is cut there. The earlier one is cut at the same day of its own month where both
    are equally long, so that like days are compared; else the exposure of days makes up for the difference.
    """
    days = Days(after.first_day, min(after.last_day, until))
    cut = days.last < after.last_day
    then = Days(before.first_day, min(before.last_day, until))
    if cut and days.count and _length(before) == _length(after):
        then = Days(then.first, min(then.last, _shifted(days.last, after.first - before.first)))
    return Pair(
        before=then,
        after=days,
        relation=_relation(before, after),
        months=_length(after),
        cut=cut,
        seasons=before.first.number == after.first.number and _length(before) == _length(after),
        because=_obstacle(before, after, days),
    )


def _length(period: Period) -> int:
    return period.last - period.first + 1


def _shifted(day: date, months: int) -> date:
    """Return the day so many months earlier; the last of a month stays the last, and what does not exist too."""
    month = Month.of(day) - months
    if (day + DAY).day == 1:
        return month.last
    return month.last if day.day > month.last.day else month.first.replace(day=day.day)


def _relation(before: Period, after: Period) -> Relation:
    if _length(before) == _length(after) and after.first - before.first == 12:
        return Relation.YEAR
    if _length(before) == _length(after) == 1 and after.first - before.first == 1:
        return Relation.MONTH
    return Relation.OTHER


def _obstacle(before: Period, after: Period, days: Days) -> Message | None:
    if before.first > after.last:
        return message("the earlier period lies after the later one")
    if before.last >= after.first:
        return message("the two periods overlap")
    if not days.count:
        return message("no day of the later period is over yet")
    return None
