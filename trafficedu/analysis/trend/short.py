"""Series too short for a trend: one shrunken mean per area, and intervals as wide as so little allows."""

from __future__ import annotations

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.negative_binomial import LEAST_DISPERSION, dispersion
from trafficedu.analysis.trend.level import between_area_prior

SHRUNKEN_MEAN = "shrunken_mean"


def shrunken_mean(counts: FloatArray, exposure: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each area's rate, shrunk to the pool by empirical Bayes, and its predictive dispersion.

    ``rate = (y + n) / (e + n / m)`` with pool rate ``m`` (half a count added, so that it is never zero) and
    prior count ``n`` from the spread between areas; ``k`` is the dispersion of the months around it plus
    ``1 / (y + n)`` for the rate itself being uncertain.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``; both 0 where the count is unknown; some exposure must be positive.

    Returns
    -------
    rate, k : ndarray
        Shape ``(A,)``, positive.
    """
    y, e = counts.sum(axis=1), exposure.sum(axis=1)
    pool = (y.sum() + 0.5) / e.sum()
    if counts.shape[0] == 1:
        rate, information = np.array([pool]), y + 0.5
    else:
        weight = between_area_prior(y, e, np.asarray(pool))
        rate, information = (y + weight * pool) / (e + weight), y + weight * pool
    mean = rate[:, None] * exposure
    use = mean > 0
    k = dispersion(counts[use], mean[use])
    return rate, np.maximum(k + 1.0 / information, LEAST_DISPERSION)
