"""A series whose level wanders: least squares on the log scale, for every degree of noise and of wandering at once.

With expected counts ``mu_t`` the working residual is ``(y_t - mu_t) / mu_t``. Its noise has variance ``1 / mu_t + k``
(Poisson, and a further spread of months); around it the log level walks at random with variance ``q`` a month from a
beginning that is free. ``k`` and ``q`` are not known and cannot be told well from three years: everything is worked out
for each pair of a grid and weighed by how likely the pair makes the series, so that "perhaps it only wandered" is never
left out. (Local level model: Durbin and Koopman, Time Series Analysis by State Space Methods, 2nd ed. 2012, ch. 2 and
5; averaging over the variances instead of one estimate, since that estimate is zero far too often.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trafficedu.analysis.arrays import FloatArray

NOISES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4)
NOISE_PRIOR = (0.35, 0.2, 0.15, 0.15, 0.1, 0.05)
DRIFTS = (0.0, 0.02, 0.04, 0.08, 0.14)
"""Standard deviations of the change of the log level in a month."""
DRIFT_PRIOR = (0.2, 0.2, 0.25, 0.2, 0.15)
GRID = tuple((noise, drift**2) for noise in NOISES for drift in DRIFTS)
"""Every pair ``(k, q)``."""
GRID_PRIOR = np.outer(NOISE_PRIOR, DRIFT_PRIOR).ravel()
AHEAD_PRIOR = np.outer(NOISE_PRIOR, (0.1, 0.12, 0.2, 0.3, 0.28)).ravel()
"""The prior where a level is carried on: to take it for steady though it wanders is the graver mistake there."""


@dataclass(frozen=True, eq=False)
class Products:
    """Sums over the months, weighed by the inverse covariance, the free beginning taken out.

    Parameters
    ----------
    lead
        Shape ``(A, 2, C)``: products of the first two columns with every column (of the only one with itself).
    square
        Shape ``(A, C)``: of every column with itself.
    log_determinant
        Shape ``(A,)``, of the covariance, the free beginning integrated out.
    """

    lead: FloatArray
    square: FloatArray
    log_determinant: FloatArray


def products(columns: FloatArray, variance: FloatArray, walk: float) -> Products:
    """Run the filter of the local level over all columns of all series at once.

    Parameters
    ----------
    columns
        Shape ``(A, T, C)``.
    variance
        Shape ``(A, T)``: of the noise; infinite where the month is unknown.
    walk
        ``q``, variance of the change of the level in a month.
    """
    series, months, width = columns.shape
    level, spread = np.zeros((series, width)), np.full(series, np.inf)
    lead, square, log_determinant = (
        np.zeros((series, min(2, width), width)),
        np.zeros((series, width)),
        np.zeros(series),
    )
    for t in range(months):
        known, noise = np.isfinite(variance[:, t]), np.where(np.isfinite(variance[:, t]), variance[:, t], 1.0)
        begun = np.isfinite(spread)
        before = np.where(begun, spread + walk, 0.0)
        total = before + noise
        gain = np.where(known, np.where(begun, before / total, 1.0), 0.0)
        use = known & begun
        innovation = columns[:, t] - level
        weighed = innovation * np.where(use, 1.0 / total, 0.0)[:, None]
        lead += innovation[:, :2, None] * weighed[:, None, :]
        square += innovation * weighed
        log_determinant += np.where(use, np.log(total), 0.0)
        level += gain[:, None] * innovation
        spread = np.where(known, np.where(begun, before * noise / total, noise), np.where(begun, before, np.inf))
    return Products(lead, square, log_determinant)


def grid_weights(residual: FloatArray, means: FloatArray) -> FloatArray:
    """Return how likely each pair of :data:`GRID` is, one pair for all series; shape ``(G,)``, sum 1.

    Parameters
    ----------
    residual
        Shape ``(A, T)``: working residuals ``(y - mu) / mu``, NaN where unknown.
    means
        Shape ``(A, T)``: ``mu``.
    """
    known = ~np.isnan(residual) & (means > 0)
    columns = np.where(known, residual, 0.0)[:, :, None]
    poisson = 1.0 / np.where(known, means, 1.0)
    log = np.log(AHEAD_PRIOR)
    for place, (noise, walk) in enumerate(GRID):
        sums = products(columns, np.where(known, poisson + noise, np.inf), walk)
        log[place] -= 0.5 * float((sums.square[:, 0] + sums.log_determinant).sum())
    weight = np.exp(log - log.max())
    shares: FloatArray = weight / weight.sum()
    return shares


@dataclass(frozen=True, eq=False)
class Path:
    """The log level of one series, beginning free.

    Parameters
    ----------
    level
        Shape ``(T,)``: the level in each month, all of them known; its mean weighed by what was expected is 0.
    end, end_variance
        The level expected of the months after, and its variance.
    """

    level: FloatArray
    end: float
    end_variance: float


def wander_ahead(shares: FloatArray) -> float:
    """Return by how many monthly steps the mean of the coming months varies around the end of the last month.

    Months weigh as ``shares``; step ``j`` is in all months from ``j`` on: ``sum_j (sum_{h >= j} s_h / sum s)^2``.
    """
    later = np.cumsum(shares[::-1])[::-1] / shares.sum()
    return float((later**2).sum())


def path(counts: FloatArray, means: FloatArray, shares: FloatArray) -> Path:
    """Follow the level of one series by the best linear predictor, averaged over the grid.

    Parameters
    ----------
    counts, means
        Shape ``(T,)``; ``means`` positive, of the same sum.
    shares
        Shape ``(H,)``: weights of the months after.
    """
    residual = (counts - means) / means
    months, ahead = np.arange(counts.size) + 1.0, wander_ahead(shares)
    weights = grid_weights(residual[None], means[None])
    level, ends, variances = np.zeros(counts.size), np.zeros(weights.size), np.zeros(weights.size)
    for place, (noise, walk) in enumerate(GRID):
        shared = walk * np.minimum.outer(months, months)
        inverse = np.linalg.inv(np.diag(1.0 / means + noise) + shared)
        total = float(inverse.sum())
        beginning = float((inverse @ residual).sum()) / total
        own = beginning + shared @ inverse @ (residual - beginning)
        level += weights[place] * own
        ends[place] = own[-1]
        reached = shared[-1]
        missing = 1.0 - float((inverse @ reached).sum())
        variances[place] = walk * (months[-1] + ahead) - float(reached @ inverse @ reached) + missing**2 / total
    end = float(weights @ ends)
    centre = float(means @ level) / float(means.sum())
    return Path(level - centre, end - centre, float(weights @ (variances + (ends - end) ** 2)))
