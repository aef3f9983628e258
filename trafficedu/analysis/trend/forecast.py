"""What is to be expected in the months ahead: per area and for all of them, with 80 % and 95 % intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.negative_binomial import quantile
from trafficedu.analysis.trend.model import block_of
from trafficedu.analysis.trend.panel import MONTHS, Panel, active_areas
from trafficedu.analysis.trend.rolling import Rolled, clean_exposure, enough_months, roll, rolling_dispersion
from trafficedu.analysis.trend.short import SHRUNKEN_MEAN, shrunken_mean

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
        Method used: one of ``rolling.METHODS`` or ``shrunken_mean``.
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
        means, k, total_k = _from_mean(panel, horizon, active)
    else:
        means, k, total_k = _from_archive(rolled, horizon, active)
    cap = held[:, -1:] if capped and own else np.full((panel.counts.shape[0], 1), np.inf)
    means = np.minimum(np.where(active[:, None], means, np.nan), cap)
    return Forecast(
        months=tuple(panel.month_name(panel.months + step) for step in range(horizon)),
        areas=_outlook(means, k, cap),
        total=_outlook(means[active].sum(axis=0), total_k, cap[active].sum()),
        active=active,
        method=SHRUNKEN_MEAN if rolled is None else rolled.chosen[-1],
        exposed=own,
        rolled=rolled,
    )


def _from_archive(rolled: Rolled, horizon: int, active: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Take means and dispersions of the chosen method at the last origin; sums have their own dispersion."""
    method = rolled.chosen[-1]
    means = rolled.means[method][-1, :horizon].T
    k = rolled.step_dispersions(method)[-1, :horizon].T
    truth = rolled.truth[:, :, active].sum(axis=2, keepdims=True)
    sums = rolled.means[method][:, :, active].sum(axis=2, keepdims=True)
    total_k = rolling_dispersion(truth, sums, rolled.origins)[-1]
    return means, k, np.array([total_k[block_of(step + 1)] for step in range(horizon)])


def _from_mean(panel: Panel, horizon: int, active: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Hold the shrunken mean; the sum of the areas is treated as one more series."""
    exposure, held, _ = clean_exposure(panel)
    counts = np.nan_to_num(panel.counts, nan=0.0)
    rate, k = shrunken_mean(counts, exposure)
    means = np.repeat((rate * held[:, -1])[:, None], horizon, axis=1)
    complete = ~np.isnan(panel.counts[active]).any(axis=0)
    sums, base = counts[active].sum(axis=0)[complete], exposure[active].sum(axis=0)[complete]
    if not complete.any():
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
