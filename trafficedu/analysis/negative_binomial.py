"""The negative binomial predictive distribution: ``Var = mu + k mu^2``, Poisson at ``k = 0``.

Parametrised by its mean ``mu`` and dispersion ``k``; every function broadcasts over both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from trafficedu.analysis.arrays import FloatArray, IntArray

LEAST_DISPERSION = 1e-6
"""Below this the distribution is a Poisson for every purpose, and the formulas stay finite."""
GREATEST_DISPERSION = 20.0
EXACT_MEAN = 40.0
"""Up to this mean the CRPS is summed over the support; above it one term is a gamma approximation."""
WINSOR = 12.0
"""Squared residuals count at most this many variances, so that one break is not taken for the usual noise."""


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

    Solves ``k = sum w ((y - mu)^2 - mu) / sum w mu^2`` with ``w = mu^2 / (mu + k mu^2)^2`` (the normal
    estimating equation of a variance function; Davidian and Carroll, J. Am. Stat. Assoc. 1987;82:1079),
    squared residuals winsorised at 12 variances.

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
    square, mu2 = (y - mu) ** 2, mu**2
    k = max(start, 1e-3)
    for _ in range(12):
        variance = mu + k * mu2
        weight = mu2 / variance**2
        excess = np.minimum(square, WINSOR * variance) - mu
        new = float(np.clip((weight * excess).sum() / (weight * mu2).sum(), LEAST_DISPERSION, GREATEST_DISPERSION))
        if abs(new - k) < 1e-3 * k:
            return new
        k = new
    return k


def crps(counts: ArrayLike, means: ArrayLike, k: ArrayLike) -> FloatArray:
    """Return the continuous ranked probability score ``sum_x (F(x) - 1{y <= x})^2``; smaller is better.

    Means up to 40 are summed over the support. Above, ``E|Y - y| - E|Y - Y'| / 2`` is used: the first term is
    exact (partial expectations of the negative binomial), the second that of a gamma with the same mean and
    variance, right to about one part in a thousand.

    Parameters
    ----------
    counts, means, k
        Broadcast together; NaN counts give NaN.
    """
    y, mu, disp = np.broadcast_arrays(np.asarray(counts, float), np.asarray(means, float), np.asarray(k, float))
    out = np.full(y.shape, np.nan)
    known = ~np.isnan(y)
    small = known & (mu <= EXACT_MEAN)
    large = known & (mu > EXACT_MEAN)
    out[small] = _crps_by_sum(y[small], mu[small], np.maximum(disp[small], LEAST_DISPERSION))
    out[large] = _crps_by_moments(y[large], mu[large], np.maximum(disp[large], LEAST_DISPERSION))
    return out


def _crps_by_sum(y: FloatArray, mu: FloatArray, k: FloatArray) -> FloatArray:
    """Sum the score over the support by recurrence; finished rows drop out on the way."""
    score = np.zeros(y.size)
    rows: IntArray = np.arange(y.size)
    size = 1.0 / k
    odds = mu / (size + mu)
    p = np.exp(-size * np.log1p(mu / size))
    distribution = p.copy()
    for x in range(100_000):
        done = (1.0 - distribution < 1e-5) & (x > y)
        if x % 8 == 7 and done.any():
            keep = ~done
            rows, y, size, odds = rows[keep], y[keep], size[keep], odds[keep]
            p, distribution = p[keep], distribution[keep]
        if rows.size == 0:
            break
        score[rows] += (distribution - (y <= x)) ** 2
        p = p * odds * (x + size) / (x + 1.0)
        distribution = distribution + p
    return score


def _crps_by_moments(y: FloatArray, mu: FloatArray, k: FloatArray) -> FloatArray:
    """Score large means in closed form."""
    size = 1.0 / k
    probability = size / (size + mu)
    below = special.betainc(size, y + 1.0, probability)
    partial = np.where(y > 0, special.betainc(size + 1.0, np.maximum(y, 1.0), probability), 0.0)
    distance = y * (2.0 * below - 1.0) - mu * (2.0 * partial - 1.0)
    shape = mu / (1.0 + k * mu)
    half_gini = mu * np.exp(special.gammaln(shape + 0.5) - special.gammaln(shape + 1.0)) / np.sqrt(np.pi)
    score: FloatArray = distance - half_gini
    return score
