"""Rate ratios of covariates: associations beside the trend, never causes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from trafficedu.analysis.arrays import FloatArray, IntArray
from trafficedu.analysis.trend import level
from trafficedu.analysis.trend.drivers import within_area_scores
from trafficedu.analysis.trend.model import SEASON_PRIOR, SETTLING_MONTHS
from trafficedu.analysis.trend.season import month_index

NOTHING: tuple[None, None, None] = (None, None, None)
CLUSTERS = 10
"""From this many areas on, the interval allows for any correlation within an area."""


@dataclass(frozen=True)
class Association:
    """How the count moves with a covariate of the month before.

    Parameters
    ----------
    name
        The covariate.
    step
        One standard deviation within areas, in the covariate's own unit.
    rate_ratio, low, high
        Ratio of expected counts for one such step up, with its 95 % interval; ``None`` where the covariate
        never moves, is hardly known, or cannot be told apart from the others.
    known
        Share of the area-months with a known or carried value.
    """

    name: str
    step: float
    rate_ratio: float | None
    low: float | None
    high: float | None
    known: float


def associations(
    counts: FloatArray, exposure: FloatArray, month_of_year: IntArray, covariates: Mapping[str, FloatArray]
) -> tuple[Association, ...]:
    """Estimate rate ratios of covariates lagged by one month, beside level and season.

    Poisson regression ``log E[y] = log(e L s) + a + z b`` with ``L`` the discounted level of the months
    before and ``z`` the within-area scores of the month before; sandwich variance by area from ten areas on,
    else quasi-Poisson.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``; both 0 where the count is unknown.
    month_of_year
        Shape ``(T,)``.
    covariates
        Name -> shape ``(A, T)``, NaN where unknown.
    """
    if not covariates:
        return ()
    scores, steps = within_area_scores(covariates)
    share = [float((~np.isnan(values)).mean()) for values in covariates.values()]
    season = month_index(counts, exposure, month_of_year, SEASON_PRIOR)
    adjusted = exposure * season[month_of_year]
    weights = np.array([[candidate == (0.95, 16.0) for candidate in level.CANDIDATES]], dtype=float)
    discounts = (*level.discounts_of(weights), level.UNDISCOUNTED)
    states = level.discounted_states(counts, adjusted, np.zeros(counts.shape, dtype=bool), discounts)
    path = level.level_paths(states, level.slow_rates(states), np.ones(counts.shape[0]), weights)[0].T
    target = slice(SETTLING_MONTHS, None)
    mean = (adjusted * path[:, :-1])[:, target]
    lagged = scores[:, :, SETTLING_MONTHS - 1 : -1]
    area = np.broadcast_to(np.arange(counts.shape[0])[:, None], mean.shape)
    use = mean > 0
    moving = [i for i, step in enumerate(steps) if step > 0 and (lagged[i][use] != 0).any()]
    ratios: dict[int, tuple[float, float, float]] = {}
    design = np.column_stack([np.ones(int(use.sum())), *(lagged[i][use] for i in moving)])
    if moving and design.shape[0] > 2 * design.shape[1] and counts.sum() > 0:
        ratios = _fitted(design, counts[:, target][use], mean[use], area[use], moving)
    found = []
    for i, name in enumerate(covariates):
        ratio, low, high = ratios.get(i, NOTHING)
        found.append(Association(name, float(steps[i]), ratio, low, high, share[i]))
    return tuple(found)


def _fitted(
    design: FloatArray, y: FloatArray, offset: FloatArray, area: IntArray, moving: list[int]
) -> dict[int, tuple[float, float, float]]:
    """Fit by Newton's method and return ratio and limits of the covariates that can be told apart."""
    if np.linalg.matrix_rank(design, tol=1e-6 * np.sqrt(design.shape[0])) < design.shape[1]:
        return {}
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        mu = offset * np.exp(np.clip(design @ beta, -20.0, 20.0))
        information: FloatArray = design.T @ (design * mu[:, None])
        step = np.linalg.lstsq(information, design.T @ (y - mu), rcond=None)[0]
        beta = beta + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-9:
            break
    bread = np.linalg.pinv(information)
    areas = np.unique(area)
    if areas.size >= CLUSTERS:
        sums = np.zeros((int(area.max()) + 1, design.shape[1]))
        np.add.at(sums, area, design * (y - mu)[:, None])
        covariance: FloatArray = bread @ (sums.T @ sums) @ bread * areas.size / (areas.size - 1)
        quantile = float(special.stdtrit(areas.size - 1, 0.975))
    else:
        spare = y.size - design.shape[1]
        phi = max(1.0, float(((y - mu) ** 2 / np.maximum(mu, 1e-9)).sum() / spare))
        covariance = np.asarray(bread * phi, dtype=float)
        quantile = float(special.stdtrit(spare, 0.975))
    reach = quantile * np.sqrt(np.diag(covariance))
    low, ratio, high = (np.exp(np.clip(beta + sign * reach, -20.0, 20.0)) for sign in (-1, 0, 1))
    return {i: (float(ratio[j]), float(low[j]), float(high[j])) for j, i in enumerate(moving, start=1)}
