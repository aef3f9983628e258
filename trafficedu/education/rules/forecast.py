"""How many seats a course needs in the coming weeks, against those that are held. Pure.

Simple on purpose: who waits now is known, and due in known weeks; how many come newly is said by the last weeks, with
the interval outside of which one week in twenty lies; how many seats are needed once more (the rider did not come, left
early, did not complete) by the share of seats of the last weeks, with its interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import sqrt
from statistics import fmean, variance

NORMAL_95 = 1.96
LEAST_WEEKS = 4
"""Weeks measured before anything is said of the next one."""


@dataclass(frozen=True)
class Inflow:
    """How many seats are newly asked for in a week: what is expected, and the interval of one week."""

    mean: float
    low: float
    high: float


def inflow(weeks: Sequence[int]) -> Inflow | None:
    """Return what the next week brings, by the counts of the last ones; None of too few weeks.

    The prediction interval of one more count of the same kind: ``mean +- 1.96 sqrt(v (1 + 1/n))``, where v is the
    larger of the mean (a Poisson count) and the variance of the weeks (counts that vary more).
    """
    if len(weeks) < LEAST_WEEKS:
        return None
    mean = fmean(weeks)
    spread = sqrt(max(mean, variance(weeks)) * (1 + 1 / len(weeks)))
    return Inflow(mean, max(0.0, mean - NORMAL_95 * spread), mean + NORMAL_95 * spread)


LEAST_SEATS = 30
"""Seats whose end is known before anything is said of how many are needed once more."""

MOST_SEATS = 250
"""Seats of a course that are read to say it: with so many the interval is at most 13 points wide."""


def latest_of(seats: Mapping[int, int]) -> list[int]:
    """Return the first sessions, the latest one first, that together have as many seats as are read, or all."""
    before = accumulate(seats.values(), initial=0)
    return [each for each, so_far in zip(seats, before, strict=False) if so_far < MOST_SEATS]


@dataclass(frozen=True)
class Again:
    """Which share of seats is needed once more, of how many: expected, and its 95 % interval."""

    seats: int
    share: float
    low: float
    high: float


NOT_MEASURED = Again(0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Week:
    """One week of a course: who has to be seated by its end, how many seats are free in it, how many are taken."""

    due: int
    free: int
    taken: int = 0


@dataclass(frozen=True)
class Need:
    """A week with what is missing by its end: seats that those due by then do not get, expected, at least, at most."""

    due: int
    new: float
    again: float
    free: int
    missing: float
    missing_low: float
    missing_high: float

    @property
    def falls_short(self) -> bool:
        """Whether seats are missing even where nobody comes newly beyond the least."""
        return self.missing_low >= 1

    @property
    def may_fall_short(self) -> bool:
        """Whether seats are missing where the most come that are expected."""
        return self.missing_high >= 1


def once_more(weeks: Sequence[Week], new: float, from_week: int, share: float) -> list[float]:
    """Return how many seats each week needs once more: a share of those who sat, or had to, in the week before.

    These are who has a seat in it, who is due in it, who comes newly, and who needed one once more already: who fails
    twice is counted twice. Who failed before now waits, and is due like anybody else: none in the first week.
    """
    found = [0.0]
    for place, week in enumerate(weeks[:-1]):
        seated = week.taken + week.due + (new if place >= from_week else 0.0) + found[place]
        found.append(share * seated)
    return found


def needs(weeks: Sequence[Week], new: Inflow, from_week: int, again: Again = NOT_MEASURED) -> list[Need]:
    """Return what is missing by the end of each week.

    Who is not seated in a week is still there in the next; a seat that stays free in a week is gone with it: missing is
    the most that any row of weeks up to this one leaves over. New ones need a seat from ``from_week`` on (0 is the
    first): they are due some days after they are opened. Of k weeks with new ones the interval is ``sqrt(k)`` times
    that of one, as of counts that are independent of each other. The least and the most take the ends of the interval
    of ``again`` as well, so that together they are rather too wide.
    """
    more, least, most = (once_more(weeks, new.mean, from_week, at) for at in (again.share, again.low, again.high))
    found: list[Need] = []
    for last, week in enumerate(weeks):
        expected = low = high = 0.0
        rest, count, sums = 0, 0, [0.0, 0.0, 0.0]
        for place in range(last, -1, -1):
            rest += weeks[place].due - weeks[place].free
            sums = [total + each[place] for total, each in zip(sums, (more, least, most), strict=True)]
            count += place >= from_week
            wide = sqrt(count)
            expected = max(expected, rest + count * new.mean + sums[0])
            low = max(low, rest + count * new.mean - (new.mean - new.low) * wide + sums[1])
            high = max(high, rest + count * new.mean + (new.high - new.mean) * wide + sums[2])
        added = new.mean if last >= from_week else 0.0
        found.append(Need(week.due, added, more[last], week.free, expected, low, high))
    return found
