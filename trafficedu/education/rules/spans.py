"""The days of a page of the calendar: one day, a week, a month with the whole weeks it lies in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from trafficedu.core.month import Month
from trafficedu.core.states import Word
from trafficedu.core.text import message


class View(Word):
    """How much of the calendar a page shows."""

    DAY = "day", message("One day")
    WEEK = "week", message("One week")
    MONTH = "month", message("One month")


@dataclass(frozen=True)
class Span:
    """The days that a page shows around ``day``; a week begins on Monday."""

    view: View
    day: date

    @property
    def first(self) -> date:
        """The first day shown: of a month the Monday on or before its first day."""
        if self.view is View.DAY:
            return self.day
        begins = self.day if self.view is View.WEEK else Month.of(self.day).first
        return begins - timedelta(days=begins.weekday())

    @property
    def last(self) -> date:
        """The last day shown: of a month the Sunday on or after its last day."""
        if self.view is View.DAY:
            return self.day
        ends = self.day if self.view is View.WEEK else Month.of(self.day).last
        return ends + timedelta(days=6 - ends.weekday())

    @property
    def days(self) -> list[date]:
        """All days shown, in order."""
        return [self.first + timedelta(days=count) for count in range((self.last - self.first).days + 1)]

    @property
    def before(self) -> date:
        """A day of the page before this one."""
        if self.view is View.MONTH:
            return (Month.of(self.day) - 1).first
        return self.day - timedelta(days=1 if self.view is View.DAY else 7)

    @property
    def after(self) -> date:
        """A day of the page after this one."""
        if self.view is View.MONTH:
            return (Month.of(self.day) + 1).first
        return self.day + timedelta(days=1 if self.view is View.DAY else 7)

    def belongs(self, day: date) -> bool:
        """Tell whether a day is meant, and not shown only because its week is."""
        return self.view is not View.MONTH or Month.of(day) == Month.of(self.day)
