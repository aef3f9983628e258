"""How long what is overdue has been so: what of it can still be helped, and what is only kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from trafficedu.core.counting import CAP
from trafficedu.core.month import Month, Period

WEEK = timedelta(days=7)
MONTHS = 3
"""What fell due in this month or the two before can still be helped; what is older is kept apart."""


def watched(today: date) -> Period:
    """Return the months whose overdue ones count."""
    running = Month.of(today)
    return Period(running - (MONTHS - 1), running)


@dataclass(frozen=True)
class Ageing:
    """What is overdue, by how long; counts end at ``CAP + 1`` (``core.counting``).

    Parameters
    ----------
    since
        The first month of :func:`watched`.
    week, older
        What fell due in the last seven days, and before them since ``since``.
    beyond
        What fell due before ``since``.
    due
        All that fell due since ``since``, done or not: what ``week`` and ``older`` are a part of.
    first
        When the oldest fell due; None where nothing is overdue.
    """

    since: Month
    week: int
    older: int
    beyond: int
    due: int
    first: date | None = None

    @property
    def recent(self) -> int:
        """What is overdue and can still be helped."""
        return added(self.week, self.older)

    @property
    def total(self) -> int:
        """Everything overdue."""
        return added(self.recent, self.beyond)

    def __add__(self, other: Ageing) -> Ageing:
        """Return both together, of the same day."""
        return Ageing(
            self.since,
            added(self.week, other.week),
            added(self.older, other.older),
            added(self.beyond, other.beyond),
            self.due + other.due,
            min((day for day in (self.first, other.first) if day is not None), default=None),
        )


def added(*counts: int) -> int:
    """Return the sum of counts of which each ends at ``CAP + 1``."""
    return min(sum(counts), CAP + 1)
