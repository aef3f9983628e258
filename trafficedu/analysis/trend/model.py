"""The trend model: a dynamic level as the offset of a pooled Poisson regression.

It is settled by its own past forecasts. At every origin the model knows only the months before it. Horizons
fall into blocks; each block has its own weights of the candidate levels and its own variant of the profile,
after the earlier forecasts of those horizons (rolling-origin validation inside the training part).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from trafficedu.analysis.arrays import FloatArray, IntArray
from trafficedu.analysis.trend import drivers, level, profile
from trafficedu.analysis.trend.panel import MONTHS, calendar_months
from trafficedu.analysis.trend.season import month_index, pooled_rate

BLOCK_ENDS = (3, 6, 12)
"""Horizons 1-3, 4-6, 7 and beyond; the level of a block is lagged by its end when the profile is fitted."""
VALIDATED = ((1, 2, 3), (4, 6), (8, 12))
"""Horizons whose past forecasts decide for each block."""
HALF_LIFE_MONTHS = 36.0
"""A past forecast counts half as much when it is this old."""
SEASON_PRIOR = 30.0
TREND_MONTHS = 6
TREND_CAP = 0.4
TREND_SCALE = 0.3
"""The recent trend enters at this scale, so that the penalty damps it ten times as hard as the season."""
SETTLING_MONTHS = 6
"""Levels of the first months rest on the prior and teach the profile nothing."""
COVARIATE_MONTHS = 36
"""Covariates are fitted on this many months up to the origin."""


@dataclass(frozen=True)
class Variant:
    """One way to fit the profile.

    Parameters
    ----------
    seasonal
        Whether the month index is part of the offset, so that the fit only corrects it.
    prior_counts
        Penalty in counts; the greatest means the offset as it stands.
    covariates
        Whether lagged covariates take part.
    """

    seasonal: bool
    prior_counts: float
    covariates: bool = False


PLAIN_VARIANTS = (Variant(True, 125.0), Variant(True, 625.0), Variant(True, 1e5), Variant(False, 1e5))
COVARIATE_VARIANTS = (Variant(True, 125.0, True), Variant(True, 625.0, True))
FIRST_VARIANT = 1


def block_of(horizon: int) -> int:
    """Return the block of a horizon (1 is the next month)."""
    return sum(horizon > end for end in BLOCK_ENDS[:-1])


def recent_growth(ratio: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the log ratio of the pool's last six months to the six before, as known after each month.

    Parameters
    ----------
    ratio, weight
        Shape ``(T,)``: deseasonalised pooled ratio and the expected counts it rests on.

    Returns
    -------
    ndarray
        Shape ``(T + 1,)``: entry ``t`` knows the months before ``t``; shrunk by ten counts, 0 where too
        early.
    """
    seen = np.r_[0.0, np.cumsum(ratio * weight)]
    base = np.r_[0.0, np.cumsum(weight)]
    out = np.zeros(ratio.size + 1)
    end = np.arange(2 * TREND_MONTHS, ratio.size + 1)
    middle, start = end - TREND_MONTHS, end - 2 * TREND_MONTHS
    late = (seen[end] - seen[middle] + 10.0) / (base[end] - base[middle] + 10.0)
    early = (seen[middle] - seen[start] + 10.0) / (base[middle] - base[start] + 10.0)
    out[end] = np.clip(np.log(late / early), -TREND_CAP, TREND_CAP)
    return TREND_SCALE * out


@dataclass(frozen=True, eq=False)
class Known:
    """Everything one origin knows, worked out once for all blocks."""

    origin: int
    season: FloatArray
    growth: FloatArray
    states: level.LevelStates
    slow: FloatArray
    inflation: FloatArray
    scores: FloatArray


class RollingModel:
    """Issues forecasts origin by origin and learns from how the earlier ones turned out.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``; counts 0 and exposure 0 where the count is unknown.
    first_month
        ``12 * year + month - 1`` of the first column.
    horizon
        Months ahead, ``H``.
    covariates
        Name -> shape ``(A, T)``, NaN where unknown.
    """

    def __init__(
        self,
        counts: FloatArray,
        exposure: FloatArray,
        first_month: int,
        horizon: int,
        covariates: Mapping[str, FloatArray] | None = None,
    ) -> None:
        self.counts, self.exposure, self.horizon = counts, exposure, horizon
        self.covariates = dict(covariates or {})
        self.variants = PLAIN_VARIANTS + (COVARIATE_VARIANTS if self.covariates else ())
        self.month = calendar_months(first_month, 0, counts.shape[1] + horizon)
        blocks = len(BLOCK_ENDS)
        self.level_loss = np.zeros((blocks, len(level.CANDIDATES)))
        self.variant_loss = np.zeros((blocks, len(self.variants)))
        self.spread = np.zeros((blocks, 2))
        self.weights = np.zeros((blocks, len(level.CANDIDATES)))
        self.variant = [FIRST_VARIANT] * blocks
        self.past_levels: dict[int, tuple[FloatArray, FloatArray]] = {}
        self.past_means: dict[int, FloatArray] = {}
        self.breaks = np.zeros(counts.shape, dtype=bool)

    def issue(self, origin: int, future_exposure: FloatArray) -> FloatArray:
        """Forecast the months ``origin`` ... ``origin + H - 1`` from those before; call with rising origins.

        Parameters
        ----------
        origin
            Number of months known.
        future_exposure
            Shape ``(H, A)``.

        Returns
        -------
        ndarray
            Expected counts, shape ``(H, A)``, positive where the exposure is.
        """
        self._learn(origin - 1)
        known = self._known(origin)
        means = np.empty((len(self.variants), *future_exposure.shape))
        for block, lag in enumerate(BLOCK_ENDS):
            steps = np.array([h for h in range(self.horizon) if block_of(h + 1) == block], dtype=np.intp)
            self.weights[block] = level.candidate_weights(self.level_loss[block], self._temperature(block))
            path = level.level_path(known.states, known.slow, known.inflation, self.weights[block])
            base = future_exposure[steps] * path[:, -1]
            for which, factor in enumerate(self._factors(known, path, lag, self.month[origin + steps])):
                means[which, steps] = factor * base
        self.past_means[origin] = means
        return np.stack([means[self.variant[block_of(h + 1)], h] for h in range(self.horizon)])

    def _known(self, origin: int) -> Known:
        """Estimate season, breaks and discounted sums from the months before ``origin``."""
        counts, exposure, month = self.counts[:, :origin], self.exposure[:, :origin], self.month[:origin]
        season = month_index(counts, exposure, month, SEASON_PRIOR)
        adjusted = exposure * season[month]
        noise = level.one_step_dispersion(counts, adjusted)
        self.breaks = level.noticed_breaks(counts, adjusted, noise)
        states = level.discounted_states(counts, adjusted, self.breaks)
        slow = level.slow_rates(states)
        inflation = 1.0 + noise * slow[:, -1] * exposure[:, -MONTHS:].mean(axis=1)
        self.past_levels[origin] = (level.last_levels(states, slow, inflation), season)
        growth = recent_growth(*pooled_rate(counts, adjusted))
        scores, _ = drivers.within_area_scores({k: v[:, :origin] for k, v in self.covariates.items()})
        return Known(origin, season, growth, states, slow, inflation, scores)

    def _factors(self, known: Known, path: FloatArray, lag: int, ahead: IntArray) -> list[FloatArray]:
        """Return what multiplies the level at the months ``ahead`` in each variant, ``(S, 1 or A)``."""
        target = np.arange(lag - 1 + SETTLING_MONTHS, known.origin)
        earlier = target - lag + 1
        expected = self.exposure[:, target] * path[:, earlier]
        pooled = expected.sum(axis=0)
        rows = pooled > 0
        month, seen = self.month[target], self.counts[:, target].sum(axis=0)
        if rows.sum() <= MONTHS or seen.sum() == 0:
            return [known.season[ahead][:, None]] * len(self.variants)
        noise = profile.row_noise(month[rows], seen[rows], pooled[rows])
        columns: FloatArray = np.column_stack((month.astype(float), known.growth[earlier]))
        factors = []
        for variant in self.variants:
            index = known.season if variant.seasonal else np.ones(MONTHS)
            prior = variant.prior_counts * noise
            if variant.covariates:
                table, y, mean = _area_rows(
                    columns, self.counts[:, target], expected * index[month], known.scores[:, :, earlier - 1]
                )
                coefficients = profile.fit_profile(table, y, mean, prior)
            else:
                coefficients = profile.fit_profile(columns[rows], seen[rows], (pooled * index[month])[rows], prior)
            factors.append(_applied(coefficients, index, known, ahead))
        return factors

    def _temperature(self, block: int) -> float:
        """Return the loss that takes a candidate's weight to a third, with overdispersion and overlap."""
        chi_square, cells = self.spread[block]
        return len(VALIDATED[block]) * max(float(chi_square / cells) if cells else 1.0, 1.0)

    def _learn(self, target: int) -> None:
        """Score what earlier origins said about the month ``target``, which has just become known."""
        decay = 0.5 ** (1.0 / HALF_LIFE_MONTHS)
        for total in (self.level_loss, self.variant_loss, self.spread):
            total *= decay
        seen_in = self.exposure[:, target] > 0
        seen, base = self.counts[seen_in, target], self.exposure[seen_in, target]
        for block, horizons in enumerate(VALIDATED):
            for h in horizons:
                issued = target - h + 1
                if issued not in self.past_levels:
                    continue
                levels, season = self.past_levels[issued]
                expected = base * levels[:, seen_in] * season[self.month[target]]
                self.level_loss[block] += poisson_loss(seen, expected)
                self.variant_loss[block] += poisson_loss(seen, self.past_means[issued][:, h - 1, seen_in])
                mean = np.maximum(self.weights[block] @ expected, 0.05)
                self.spread[block] += ((seen - mean) ** 2 / mean).sum(), seen.size
            if self.variant_loss[block].any():
                self.variant[block] = int(np.argmin(self.variant_loss[block]))
        self.past_levels.pop(target - MONTHS, None)
        self.past_means.pop(target - MONTHS, None)


def _area_rows(
    columns: FloatArray, counts: FloatArray, expected: FloatArray, scores: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Lay out one row per area and month, with the lagged covariates as further columns."""
    last = slice(-COVARIATE_MONTHS, None)
    counts, expected, scores = counts[:, last], expected[:, last], scores[:, :, last]
    shared = np.broadcast_to(columns[last], (counts.shape[0], *columns[last].shape)).reshape(-1, columns.shape[1])
    table = np.hstack((shared, scores.reshape(scores.shape[0], -1).T))
    use = expected.ravel() > 0
    return table[use], counts.ravel()[use], expected.ravel()[use]


def _applied(coefficients: FloatArray, index: FloatArray, known: Known, ahead: IntArray) -> FloatArray:
    """Turn coefficients into factors at the months ``ahead``; the season keeps a yearly mean of 1."""
    year = index * np.exp(profile.YEAR @ coefficients[: profile.SEASON_COLUMNS])
    drift = known.growth[-1] * coefficients[profile.SEASON_COLUMNS]
    slopes = coefficients[profile.SEASON_COLUMNS + 1 :]
    shift = slopes @ known.scores[:, :, -1] if slopes.size else np.zeros(1)
    factors: FloatArray = (year[ahead] / year.mean())[:, None] * np.exp(drift + np.clip(shift, -1.0, 1.0))
    return factors


def poisson_loss(counts: FloatArray, means: FloatArray) -> FloatArray:
    """Return half the Poisson deviance but for a term without the mean, summed over the last axis."""
    loss: FloatArray = (means - special.xlogy(counts, np.maximum(means, 1e-9))).sum(axis=-1)
    return loss
