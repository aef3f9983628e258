"""The statement "so many per cent a year", and "the level changed": what may be said of the past. It forecasts nothing.

A level that wanders looks like a trend for years, and so does one that fell once. The slope is therefore averaged
over lines with any degree of noise and wandering (``wandering``), with and without one step anywhere: its interval is
as wide as it has to be as long as these cannot be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from trafficedu.analysis.arrays import BoolArray, FloatArray, IntArray
from trafficedu.analysis.trend.panel import MONTHS
from trafficedu.analysis.trend.wandering import GRID, GRID_PRIOR, Products, products

WINDOW_MONTHS = 36
LEAST_MONTHS = 24
LEAST_COUNTS = 10.0
SLOPE_SPREAD = 0.5
"""Standard deviation of the slopes held possible beforehand, in the logarithm a year."""
STEP_SPREAD = 0.4
STEP_PRIOR = 0.3
"""Probability beforehand that the level changed once within the window."""
STEP_ENDS = 3
"""Months on either side of a step: of fewer it cannot be told from chance."""
STEP_SURE = 0.7
"""Probability from which on the level is said to have changed."""
HEAVIEST = 400
"""Components of the mixture that its quantiles are read from."""


@dataclass(frozen=True, eq=False)
class Slopes:
    """Trends of several series; every array has shape ``(A,)`` and NaN where too little happened.

    Parameters
    ----------
    per_year
        Relative change a year: -0.05 is a fall by 5 %. Where the level changed, the one beside that change.
    low, high
        95 % interval of it.
    falling
        Probability that the trend is downward. Above 0.975 exactly where the interval lies below zero.
    changed
        Month, counted from the first of the series, with which another level began; -1 where none was noticed.
    change, change_low, change_high
        That level over the one before, less one, with its 95 % interval; NaN where none was noticed.
    months
        Months in the window.
    """

    per_year: FloatArray
    low: FloatArray
    high: FloatArray
    falling: FloatArray
    changed: IntArray
    change: FloatArray
    change_low: FloatArray
    change_high: FloatArray
    months: int


@dataclass(frozen=True, eq=False)
class _Posterior:
    """The slope and the step under every pair of the grid and every place of the step; shape ``(A, G, 1 + S)``.

    The first place is that of no step.
    """

    weight: FloatArray
    slope: FloatArray
    slope_variance: FloatArray
    step: FloatArray
    step_variance: FloatArray


def slopes(counts: FloatArray, exposure: FloatArray, level: float = 0.95, window: int = WINDOW_MONTHS) -> Slopes:
    """Describe the last months of each series by ``log E[y_t] = a + b t / 12 + s 1{t >= T} + w_t + log(exposure_t)``.

    ``w`` is a random walk, the counts have a further spread, ``T`` is any month or none; ``b`` is the mean over all of
    these, weighed by the likelihood of the working residuals around the Poisson line and by the priors above. With
    hardly any events the result is that of the Poisson line; with many the question is whether the level moved along a
    line at all. 36 months without a slope are called a trend in at most 7 of 100 series, also where the level wanders
    by 5 % a month or fell once (docs/trend.md has the table, and what a true trend has to be to be seen).

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
    result, changed = np.full((7, counts.shape[0]), np.nan), np.full(counts.shape[0], -1)
    if use.any():
        found = _posterior(y[use], base[use], known[use])
        begun, step = _step(found, level)
        result[:, use] = np.vstack((_quantiles(found, level), step))
        changed[use] = np.where(begun >= 0, begun + counts.shape[1] - y.shape[1], -1)
    per_year, low, high, falling, change, change_low, change_high = result
    return Slopes(per_year, low, high, falling, changed, change, change_low, change_high, y.shape[1])


def _posterior(y: FloatArray, base: FloatArray, known: BoolArray) -> _Posterior:
    """Work out slope and step for every pair of the grid; the Poisson line is where the counts are linearised."""
    months = y.shape[1]
    time = (np.arange(months) - (months - 1) / 2) / MONTHS
    at, mean = _line(y, base, time)
    positive = np.where(known, np.maximum(mean, 1e-9), 1.0)
    residual = np.where(known, (y - mean) / positive, 0.0) + at[:, None] * time
    places = np.arange(STEP_ENDS, months - STEP_ENDS + 1)
    steps = (np.arange(months)[:, None] >= places).astype(float)
    fixed = np.broadcast_to(np.column_stack((time, steps)), (y.shape[0], months, 1 + places.size))
    columns = np.concatenate((residual[:, :, None], fixed), axis=2)
    priors = np.log(np.r_[1.0 - STEP_PRIOR, np.full(places.size, STEP_PRIOR / places.size)])
    parts = []
    for (noise, walk), prior in zip(GRID, GRID_PRIOR, strict=True):
        variance = np.where(known, 1.0 / positive + noise, np.inf)
        log, *moments = _solved(products(columns, variance, walk))
        parts.append((log + priors + np.log(prior), *moments))
    log, slope, slope_variance, step, step_variance = (np.stack(part, axis=1) for part in zip(*parts, strict=True))
    weight = np.exp(log - log.max(axis=(1, 2), keepdims=True))
    weight /= weight.sum(axis=(1, 2), keepdims=True)
    return _Posterior(weight, slope, slope_variance, step, step_variance)


def _solved(sums: Products) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the log likelihood and mean and variance of slope and step, without a step and with each."""
    zz, zt, zs = sums.lead[:, 0, :1], sums.lead[:, 0, 1:2], sums.lead[:, 0, 2:]
    tt, ts, ss = sums.lead[:, 1, 1:2] + SLOPE_SPREAD**-2, sums.lead[:, 1, 2:], sums.square[:, 2:] + STEP_SPREAD**-2
    head = -0.5 * sums.log_determinant[:, None]
    plain = head - 0.5 * (zz - zt**2 / tt) - 0.5 * np.log(tt * SLOPE_SPREAD**2)
    determinant = tt * ss - ts**2
    slope, step = (ss * zt - ts * zs) / determinant, (tt * zs - ts * zt) / determinant
    explained = zt * slope + zs * step
    stepped = head - 0.5 * (zz - explained) - 0.5 * np.log(determinant * SLOPE_SPREAD**2 * STEP_SPREAD**2)
    return (
        np.hstack((plain, stepped)),
        np.hstack((zt / tt, slope)),
        np.hstack((1.0 / tt, ss / determinant)),
        np.hstack((np.zeros_like(tt), step)),
        np.hstack((np.zeros_like(tt), tt / determinant)),
    )


def _line(y: FloatArray, base: FloatArray, time: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fit the Poisson lines of all series at once by Newton's method, the level profiled out, slopes held back.

    Returns the slopes and the means.
    """
    slope, total = np.zeros(y.shape[0]), y.sum(axis=1)
    for _ in range(60):
        mean = base * np.exp(slope[:, None] * time)
        mean *= (total / mean.sum(axis=1))[:, None]
        centre = (mean * time).sum(axis=1) / total
        information = (mean * (time - centre[:, None]) ** 2).sum(axis=1) + SLOPE_SPREAD**-2
        step = (((y - mean) * time).sum(axis=1) - slope * SLOPE_SPREAD**-2) / information
        slope = slope + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-10:
            break
    return slope, mean


def _quantiles(found: _Posterior, level: float) -> FloatArray:
    """Return the median change a year, its interval and the probability of a fall.

    By bisection of the mixture's distribution function, its faintest components (of 930) left out.
    """
    series = found.weight.shape[0]
    flat = [part.reshape(series, -1) for part in (found.weight, found.slope, found.slope_variance)]
    heaviest = np.argpartition(-flat[0], min(HEAVIEST, flat[0].shape[1]) - 1, axis=1)[:, :HEAVIEST]
    weight, mean, variance = (np.take_along_axis(part, heaviest, axis=1) for part in flat)
    weight /= weight.sum(axis=1, keepdims=True)
    spread = np.sqrt(variance)
    centre = (weight * mean).sum(axis=1)
    reach = 12.0 * np.sqrt((weight * (variance + (mean - centre[:, None]) ** 2)).sum(axis=1))
    tail = (1.0 - level) / 2.0
    bounds = np.zeros((3, series))
    for row, probability in enumerate((0.5, tail, 1.0 - tail)):
        low, high = centre - reach, centre + reach
        for _ in range(24):
            middle = (low + high) / 2.0
            below = (weight * special.ndtr((middle[:, None] - mean) / spread)).sum(axis=1) < probability
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        bounds[row] = (low + high) / 2.0
    falling = (weight * special.ndtr(-mean / spread)).sum(axis=1)
    return np.vstack((np.expm1(bounds), falling))


def _step(found: _Posterior, level: float) -> tuple[IntArray, FloatArray]:
    """Return the month of the likeliest step, -1 where none is likely enough, and the change with its interval."""
    by_place = found.weight[:, :, 1:].sum(axis=1)
    sure = by_place.sum(axis=1) >= STEP_SURE
    weight = found.weight[:, :, 1:] / np.maximum(by_place.sum(axis=1), 1e-300)[:, None, None]
    mean = (weight * found.step[:, :, 1:]).sum(axis=(1, 2))
    square = (weight * (found.step[:, :, 1:] ** 2 + found.step_variance[:, :, 1:])).sum(axis=(1, 2))
    reach = special.ndtri(0.5 + level / 2.0) * np.sqrt(np.maximum(square - mean**2, 0.0))
    change = np.expm1(np.stack((mean, mean - reach, mean + reach)))
    return np.where(sure, by_place.argmax(axis=1) + STEP_ENDS, -1), np.where(sure, change, np.nan)
