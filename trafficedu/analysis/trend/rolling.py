"""Every method's forecasts from every origin, how wide they have to be, and which method the past chooses.

All that is decided at an origin rests on months before it: the means, the dispersion of each method and block
of horizons, and the choice. The same archive serves the forecast (the last origin) and the backtest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trafficedu.analysis.arrays import BoolArray, FloatArray, IntArray
from trafficedu.analysis.negative_binomial import crps, dispersion
from trafficedu.analysis.trend.model import BLOCK_ENDS, VALIDATED, RollingModel, block_of
from trafficedu.analysis.trend.naive import NAIVE_METHODS, naive_means
from trafficedu.analysis.trend.panel import (
    MONTHS,
    Panel,
    calendar_months,
    carried_forward,
    usable_exposure,
)
from trafficedu.analysis.trend.profile import one_thread

METHODS = ("model", *NAIVE_METHODS)
LEAST_MONTHS = 24
"""Below this no method is chosen: the shrunken mean is used, and said."""
FIRST_ORIGIN = 13
ARCHIVE_MONTHS = 108
"""Origins further back than this are not rolled: they would weigh next to nothing."""
LEAST_MEAN = 0.05
"""Means are kept from zero by this, or by half the mean count where that is less."""
RESIDUAL_MONTHS = 36
RESIDUAL_CELLS = 20_000
CHOICE_HALF_LIFE = 24.0
CHOICE_MARGIN = 0.97
"""A simple method replaces the model when its past score is at most this share of the model's."""
CHOICE_ORIGINS = 6
SHORT, LONG = (0, 1, 2), (3, 5, 7, 11)
"""Steps (horizon - 1) whose scores decide, in two halves of equal weight."""


@dataclass(frozen=True, eq=False)
class Rolled:
    """The archive of rolling-origin forecasts.

    Parameters
    ----------
    origins
        Shape ``(O,)``: months known at each origin, the last is the number of months of the panel.
    truth
        Shape ``(O, H, A)``: what happened, NaN where unknown or in the future.
    means
        Method -> shape ``(O, H, A)``, expected counts; of :data:`METHODS`.
    dispersions
        Method -> shape ``(O, B)``: ``k`` of the predictive distribution in each block of horizons.
    chosen
        Method the rule chooses at each origin, length ``O``.
    exposed
        Whether the exposure of the panel was used.
    breaks
        Shape ``(A, T)``: months at whose end the model noticed a break in an area's level.
    """

    origins: IntArray
    truth: FloatArray
    means: dict[str, FloatArray]
    dispersions: dict[str, FloatArray]
    chosen: tuple[str, ...]
    exposed: bool
    breaks: BoolArray

    @property
    def horizon(self) -> int:
        """Months ahead, ``H``."""
        return int(self.truth.shape[1])

    def step_dispersions(self, method: str) -> FloatArray:
        """Return ``k`` of ``method`` at every origin and horizon, shape ``(O, H, 1)``."""
        blocks = [block_of(step + 1) for step in range(self.horizon)]
        return self.dispersions[method][:, blocks][:, :, None]


def least_mean(counts: FloatArray) -> float:
    """Return what means are kept from zero by; positive also where nothing ever happened."""
    cells = max(int((~np.isnan(counts)).sum()), 1)
    return min(LEAST_MEAN, 0.5 * (float(np.nansum(counts)) + 0.5) / cells)


def enough_months(panel: Panel) -> bool:
    """Tell whether a method can be chosen: at least 24 months in which some count is known."""
    return int((~np.isnan(panel.counts)).any(axis=0).sum()) >= LEAST_MONTHS


def clean_exposure(panel: Panel) -> tuple[FloatArray, FloatArray, bool]:
    """Return the exposure to fit with, the one held for the future, and whether it is the panel's own.

    Returns
    -------
    exposure : ndarray
        Shape ``(A, T)``, 0 where the count is unknown.
    held : ndarray
        Shape ``(A, T)``: last known exposure at each month, for forecasts from the next.
    own : bool
        False when the panel has none or has gaps that cannot be filled: both are then 1.
    """
    known = ~np.isnan(panel.counts)
    usable = usable_exposure(panel)
    if usable is None:
        return known.astype(float), np.ones(panel.counts.shape), False
    held = np.nan_to_num(carried_forward(usable, limit=panel.months), nan=0.0)
    return np.where(known, usable, 0.0), held, True


def roll(panel: Panel, horizon: int) -> Rolled:
    """Forecast by every method from every origin of the panel.

    Parameters
    ----------
    panel
        At least 24 months.
    horizon
        Months ahead; at least 12 are rolled, since the choice looks that far.

    Raises
    ------
    ValueError
        If the panel has under 24 months.
    """
    if panel.months < LEAST_MONTHS:
        raise ValueError(f"{panel.months} months are too few, {LEAST_MONTHS} are needed")
    steps = max(horizon, MONTHS)
    exposure, held, own = clean_exposure(panel)
    counts = np.nan_to_num(panel.counts, nan=0.0)
    origins = np.arange(max(FIRST_ORIGIN, panel.months - ARCHIVE_MONTHS), panel.months + 1)
    month = calendar_months(panel.first_month, 0, panel.months + steps)
    model = RollingModel(counts, exposure, panel.first_month, steps, panel.covariates)
    shape = (origins.size, steps, counts.shape[0])
    means = {method: np.empty(shape) for method in METHODS}
    with one_thread():
        for row, origin in enumerate(origins):
            ahead = np.broadcast_to(held[:, origin - 1], shape[1:])
            past, future = panel.counts[:, :origin], month[origin : origin + steps]
            floor = least_mean(past)
            simple = naive_means(past, exposure[:, :origin], ahead, month[:origin], future)
            for method, mean in {"model": model.issue(int(origin), ahead), **simple}.items():
                means[method][row] = np.maximum(mean, floor)
    truth = _truth(panel.counts, origins, steps)
    dispersions = {method: rolling_dispersion(truth, mean, origins) for method, mean in means.items()}
    rolled = Rolled(origins, truth, means, dispersions, (), own, model.breaks)
    return Rolled(origins, truth, means, dispersions, _choices(rolled, panel.counts), own, model.breaks)


def _truth(counts: FloatArray, origins: IntArray, steps: int) -> FloatArray:
    """Line up what happened with what was forecast."""
    padded = np.hstack((counts, np.full((counts.shape[0], steps), np.nan)))
    return np.stack([padded[:, origin : origin + steps].T for origin in origins])


def rolling_dispersion(truth: FloatArray, means: FloatArray, origins: IntArray) -> FloatArray:
    """Estimate ``k`` at each origin and block from the residuals known by then.

    Residuals of the last 36 origins whose target month lies before the origin; without any the next shorter
    block's
    ``k``, at the first origin 0.1.

    Parameters
    ----------
    truth, means
        Shape ``(O, H, A)``.
    origins
        Shape ``(O,)``, consecutive.

    Returns
    -------
    ndarray
        Shape ``(O, B)``.
    """
    out = np.full((origins.size, len(BLOCK_ENDS)), 0.1)
    for row in range(1, origins.size):
        for block, horizons in enumerate(VALIDATED):
            seen, mean = [], []
            for h in horizons:
                first, last = max(row - RESIDUAL_MONTHS, 0), row - h + 1
                seen.append(truth[first : max(last, first), h - 1].ravel())
                mean.append(means[first : max(last, first), h - 1].ravel())
            y, mu = np.concatenate(seen), np.concatenate(mean)
            stride = max(1, y.size // RESIDUAL_CELLS)
            if np.isfinite(y).sum() >= CHOICE_ORIGINS:
                out[row, block] = dispersion(y[::stride], mu[::stride], start=float(out[row - 1, block]))
            else:
                out[row, block] = out[row - 1, 0] if block == 0 else out[row, block - 1]
    return out


def _choices(rolled: Rolled, counts: FloatArray) -> tuple[str, ...]:
    """Choose a method at each origin by the CRPS of forecasts whose months had become known."""
    steps = SHORT + LONG
    score = np.stack(
        [crps(rolled.truth[:, steps], rolled.means[m][:, steps], rolled.step_dispersions(m)[:, steps]) for m in METHODS]
    )
    known = np.isfinite(score)
    total, cells = np.where(known, score, 0.0).sum(axis=3), known.sum(axis=3)
    fresh = _freshly_broken(rolled.breaks, counts, rolled.origins)
    fresh |= np.array([not np.nansum(counts[:, :origin]) for origin in rolled.origins])
    chosen = []
    for row in range(rolled.origins.size):
        age = row - np.arange(rolled.origins.size)[:, None] - np.array(steps)
        weight = np.where(age > 0, 0.5 ** (np.maximum(age, 0) / CHOICE_HALF_LIFE), 0.0)
        chosen.append(METHODS[0] if fresh[row] else _choice(total, cells, weight))
    return tuple(chosen)


def _freshly_broken(breaks: BoolArray, counts: FloatArray, origins: IntArray) -> BoolArray:
    """Tell at which origins areas with half of the counts had a break in the last year."""
    volume = np.nansum(counts, axis=1)
    share = volume @ breaks / max(float(volume.sum()), 1.0)
    return np.array([share[max(origin - MONTHS, 0) : origin].sum() >= 0.5 for origin in origins])


def _choice(total: FloatArray, cells: FloatArray, weight: FloatArray) -> str:
    """Return the best method by the mean of its short and long scores relative to the model's."""
    relative = np.zeros(len(METHODS))
    for half in (slice(0, len(SHORT)), slice(len(SHORT), None)):
        base = (weight * cells[0])[:, half].sum()
        if base == 0:
            return METHODS[0]
        mean = (weight * total)[:, :, half].sum(axis=(1, 2)) / base
        if mean[0] <= 0:
            return METHODS[0]
        relative += 0.5 * mean / mean[0]
    best = int(np.argmin(relative))
    return METHODS[best] if relative[best] < CHOICE_MARGIN else METHODS[0]
