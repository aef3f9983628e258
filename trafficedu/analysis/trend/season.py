"""The pooled month index: how much busier each month of the year is than the average month."""

from __future__ import annotations

import numpy as np

from trafficedu.analysis.arrays import FloatArray, IntArray
from trafficedu.analysis.trend.panel import MONTHS


def pooled_rate(counts: FloatArray, exposure: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each month's pooled count relative to the areas' own means, and the count then expected.

    An area's expectation is its mean rate times its exposure, so that areas which come or go do not look
    like a season.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``; exposure is 0 where the count is NaN.

    Returns
    -------
    ratio, expected : ndarray
        Shape ``(T,)``; the ratio is 1 where nothing is expected.
    """
    total = exposure.sum(axis=1)
    rate = np.divide(np.nansum(counts, axis=1), total, out=np.zeros_like(total), where=total > 0)
    expected = rate @ exposure
    ratio = np.divide(np.nansum(counts, axis=0), expected, out=np.ones_like(expected), where=expected > 0)
    return ratio, expected


def month_index(
    counts: FloatArray, exposure: FloatArray, month_of_year: IntArray, prior_counts: float = 0.0
) -> FloatArray:
    """Estimate the pooled month index by the ratio to a centred 12-month mean.

    ``index[m] = (sum_t w r + q) / (sum_t w c + q)`` over the months ``t`` of calendar month ``m``, with
    ``r`` the pooled ratio, ``c`` its centred 12-month mean (13 terms, the outer two half; the nearest one
    within six months of the ends), ``w`` the expected count and ``q`` the prior count; then scaled to mean 1.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``; exposure is 0 where the count is NaN.
    month_of_year
        Shape ``(T,)``, 0 = January.
    prior_counts
        Counts towards an index of 1; 0 gives the plain ratio.

    Returns
    -------
    ndarray
        Shape ``(12,)``, mean 1; all ones with less than 13 months.
    """
    ratio, weight = pooled_rate(counts, exposure)
    if ratio.size <= MONTHS or weight.sum() <= 0:
        return np.ones(MONTHS)
    kernel = np.r_[0.5, np.ones(MONTHS - 1), 0.5] / MONTHS
    inner = np.convolve(ratio * weight, kernel, "valid") / np.maximum(np.convolve(weight, kernel, "valid"), 1e-12)
    centred = np.pad(inner, MONTHS // 2, mode="edge")
    observed = np.bincount(month_of_year, weights=ratio * weight, minlength=MONTHS)
    level = np.bincount(month_of_year, weights=centred * weight, minlength=MONTHS)
    index = np.divide(
        observed + prior_counts, level + prior_counts, out=np.ones(MONTHS), where=level + prior_counts > 0
    )
    mean = float(index.mean())
    return index / mean if mean > 0 else np.ones(MONTHS)
