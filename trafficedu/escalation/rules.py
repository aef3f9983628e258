"""What is asked of companies, and the count of a replay: pure arithmetic over the stops of riders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from trafficedu.core.month import Month
from trafficedu.core.states import Word
from trafficedu.core.text import Message, message
from trafficedu.feedback.rules.policy import OFF_THE_ROAD, Escalation, Measure, MeasureKind, recommend

REPLAY_MONTHS = 12
"""Months that a replay goes through: those that are over."""


class CompanyCount(Word):
    """What of a company is counted."""

    PENALISED = "penalised", message("penalised rider-times")
    CASUALTY = "casualty", message("casualty accidents")


@dataclass(frozen=True)
class CompanyRule:
    """A company with ``count`` of ``kind`` in ``months`` calendar months, the running one included, is called in.

    Ningbo's regulation on non-motor vehicles, article 20, asks it of 5 penalised rider-times in a month or 2 casualty
    accidents in a year. It is recommended to the police, who decide.
    """

    kind: CompanyCount
    count: int
    months: int

    @classmethod
    def unpacked(cls, kept: Mapping[str, Any]) -> CompanyRule:
        """Return what a policy keeps of it."""
        return cls(CompanyCount(kept["kind"]), kept["count"], kept["months"])

    @property
    def label(self) -> Message:
        """Say what it asks for."""
        if self.kind == CompanyCount.PENALISED:
            return message("%(count)s penalised rider-times in a calendar month", count=self.count)
        return message("%(count)s casualty accidents in twelve calendar months", count=self.count)

    def counted(self, by_month: Mapping[Month, int], month: Month) -> int:
        """Return what counts in a month, given what happened month by month."""
        return sum(by_month.get(month - back, 0) for back in range(self.months))


def key_of(measure: Measure | None) -> str:
    """Return a measure as a key of a count: "" for none, ``suspended:3``."""
    if measure is None:
        return ""
    return measure.code if measure.days is None else f"{measure.code}:{measure.days}"


def measure_of(key: str) -> Measure | None:
    """Return the measure of a key."""
    code, _, days = key.partition(":")
    return Measure(MeasureKind(code), int(days) if days else None) if code else None


def severity(key: str) -> tuple[int, int]:
    """Return where a measure stands in a table: as in the list of measures, longer suspensions later."""
    measure = measure_of(key)
    return (-1, 0) if measure is None else (list(MeasureKind).index(measure.code), measure.days or 0)


StepsOn = Callable[[str, date], Sequence[Escalation]]
"""A policy: the steps for a kind of receiver on a day."""


@dataclass
class Tally:
    """What one policy would have recommended.

    ``months``: month -> measure -> how often. ``riders``: how many had a measure recommended at least once, and
    ``off_the_road`` how many one under which nothing is delivered for a time. ``companies``: those again, for each.
    """

    months: dict[Month, Counter[str]] = field(default_factory=dict)
    riders: int = 0
    off_the_road: int = 0

    def add(self, month: Month, measure: Measure | None) -> None:
        """Count a recommendation."""
        self.months.setdefault(month, Counter())[key_of(measure)] += 1


@dataclass(frozen=True)
class StopSeen:
    """A stop of a rider: on which day, whether it is one of those that the replay counts."""

    day: date
    counts: bool


@dataclass
class Comparison:
    """Two policies side by side over the same stops; both see every stop of the windows, and count those asked for.

    ``companies``: company -> riders whom (only the first, only the second, both) would have taken off the road.
    """

    policies: tuple[StepsOn, StepsOn]
    tallies: tuple[Tally, Tally] = field(default_factory=lambda: (Tally(), Tally()))
    companies: dict[int, list[int]] = field(default_factory=dict)
    stops: Counter[Month] = field(default_factory=Counter)

    def add_rider(self, groups: Iterable[tuple[int | None, str, Sequence[StopSeen]]]) -> None:
        """Count what would have been recommended because of one rider.

        Parameters
        ----------
        groups
            For each receiver: the company (None: the village), its kind, and the stops that it may know of, in time.
        """
        any_measure, any_off = [False, False], [False, False]
        for company, receiver, stops in groups:
            off = [False, False]
            for place, stop in enumerate(stops):
                if not stop.counts:
                    continue
                self.stops[Month.of(stop.day)] += 1
                known = [one.day for one in stops[: place + 1]]
                for which, policy in enumerate(self.policies):
                    measure = recommend(policy(receiver, stop.day), known, stop.day).measure
                    self.tallies[which].add(Month.of(stop.day), measure)
                    any_measure[which] = any_measure[which] or measure is not None
                    off[which] = off[which] or (measure is not None and measure.code in OFF_THE_ROAD)
            self._note(company, off)
            any_off = [before or now for before, now in zip(any_off, off, strict=True)]
        for which, tally in enumerate(self.tallies):
            tally.riders += any_measure[which]
            tally.off_the_road += any_off[which]

    def _note(self, company: int | None, off: Sequence[bool]) -> None:
        if company is None or not any(off):
            return
        counts = self.companies.setdefault(company, [0, 0, 0])
        counts[2 if all(off) else 0 if off[0] else 1] += 1
