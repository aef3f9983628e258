"""Dimensions that count what should be rare: how much more of it than at the rate of the other targets.

A part of the inputs is ``{"observed": [...], "exposure": {NAME: [...]}}``, a value a month; None is not known or not
reported, and 0 means that nothing happened. A history is the same over its own months.

A pool is ``{"prior", "exposure": {NAME: {"shape", "rate", "rates", "index"}}}``: ``rates`` hold for each target what
the *others* had in the window for one exposure-month of index 1 (``rate``: what all had, for a target that is not
among them); ``index`` is the usual ratio of January to December to the mean month, from the history.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from scipy import optimize, special

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.colours.beliefs import RatioBelief
from trafficedu.analysis.colours.dimensions.base import LEAST_MONTHS, Dimension, Pool, Reading, Records, Seen
from trafficedu.analysis.colours.rule_set import RuleSet

PRIOR_SHAPE, PRIOR_SPREAD = 5.0, 1.5
"""Weak prior of the gamma shape: its logarithm is normal around log 5."""
MONTH_PRIOR = 25.0
"""Events that a month of the year is worth before it is seen: its index then has a standard error of 1 / 5."""
YEAR = 12


class Counts(Dimension):
    """A dimension of counts against the other targets' rate in the same months."""

    unit = "expected"
    half_bounds = (0.1, 1000)
    own: ClassVar[Mapping[str, tuple[float, float]]] = {
        "ratio_best": (0.01, 0.99),
        "score_at_one": (0, 100),
        "ratio_worst": (1.01, 10),
    }

    @abstractmethod
    def exposures(self, kind: str, rules: RuleSet) -> Sequence[str]:
        """Return what counts may be related to, the wanted one first."""

    def used(self, pool: Pool, kind: str, rules: RuleSet) -> str | None:
        """Return the exposure that counts are related to: the first wanted one that anybody of the level had."""
        return next((name for name in self.exposures(kind, rules) if name in pool["exposure"]), None)

    def estimate(self, records: Records, kind: str, rules: RuleSet) -> dict[str, Any]:
        """Return the pool of every exposure that two targets had in the window."""
        found, prior = {}, True
        for name in self.exposures(kind, rules):
            now = {code: _usable(part, name) for code, part in records.inputs.items()}
            if sum(bool(exposure.any()) for _, exposure in now.values()) < 2:
                continue
            past = {code: _usable(part, name) for code, part in records.history.items()}
            known = int(np.any([exposure > 0 for _, exposure in past.values()], axis=0).sum()) if past else 0
            index = month_index(past, records.months) if known >= LEAST_MONTHS else [1.0] * YEAR
            shape = _shape(past, index, records.months) if known >= LEAST_MONTHS else PRIOR_SHAPE
            prior = prior and known < LEAST_MONTHS
            sums = _sums(now, index, records.window)
            rate, rates = others_rates(sums)
            found[name] = {"shape": shape, "rate": rate, "rates": rates, "index": index}
        return {"prior": prior, "exposure": found}

    def read(self, seen: Seen, pool: Pool, rules: RuleSet) -> Reading:
        """Return ``theta ~ Gamma(a + O, a + E)``; E is the others' rate over the target's own months."""
        name = self.used(pool, seen.kind, rules)
        if name is None:
            return Reading(RatioBelief(PRIOR_SHAPE, PRIOR_SHAPE, rules.curve), 0.0)
        one = pool["exposure"][name]
        shape = one["shape"]
        observed, exposure = _usable(seen.part, name)
        count = float(observed.sum())
        base = float((exposure * _of_months(one["index"], seen.window, exposure.size)).sum())
        expected = base * one["rates"].get(seen.code, one["rate"])
        belief = RatioBelief(shape + count, shape + expected, rules.curve)
        if expected <= 0:
            return Reading(RatioBelief(shape, shape, rules.curve), 0.0)
        basis = {"ratio": round(belief.ratio(0.5), 4), "shape": shape, "exposure": name}
        return Reading(belief, expected, count, round(expected, 4), basis)

    def more(self, part: Any, factor: float) -> Any:
        """Return as many times the events of as many times the exposure."""
        return {
            "observed": _times(part["observed"], factor),
            "exposure": {name: _times(values, factor) for name, values in part["exposure"].items()},
        }

    def room(self, part: Any, rules: RuleSet) -> int:
        """Return how many happened."""
        return int(sum(value or 0 for value in part["observed"]))

    def better(self, part: Any, steps: int, rules: RuleSet) -> Any:
        """Return the part with ``steps`` fewer, the last months first."""
        left, kept = steps, []
        for value in reversed(part["observed"]):
            less = min(value or 0, left)
            left -= less
            kept.append(None if value is None else value - less)
        return {**part, "observed": kept[::-1]}


def _times(values: Sequence[float | None], factor: float) -> list[float | None]:
    return [None if value is None else value * factor for value in values]


def _usable(part: Any, name: str) -> tuple[FloatArray, FloatArray]:
    """Return counts and exposure by month; both 0 where either is not known or there was nothing to be exposed."""
    counts = (part or {}).get("observed") or []
    base = ((part or {}).get("exposure") or {}).get(name) or [None] * len(counts)
    y = np.array([np.nan if value is None else value for value in counts], dtype=float)
    e = np.array([np.nan if value is None else value for value in base], dtype=float)
    usable = ~np.isnan(y) & (np.nan_to_num(e) > 0)
    return np.where(usable, y, 0.0), np.where(usable, e, 0.0)


def _of_months(index: Sequence[float], months: Sequence[str], number: int) -> FloatArray:
    """Return the index of the last ``number`` of months."""
    return np.array([index[int(month[5:]) - 1] for month in months[len(months) - number :]])


def _sums(
    parts: Mapping[str, tuple[FloatArray, FloatArray]], index: Sequence[float], months: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """Return count and weighted exposure of each target with an exposure, in the order of the codes."""
    sums = {}
    for code in sorted(parts):
        observed, exposure = parts[code]
        if exposure.any():
            base = exposure * _of_months(index, months, exposure.size)
            sums[code] = float(observed.sum()), float(base.sum())
    return sums


def others_rates(sums: Mapping[str, tuple[float, float]]) -> tuple[float, dict[str, float]]:
    """Return the rate of all, and for each target the rate of all the others.

    Where the others had none at all, half an event stands for them: an expectation of 0 would make one event
    infinitely many times too many.
    """
    count, base = sum(y for y, _ in sums.values()), sum(e for _, e in sums.values())
    rates = {code: _round(max(count - y, 0.5) / (base - e)) for code, (y, e) in sums.items() if base - e > 0}
    return _round(max(count, 0.5) / base), rates


def _round(value: float) -> float:
    """Return nine significant digits: what is stored is what is reckoned with."""
    return float(f"{value:.9g}")


def month_index(parts: Mapping[str, tuple[FloatArray, FloatArray]], months: Sequence[str]) -> list[float]:
    """Return the index of January to December: events over those of an even year, each year at its own rate.

    ``(O_m + 25) / (E_m + 25)``, then divided by their mean; E_m takes the rate of whole years, counted back from the
    last month, so that a district that grows does not get a rising December for it.
    """
    observed, expected = np.full(YEAR, MONTH_PRIOR), np.full(YEAR, MONTH_PRIOR)
    y = np.sum([parts[code][0] for code in sorted(parts)], axis=0)
    e = np.sum([parts[code][1] for code in sorted(parts)], axis=0)
    for end in range(len(months), YEAR - 1, -YEAR):
        year = slice(end - YEAR, end)
        places = [int(month[5:]) - 1 for month in months[year]]
        observed[places] += y[year]
        expected[places] += e[year] * (y[year].sum() / e[year].sum() if e[year].any() else 0.0)
    ratio = observed / expected
    return [round(float(value), 6) for value in ratio / ratio.mean()]


def _shape(parts: Mapping[str, tuple[FloatArray, FloatArray]], index: Sequence[float], months: Sequence[str]) -> float:
    """Return the shape from the whole history of each target against the others."""
    sums = _sums(parts, index, months)
    _, rates = others_rates(sums)
    pairs = [(y, base * rates[code]) for code, (y, base) in sums.items() if code in rates]
    return most_likely_shape(np.array([y for y, _ in pairs]), np.array([mean for _, mean in pairs]))


def most_likely_shape(observed: FloatArray, expected: FloatArray) -> float:
    """Return the gamma shape ``a`` of targets around their expectation, with a weak prior.

    Maximises ``sum log NB(O | mean E, shape a)`` plus the logarithm of the prior density of ``log a``, normal around
    log 5 with standard deviation 1.5.

    Parameters
    ----------
    observed, expected
        Shape ``(A,)``; an expectation is positive.
    """

    def loss(log_shape: float) -> float:
        a = np.exp(log_shape)
        fit = special.gammaln(a + observed) - special.gammaln(a) + a * log_shape
        fit = fit - (a + observed) * np.log(a + expected)
        return float(((log_shape - np.log(PRIOR_SHAPE)) / PRIOR_SPREAD) ** 2 / 2.0 - fit.sum())

    best = optimize.minimize_scalar(loss, bounds=(np.log(0.05), np.log(5000.0)), method="bounded")
    return round(float(np.exp(best.x)), 4)
