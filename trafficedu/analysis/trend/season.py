"""How much busier each month of the year is than the average month: of the pool, and of each area beside it."""

from __future__ import annotations

import numpy as np

from trafficedu.analysis.arrays import FloatArray, IntArray
from trafficedu.analysis.trend.panel import MONTHS

LEAST_RATIO = 0.05


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
    centred = centred_rate((ratio * weight)[None], weight[None])[0]
    observed = np.bincount(month_of_year, weights=ratio * weight, minlength=MONTHS)
    level = np.bincount(month_of_year, weights=centred * weight, minlength=MONTHS)
    index = np.divide(
        observed + prior_counts, level + prior_counts, out=np.ones(MONTHS), where=level + prior_counts > 0
    )
    mean = float(index.mean())
    return index / mean if mean > 0 else np.ones(MONTHS)


def centred_rate(counts: FloatArray, exposure: FloatArray) -> FloatArray:
    """Return the centred 12-month rate (13 terms, the outer two half; at the ends the nearest); shape ``(A, T)``.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``, at least 13 months; both 0 where the count is unknown.
    """
    half = MONTHS // 2
    inner = []
    for series in (counts, exposure):
        sums = np.cumsum(np.pad(series, ((0, 0), (1, 0))), axis=1)
        whole = sums[:, MONTHS:] - sums[:, :-MONTHS]
        inner.append(0.5 * (whole[:, :-1] + whole[:, 1:]))
    seen, base = inner
    rate = np.divide(seen, base, out=np.zeros_like(seen), where=base > 1e-12)
    return np.pad(rate, ((0, 0), (half, half)), mode="edge")


def own_seasons(
    counts: FloatArray, exposure: FloatArray, month_of_year: IntArray, season: FloatArray, prior: FloatArray
) -> FloatArray:
    """Estimate by how much each area's months of the year differ from the pooled index.

    ``ratio[a, m] = (Y + n) / (E + n)`` with ``Y`` the counts of the area in calendar month ``m`` and ``E`` those
    expected in these months from its centred 12-month rate and the pooled index; scaled so that the year keeps its
    sum. ``n`` are counts towards the pooled index: a gamma posterior with mean 1 before.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``; exposure times the pooled index, both 0 where the count is unknown.
    month_of_year
        Shape ``(T,)``, 0 = January.
    season
        The pooled index, shape ``(12,)``.
    prior
        Shape ``(N, A)``, positive: ``n`` in as many strengths; infinite for the pooled index alone.

    Returns
    -------
    ndarray
        Shape ``(N, A, 12)``, positive; ones with under 13 months.
    """
    areas, months = counts.shape
    if months <= MONTHS:
        return np.ones((*prior.shape, MONTHS))
    in_month = (month_of_year[:, None] == np.arange(MONTHS)).astype(float)
    expected = exposure * centred_rate(counts, exposure)
    excess = (counts - expected) @ in_month
    weighed = expected @ in_month + prior[:, :, None]
    ratio = 1.0 + np.divide(excess, weighed, out=np.zeros_like(weighed), where=np.isfinite(weighed))
    ratio = np.maximum(ratio, LEAST_RATIO)
    scaled: FloatArray = ratio * (season.sum() / (ratio @ season))[:, :, None]
    return scaled


def row_noise(month_of_year: IntArray, counts: FloatArray, expected: FloatArray) -> float:
    """Return the variance over mean of pooled monthly counts around their own month of the year, at least 1.

    Parameters
    ----------
    month_of_year, counts, expected
        Shape ``(R,)``, expected positive.
    """
    seen = np.bincount(month_of_year, counts, MONTHS)
    base = np.bincount(month_of_year, expected, MONTHS)
    mean = expected * (seen / np.where(base > 0, base, 1.0))[month_of_year]
    use = mean > 0
    spare = max(int(use.sum()) - MONTHS, 3)
    return max(1.0, float(((counts[use] - mean[use]) ** 2 / mean[use]).sum() / spare))
