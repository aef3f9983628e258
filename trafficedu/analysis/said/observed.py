"""What was observed in some days: how much, out of what, where, and from when on anything is on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from trafficedu.analysis.said.spans import Days
from trafficedu.core.month import Month
from trafficedu.core.text import Message, listed, message

MOST_NAMED = 3


@dataclass(frozen=True)
class Units:
    """Whose figures are in a sum.

    Parameters
    ----------
    reported, all
        How many of the units (towns, villages) reported, of how many that should have.
    missing
        Names of those that did not, in the order of the list.
    left_out
        Whether what the missing ones have on record is left out of the sum: then it is that of the others, and known.
    """

    reported: int = 1
    all: int = 1
    missing: Sequence[str] = ()
    left_out: bool = False

    @property
    def complete(self) -> bool:
        """Whether all reported."""
        return self.reported >= self.all


WHOLE = Units()
"""One area whose figures are known."""


@dataclass(frozen=True)
class Observed:
    """A count of some days, or a share of successes in them.

    Parameters
    ----------
    count
        Events; of a share the successes.
    days
        The days they were counted in: they are the exposure of a count.
    begun
        The first month of the series that is on record; None where nothing is.
    units
        Whose figures these are.
    denominator
        Of a share: out of how many.
    interval
        Of a share whose observations are not independent (helmets at sites): its own 95 % interval; None is Wilson's.
    """

    count: int
    days: Days
    begun: Month | None
    units: Units = field(default=WHOLE)
    denominator: int | None = None
    interval: tuple[float, float] | None = None

    @property
    def unknown(self) -> Message | None:
        """Why the figure says nothing of its days; None where it does. Absence of records is not a count of nought."""
        if self.begun is None:
            return message("nothing is on record yet")
        if Month.of(self.days.first) < self.begun:
            return message("records begin in %(month)s", month=str(self.begun))
        if not (self.units.complete or self.units.left_out):
            return not_reported(self.units)
        return None


def not_reported(units: Units) -> Message:
    """Say how many have not reported, and which."""
    counts = {"missing": units.all - units.reported, "all": units.all}
    if not units.missing:
        return message("%(missing)s of %(all)s areas have not reported", **counts)
    return message(
        "%(missing)s of %(all)s areas have not reported (%(names)s)", names=named(units.missing, MOST_NAMED), **counts
    )


def named(names: Sequence[str], most: int) -> Message:
    """Return the first of some names; dots stand for the others."""
    shown = list(names[:most])
    return listed([*shown[:-1], f"{shown[-1]}…"]) if len(names) > most else listed(shown)
