"""What a campaign changed, from monthly counts of many areas: the whole chain of the before-after comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.bayes import Comparison, Effect, Posterior, campaign_effect
from trafficedu.analysis.negative_binomial import dispersion
from trafficedu.analysis.trend.model import SEASON_PRIOR
from trafficedu.analysis.trend.panel import Panel, calendar_months
from trafficedu.analysis.trend.season import month_index
from trafficedu.analysis.trend.wandering import GRID, grid_weights, path, wander_ahead

BEFORE_MONTHS = 24
LEAST_BEFORE = 12
LEAST_SPREAD = 0.01
LEAST_SHARE = 0.02
"""No area is expected to have less than this share of what places like it have."""
QUARTER = 3
QUARTERS = 30
"""So many quarters back one looks for what would have been found without a campaign."""
FAINT = 1e-3
"""Pairs of noise and wandering less likely than this are left out."""


@dataclass(frozen=True)
class BeforeAfter:
    """The effect and what it rests on.

    Parameters
    ----------
    effect
        Of the campaign, the comparison areas used where there are any.
    before
        Counts of the campaign's areas in the months compared with, and what places like them had.
    before_expected
        The latter: far below ``before`` means that a return to the mean was to be expected anyway.
    months_before
        Number of these months.
    compared_observed, compared_expected
        Counts of the comparison areas; ``None`` without any or where nothing happened in them.
    """

    effect: Effect
    before: float
    before_expected: float
    months_before: int
    compared_observed: float | None
    compared_expected: float | None


@dataclass(frozen=True, eq=False)
class _Places:
    """Every area before and after: its record, what places like it had and will have, and what moves around it.

    Parameters
    ----------
    counts, usual
        Shape ``(A, T)``: the record, and what places like it had in each month.
    past, record
        Shape ``(A,)``: sums of these.
    future
        Shape ``(A,)``: what places like it will have.
    own
        Shape ``(A,)``: the area's record over that of places like it, drawn to them: the scale of its own noise.
    spread, spread_variance, pool_variance
        Lasting spread of areas around places like them, how unsure it is, and how unsure the rate of all is.
    weights
        Shape ``(G,)``: of the pairs of noise and wandering of one area against all, see ``trend.wandering``.
    ahead
        Monthly steps by which the coming months wander on, see ``trend.wandering.wander_ahead``.
    """

    counts: FloatArray
    usual: FloatArray
    future: FloatArray
    own: FloatArray
    spread: float
    spread_variance: float
    pool_variance: float
    level_variance: float
    weights: FloatArray
    ahead: float

    @property
    def past(self) -> FloatArray:
        """What places like it had over the whole time."""
        past: FloatArray = self.usual.sum(axis=1)
        return past

    @property
    def record(self) -> FloatArray:
        """What it had itself."""
        record: FloatArray = self.counts.sum(axis=1)
        return record

    @property
    def use(self) -> BoolArray:
        """Areas of which anything was expected."""
        use: BoolArray = self.past > 0
        return use

    @property
    def k_month(self) -> float:
        """Spread of an area's months beyond Poisson, the mean over the grid."""
        return float(self.weights @ np.array([noise for noise, _ in GRID]))

    def expected(self, areas: BoolArray, spread: float | None = None) -> tuple[Posterior, FloatArray]:
        """Return what the areas would have had without the campaign, and how much of it rests on places like them.

        The best linear predictor of ``future (1 + c + o w_T)`` from the months ``usual (1 + c + o w_t)``: ``c``
        lasts and has variance ``spread``, ``w`` walks at random with ``q`` a month from the first month on, a month
        has the noise ``m + k m^2`` with ``m = o usual``. What an area had in a month long past thus says little
        where areas wander, and a bad month is mostly chance where they do not.
        """
        chosen = areas & self.use
        counts, usual, future, own = self.counts[chosen], self.usual[chosen], self.future[chosen], self.own[chosen]
        lasting = self.spread if spread is None else spread
        month = np.arange(counts.shape[1]) + 1.0
        scale = own[:, None] * usual
        both = scale[:, :, None] * scale[:, None, :]
        every = usual[:, :, None] * usual[:, None, :]
        mean, square, leaning = np.zeros(future.shape), np.zeros(future.shape), np.zeros(future.shape)
        diagonal = np.arange(month.size)
        for (noise, walk), weight in zip(GRID, self.weights, strict=True):
            if weight < FAINT:
                continue
            covariance = lasting * every + walk * np.minimum.outer(month, month) * both
            # nothing is expected of a month that is not known: any variance does, but none
            covariance[:, diagonal, diagonal] += np.where(scale > 0, scale + noise * scale**2, 1.0)
            shared = usual * (lasting + walk * own[:, None] ** 2 * month)
            learnt = np.linalg.solve(covariance, shared[:, :, None])[:, :, 0]
            found = 1.0 + (learnt * (counts - usual)).sum(axis=1)
            found *= np.exp(walk * self.ahead / 2.0)  # the mean of a level whose logarithm walks
            left = lasting + walk * own**2 * month[-1] - (learnt * shared).sum(axis=1)
            left = np.maximum(left, 0.0) + walk * self.ahead * found**2
            mean += weight * found
            square += weight * (left + found**2)
            leaning += weight * (1.0 - (learnt * usual).sum(axis=1))
        heard = float(self.weights[self.weights >= FAINT].sum())
        mean, square, leaning = mean / heard, square / heard, leaning / heard
        kept = np.maximum(mean, LEAST_SHARE)
        variance = np.maximum(square - mean**2, 1e-9)
        return Posterior(future * kept, future**2 * variance), future * leaning

    def leanings(self, areas: BoolArray) -> FloatArray:
        """Return by how much the logarithm of what the areas expect moves with the spread and with the pool's rate."""
        found, on_pool = self.expected(areas)
        total = max(float(found.mean.sum()), 1e-12)
        step = 0.1 * self.spread
        more, less = (self.expected(areas, self.spread + sign * step)[0].mean.sum() for sign in (1, -1))
        return np.array([(more - less) / (2.0 * step), on_pool.sum()]) / total

    def unsure(self, leanings: FloatArray) -> float:
        """Return the relative variance that comes from the spread and the pool's rate being estimated."""
        return float(leanings**2 @ np.array([self.spread_variance, self.pool_variance]))

    def dispersion_after(self, expected: Posterior, months: float) -> float:
        """Return variance over mean of the sum of counts during so many months."""
        mean = float((expected.mean**2 + expected.variance).sum() / expected.mean.sum())
        return 1.0 + self.k_month * mean / max(months, 1.0)


def _places(panel: Panel, shares: FloatArray, months: int) -> _Places:
    """Work out the expectations of every area, see :func:`before_after`."""
    exposure = np.ones(panel.counts.shape) if panel.exposure is None else panel.exposure
    known = np.where(np.isnan(panel.counts), 0.0, exposure)
    calendar = calendar_months(panel.first_month, 0, panel.months + shares.size)
    season = month_index(panel.counts, known, calendar[: panel.months], SEASON_PRIOR)
    window = slice(panel.months - months, panel.months)
    counts, base = np.nan_to_num(panel.counts[:, window]), known[:, window] * season[calendar[window]]
    record = counts.sum(axis=1)
    # the level of all areas, each with its own rate so that growing small areas do not bend it
    rate = np.divide(record, base.sum(axis=1), out=np.zeros_like(record), where=base.sum(axis=1) > 0)
    together = np.maximum((rate[:, None] * base).sum(axis=0), 1e-9)
    level = path(counts.sum(axis=0), together, shares)
    usual = base * np.exp(level.level)
    pool = counts.sum() / usual.sum()
    usual = pool * usual
    to_come = exposure[:, -1] * float(season[calendar[panel.months :]] @ shares)
    future = pool * np.exp(level.end) * to_come
    past = usual.sum(axis=1)
    use = past > 0
    apart = dispersion(record[use], past[use])
    own = np.where(use, (record + 1.0 / max(apart, LEAST_SPREAD)) / (past + 1.0 / max(apart, LEAST_SPREAD)), 1.0)
    scale = own[:, None] * usual
    residual = np.divide(counts - scale, scale, out=np.full(counts.shape, np.nan), where=scale > 0)
    weights = grid_weights(residual, scale)
    passing = weights @ np.array([_passing(noise, walk, months) for noise, walk in GRID])
    spread = max((apart - passing) / (1.0 + passing), LEAST_SPREAD)
    noise_of = past[use] * (1.0 + passing * (1.0 + spread) * past[use])
    total = noise_of + spread * past[use] ** 2
    spread_variance = (2.0 + 6.0 * spread) / float((past[use] ** 4 / total**2).sum())
    pool_variance = float(total.sum()) / float(past.sum()) ** 2
    ahead = wander_ahead(shares)
    return _Places(
        counts, usual, future, own, spread, spread_variance, pool_variance, level.end_variance, weights, ahead
    )


def _passing(noise: float, walk: float, months: int) -> float:
    """Return the relative variance of a sum of months that does not last: of their noise and of the wandering."""
    month = np.arange(months) + 1.0
    return noise / months + walk * float(np.minimum.outer(month, month).mean())


def before_after(
    panel: Panel,
    observed: FloatArray,
    shares: FloatArray,
    campaign: BoolArray,
    comparison: BoolArray,
    level: float = 0.95,
) -> BeforeAfter | None:
    """Compare the counts of a campaign with what was to be expected without it.

    The expectation of an area is that of places like it - the rate of all areas times the area's exposure, the pooled
    month index and the level of all areas together (of those without the campaign alone it would be too low where the
    worst got the campaign) - times what its own record says of it: how far it lastingly differs, and where its level
    stood at the beginning of the campaign. How much areas differ, wander and scatter is estimated from all of them
    (``trend.wandering``); where they hardly wander a bad year is mostly chance and a return to the mean is expected,
    where they do the last months say most. Without comparison areas the uncertainty of the level of all together, going
    on from the beginning of the campaign, is added.

    Parameters
    ----------
    panel
        The whole months before the campaign, shape ``(A, T)``; NaN in a month that an area did not report, which
        then says nothing of it. Something of the campaign's areas must be known in at least 12 of the last 24.
    observed
        Shape ``(A,)``: counts of the campaign's days.
    shares
        Shape ``(H,)``: for each month after the panel the share of its days that belong to the campaign,
        up to 36 months; 0 for a month that is left out.
    campaign, comparison
        Shape ``(A,)``: areas with the campaign, and areas to compare with.
    level
        Of the interval.

    Returns
    -------
    BeforeAfter or None
        ``None`` where nothing is expected, or under 12 months are known.
    """
    months = min(BEFORE_MONTHS, panel.months)
    if not campaign.any() or not shares.any() or not np.nan_to_num(panel.counts[:, -months:]).any():
        return None
    if months_known(panel, campaign) < LEAST_BEFORE:
        return None
    places = _places(panel, shares, months)
    inside, _ = places.expected(campaign)
    if inside.mean.sum() <= 0:
        return None
    against, _ = places.expected(comparison)
    compared = Comparison(
        float(observed[comparison & places.use].sum()), float(against.mean.sum()), float(against.variance.sum())
    )
    phi = places.dispersion_after(inside, float(shares.sum()))
    usable = compared.observed > 0 and compared.expected > 0
    leanings = places.leanings(campaign)
    if usable:
        unsure = places.unsure(leanings - places.leanings(comparison))
    else:
        unsure = places.unsure(leanings) + places.level_variance
    inside = replace(inside, variance=inside.variance + inside.mean * inside.mean.sum() * unsure)
    effect = campaign_effect(observed[campaign & places.use], inside, compared if usable else None, phi, level)
    return BeforeAfter(
        effect,
        float(places.record[campaign].sum()),
        float(places.past[campaign].sum()),
        months,
        compared.observed if usable else None,
        compared.expected if usable else None,
    )


def months_known(panel: Panel, areas: BoolArray) -> int:
    """Return in how many of the months compared with anything of ``areas`` is known."""
    window = panel.counts[areas][:, -BEFORE_MONTHS:]
    return int((~np.isnan(window)).any(axis=0).sum())


@dataclass(frozen=True)
class Placebo:
    """The same reckoning from the beginning of quarters in which nothing was done.

    Parameters
    ----------
    quarters
        How many of the last ones had no campaign, were reported, and have enough months before them.
    as_much
        In how many of them the index moved as far as it did, in the same direction.
    """

    quarters: int
    as_much: int


def placebo(
    panel: Panel, shares: FloatArray, campaign: BoolArray, comparison: BoolArray, taken: BoolArray, theta: float
) -> Placebo:
    """Count quarters without a campaign from which on as much was seen in the same areas.

    Parameters
    ----------
    panel, shares, campaign, comparison
        As for :func:`before_after`; months as many as the campaign's are looked at from each quarter on.
    taken
        Shape ``(T,)``: months in which some of the areas had another campaign.
    theta
        What was found of the campaign.
    """
    length = max(1, round(float(shares.sum())))
    quarters = as_much = 0
    for start in range(panel.months - length, LEAST_BEFORE - 1, -QUARTER):
        if quarters == QUARTERS:
            break
        observed = panel.counts[:, start : start + length].sum(axis=1)
        if taken[start : start + length].any() or np.isnan(observed[campaign | comparison]).any():
            continue
        found = before_after(panel.until(start), observed, np.ones(length), campaign, comparison)
        if found is None:
            continue
        quarters += 1
        as_much += found.effect.theta <= theta if theta < 1.0 else found.effect.theta >= theta
    return Placebo(quarters, as_much)
