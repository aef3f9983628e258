"""The negative binomial predictive distribution: ``Var = mu + k mu^2``, Poisson at ``k = 0``.

Parametrised by its mean ``mu`` and dispersion ``k``; every function broadcasts over both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from trafficedu.analysis.arrays import FloatArray

LEAST_DISPERSION = 1e-6
"""Below this the distribution is a Poisson for every purpose, and the formulas stay finite."""
GREATEST_DISPERSION = 20.0
LEAST_SPREAD = 0.001
WINSOR = 12.0
WINSOR_COUNTS = 4.0
"""A residual counts at most the root of 12 variances and 4 counts more, so that one break is not taken for the usual
noise, and the few counts of a sparse area are not taken for a break."""
ITERATIONS = 12
GRID = 12
TOLERANCE = 0.003
_REACH, _STEP = 3.6, 0.18


def cdf(count: ArrayLike, mean: ArrayLike, k: ArrayLike) -> FloatArray:
    """Return ``P(Y <= count)``; 0 below zero.

    ``I_p(r, y + 1)`` with ``r = 1 / k`` and ``p = r / (r + mu)``, the regularised incomplete beta function.
    """
    y = np.floor(np.asarray(count, dtype=float))
    mu, size = np.asarray(mean, dtype=float), 1.0 / np.maximum(k, LEAST_DISPERSION)
    value: FloatArray = np.where(y < 0, 0.0, special.betainc(size, np.maximum(y, 0) + 1.0, size / (size + mu)))
    return value


def pmf(count: ArrayLike, mean: ArrayLike, k: ArrayLike) -> FloatArray:
    """Return ``P(Y = count)`` for whole counts of zero or more."""
    y = np.asarray(count, dtype=float)
    mu, size = np.asarray(mean, dtype=float), 1.0 / np.maximum(k, LEAST_DISPERSION)
    log = (
        special.gammaln(y + size)
        - special.gammaln(size)
        - special.gammaln(y + 1.0)
        + special.xlogy(y, mu / (size + mu))
        - size * np.log1p(mu / size)
    )
    value: FloatArray = np.exp(log)
    return value


def quantile(probability: ArrayLike, mean: ArrayLike, k: ArrayLike) -> FloatArray:
    """Return the smallest count whose distribution function reaches ``probability``.

    Bisection over whole numbers; exact, and the same shape as the broadcast arguments.

    Raises
    ------
    ValueError
        If a probability is not inside (0, 1).
    """
    p, mu, disp = np.broadcast_arrays(np.asarray(probability, float), np.asarray(mean, float), np.asarray(k, float))
    if not bool(((p > 0) & (p < 1)).all()):
        raise ValueError("probabilities must lie inside (0, 1)")
    low = np.full(p.shape, -1.0)
    spread = np.sqrt(mu + disp * mu**2)
    high = np.ceil(mu + 4.0 * spread + 4.0)
    while bool((short := cdf(high, mu, disp) < p).any()):
        low = np.where(short, high, low)
        high = np.where(short, 2.0 * high, high)
    while bool((high - low > 1).any()):
        middle = np.floor((low + high) / 2.0)
        below = cdf(middle, mu, disp) < p
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    whole: FloatArray = high
    return whole


def dispersion(counts: FloatArray, means: FloatArray, start: float = 0.1) -> float:
    """Estimate ``k`` from out-of-sample residuals by pseudo-likelihood.

    Solves ``k = sum w (s - mu) / sum w mu^2`` with ``w = mu^2 / (mu + k mu^2)^2`` (the normal estimating equation of a
    variance function; Davidian and Carroll, J. Am. Stat. Assoc. 1987;82:1079) and ``s`` the squared residuals,
    winsorised without bias (:func:`winsorised_squares`).

    Parameters
    ----------
    counts, means
        Same shape; pairs with NaN are left out.
    start
        Where the iteration begins.

    Returns
    -------
    float
        At least 1e-6 (a Poisson), at most 20.
    """
    use = ~(np.isnan(counts) | np.isnan(means)) & (means > 0)
    y, mu = counts[use], means[use]
    if y.size == 0:
        return LEAST_DISPERSION
    mu2 = mu**2
    k = max(start, 1e-3)
    for _ in range(ITERATIONS):
        weight = mu2 / (mu + k * mu2) ** 2
        excess = winsorised_squares(y, mu, k) - mu
        new = float(np.clip((weight * excess).sum() / (weight * mu2).sum(), LEAST_DISPERSION, GREATEST_DISPERSION))
        if abs(new - k) < TOLERANCE * k:
            return new
        k = new
    return k


def shape_of(counts: FloatArray, means: FloatArray) -> float:
    """Return the gamma shape ``a`` of counts around their means: ``Var(y) = mu + mu^2 / a``."""
    return bounded_shape(dispersion(counts, means))


def bounded_shape(k: float) -> float:
    """Return ``1 / k``, to 1e-6, with ``k`` from 0.001 to 20: what hardly differs is not taken for what does not."""
    return round(1.0 / float(np.clip(k, LEAST_SPREAD, GREATEST_DISPERSION)), 6)


def winsorised_squares(counts: FloatArray, means: FloatArray, k: float) -> FloatArray:
    """Return squared residuals cut where they exceed the usual noise, over the share of the variance that is left.

    Where ``k`` is right their mean is the variance, so that the cut takes from a break, and not from the usual noise.

    Parameters
    ----------
    counts, means
        Same shape, means positive.
    k
        Dispersion at which variance and share are taken.
    """
    cut = np.minimum(np.abs(counts - means), _reach(means, k)) ** 2
    ends = np.log(max(float(means.min(initial=1e6)), 1e-6)), np.log(max(float(means.max(initial=0.0)), 1e-6))
    grid = np.exp(np.linspace(*ends, GRID))
    squares: FloatArray = cut / np.interp(means, grid, _share_left(grid, k))
    return squares


def _reach(means: FloatArray, k: float) -> FloatArray:
    """Return the greatest residual that counts in full."""
    reach: FloatArray = np.sqrt(WINSOR * (means + k * means**2)) + WINSOR_COUNTS
    return reach


def _share_left(mu: FloatArray, k: float) -> FloatArray:
    """Return ``E min((Y - mu)^2, reach^2) / V`` by partial moments of the negative binomial."""
    size = 1.0 / max(k, LEAST_DISPERSION)
    variance = mu + k * mu**2
    p = size / (size + mu)
    reach = _reach(mu, k)
    low, high = np.ceil(mu - reach) - 1.0, np.floor(mu + reach)

    def below(count: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the probability, first and second factorial moment of what lies at or under ``count``."""
        moments = [
            np.where(count >= order, special.betainc(size + order, np.maximum(count - order, 0.0) + 1.0, p), 0.0)
            for order in (0, 1, 2)
        ]
        return moments[0], mu * moments[1], mu**2 * (1.0 + 1.0 / size) * moments[2]

    (p0, p1, p2), (q0, q1, q2) = below(low), below(high)
    inside = q0 - p0
    square = (q2 - p2) + (1.0 - 2.0 * mu) * (q1 - p1) + mu**2 * inside
    share: FloatArray = (square + reach**2 * (1.0 - inside)) / variance
    return np.clip(share, 0.1, 1.0)


def crps(counts: ArrayLike, means: ArrayLike, k: ArrayLike) -> FloatArray:
    """Return the continuous ranked probability score ``sum_x (F(x) - 1{y <= x})^2``; smaller is better.

    ``E|Y - y| - E|Y - Y'| / 2``. The first term by partial expectations of the negative binomial; the second, whose
    closed form is ``mu (1 + k mu) 2F1(1 + 1 / k, 1 / 2; 2; -4 k mu (1 + k mu))`` (Wei and Held, TEST 2014;23:787), by
    the integral over the characteristic function that this is (:func:`_half_difference`); right to 1e-8 of it.

    Parameters
    ----------
    counts, means, k
        Broadcast together; NaN counts give NaN. Means positive.
    """
    y, mu, disp = np.broadcast_arrays(np.asarray(counts, float), np.asarray(means, float), np.asarray(k, float))
    out = np.full(y.shape, np.nan)
    known = ~np.isnan(y)
    y, mu, disp = y[known], mu[known], np.maximum(disp[known], LEAST_DISPERSION)
    size = 1.0 / disp
    probability = size / (size + mu)
    below = special.betainc(size, y + 1.0, probability)
    partial = np.where(y > 0, special.betainc(size + 1.0, np.maximum(y, 1.0), probability), 0.0)
    out[known] = y * (2.0 * below - 1.0) - mu * (2.0 * partial - 1.0) - _half_difference(mu, disp)
    return out


def _half_difference(mu: FloatArray, k: FloatArray) -> FloatArray:
    """Return ``E|Y - Y'| / 2`` of two independent counts.

    For whole numbers ``|d| = (1 / 2 pi) int (1 - cos dt) / (1 - cos t) dt``, and ``|phi(t)|^2 = (1 + 2 q (1 - cos
    t))^(-1/k)`` with ``q = k mu (1 + k mu)``; with ``v = tan(t / 2)`` that is ``(1 / 2 pi) int_0^inf (1 - (1 + 4 q v^2
    / (1 + v^2))^(-1/k)) / v^2 dv``, and with ``v = c exp(sinh x)`` the trapezoidal rule converges exponentially.
    """
    q = k * mu * (1.0 + k * mu)
    scale = 1.0 / np.sqrt(1.0 + 4.0 * q / k)
    total = np.zeros(mu.shape)
    for x in np.arange(-_REACH, _REACH + _STEP / 2, _STEP):
        v = scale * np.exp(np.sinh(x))
        square = v**2
        total -= np.expm1(-np.log1p(4.0 * q * square / (1.0 + square)) / k) * (np.cosh(x) / v)
    half: FloatArray = total * _STEP / (2.0 * np.pi)
    return half


@dataclass(frozen=True, eq=False)
class NegativeBinomial:
    """Predictive distributions of counts, one in each place of two arrays of the same shape.

    Parameters
    ----------
    mean, k
        Mean and dispersion, ``Var = mean + k mean^2``.
    """

    mean: FloatArray
    k: FloatArray

    def variance(self) -> FloatArray:
        """Return the variances."""
        wide: FloatArray = self.mean + self.k * self.mean**2
        return wide

    def pmf(self, count: ArrayLike) -> FloatArray:
        """Return ``P(Y = count)``."""
        return pmf(count, self.mean, self.k)

    def cdf(self, count: ArrayLike) -> FloatArray:
        """Return ``P(Y <= count)``."""
        return cdf(count, self.mean, self.k)

    def ppf(self, probability: ArrayLike) -> FloatArray:
        """Return the smallest count whose distribution function reaches ``probability``."""
        return quantile(probability, self.mean, self.k)

    def interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Return the limits between which a count lies with probability ``level``, as much on either side."""
        return self.ppf((1.0 - level) / 2.0), self.ppf((1.0 + level) / 2.0)
