"""What is to be expected in the months ahead: per area and for all of them, with 80 % and 95 % intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.negative_binomial import quantile
from trafficedu.analysis.trend.model import block_of
from trafficedu.analysis.trend.panel import MONTHS, Panel, active_areas
from trafficedu.analysis.trend.rolling import (
    LEAST_MONTHS,
    STACK,
    Rolled,
    clean_exposure,
    enough_months,
    roll,
)
from trafficedu.analysis.trend.short import SHRUNKEN_MEAN, shrunken_mean
from trafficedu.analysis.trend.watch import OPEN, SMALL, STAYS_FOR, LevelChange

INTERVALS = (0.80, 0.95)


@dataclass(frozen=True, eq=False)
class ExpectedCounts:
    """Expected counts with intervals; every array has shape ``(A, H)``, or ``(H,)`` for all areas together.

    Parameters
    ----------
    expected
        Mean of the predictive distribution.
    low_80, high_80, low_95, high_95
        Its quantiles, whole counts.
    """

    expected: FloatArray
    low_80: FloatArray
    high_80: FloatArray
    low_95: FloatArray
    high_95: FloatArray


@dataclass(frozen=True, eq=False)
class Forecast:
    """The forecast of a panel.

    Parameters
    ----------
    months
        Names of the months ahead, ``YYYY-MM``, length ``H``.
    areas
        Shape ``(A, H)``; NaN for areas that have ended.
    total
        Shape ``(H,)``: all areas that still report, their common ups and downs included.
    active
        Shape ``(A,)``: which areas still report.
    method
        ``stack``, or ``shrunken_mean`` with under 24 months.
    weights
        Method -> its weight in the stack; empty without one.
    changes
        Jumps of all areas together in the last year that stay, or of which nobody can tell yet.
    exposed
        Whether the exposure of the panel was used.
    rolled
        The archive behind it, for the backtest; ``None`` with under 24 months.
    """

    months: tuple[str, ...]
    areas: ExpectedCounts
    total: ExpectedCounts
    active: BoolArray
    method: str
    weights: dict[str, float]
    changes: tuple[LevelChange, ...]
    exposed: bool
    rolled: Rolled | None


def forecast(panel: Panel, horizon: int = MONTHS, *, capped: bool = False) -> Forecast:
    """Forecast the next months of a panel.

    Parameters
    ----------
    panel
        Counts, with exposure and covariates where there are any.
    horizon
        Months ahead, 1 to 36.
    capped
        Whether counts cannot exceed the exposure: failures (not completed on time, bare heads) out of a
        denominator. Expected counts and limits then stop at the denominator last known.

    Raises
    ------
    ValueError
        If the horizon is out of range or no count is known.
    """
    if not 1 <= horizon <= 3 * MONTHS:
        raise ValueError("the horizon must lie between 1 and 36 months")
    if np.isnan(panel.counts).all():
        raise ValueError("no count is known")
    active = active_areas(panel.counts)
    _, held, own = clean_exposure(panel)
    rolled = roll(panel, horizon) if enough_months(panel) else None
    if rolled is None:
        means, k, total_k = held_mean(panel, horizon, active)
    else:
        means, k, total_k = _from_archive(rolled, horizon, active)
    cap = held[:, -1:] if capped and own else np.full((panel.counts.shape[0], 1), np.inf)
    means = np.minimum(np.where(active[:, None], means, np.nan), cap)
    return Forecast(
        months=tuple(panel.month_name(panel.months + step) for step in range(horizon)),
        areas=_outlook(means, k, cap),
        total=_outlook(means[active].sum(axis=0), total_k, cap[active].sum()),
        active=active,
        method=SHRUNKEN_MEAN if rolled is None else STACK,
        weights={} if rolled is None else rolled.shares(),
        changes=() if rolled is None else _recent(rolled.changes, panel.months),
        exposed=own,
        rolled=rolled,
    )


@dataclass(frozen=True, eq=False)
class OneStep:
    """What the month before expected of the last month: negative binomial, ``Var = mu + k mu^2``.

    Parameters
    ----------
    mean, k
        Shape ``(A,)``: of each area; NaN where the month before knew of no exposure or had no forecast.
    total_mean, total_k
        Of all areas together that report in the last month, their common ups and downs included.
    rolled
        The archive it was taken from, for other months and horizons.
    """

    mean: FloatArray
    k: FloatArray
    total_mean: float
    total_k: float
    rolled: Rolled


def one_step_ahead(panel: Panel) -> OneStep | None:
    """Say what was to be expected of the last month of a panel, as it was known one month before.

    The place of the month's count in this distribution (:mod:`trafficedu.analysis.negative_binomial`) says how
    unusual the month is: level, season and noise of the area are all in it, and nothing of the month itself.

    Parameters
    ----------
    panel
        Counts, with exposure and covariates where there are any.

    Returns
    -------
    OneStep or None
        ``None`` with under 24 months before the last one.
    """
    if panel.months <= LEAST_MONTHS or not enough_months(panel.until(panel.months - 1)):
        return None
    rolled = roll(panel, MONTHS)
    mean, k = rolled.means[STACK][-2, 0], rolled.step_dispersions(STACK)[-2, 0]
    known = ~np.isnan(panel.counts[:, -1]) & active_areas(panel.counts[:, :-1])
    total_k = float(rolled.sum_dispersion(known)[-2, 0])
    return OneStep(np.where(known, mean, np.nan), np.where(known, k, np.nan), float(mean[known].sum()), total_k, rolled)


def _from_archive(rolled: Rolled, horizon: int, active: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Take means and dispersions of the stack at the last origin; sums have their own dispersion."""
    means = rolled.means[STACK][-1, :horizon].T
    k = rolled.step_dispersions(STACK)[-1, :horizon].T
    total_k = rolled.sum_dispersion(active)[-1]
    return means, k, np.array([total_k[block_of(step + 1)] for step in range(horizon)])


def _recent(changes: tuple[LevelChange, ...], months: int) -> tuple[LevelChange, ...]:
    """Return the jumps of the last year that are worth a word."""
    return tuple(
        change
        for change in changes
        if months - change.month <= STAYS_FOR and change.stays >= OPEN and abs(change.size - 1.0) > SMALL
    )


def held_mean(panel: Panel, horizon: int, active: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Hold the shrunken mean; the sum of the areas is treated as one more series.

    Parameters
    ----------
    panel
        Any number of months.
    horizon
        Months ahead, ``H``.
    active
        Shape ``(A,)``: areas that make the total.

    Returns
    -------
    means, k, total_k : ndarray
        Shapes ``(A, H)``, ``(A, 1)``, ``(H,)``.
    """
    exposure, held, _ = clean_exposure(panel)
    counts = np.nan_to_num(panel.counts, nan=0.0)
    rate, k = shrunken_mean(counts, exposure)
    means = np.repeat((rate * held[:, -1])[:, None], horizon, axis=1)
    complete = ~np.isnan(panel.counts[active]).any(axis=0)
    sums, base = counts[active].sum(axis=0)[complete], exposure[active].sum(axis=0)[complete]
    if not base.any():  # no area goes on, or no month is known of all that do
        sums, base = counts.sum(axis=0), exposure.sum(axis=0)
    _, total_k = shrunken_mean(sums[None, :], base[None, :])
    return means, k[:, None], np.repeat(total_k, horizon)


def _outlook(means: FloatArray, k: FloatArray, cap: FloatArray | float) -> ExpectedCounts:
    """Put intervals around means; NaN stays NaN."""
    known = ~np.isnan(means)
    limits = []
    for level in INTERVALS:
        for probability in ((1 - level) / 2, (1 + level) / 2):
            count = quantile(probability, np.where(known, means, 1.0), k)
            limits.append(np.where(known, np.minimum(count, cap), np.nan))
    return ExpectedCounts(means, *limits)
