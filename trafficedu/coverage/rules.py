"""What is known of the month of a reporting unit, and when silence is no zero. Pure: time and counts are passed in.

A month without a record is a zero only where that is plausible; else nobody reported it (docs/adr/0035). What somebody
said about a month stands before what its records look like.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.states import Word
from trafficedu.core.text import Message, message

PLAUSIBLE = 0.01
"""A run of silent months is taken for zeros where it had at least this probability."""
NEIGHBOURS = 24
"""Known months nearest to a silent run that tell what was to be expected in it."""
SPREAD_FROM = 6
"""Months with records it takes to tell how widely a unit's months are spread."""
WIDEST = 5.0
"""A unit's months are taken to be spread no wider than so many times a Poisson distribution's."""


class FigureKind(Word):
    """What is counted by month and area, each known or not known on its own."""

    VIOLATIONS = "violations", message("violations")
    ACCIDENTS = "accidents", message("accidents")
    HELMETS = "helmets", message("helmet surveys")
    POINTS = "points", message("safety points")
    PATROLS = "patrols", message("patrols")

    @property
    def comes_by_file(self) -> bool:
        """Whether its records usually come from elsewhere, by file; else they are entered here as they happen."""
        return self in (FigureKind.VIOLATIONS, FigureKind.ACCIDENTS)


class State(Word):
    """What is known of a figure in a unit's month."""

    REPORTED = "reported", message("reported"), "done"
    NONE = "none", message("none happened"), "done"
    OPEN = "open", message("not closed yet"), "open"
    MISSING = "missing", message("not reported"), "problem"

    @property
    def is_known(self) -> bool:
        """Whether the month's number, be it zero, is one."""
        return self in (State.REPORTED, State.NONE)


class IssueKind(Word):
    """What somebody has to look into."""

    SILENT = "silent", message("nothing reported any more"), "problem"
    CONTRADICTED = "contradicted", message("contradicted by records"), "problem"


MARKS = (State.REPORTED, State.NONE, State.OPEN)
"""What somebody may say about a month, on a page or by file."""


def closes_on(month: Month, days: int) -> date:
    """Return the last day on which a month's figures may still come, ``days`` after its end."""
    return month.last + timedelta(days=days)


def is_open(month: Month, today: date, days: int) -> bool:
    """Tell whether a month runs, or its closing day has not passed."""
    return today <= closes_on(month, days)


@dataclass(frozen=True)
class Observed:
    """What is on record of the units of one district, month by month.

    Parameters
    ----------
    counts
        Records, a row for each unit and a column for each month.
    there
        Whether the unit existed in the month; the same shape.
    marks
        ``(unit, month)`` -> what somebody said, one of :data:`MARKS`.
    covered
        Months of which a file brought rows, whether they count or not: its source was alive.
    closed
        So many months, from the first, are closed.
    """

    counts: Sequence[Sequence[int]]
    there: Sequence[Sequence[bool]]
    marks: Mapping[tuple[int, int], State]
    covered: Collection[int]
    closed: int

    @property
    def units(self) -> range:
        """Places of the units."""
        return range(len(self.counts))

    @property
    def months(self) -> range:
        """Places of the months."""
        return range(len(self.counts[0]) if self.counts else 0)

    def mark(self, unit: int, month: int) -> State | None:
        """Return what was said about a month, unless its records say otherwise."""
        said = self.marks.get((unit, month))
        return None if said is State.NONE and self.counts[unit][month] else said

    def contradicted(self) -> Iterator[tuple[int, int]]:
        """Yield the months that were said to be without any, and have records."""
        for (unit, month), said in self.marks.items():
            if said is State.NONE and self.counts[unit][month]:
                yield unit, month

    def is_heard(self, unit: int, month: int) -> bool:
        """Tell whether a unit was heard of in a month: by records, or because somebody said so."""
        said = self.mark(unit, month)
        return bool(self.counts[unit][month]) or (said is not None and said.is_known)


def begins(observed: Observed) -> int | None:
    """Return the first month in which anybody was heard of; None where nobody ever was."""
    return next(
        (month for month in observed.months if any(observed.is_heard(unit, month) for unit in observed.units)), None
    )


def judge(observed: Observed) -> list[list[State | None]]:
    """Return what is known of every unit and month; None where the unit did not exist.

    What was said stands. Else a month not closed is open; one before the first record of all, and one of a silence that
    is no zero (:func:`silences`), first of all units together and then of each, is not reported; any other is.
    """
    begun = begins(observed)
    states: list[list[State | None]] = []
    missing = _missing(observed, begun)
    for unit in observed.units:
        row: list[State | None] = []
        for month in observed.months:
            said = observed.mark(unit, month)
            if not observed.there[unit][month]:
                row.append(None)
            elif said is not None:
                row.append(said)
            elif month >= observed.closed:
                row.append(State.OPEN)
            elif begun is None or month < begun or (unit, month) in missing:
                row.append(State.MISSING)
            else:
                row.append(State.REPORTED)
        states.append(row)
    return states


def _missing(observed: Observed, begun: int | None) -> set[tuple[int, int]]:
    """Return the unit's months of implausible silence since the first record."""
    if begun is None or begun >= observed.closed:
        return set()
    span = range(begun, observed.closed)
    together = {
        month: sum(observed.counts[unit][month] for unit in observed.units)
        for month in span
        if any(observed.there[unit][month] for unit in observed.units)
    }
    alive = {
        month for month in span if month in observed.covered or any(observed.is_heard(u, month) for u in observed.units)
    }
    silent = silences(together, alive)
    missing = {(unit, month) for unit in observed.units for month in silent}
    own = [_own_months(observed, unit, span, silent) for unit in observed.units]
    rates = [sum(counts.values()) / len(counts) for counts, heard in own if heard]
    for unit, (counts, heard) in enumerate(own):
        found = silences(counts, heard, min(rates, default=0.0))
        missing |= {(unit, month) for month in found}
    return missing


def _own_months(observed: Observed, unit: int, span: range, silent: Collection[int]) -> tuple[dict[int, int], set[int]]:
    """Return the records of a unit by month, of those that may be known, and the months in which it was heard of."""
    counts = {
        month: observed.counts[unit][month]
        for month in span
        if observed.there[unit][month] and month not in silent and observed.mark(unit, month) is not State.OPEN
    }
    return counts, {month for month in counts if observed.is_heard(unit, month)}


def silences(counts: Mapping[int, int], heard: Collection[int], least: float = 0.0) -> set[int]:
    """Return the months of silence that is no zero.

    A run of months in which nothing was heard is judged as a whole: the probability that so many months bring nothing,
    at the rate of the known months nearest to it (negative binomial, spread as the unit's own months are; Poisson where
    they are no wider). Below 1 % nobody reported it. A run between two records might have begun in any of the months,
    so its probability is multiplied by their number; there is but one run at the end. What was found missing is no
    month to learn the rate from, so it is asked again until nothing changes.

    Parameters
    ----------
    counts
        Records by month, of the months that may be known, in any order.
    heard
        The months in which something was heard, be it that none happened.
    least
        The rate a month of who was never heard of.
    """
    months = sorted(counts)
    runs = _runs(months, heard)
    known, changed = months, bool(runs)
    while changed:
        missing: set[int] = set()
        for run in runs:
            near = _nearest(known, run)
            trials = 1 if run[-1] == months[-1] else max(len(known), 1)
            chance = (
                silence_chance([counts[month] for month in near], len(run)) if near else math.exp(-least * len(run))
            )
            if chance * trials < PLAUSIBLE:
                missing.update(run)
        runs = [run for run in runs if run[0] not in missing]
        known, changed = [month for month in known if month not in missing], bool(missing)
    return set(months).difference(known)


def _runs(months: Sequence[int], heard: Collection[int]) -> list[list[int]]:
    """Return the longest runs of months in which nothing was heard; months that are left out break none."""
    runs: list[list[int]] = []
    before = False
    for month in months:
        if month in heard:
            before = False
            continue
        if before:
            runs[-1].append(month)
        else:
            runs.append([month])
        before = True
    return runs


def _nearest(months: Sequence[int], run: Sequence[int]) -> list[int]:
    """Return the known months, which ascend, outside a run that lie nearest to it."""
    before, after = bisect_left(months, run[0]) - 1, bisect_right(months, run[-1])
    near: list[int] = []
    while len(near) < NEIGHBOURS and (before >= 0 or after < len(months)):
        if after >= len(months) or (before >= 0 and run[0] - months[before] <= months[after] - run[-1]):
            near.append(months[before])
            before -= 1
        else:
            near.append(months[after])
            after += 1
    return near


def silence_chance(known: Sequence[int], months: int) -> float:
    """Return the probability that ``months`` bring nothing where the ``known`` ones brought so many.

    Each month by itself: ``exp(-m)`` of a Poisson distribution of mean ``m``; ``d ** (-m / (d - 1))`` of a negative
    binomial one whose variance is ``d`` times its mean. ``d`` is taken from the months that brought any, which a month
    that nobody reported cannot widen.
    """
    mean = sum(known) / len(known)
    some = [count for count in known if count]
    spread = 1.0
    if len(some) >= SPREAD_FROM:
        centre = sum(some) / len(some)
        spread = min(sum((count - centre) ** 2 for count in some) / (len(some) - 1) / centre, WIDEST)
    if spread <= 1.0 + 1e-9:
        return math.exp(-mean * months)
    return math.exp(-mean / (spread - 1.0) * math.log(spread) * months)


def told(reported: int, units: int) -> Message:
    """Return how many of the units have reported a month, for beside its figures."""
    if units == 1:
        return message("reported") if reported else message("not reported")
    if reported == units:
        return message("all %(units)d towns reported", units=units)
    return message("%(reported)d of %(units)d towns reported", reported=reported, units=units)


def told_open(reported: int, units: int) -> Message:
    """Return the same of a month that is not closed yet."""
    if units == 1:
        return message("reported so far") if reported else message("nothing reported yet")
    return message("month not closed: %(reported)d of %(units)d towns so far", reported=reported, units=units)


def check_said(state: State, month: Month, records: int, today: date) -> None:
    """Raise Refusal where ``state`` cannot be said of a month that has so many records."""
    if today <= month.last:
        raise Refusal(message("%(month)s is not over yet.", month=str(month)), field="month", value=str(month))
    if state is State.NONE and records:
        raise Refusal(
            message(
                "There are %(records)d records of %(month)s. Void them first if they are wrong, or mark the month as"
                " reported.",
                records=records,
                month=str(month),
            ),
            field="state",
            value=state.value,
        )
