"""Dimensions that are a share of what was due or observed: Beta around what targets of the level usually reach.

A pool is ``{"prior", "mean", "precision", "means"}``: ``mean`` and ``precision`` from the history; without 12 months
of it ``means`` holds for each target what the *others* reached in the window, and the precision is the prior's.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import optimize, special

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.colours.beliefs import ShareBelief
from trafficedu.analysis.colours.dimensions.base import LEAST_MONTHS, Dimension, Pool, Reading, Records, Seen
from trafficedu.analysis.colours.rule_set import RuleSet

PRIOR_PRECISION, PRIOR_SPREAD = 20.0, 1.5
"""Weak prior of the precision: its logarithm is normal around log 20."""
MEAN_SPREAD = 3.0
"""The logit of the mean is normal around 0 with this spread: it only keeps 0 and 100 % out."""
NEAREST = 0.001
"""How near to 0 or 1 a pool's mean may come."""

Counted = tuple[float, float]
"""What was reached, of how much."""


class Shares(Dimension):
    """A dimension of a share: ``Beta(m k + x, (1 - m) k + n - x)``."""

    prior_mean: float
    """Where not even another target is known."""

    @abstractmethod
    def months_known(self, records: Records) -> int:
        """Return in how many months of the history anything was due or observed."""

    @abstractmethod
    def sums(self, history: Any, pool: Pool, rules: RuleSet) -> Counted:
        """Return ``x`` and ``n`` of a target's history; ``pool`` has what :meth:`begun` knew."""

    @abstractmethod
    def counted(self, part: Any, pool: Pool, rules: RuleSet) -> Counted:
        """Return ``x`` and ``n`` of a target's window; ``pool`` has its mean."""

    @abstractmethod
    def shown(self, part: Any) -> Counted:
        """Return numerator and denominator as the page prints them."""

    def limits(self, rules: RuleSet) -> tuple[float, float]:
        """Return the shares that score 0 and 100."""
        return 0.0, 1.0

    def begun(self, records: Records) -> dict[str, Any]:
        """Return the pool before mean and precision are estimated."""
        return {"prior": True, "mean": self.prior_mean, "precision": PRIOR_PRECISION, "means": {}}

    def estimate(self, records: Records, kind: str, rules: RuleSet) -> dict[str, Any]:
        """Return mean and precision by maximum marginal likelihood, or what stands for them."""
        pool, known = self.begun(records), self.months_known(records) >= LEAST_MONTHS
        source, read = (records.history, self.sums) if known else (records.inputs, self.counted)
        pairs = {code: read(source[code], pool, rules) for code in sorted(source)}
        pairs = {code: pair for code, pair in pairs.items() if pair[1] > 0}
        if known:
            x, n = (np.array([pair[place] for pair in pairs.values()]) for place in (0, 1))
            mean, precision = most_likely_share(x, n)
            return {**pool, "prior": False, "mean": mean, "precision": precision}
        if pairs:
            pool["mean"], pool["means"] = others_means(pairs, self.prior_mean)
        return pool

    def read(self, seen: Seen, pool: Pool, rules: RuleSet) -> Reading:
        """Return the posterior of the share."""
        mean, precision = pool["means"].get(seen.code, pool["mean"]), pool["precision"]
        zero, full = self.limits(rules)
        x, n = self.counted(seen.part, pool, rules) if seen.part else (0.0, 0.0)
        belief = ShareBelief(mean * precision + x, (1.0 - mean) * precision + n - x, zero, full)
        if n <= 0:
            return Reading(belief, 0.0)
        numerator, denominator = self.shown(seen.part)
        basis = {"reached": round(x, 4), "of": round(n, 4), "mean": mean, "precision": precision}
        return Reading(belief, n, numerator, denominator, basis)


def others_means(pairs: Mapping[str, Counted], prior: float) -> tuple[float, dict[str, float]]:
    """Return the mean of all, and of all but each: no mean contains what it is compared with."""
    x, n = sum(pair[0] for pair in pairs.values()), sum(pair[1] for pair in pairs.values())
    others = {code: (x - pair[0]) / (n - pair[1]) if n > pair[1] else prior for code, pair in pairs.items()}
    return _inside(x / n), {code: _inside(value) for code, value in others.items()}


def _inside(share: float) -> float:
    return round(min(max(share, NEAREST), 1.0 - NEAREST), 6)


def most_likely_share(reached: FloatArray, of: FloatArray) -> tuple[float, float]:
    """Return mean and precision of targets' shares, with a weak prior.

    Maximises ``sum log B(mk + x, (1 - m)k + n - x) - log B(mk, (1 - m)k)`` plus the prior: log k normal around
    log 20 with standard deviation 1.5, logit m normal around 0 with 3.

    Parameters
    ----------
    reached, of
        Shape ``(A,)``: ``0 <= x <= n``, not necessarily whole; ``n`` positive.
    """

    def loss(at: FloatArray) -> tuple[float, FloatArray]:
        m, k = float(special.expit(at[0])), float(np.exp(at[1]))
        good, bad = m * k, (1.0 - m) * k
        fit = special.betaln(good + reached, bad + of - reached) - special.betaln(good, bad)
        both = special.digamma(k) - special.digamma(k + of)
        by_good = (special.digamma(good + reached) - special.digamma(good) + both).sum()
        by_bad = (special.digamma(bad + of - reached) - special.digamma(bad) + both).sum()
        far, log_k = at[0] / MEAN_SPREAD**2, (at[1] - np.log(PRIOR_PRECISION)) / PRIOR_SPREAD**2
        value = at[0] * far / 2.0 + (at[1] - np.log(PRIOR_PRECISION)) * log_k / 2.0 - fit.sum()
        slope = np.array([far - m * (1.0 - m) * k * (by_good - by_bad), log_k - (good * by_good + bad * by_bad)])
        return float(value), slope

    middle = (reached.sum() + 1.0) / (of.sum() + 2.0)
    start = np.array([special.logit(middle), np.log(PRIOR_PRECISION)])
    bounds = [(special.logit(NEAREST), special.logit(1.0 - NEAREST)), (np.log(0.1), np.log(5000.0))]
    best = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return _inside(float(special.expit(best.x[0]))), round(float(np.exp(best.x[1])), 4)
