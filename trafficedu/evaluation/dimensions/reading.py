"""What a dimension is asked to read, and what it answers: the months judged, and those before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import COMPANY
from trafficedu.areas.models import Area
from trafficedu.areas.queries.ebikes import ebikes_of_areas
from trafficedu.core.month import Month, Period
from trafficedu.coverage.queries.coverage import Coverage, coverage_of
from trafficedu.coverage.rules import State
from trafficedu.evaluation.queries.targets import Target, Targets

Key = tuple[str, str]
"""Kind and code of a target."""
WINDOW, BEFORE = "window", "before"
PRIOR_MONTHS = 24
"""So many months before the window say what is usual at a level."""


@dataclass(frozen=True, eq=False)
class Asked:
    """Which targets and months are read.

    Parameters
    ----------
    month
        The month judged: the last of every window.
    windows
        Kind -> number of months in its window.
    as_of
        What happened later is not known: later completions and answers do not count.
    prior
        How many months before the window are read.
    """

    session: Session
    targets: Targets
    month: Month
    windows: Mapping[str, int]
    as_of: datetime
    prior: int = PRIOR_MONTHS

    @cached_property
    def period(self) -> Period:
        """All months of all kinds: the longest window and what lies before it."""
        return Period(self.month - (max(self.windows.values()) + self.prior - 1), self.month)

    @cached_property
    def months(self) -> list[Month]:
        """The months of :attr:`period`; a place among them stands for a month in what follows."""
        return self.period.months

    @property
    def own(self) -> slice:
        """The place of the month judged."""
        return slice(len(self.months) - 1, len(self.months))

    def parts(self, kind: str) -> tuple[tuple[str, slice], ...]:
        """Return the two parts of a :class:`Reading` of a kind with the places of their months."""
        begins = len(self.months) - self.windows[kind]
        return (WINDOW, slice(begins, None)), (BEFORE, slice(begins - self.prior, begins))

    @cached_property
    def _ebikes(self) -> list[Mapping[str, int | None]]:
        """Registered e-bikes of every area by path, month by month; what two dimensions need is read once."""
        of_month = ebikes_of_areas(self.session, "", self.period.first, self.period.last)
        return [of_month[month] for month in self.months]

    def ebikes_of(self, target: Target, places: slice) -> list[int | None]:
        """Return the registered e-bikes of an area, month by month; None where they are not known, or none."""
        return [by_path.get(target.path) or None for by_path in self._ebikes[places]]

    @cached_property
    def _tops(self) -> Sequence[Area]:
        """The areas above all others: one, but for a tree that is being joined to another."""
        return self.session.scalars(select(Area).where(Area.parent_id.is_(None)).order_by(Area.path)).all()

    @cache  # noqa: B019 - lives as long as one reading
    def _coverage(self, figure: str) -> Sequence[Coverage]:
        return [coverage_of(self.session, figure, top, self.period, self.as_of) for top in self._tops]

    def known(self, figure: str, target: Target) -> list[bool]:
        """Return for every month whether the figure of a target is known: absence of observation is not nought.

        What is not reported is not known; what may still come is, as far as it came. A company's figure is known where
        that of any area is: it works in all of them.
        """
        rows = list(self._states(figure, target.path))
        if not rows:
            return [False] * len(self.months)
        there = [[state for state in month if state is not None] for month in zip(*rows, strict=True)]
        if target.kind == COMPANY:
            return [any(state is not State.MISSING for state in month) for month in there]
        return [bool(month) and State.MISSING not in month for month in there]

    def _states(self, figure: str, path: str) -> Iterator[Sequence[State | None]]:
        """Yield what is known of the unit that reports for an area, or of all units in it."""
        for coverage in self._coverage(figure):
            unit = coverage.unit_at(path) if path else None
            if unit is not None:
                yield coverage.states[coverage.units.index(unit)]
                return
            for each, row in zip(coverage.units, coverage.states, strict=True):
                if each.path.startswith(path):
                    yield row

    def areas(self) -> Iterator[Target]:
        """Yield the districts, towns and villages."""
        for members in self.targets.areas.values():
            yield from members


@dataclass(eq=False)
class Reading:
    """The plain inputs of a dimension by target.

    ``window`` is as ``analysis.colours.judging`` has it, ``before`` as ``analysis.colours.pools.History``.
    ``recorded``: how many events were found in the month judged. ``looked`` is what tells that somebody looked, by
    target; only violations know it.
    """

    window: dict[Key, Any] = field(default_factory=dict)
    before: dict[Key, Any] = field(default_factory=dict)
    recorded: int = 0
    looked: dict[Key, dict[str, int]] = field(default_factory=dict)

    def put(self, part: str, key: Key, value: Any) -> None:
        """Keep the inputs of a target in one of the two parts."""
        (self.window if part == WINDOW else self.before)[key] = value


class Monthly:
    """Counts added up for the targets they count for, month by month."""

    def __init__(self, asked: Asked) -> None:
        self._targets, self._first, self._months = asked.targets, asked.period.first.index, len(asked.months)
        self._sums: dict[tuple[Key, str], list[int]] = {}
        self._owners = [
            {area: (kind, code) for area, code in owners.items()} for kind, owners in asked.targets.owners.items()
        ]

    def add_path(self, path: str, month: Month, **counts: int) -> None:
        """Add what was counted in an area itself."""
        self.add_area(self._targets.paths[path], month, **counts)

    def add_area(self, area_id: int, month: Month, **counts: int) -> None:
        """Add what was counted in an area itself to the district, the town and the village it counts for."""
        for owners in self._owners:
            if area_id in owners:
                self.add(owners[area_id], month, **counts)

    def add(self, key: Key, month: Month, **counts: int) -> None:
        """Add what was counted of a target."""
        place = month.index - self._first
        for name, count in counts.items():
            self._row(key, name)[place] += count

    def _row(self, key: Key, name: str) -> list[int]:
        row = self._sums.get((key, name))
        if row is None:
            row = self._sums[key, name] = [0] * self._months
        return row

    def by_month(self, key: Key, name: str, places: slice, known: Sequence[bool]) -> list[int | None]:
        """Return the counts of a target month by month; None where the month is not ``known``."""
        return [n if of else None for n, of in zip(self._row(key, name)[places], known[places], strict=True)]

    def total(self, key: Key, name: str, places: slice) -> int:
        """Return what a target's counts add up to."""
        return sum(self._row(key, name)[places])

    def put_sums(self, asked: Asked, reading: Reading, names: Sequence[str]) -> None:
        """Keep sums of the window, and what lies before month by month, of the targets of which anything is counted.

        The first of ``names`` is the denominator. What lies before the first count of all is not known.
        """
        begun = [any(row[place] for row in self._sums.values()) for place in range(self._months)]
        first = begun.index(True) if True in begun else self._months
        known = [place >= first for place in range(self._months)]
        for target in asked.targets.all():
            key = target.kind, target.code
            for part, places in asked.parts(target.kind):
                if not self.total(key, names[0], places):
                    continue
                if part == WINDOW:
                    reading.put(part, key, {name: self.total(key, name, places) for name in names})
                else:
                    reading.put(part, key, {name: self.by_month(key, name, places, known) for name in names})
