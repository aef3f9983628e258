"""The simple methods every model has to beat: they are run beside it and chosen when they are better."""

from __future__ import annotations

import numpy as np

from trafficedu.analysis.arrays import FloatArray, IntArray
from trafficedu.analysis.trend.panel import MONTHS
from trafficedu.analysis.trend.season import month_index

NAIVE_METHODS = ("seasonal_naive", "mean_12", "mean_12_season", "mean_36_season")


def recent_rate(counts: FloatArray, exposure: FloatArray, window: int) -> FloatArray:
    """Return counts over exposure in the last ``window`` months; shape ``(A,)``.

    An area without a known month in the window takes its whole history, one without any the pool's rate.
    """
    total = exposure.sum()
    pool = np.nansum(counts) / total if total > 0 else 0.0
    rate = np.full(counts.shape[0], pool)
    for columns in (slice(None), slice(-window, None)):
        base = exposure[:, columns].sum(axis=1)
        np.divide(np.nansum(counts[:, columns], axis=1), base, out=rate, where=base > 0)
    return rate


def same_month_last_year(
    counts: FloatArray, exposure: FloatArray, future_exposure: FloatArray, fallback: FloatArray
) -> FloatArray:
    """Return the seasonal naive forecast: the last known count of the same month, scaled by exposure.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``.
    future_exposure
        Shape ``(H, A)``.
    fallback
        Rate used where the month a year (two, three ... years) before is unknown; shape ``(A,)``.

    Returns
    -------
    ndarray
        Shape ``(H, A)``.
    """
    months = counts.shape[1]
    out = future_exposure * fallback
    for step in range(future_exposure.shape[0]):
        back = months + step - MONTHS * (step // MONTHS + 1)
        if back >= 0:
            rate = counts[:, back] / np.where(exposure[:, back] > 0, exposure[:, back], 1.0)
            out[step] = np.where(np.isnan(rate), out[step], rate * future_exposure[step])
    return out


def naive_means(
    counts: FloatArray,
    exposure: FloatArray,
    future_exposure: FloatArray,
    month_of_year: IntArray,
    future_month: IntArray,
) -> dict[str, FloatArray]:
    """Forecast by each simple method.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``; exposure 0 where the count is NaN.
    future_exposure
        Shape ``(H, A)``.
    month_of_year, future_month
        Calendar months of the past ``(T,)`` and of the horizons ``(H,)``.

    Returns
    -------
    dict
        Method -> expected counts, shape ``(H, A)``.
    """
    season = month_index(counts, exposure, month_of_year)
    seasonal_exposure = exposure * season[month_of_year]
    future_season = season[future_month][:, None] * future_exposure
    mean_12 = recent_rate(counts, exposure, MONTHS)
    return {
        "seasonal_naive": same_month_last_year(counts, exposure, future_exposure, mean_12),
        "mean_12": future_exposure * mean_12,
        "mean_12_season": future_season * recent_rate(counts, seasonal_exposure, MONTHS),
        "mean_36_season": future_season * recent_rate(counts, seasonal_exposure, 3 * MONTHS),
    }
