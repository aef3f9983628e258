"""Every method's forecasts from every origin, how wide they have to be, and how the past weighs them.

All that is decided at an origin rests on months before it: the means, the dispersion of each method and block of
horizons, and the weights of the stack. The same archive serves the forecast (the last origin) and the backtest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from trafficedu.analysis.arrays import BoolArray, FloatArray, IntArray
from trafficedu.analysis.trend.model import BLOCK_ENDS, VALIDATED, RollingModel, block_of
from trafficedu.analysis.trend.naive import NAIVE_METHODS, naive_means
from trafficedu.analysis.trend.panel import (
    MONTHS,
    Panel,
    calendar_months,
    carried_forward,
    usable_exposure,
)
from trafficedu.analysis.trend.spread import area_dispersions, rolling_dispersion
from trafficedu.analysis.trend.watch import SMALL, STAYS_FOR, LevelChange, doubt_of

METHODS = ("model", *NAIVE_METHODS)
STACK = "stack"
STACKED = ("model", "mean_12_season", "mean_36_season")
"""Methods whose weighted mean is used; the others are only run beside it."""
LEAST_MONTHS = 24
"""Below this nothing is weighed: the shrunken mean is used, and said."""
FIRST_ORIGIN = 13
ARCHIVE_MONTHS = 108
"""Origins further back than this are not rolled: they would weigh next to nothing."""
HISTORY_MONTHS = ARCHIVE_MONTHS + 60
"""Months further back than this are not looked at."""
LEAST_MEAN = 0.05
"""Means are kept from zero by this, or by half the mean count where that is less."""
STACK_HALF_LIFE = 36.0
STACK_TEMPERATURE = 7.0
"""A method's weight falls to a third when its past loss exceeds the best one's by the noise of so many months: the
weights stay near to equal until the past is clear."""
BROKEN_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Rolled:
    """The archive of rolling-origin forecasts.

    Parameters
    ----------
    origins
        Shape ``(O,)``: months known at each origin, the last is the number of months of the panel.
    truth
        Shape ``(O, H, A)``: what happened, NaN where unknown or in the future.
    learnt
        The same without months across a jump from their origin: what dispersions and weights rest on.
    means
        Method -> shape ``(O, H, A)``, expected counts; of :data:`METHODS` and ``stack``, which is used.
    used
        Shape ``(O, B, A)``: ``k`` of the stack in each block of horizons.
    weights
        Shape ``(O, B, M)``: of :data:`STACKED` in the stack.
    doubts
        Shape ``(O,)``: relative variance of every forecast from recent jumps; part of the stack's dispersions.
    changes
        The jumps of all areas together, as judged at the last origin.
    exposed
        Whether the exposure of the panel was used.
    breaks
        Shape ``(A, T)``: months at whose end the model noticed a break in an area's level.
    """

    origins: IntArray
    truth: FloatArray
    learnt: FloatArray
    means: dict[str, FloatArray]
    used: FloatArray
    weights: FloatArray
    doubts: FloatArray
    changes: tuple[LevelChange, ...]
    exposed: bool
    breaks: BoolArray

    @property
    def horizon(self) -> int:
        """Months ahead, ``H``."""
        return int(self.truth.shape[1])

    def dispersions(self, method: str, since: int = 0) -> FloatArray:
        """Return ``k`` of ``method`` in each block of horizons from the origin in row ``since`` on.

        That of the stack is at hand; that of the other methods, one for all areas, is worked out when it is asked for.

        Returns
        -------
        ndarray
            Shape ``(O - since, B, A)``.
        """
        if method == STACK:
            return self.used[since:]
        pooled = rolling_dispersion(self.learnt, self.means[method], self.origins, since)
        return np.repeat(pooled[since:, :, None], self.truth.shape[2], axis=2)

    def step_dispersions(self, method: str, since: int = 0) -> FloatArray:
        """Return the same at every horizon, shape ``(O - since, H, A)``."""
        blocks = [block_of(step + 1) for step in range(self.horizon)]
        return self.dispersions(method, since)[:, blocks]

    def sum_dispersion(self, areas: BoolArray, method: str = STACK) -> FloatArray:
        """Return ``k`` of the sum of some areas at every origin and block, their common ups and downs included.

        Parameters
        ----------
        areas
            Shape ``(A,)``.
        method
            Which method.

        Returns
        -------
        ndarray
            Shape ``(O, B)``.
        """
        truth = self.learnt[:, :, areas].sum(axis=2, keepdims=True)
        sums = self.means[method][:, :, areas].sum(axis=2, keepdims=True)
        return widened(rolling_dispersion(truth, sums, self.origins), self.doubts[:, None])

    def shares(self) -> dict[str, float]:
        """Return the weights of the methods at the last origin, over the months of a year ahead."""
        months = np.diff((0, *BLOCK_ENDS)) / BLOCK_ENDS[-1]
        return {name: float(share) for name, share in zip(STACKED, months @ self.weights[-1], strict=True)}


def widened(k: FloatArray, doubt: FloatArray) -> FloatArray:
    """Return the dispersion of a count whose mean is itself uncertain by a relative variance ``doubt``."""
    wide: FloatArray = k * (1.0 + doubt) + doubt
    return wide


def least_mean(counts: FloatArray) -> float:
    """Return what means are kept from zero by; positive also where nothing ever happened."""
    cells = max(int((~np.isnan(counts)).sum()), 1)
    return min(LEAST_MEAN, 0.5 * (float(np.nansum(counts)) + 0.5) / cells)


def enough_months(panel: Panel) -> bool:
    """Tell whether methods can be weighed: at least 24 months in which some count is known."""
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
        Months ahead; at least 12 are rolled, since the weights look that far.

    Raises
    ------
    ValueError
        If the panel has under 24 months.
    """
    if panel.months < LEAST_MONTHS:
        raise ValueError(f"{panel.months} months are too few, {LEAST_MONTHS} are needed")
    if (skipped := panel.months - HISTORY_MONTHS) > 0:
        return _later(roll(panel.since(skipped), horizon), skipped)
    steps = max(horizon, MONTHS)
    origins = np.arange(max(FIRST_ORIGIN, panel.months - ARCHIVE_MONTHS), panel.months + 1)
    means, model, doubts, alone = _issued(panel, origins, steps)
    truth = _truth(panel.counts, origins, steps)
    target = origins[:, None] + np.arange(steps)
    across = np.zeros(target.shape, dtype=bool)
    for change in model.watch.changes:
        across |= (origins[:, None] <= change.month) & (change.month <= target)
    learnt = np.where(across[:, :, None], np.nan, truth)
    alone |= _freshly_broken(model.breaks, panel.counts, origins)
    alone |= np.array([not np.nansum(panel.counts[:, :origin]) for origin in origins])
    weights = _stack_weights(learnt, np.stack([means[method] for method in STACKED]), alone)
    means[STACK] = _stacked(means, weights, steps)
    pooled = rolling_dispersion(learnt, means[STACK], origins)
    used = widened(area_dispersions(learnt, means[STACK], pooled), doubts[:, None, None])
    changes, exposed = tuple(model.watch.changes), clean_exposure(panel)[2]
    return Rolled(origins, truth, learnt, means, used, weights, doubts, changes, exposed, model.breaks)


def _later(rolled: Rolled, skipped: int) -> Rolled:
    """Return the archive of a panel whose first months were left out, in the whole panel's months."""
    changes = tuple(replace(change, month=change.month + skipped) for change in rolled.changes)
    breaks = np.pad(rolled.breaks, ((0, 0), (skipped, 0)))
    return replace(rolled, origins=rolled.origins + skipped, changes=changes, breaks=breaks)


def _issued(
    panel: Panel, origins: IntArray, steps: int
) -> tuple[dict[str, FloatArray], RollingModel, FloatArray, BoolArray]:
    """Let every method forecast from every origin.

    Returns
    -------
    means
        Method -> shape ``(O, H, A)``.
    model
        The model after the last origin.
    doubts
        Shape ``(O,)``, see :class:`Rolled`.
    moved
        Shape ``(O,)``: whether all areas together left their level in the year before.
    """
    # scikit-learn takes two seconds and 170 MB to load, and the web app starts without it.
    from trafficedu.analysis.trend.profile import one_thread  # noqa: PLC0415 - see above

    exposure, held, _ = clean_exposure(panel)
    counts = np.nan_to_num(panel.counts, nan=0.0)
    month = calendar_months(panel.first_month, 0, panel.months + steps)
    model = RollingModel(counts, exposure, panel.first_month, steps, panel.covariates)
    shape = (origins.size, steps, counts.shape[0])
    means = {method: np.empty(shape) for method in METHODS}
    doubts, moved = np.zeros(origins.size), np.zeros(origins.size, dtype=bool)
    with one_thread():
        for row, origin in enumerate(origins):
            ahead = np.broadcast_to(held[:, origin - 1], shape[1:])
            past, future = panel.counts[:, :origin], month[origin : origin + steps]
            floor = least_mean(past)
            simple = naive_means(past, exposure[:, :origin], ahead, month[:origin], future)
            for method, mean in {"model": model.issue(int(origin), ahead), **simple}.items():
                means[method][row] = np.maximum(mean, floor)
            doubts[row] = doubt_of(model.watch.changes, int(origin))
            moved[row] = _moved(model.watch.changes, int(origin))
    return means, model, doubts, moved


def _truth(counts: FloatArray, origins: IntArray, steps: int) -> FloatArray:
    """Line up what happened with what was forecast."""
    padded = np.hstack((counts, np.full((counts.shape[0], steps), np.nan)))
    return np.stack([padded[:, origin : origin + steps].T for origin in origins])


def _moved(changes: list[LevelChange], origin: int) -> bool:
    """Tell whether all areas together left their level in the last year, so that longer means are behind."""
    return any(origin - change.month <= STAYS_FOR and abs(change.moved - 1.0) > SMALL for change in changes)


def _freshly_broken(breaks: BoolArray, counts: FloatArray, origins: IntArray) -> BoolArray:
    """Tell at which origins areas with half of the counts had a break in the last year."""
    volume = np.nansum(counts, axis=1)
    share = volume @ breaks / max(float(volume.sum()), 1.0)
    return np.array([share[max(origin - MONTHS, 0) : origin].sum() >= BROKEN_SHARE for origin in origins])


def _stack_weights(learnt: FloatArray, means: FloatArray, alone: BoolArray) -> FloatArray:
    """Weigh the methods at each origin and block by the Poisson loss of forecasts whose months had become known.

    ``exp(-loss / T)``, ``T`` the loss that the noise of :data:`STACK_TEMPERATURE` months makes: overdispersion of the
    model's residuals times the number of horizons. Older forecasts count half after 36 months.

    Parameters
    ----------
    learnt
        Shape ``(O, H, A)``.
    means
        Shape ``(M, O, H, A)``.
    alone
        Shape ``(O,)``: origins at which the first method is used alone: the past is no judge.

    Returns
    -------
    ndarray
        Shape ``(O, B, M)``.
    """
    known = ~np.isnan(learnt)
    y = np.where(known, learnt, 0.0)
    loss = np.where(known, means - special.xlogy(y, means), 0.0).sum(axis=3)
    chi_square = np.where(known, (y - means[0]) ** 2 / means[0], 0.0).sum(axis=2)
    cells = known.sum(axis=2)
    weights = np.zeros((learnt.shape[0], len(BLOCK_ENDS), means.shape[0]))
    for row in range(learnt.shape[0]):
        for block, horizons in enumerate(VALIDATED):
            total, spread, size = np.zeros(means.shape[0]), 0.0, 0.0
            for h in horizons:
                past = slice(0, max(row - h + 1, 0))
                decay = 0.5 ** ((row - h - np.arange(row - h + 1)) / STACK_HALF_LIFE)
                total += loss[:, past, h - 1] @ decay
                spread += float(chi_square[past, h - 1] @ decay)
                size += float(cells[past, h - 1] @ decay)
            noise = len(horizons) * max(spread / size if size else 1.0, 1.0)
            share = np.exp(-(total - total.min()) / (STACK_TEMPERATURE * noise))
            weights[row, block] = share / share.sum()
    weights[alone] = np.eye(means.shape[0])[0]
    return weights


def _stacked(means: dict[str, FloatArray], weights: FloatArray, steps: int) -> FloatArray:
    """Return the weighted mean of the methods, shape ``(O, H, A)``."""
    by_step = weights[:, [block_of(step + 1) for step in range(steps)]]
    total = np.zeros(means[STACKED[0]].shape)
    for place, method in enumerate(STACKED):
        total += by_step[:, :, place, None] * means[method]
    return total
