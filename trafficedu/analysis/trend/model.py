"""The trend model: a dynamic level as the offset of a pooled Poisson regression.

It is settled by its own past forecasts. At every origin the model knows only the months before it. Horizons
fall into blocks; each block has its own weights of the candidate levels and its own variant of the profile,
after the earlier forecasts of those horizons (rolling-origin validation inside the training part).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trafficedu.analysis.arrays import BoolArray, FloatArray, IntArray
from trafficedu.analysis.trend import drivers, level
from trafficedu.analysis.trend.panel import MONTHS, calendar_months
from trafficedu.analysis.trend.season import month_index, own_seasons, pooled_rate, row_noise
from trafficedu.analysis.trend.watch import Watch, spliced

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

BLOCK_ENDS = (3, 6, 12)
"""Horizons 1-3, 4-6, 7 and beyond; the level of a block is lagged by its end when the profile is fitted."""
VALIDATED = ((1, 2, 3), (4, 6), (8, 12))
"""Horizons whose past forecasts decide for each block."""
HALF_LIFE_MONTHS = 36.0
"""A past forecast counts half as much when it is this old."""
SEASON_PRIOR = 30.0
OWN_SEASONS = (np.inf, 200.0, 50.0, 15.0)
"""Counts towards the pooled season, in units of the month's variance over mean; infinite: no season of its own."""
POOL_WORTH = 5.0
"""In weighing an area's candidates the past of all areas together is worth that of so many."""
TREND_MONTHS = 6
TREND_CAP = 0.4
TREND_SCALE = 0.3
"""The recent trend enters at this scale, so that the penalty damps it ten times as hard as the season."""
PATH_SHARE = 0.2
"""The path that the profile is fitted to is that of the weightiest candidates, this share of the greatest or more."""
PROFILE_MONTHS = 108
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
        Penalty in counts; infinite means the offset as it stands.
    covariates
        Whether lagged covariates take part.
    """

    seasonal: bool
    prior_counts: float
    covariates: bool = False


PLAIN_VARIANTS = (Variant(True, 125.0), Variant(True, 625.0), Variant(True, np.inf), Variant(False, np.inf))
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
    """Everything one origin knows, worked out once for all blocks; exposure is brought to the level after jumps."""

    origin: int
    exposure: FloatArray
    season: FloatArray
    growth: FloatArray
    breaks: BoolArray
    inflation: FloatArray
    scores: FloatArray


@dataclass(frozen=True, eq=False)
class Issued:
    """What one origin said, kept until its months have come.

    Parameters
    ----------
    levels, logs
        Shape ``(N, C, A)``: of every candidate, by strength of the own season, and their logarithms.
    own
        Shape ``(N, A, 12)``: ratio to the pooled season.
    season
        Shape ``(12,)``.
    variants
        Shape ``(S, H, A)``: means by each variant of the profile.
    means
        Shape ``(H, A)``: by the variant used.
    """

    levels: FloatArray
    logs: FloatArray
    own: FloatArray
    season: FloatArray
    variants: FloatArray
    means: FloatArray


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
        # scikit-learn takes two seconds and 170 MB to load, and the web app starts without it.
        from trafficedu.analysis.trend.profile import pooled_profile  # noqa: PLC0415 - see above

        self.counts, self.exposure, self.horizon = counts, exposure, horizon
        self.covariates = dict(covariates or {})
        self.variants = PLAIN_VARIANTS + (COVARIATE_VARIANTS if self.covariates else ())
        self.profiles: list[list[Pipeline]] = [[pooled_profile() for _ in self.variants] for _ in BLOCK_ENDS]
        self.month = calendar_months(first_month, 0, counts.shape[1] + horizon)
        blocks, candidates = len(BLOCK_ENDS), (len(OWN_SEASONS), len(level.CANDIDATES), counts.shape[0])
        self.level_loss = np.zeros((blocks, *candidates))
        self.variant_loss = np.zeros((blocks, len(self.variants)))
        self.spread = np.zeros((blocks, 2))
        self.weights = np.zeros((blocks, *candidates))
        self.variant = [FIRST_VARIANT] * blocks
        self.issued: dict[int, Issued] = {}
        self.breaks = np.zeros(counts.shape, dtype=bool)
        self.watch = Watch(counts, exposure > 0)
        self.origin = 0

    def issue(self, origin: int, future_exposure: FloatArray) -> FloatArray:
        """Forecast the months ``origin`` ... ``origin + H - 1`` from those before.

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

        Raises
        ------
        ValueError
            If the origin is not later than that of the call before: the model has already learnt from those months.
        """
        if not self.origin < origin <= self.counts.shape[1]:
            raise ValueError(f"origin {origin} does not come after {self.origin}, or lies beyond the series")
        for target in range(self.origin, origin):
            self._learn(target)
        self.origin = origin
        known = self._known(origin)
        levels, own = self._candidates(known)
        for block in range(len(BLOCK_ENDS)):
            self.weights[block] = self._weights(block)
        paths, since = self._paths(known)
        variants = np.empty((len(self.variants), *future_exposure.shape))
        for block, lag in enumerate(BLOCK_ENDS):
            steps = np.array([h for h in range(self.horizon) if block_of(h + 1) == block], dtype=np.intp)
            ahead = self.month[origin + steps]
            by_season = (self.weights[block] * levels).sum(axis=1)
            base = future_exposure[steps] * np.einsum("na,nam->ma", by_season, own[:, :, ahead])
            for which, factor in enumerate(self._factors(known, (paths[block], since), block, lag, ahead)):
                variants[which, steps] = factor * base
        means = np.stack([variants[self.variant[block_of(h + 1)], h] for h in range(self.horizon)])
        self.issued[origin] = Issued(levels, np.log(np.maximum(levels, 1e-9)), own, known.season, variants, means)
        return means

    def _known(self, origin: int) -> Known:
        """Estimate season, breaks and discounted sums from the months before ``origin``."""
        counts, month = self.counts[:, :origin], self.month[:origin]
        exposure = spliced(self.exposure[:, :origin], self.watch.changes)
        season = month_index(counts, exposure, month, SEASON_PRIOR)
        adjusted = exposure * season[month]
        sums = level.watched_sums(counts, adjusted)
        noise = level.one_step_dispersion(counts, adjusted, sums)
        self.breaks = level.noticed_breaks(counts, adjusted, noise, sums)
        whole = level.last_sums(counts, adjusted[None], self.breaks)[:, level.UNDISCOUNTED, 0]
        inflation = 1.0 + noise * level.shrunken_rates(*whole) * exposure[:, -MONTHS:].mean(axis=1)
        growth = recent_growth(*pooled_rate(counts, adjusted))
        scores, _ = drivers.within_area_scores({k: v[:, :origin] for k, v in self.covariates.items()})
        return Known(origin, exposure, season, growth, self.breaks, inflation, scores)

    def _candidates(self, known: Known) -> tuple[FloatArray, FloatArray]:
        """Return the levels ``(N, C, A)`` and the ratios of the own seasons ``(N, A, 12)``."""
        counts, month = self.counts[:, : known.origin], self.month[: known.origin]
        adjusted = known.exposure * known.season[month]
        prior = np.array(OWN_SEASONS)[:, None] * known.inflation
        own = own_seasons(counts, adjusted, month, known.season, prior)
        sums = level.last_sums(counts, adjusted * own[:, :, month], known.breaks)
        return level.last_levels(sums, known.inflation), own

    def _paths(self, known: Known) -> tuple[FloatArray, int]:
        """Return the level that the profile of each block is fitted to, ``(B, T + 1 - since, A)``, and ``since``."""
        pooled = self.weights.sum(axis=1).mean(axis=2)
        pooled = np.where(pooled < PATH_SHARE * pooled.max(axis=1, keepdims=True), 0.0, pooled)
        weights = pooled / pooled.sum(axis=1, keepdims=True)
        counts, adjusted = self.counts[:, : known.origin], known.exposure * known.season[self.month[: known.origin]]
        discounts = {*level.discounts_of(weights), level.UNDISCOUNTED}
        states = level.discounted_states(counts, adjusted, known.breaks, sorted(discounts))
        since = max(known.origin - PROFILE_MONTHS - BLOCK_ENDS[-1], 0)
        return level.level_paths(states, level.slow_rates(states), known.inflation, weights, since), since

    def _factors(
        self, known: Known, path: tuple[FloatArray, int], block: int, lag: int, ahead: IntArray
    ) -> list[FloatArray]:
        """Return what multiplies the level at the months ``ahead`` in each variant, ``(S, 1 or A)``."""
        from trafficedu.analysis.trend.profile import (  # noqa: PLC0415 - loaded when the model was made
            fit_profile,
            fitted_shift,
            fitted_year,
        )

        first = min(max(lag - 1 + SETTLING_MONTHS, known.origin - PROFILE_MONTHS), known.origin)
        target, earlier = slice(first, known.origin), slice(first - lag + 1, known.origin - lag + 1)
        levels = path[0][earlier.start - path[1] : earlier.stop - path[1]]
        exposure = known.exposure[:, target]
        pooled = np.einsum("at,ta->t", exposure, levels)
        rows = pooled > 0
        month, seen = self.month[target], self.counts[:, target].sum(axis=0)
        if rows.sum() <= MONTHS or seen.sum() == 0:
            return [known.season[ahead][:, None]] * len(self.variants)
        noise = row_noise(month[rows], seen[rows], pooled[rows])
        columns: FloatArray = np.column_stack((month.astype(float), known.growth[earlier]))
        factors = []
        for variant, profile in zip(self.variants, self.profiles[block], strict=True):
            index = known.season if variant.seasonal else np.ones(MONTHS)
            if np.isinf(variant.prior_counts):
                factors.append(index[ahead][:, None])
                continue
            if variant.covariates:
                mean, lagged = exposure * levels.T * index[month], known.scores[:, :, first - lag : known.origin - lag]
                table, y, mean = _area_rows(columns, self.counts[:, target], mean, lagged)
            else:
                table, y, mean = columns[rows], seen[rows], (pooled * index[month])[rows]
            fit_profile(profile, table, y, mean, variant.prior_counts * noise)
            scores = known.scores[:, :, -1].T if variant.covariates else np.zeros((1, 0))
            factors.append(
                fitted_year(profile, index)[ahead][:, None] * fitted_shift(profile, known.growth[-1], scores)
            )
        return factors

    def _weights(self, block: int) -> FloatArray:
        """Weigh the candidates in each area by its own past loss and the mean one of all areas, worth five of them."""
        loss = self.level_loss[block].reshape(-1, self.counts.shape[0])
        total = loss + loss.sum(axis=1, keepdims=True) * min(POOL_WORTH / loss.shape[1], 1.0)
        return level.candidate_weights(total, self._temperature(block)).reshape(self.level_loss[block].shape)

    def _temperature(self, block: int) -> float:
        """Return the loss that takes a candidate's weight to a third, with overdispersion and overlap."""
        chi_square, cells = self.spread[block]
        return len(VALIDATED[block]) * max(float(chi_square / cells) if cells else 1.0, 1.0)

    def _learn(self, target: int) -> None:
        """Score what earlier origins said about the month ``target``, which has just become known."""
        decay = 0.5 ** (1.0 / HALF_LIFE_MONTHS)
        for total in (self.level_loss, self.variant_loss, self.spread):
            total *= decay
        said = self.issued.get(target)
        self.watch.take(target, None if said is None else said.means)
        seen_in = self.exposure[:, target] > 0
        for block, horizons in enumerate(VALIDATED):
            for h in horizons:
                earlier = self.issued.get(target - h + 1)
                if earlier is not None and not self.watch.between(target - h + 1, target):
                    self._score(block, h, target, earlier, seen_in)
            if self.variant_loss[block].any():
                self.variant[block] = int(np.argmin(self.variant_loss[block]))
        self.issued.pop(target - MONTHS, None)

    def _score(self, block: int, h: int, target: int, earlier: Issued, seen_in: BoolArray) -> None:
        """Add the loss of one origin's forecast of one month."""
        which: slice | BoolArray = slice(None) if seen_in.all() else seen_in  # a slice is a view and copies nothing
        seen, base = self.counts[which, target], self.exposure[which, target]
        month = self.month[target]
        scale = base * (earlier.season[month] * earlier.own[:, which, month])
        expected = earlier.levels[:, :, which] * scale[:, None]
        mean = np.maximum(np.einsum("nca,nca->a", self.weights[block][:, :, which], expected), 0.05)
        logs = earlier.logs[:, :, which] + np.log(np.maximum(scale, 1e-9))[:, None]
        logs *= seen
        expected -= logs
        self.level_loss[block][:, :, which] += expected
        self.variant_loss[block] += poisson_loss(seen, earlier.variants[:, h - 1, which])
        self.spread[block] += ((seen - mean) ** 2 / mean).sum(), seen.size


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


def poisson_loss(counts: FloatArray, means: FloatArray) -> FloatArray:
    """Return half the Poisson deviance but for a term without the mean, summed over the last axis."""
    loss: FloatArray = (means - special.xlogy(counts, np.maximum(means, 1e-9))).sum(axis=-1)
    return loss
