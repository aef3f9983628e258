"""Districts whose true figures are known: what a rule set says of them can be compared with what is so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.colours.backtest import Judged
from trafficedu.analysis.colours.judging import Verdict, judge
from trafficedu.analysis.colours.pools import HISTORY_MONTHS, History, Pools, estimate
from trafficedu.analysis.colours.rule_set import COMPANY, TOWN, VILLAGE, RuleSet

SEASON = 1.0 + 0.2 * np.sin(2.0 * np.pi * np.arange(12) / 12.0)
"""Usual month, January first."""


@dataclass(frozen=True)
class Level:
    """How large the targets of a level are: figures a month and target, as in the demo district."""

    kind: str
    targets: int
    violations: float
    accidents: float
    notices: float = 0.0
    watched: float = 0.0
    sites: int = 1


LEVELS = {
    VILLAGE: Level(VILLAGE, 576, 0.9, 0.075, watched=0.1),
    TOWN: Level(TOWN, 22, 24.0, 1.9, watched=1.0, sites=3),
    COMPANY: Level(COMPANY, 12, 40.0, 0.0, notices=17.0),
}


@dataclass(frozen=True)
class World:
    """How far targets truly lie apart.

    Parameters
    ----------
    spread
        Standard deviation of the logarithm of a target's rate of violations.
    accidents
        That of its rate of accidents with casualties, which says nothing of violations; None: it is the same rate.
    completion
        Least and greatest share of tasks (and of notices) done in time.
    points
        Standard deviation of a target's mean month, in percent; months of one target differ by 30.
    helmets
        Least and greatest true rate; sites of one target differ by 3 points.
    unpoliced
        Share of targets where a tenth of the violations are recorded.
    """

    spread: float = 0.5
    accidents: float | None = 0.3
    completion: tuple[float, float] = (0.6, 0.95)
    points: float = 12.0
    helmets: tuple[float, float] = (0.85, 0.97)
    unpoliced: float = 0.0


DIFFERENT = World()
ACCIDENTS_ALIKE = World(accidents=0.0)
ACCIDENTS_FAR_APART = World(accidents=0.5)
ONE_RATE = World(accidents=None)
ALIKE = World(0.0, 0.0, (0.8, 0.8), 0.0, (0.92, 0.92))
HARDLY_POLICED = World(unpoliced=1.0 / 3.0)


class District:
    """The targets of one level over ``months`` months from January 2021."""

    def __init__(self, level: Level, world: World, months: int, seed: int) -> None:
        chance = self.chance = np.random.default_rng(seed)
        self.level, number = level, level.targets
        self.months = [f"{2021 + place // 12}-{place % 12 + 1:02d}" for place in range(months)]
        self.codes = [f"{level.kind}{place:03d}" for place in range(number)]
        size = chance.gamma(2.0, 0.5, number)
        self.ebikes = np.round(1000.0 * np.maximum(size / size.mean(), 0.1))
        policed = np.where(chance.random(number) < world.unpoliced, 0.1, 1.0)
        rate = np.exp(chance.normal(0.0, world.spread, number))
        own = chance.standard_normal(number)
        self.violated = rate * policed
        self.hurt = rate if world.accidents is None else np.exp(world.accidents * own)
        self.completion = chance.uniform(*world.completion, number)
        self.answering = chance.uniform(*world.completion, number)
        self.points = chance.normal(85.0, world.points, number)
        self.helmets = chance.uniform(*world.helmets, number)
        self.sites = np.where(chance.random(number) < level.watched, chance.poisson(level.sites - 1, number) + 1, 0)
        self._record(months)

    def _record(self, months: int) -> None:
        chance, shape = self.chance, (self.level.targets, months)
        season = SEASON[np.arange(months) % 12]
        base = self.ebikes[:, None] / self.ebikes.mean() * season
        self.violations = chance.poisson(self.level.violations * self.violated[:, None] * base)
        self.accidents = chance.poisson(self.level.accidents * self.hurt[:, None] * base)
        self.due = chance.binomial(self.violations, 0.8)
        self.on_time = chance.binomial(self.due, self.completion[:, None])
        self.quiz = np.round(self.on_time * 85.0 + np.sqrt(self.on_time) * chance.normal(0.0, 6.0, shape)).astype(int)
        self.quiz = np.clip(self.quiz, 0, 100 * self.on_time)
        self.notices = chance.poisson(self.level.notices, shape)
        self.answered = chance.binomial(self.notices, self.answering[:, None])
        balance = self.points[:, None] + chance.normal(0.0, 30.0, shape)
        self.entered = np.where(chance.random(shape) < 0.9, np.round(balance), np.nan)
        self.site_rates = [
            np.clip(rate + chance.normal(0.0, 0.03, number), 0.5, 1.0)
            for rate, number in zip(self.helmets, self.sites, strict=True)
        ]
        self.seen = [chance.binomial(30, rates[:, None], (rates.size, months)) for rates in self.site_rates]

    def history(self, first: int, after: int) -> History:
        """Return what was recorded from month ``first`` to the one before ``after``."""
        span = slice(first, after)
        targets = {}
        for place, code in enumerate(self.codes):
            rows = [
                [month - first, site, int(self.seen[place][site, month]), 30]
                for site in range(self.sites[place])
                for month in range(first, after)
            ]
            targets[code] = {
                **self._counts(place, span),
                "education": {
                    "due": self.due[place, span].tolist(),
                    "on_time": self.on_time[place, span].tolist(),
                    "quiz": self.quiz[place, span].tolist(),
                },
                "feedback": {
                    "due": self.notices[place, span].tolist(),
                    "on_time": self.answered[place, span].tolist(),
                },
                "helmets": {"sites": rows},
            }
        return History(self.months[span], targets)

    def inputs(self, first: int, after: int) -> dict[str, dict[str, Any]]:
        """Return the inputs of the window from month ``first`` to the one before ``after``."""
        span = slice(first, after)
        found = {}
        for place, code in enumerate(self.codes):
            one: dict[str, Any] = {"window": [self.months[first], self.months[after - 1]], **self._counts(place, span)}
            due, notices = int(self.due[place, span].sum()), int(self.notices[place, span].sum())
            if due:
                on_time, quiz = int(self.on_time[place, span].sum()), int(self.quiz[place, span].sum())
                one["education"] = {"due": due, "on_time": on_time, "quiz": quiz}
            if notices:
                one["feedback"] = {"due": notices, "on_time": int(self.answered[place, span].sum())}
            if sites := int(self.sites[place]):
                worn = int(self.seen[place][:, span].sum())
                one["helmets"] = {"helmeted": worn, "observed": 30 * sites * (after - first), "sites": sites}
            one["looked"] = {"violations": int(self.violations[place, span].sum()), "stops": None}
            found[code] = one
        return found

    def _counts(self, place: int, span: slice) -> dict[str, Any]:
        months = span.stop - span.start
        base = [float(self.ebikes[place])] * months
        entered = [None if np.isnan(value) else [float(value), 100] for value in self.entered[place, span]]
        exposure = {"days": base} if self.level.kind == COMPANY else {"ebikes": base}
        counts: dict[str, Any] = {
            "violations": {"observed": self.violations[place, span].tolist(), "exposure": exposure},
            "points": entered,
        }
        if self.level.kind != COMPANY:
            counts["trend"] = {"observed": self.accidents[place, span].tolist(), "exposure": {"ebikes": base}}
        return counts

    def true_scores(self, rules: RuleSet) -> dict[str, FloatArray]:
        """Return the scores that endless records would give, dimension -> shape ``(targets,)``."""
        rates = {}
        for name, rate in (("violations", self.violated), ("trend", self.hurt)):
            weighted = self.ebikes * rate
            others = (weighted.sum() - weighted) / (self.ebikes.sum() - self.ebikes)
            rates[name] = rules.curve.scores(rate / others)
        zero, full = rules.figure("helmets_zero") / 100.0, rules.figure("helmets_full") / 100.0
        on_time = rules.figure("on_time_score") / 100.0
        return {
            **rates,
            "points": np.clip(self.points, 0.0, 100.0),
            "education": 100.0 * self.completion * (on_time + (1.0 - on_time) * 0.85),
            "helmets": np.clip(100.0 * (self.helmets - zero) / (full - zero), 0.0, 100.0),
            "feedback": 100.0 * self.answering,
        }


@dataclass(frozen=True)
class Study:
    """Two windows that do not overlap, judged, and what is true.

    Parameters
    ----------
    first, second
        Code -> verdict of each window.
    truth
        Code -> true composite over the dimensions that counted in the second, of those judged.
    pools
        Of the second.
    """

    first: Mapping[str, Verdict]
    second: Mapping[str, Verdict]
    truth: Mapping[str, float]
    pools: Pools

    def results(self, length: int) -> list[Judged]:
        """Return both windows as results of months ``length`` apart."""
        return [
            Judged(code, length * (1 + place), one.colour, one.firm, one.score)
            for place, verdicts in enumerate((self.first, self.second))
            for code, one in verdicts.items()
        ]

    @property
    def covered(self) -> float:
        """Share of the 90 % intervals that hold the true composite (limits are rounded to 0.01)."""
        held = [
            one.low is not None and one.high is not None and one.low - 0.005 <= self.truth[code] <= one.high + 0.005
            for code, one in self.second.items()
            if one.score is not None
        ]
        return sum(held) / len(held)

    def firm(self, *statements: str) -> int:
        """Return how many are firmly so in the second window."""
        return sum(one.firm in statements for one in self.second.values())


def study(level: Level, world: World, seed: int, rules: RuleSet, between: int = 0) -> Study:
    """Judge two windows that do not overlap, ``between`` months apart, each with two years of history before it."""
    length = rules.window(level.kind)
    district = District(level, world, HISTORY_MONTHS + 2 * length + between, seed)
    _, first = judged(district, HISTORY_MONTHS + length, rules)
    pools, second = judged(district, HISTORY_MONTHS + 2 * length + between, rules)
    codes = [code for code, one in second.items() if one.score is not None]
    truth = true_composites(district, second, rules, codes)
    return Study(first, second, dict(zip(codes, truth.tolist(), strict=True)), pools)


def judged(district: District, after: int, rules: RuleSet) -> tuple[Pools, dict[str, Verdict]]:
    """Judge all targets for the month before ``after``."""
    kind = district.level.kind
    first = after - rules.window(kind)
    window, month = district.months[first:after], district.months[after - 1]
    inputs = district.inputs(first, after)
    history = district.history(max(first - HISTORY_MONTHS, 0), first)
    pools = estimate(history, inputs, kind, rules, window)
    return pools, {code: judge(inputs[code], kind, code, month, pools, rules) for code in sorted(inputs)}


def true_composites(
    district: District, verdicts: Mapping[str, Verdict], rules: RuleSet, codes: Sequence[str]
) -> FloatArray:
    """Return the true composite of each target over the dimensions that counted for it."""
    truth = district.true_scores(rules)
    found = []
    for code in codes:
        counting = {name: one.weight for name, one in verdicts[code].dimensions.items() if one.score is not None}
        place = district.codes.index(code)
        found.append(sum(weight * truth[name][place] for name, weight in counting.items()) / sum(counting.values()))
    return np.array(found)
