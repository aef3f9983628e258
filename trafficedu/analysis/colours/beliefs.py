"""Where a score may lie, given what was recorded: quantiles, and draws whose stream never changes.

Draws come from :class:`numpy.random.RandomState`: NumPy keeps its stream for good (NEP 19), so that a stored result
can be worked out again years later.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Protocol

import numpy as np
from scipy import special

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.colours.rule_set import RatioCurve


class Belief(Protocol):
    """A distribution of a score from 0 to 100."""

    def score(self, probability: float) -> float:
        """Return the score below which ``probability`` of the belief lies."""

    def draw(self, chance: np.random.RandomState, number: int) -> FloatArray:
        """Return scores, shape ``(number,)``."""


@dataclass(frozen=True)
class RatioBelief:
    """Of a ratio ``theta ~ Gamma(shape, rate)``, scored by a falling curve."""

    shape: float
    rate: float
    curve: RatioCurve

    def ratio(self, probability: float) -> float:
        """Return the ratio below which ``probability`` of the belief lies."""
        return float(special.gammaincinv(self.shape, probability)) / self.rate

    def score(self, probability: float) -> float:
        """Return a quantile of the score."""
        return float(self.curve.scores(np.asarray(self.ratio(1.0 - probability))))

    def draw(self, chance: np.random.RandomState, number: int) -> FloatArray:
        """Return scores."""
        return self.curve.scores(chance.standard_gamma(self.shape, number) / self.rate)


@dataclass(frozen=True)
class ShareBelief:
    """Of a share ``p ~ Beta(good, bad)``: 0 at ``zero`` and below, 100 at ``full`` and above, linear between."""

    good: float
    bad: float
    zero: float = 0.0
    full: float = 1.0

    def share(self, probability: float) -> float:
        """Return the share below which ``probability`` of the belief lies."""
        return float(special.betaincinv(self.good, self.bad, probability))

    def score(self, probability: float) -> float:
        """Return a quantile of the score."""
        return float(self._scores(np.asarray(self.share(probability))))

    def draw(self, chance: np.random.RandomState, number: int) -> FloatArray:
        """Return scores."""
        return self._scores(chance.beta(self.good, self.bad, number))

    def _scores(self, shares: FloatArray) -> FloatArray:
        return np.asarray(np.clip(100.0 * (shares - self.zero) / (self.full - self.zero), 0.0, 100.0))


@dataclass(frozen=True)
class NormalBelief:
    """Of a percentage ``~ Normal(mean, variance)``, clipped to 0 and 100."""

    mean: float
    variance: float

    def score(self, probability: float) -> float:
        """Return a quantile of the score."""
        return min(max(self.mean + float(special.ndtri(probability)) * sqrt(self.variance), 0.0), 100.0)

    def draw(self, chance: np.random.RandomState, number: int) -> FloatArray:
        """Return scores."""
        return np.asarray(np.clip(self.mean + sqrt(self.variance) * chance.standard_normal(number), 0.0, 100.0))
