"""The statement "so many per cent a year": a log-linear slope with an interval. It forecasts nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.trend.panel import MONTHS

WINDOW_MONTHS = 36
LEAST_MONTHS = 24
LEAST_COUNTS = 10.0
MOST_CORRELATION = 0.6


@dataclass(frozen=True, eq=False)
class Slopes:
    """Trends of several series; every array has shape ``(A,)`` and NaN where too little happened.

    Parameters
    ----------
    per_year
        Relative change a year: -0.05 is a fall by 5 %.
    low, high
        95 % interval of it.
    falling
        Probability that the trend is downward.
    dispersion
        Variance over mean of the counts around the line, autocorrelation included, at least 1.
    months
        Months in the window.
    """

    per_year: FloatArray
    low: FloatArray
    high: FloatArray
    falling: FloatArray
    dispersion: FloatArray
    months: int


def slopes(counts: FloatArray, exposure: FloatArray, level: float = 0.95, window: int = WINDOW_MONTHS) -> Slopes:
    """Fit ``log E[y_t] = a + b t / 12 + log(exposure_t)`` to the last months of each series.

    Quasi-Poisson: the variance of ``b`` is the Poisson one times ``phi (1 + r) / (1 - r)``, with ``phi`` the
    Pearson dispersion (at least 1) and ``r`` the first autocorrelation of the residuals, corrected for its
    bias and kept in [0, 0.6]; the quantile is Student's with the months less two. The statement holds for a
    level that moves along a line; one that wanders or breaks is described by it, not predicted.

    Parameters
    ----------
    counts
        Shape ``(A, T)``, NaN where unknown.
    exposure
        Shape ``(A, T)``: exposure times month index; positive where the count is known.
    level
        Confidence level.
    window
        Months used, the last ones.

    Returns
    -------
    Slopes
        All NaN with under 24 known months or under 10 counts in the window.
    """
    y, base = counts[:, -window:], exposure[:, -window:]
    known: BoolArray = ~np.isnan(y) & (base > 0)
    y, base = np.where(known, y, 0.0), np.where(known, base, 0.0)
    use = (known.sum(axis=1) >= LEAST_MONTHS) & (y.sum(axis=1) >= LEAST_COUNTS)
    time = (np.arange(y.shape[1]) - (y.shape[1] - 1) / 2) / MONTHS
    result = np.full((5, counts.shape[0]), np.nan)
    if use.any():
        slope, variance, mean = _fit(y[use], base[use], time)
        phi = _dispersion(y[use], mean, known[use])
        degrees = known[use].sum(axis=1) - 2
        error = np.sqrt(phi * variance)
        reach = special.stdtrit(degrees, 0.5 + level / 2) * error
        bounds = np.clip(np.stack((slope, slope - reach, slope + reach)), -50.0, 50.0)
        result[:, use] = np.vstack((np.expm1(bounds), special.stdtr(degrees, -slope / error), phi))
    per_year, low, high, falling, dispersion = result
    return Slopes(per_year, low, high, falling, dispersion, y.shape[1])


def _fit(y: FloatArray, base: FloatArray, time: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Solve the Poisson equations of all series at once by Newton's method, the level profiled out."""
    slope = np.zeros(y.shape[0])
    total = y.sum(axis=1)
    for _ in range(60):
        weight = base * np.exp(slope[:, None] * time)
        weight *= (total / weight.sum(axis=1))[:, None]
        centre = (weight * time).sum(axis=1) / total
        information = (weight * (time - centre[:, None]) ** 2).sum(axis=1)
        step = ((y - weight) * time).sum(axis=1) / np.maximum(information, 1e-12)
        slope = np.clip(slope + np.clip(step, -1.0, 1.0), -20.0, 20.0)
        if np.abs(step).max() < 1e-10:
            break
    return slope, 1.0 / np.maximum(information, 1e-12), weight


def _dispersion(y: FloatArray, mean: FloatArray, known: BoolArray) -> FloatArray:
    """Return the Pearson dispersion times the inflation by autocorrelated residuals; shape ``(A,)``."""
    residual = np.where(known, (y - mean) / np.sqrt(np.where(known, np.maximum(mean, 1e-12), 1.0)), 0.0)
    months = known.sum(axis=1)
    square = (residual**2).sum(axis=1)
    phi = np.maximum(square / (months - 2), 1.0)
    raw = (residual[:, 1:] * residual[:, :-1]).sum(axis=1) / np.maximum(square, 1e-12)
    correlation = np.clip(raw + 2.0 / months, 0.0, MOST_CORRELATION)
    significant = correlation > 2.0 / np.sqrt(months)
    correlation = np.where(significant, correlation, 0.0)
    inflated: FloatArray = phi * (1.0 + correlation) / (1.0 - correlation)
    return inflated
