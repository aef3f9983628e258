"""The level of each area: a rate that forgets, shrinks to the pool and notices breaks.

For area ``a`` the state is a discounted count and a discounted exposure,

    S[t] = d S[t-1] + y[t],    B[t] = d B[t-1] + e[t] s[t],

with discount ``d`` and month index ``s``: the pooled one times the area's own, in several strengths. The level is
the mean of a gamma posterior with ``n`` prior counts,

    L[t] = (S[t] + n) / (B[t] + n / p[t]),

whose prior mean ``p`` is the area's undiscounted rate, itself shrunk to the pool, times the pool's own recent
movement. Every combination of ``d``, ``n`` and strength of the own season is a candidate; how they are weighed in each
area is decided by past forecasts, the area's own beside those of all.
(The dynamic Poisson model with a power discount: Harvey and Fernandes, J. Bus. Econ. Stat. 1989;7:407; West
and Harrison, Bayesian Forecasting and Dynamic Models, ch. 10-11 for discounting and intervention.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy import special

from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.negative_binomial import dispersion

DISCOUNTS = (0.5, 0.7, 0.8, 0.87, 0.92, 0.95, 0.97, 0.985, 1.0)
PRIOR_COUNTS = (1.0, 4.0, 16.0, 64.0)
CANDIDATES = tuple((discount, prior) for discount in DISCOUNTS for prior in PRIOR_COUNTS)
RESIDUAL_CELLS = 10_000
FAINT = 0.02
"""Weights under this share of the best one's count for nothing."""
WATCH_DISCOUNT = DISCOUNTS.index(0.92)
UNDISCOUNTED = DISCOUNTS.index(1.0)
WATCH_MONTHS = 3
FALSE_ALARMS = 0.003
"""Breaks to be noticed by chance in all areas together in a month; the limit in standard errors follows."""
MONTHS_BEFORE_WATCH = 12
KEPT_AFTER_BREAK = 0.1
"""Share of the old weight that stays after a break, a month's worth at most: a false alarm is soon mended."""


Number = TypeVar("Number", float, FloatArray)


@dataclass(frozen=True, eq=False)
class LevelStates:
    """Discounted sums after each month; months come first, so that a month of all areas lies together.

    Parameters
    ----------
    counts, exposure
        Shape ``(T + 1, D, A)``: entry ``t`` knows the months before ``t``.
    discounts
        Places in :data:`DISCOUNTS` of the ``D`` sums.
    """

    counts: FloatArray
    exposure: FloatArray
    discounts: tuple[int, ...]

    def of(self, discount: int) -> tuple[FloatArray, FloatArray]:
        """Return the sums of one discount, each ``(T + 1, A)``.

        Raises
        ------
        ValueError
            If it is not among those that were run.
        """
        place = self.discounts.index(discount)
        return self.counts[:, place], self.exposure[:, place]


def discounted_states(
    counts: FloatArray, exposure: FloatArray, breaks: BoolArray, discounts: Iterable[int] = range(len(DISCOUNTS))
) -> LevelStates:
    """Run the discounted sums of several discounts over all areas at once.

    Parameters
    ----------
    counts
        Shape ``(A, T)``, 0 where unknown.
    exposure
        Shape ``(A, T)``, exposure times month index, 0 where the count is unknown.
    breaks
        Shape ``(A, T)``; after a flagged month all but the last three months keep a tenth of their
        weight, together at most that of one month.
    discounts
        Places in :data:`DISCOUNTS`.
    """
    which = tuple(discounts)
    discount = np.array(DISCOUNTS)[list(which)][:, None]
    recent_weight = discount ** np.arange(WATCH_MONTHS)
    series = np.stack((counts.T, exposure.T), axis=1)
    states = np.zeros((len(series) + 1, 2, len(which), len(counts)))
    broken = set(np.flatnonzero(breaks.any(axis=0)).tolist())
    for t, month in enumerate(series):
        np.multiply(states[t], discount, out=states[t + 1])
        states[t + 1] += month[:, None]
        if t in broken:
            hit = breaks[:, t]
            window = series[max(t - WATCH_MONTHS + 1, 0) : t + 1, :, hit]
            recent = np.einsum("dw,wka->kda", recent_weight[:, : len(window)], window[::-1])
            old = states[t + 1][:, :, hit] - recent
            kept = np.minimum(KEPT_AFTER_BREAK, window[:, 1].mean(axis=0) / np.maximum(old[1], 1e-12))
            states[t + 1][:, :, hit] = recent + kept * old
    return LevelStates(states[:, 0], states[:, 1], which)


def watched_sums(counts: FloatArray, exposure: FloatArray) -> FloatArray:
    """Return the sums at the discount that breaks are watched with, breaks left out; shape ``(T + 1, 2, A)``.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``, 0 where unknown.
    """
    states = discounted_states(counts, exposure, np.zeros(counts.shape, dtype=bool), (WATCH_DISCOUNT,))
    return np.stack((states.counts[:, 0], states.exposure[:, 0]), axis=1)


def noticed_breaks(counts: FloatArray, exposure: FloatArray, dispersion: float, sums: FloatArray) -> BoolArray:
    """Flag the months in which an area's last three months contradict the level before them.

    With ``mu`` the counts expected in the three months from the level before them, the flag is raised when
    ``(sum y - sum mu)^2 > z^2 (sum mu + mu-uncertainty + k (sum mu)^2 / 2)``, ``z`` the normal
    quantile that lets 0.003 false alarms a month pass in all areas together; half of ``k``, because the
    excess of neighbouring months is neither independent nor the same. After a flag the next is possible
    three months later, and the level goes on from the last three months and a tenth of what was before.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``, 0 where unknown.
    dispersion
        ``k`` of the one-month residuals.
    sums
        See :func:`watched_sums`.

    Returns
    -------
    ndarray of bool
        Shape ``(A, T)``.
    """
    flags = np.zeros(counts.shape, dtype=bool)
    limit = -special.ndtri(FALSE_ALARMS / len(counts) / 2.0)
    series = np.stack((counts.T, exposure.T), axis=1)
    first = MONTHS_BEFORE_WATCH
    if len(series) <= first:
        return flags
    window = series[first:].copy()
    for back in range(1, WATCH_MONTHS):
        window += series[first - back : -back]
    seen, base = window[:, 0], window[:, 1]
    old, old_base = (sums[first - WATCH_MONTHS + 1 : -WATCH_MONTHS, kind] for kind in (0, 1))
    judged = (base > 0) & (old_base > 0)
    safe = [np.where(judged, values, 1.0) for values in (base, old_base)]
    at_odds = judged & (_excess(seen, safe[0], old, safe[1], dispersion) > limit**2)
    for area in np.flatnonzero(at_odds.any(axis=0)):  # few: only these have to be gone through month by month
        flags[area] = _breaks_of(counts[area].tolist(), exposure[area].tolist(), dispersion, limit)
    return flags


def _excess(seen: Number, base: Number, old: Number, old_base: Number, dispersion: float) -> Number:
    """Return the squared excess of counts over what older ones promised, in variances; see :func:`noticed_breaks`."""
    share = base / old_base
    expected = (old + 0.5) * share
    return (seen - expected) ** 2 / (expected * (1.0 + share) + 0.5 * dispersion * expected**2)


def _breaks_of(counts: list[float], exposure: list[float], dispersion: float, limit: float) -> list[bool]:
    """Go through the months of one area; see :func:`noticed_breaks`."""
    discount = DISCOUNTS[WATCH_DISCOUNT]
    flags = [False] * len(counts)
    sums = [(0.0, 0.0)]
    quiet_until = MONTHS_BEFORE_WATCH
    for t, month in enumerate(zip(counts, exposure, strict=True)):
        sums.append((discount * sums[t][0] + month[0], discount * sums[t][1] + month[1]))
        if t < quiet_until:
            continue
        window = counts[t - WATCH_MONTHS + 1 : t + 1], exposure[t - WATCH_MONTHS + 1 : t + 1]
        old, base = sums[t - WATCH_MONTHS + 1], sum(window[1])
        if min(base, old[1]) > 0 and _excess(sum(window[0]), base, *old, dispersion) > limit**2:
            flags[t] = True
            quiet_until = t + WATCH_MONTHS
            recent = [sum(value * discount**age for age, value in enumerate(reversed(values))) for values in window]
            kept = [new + KEPT_AFTER_BREAK * (whole - new) for new, whole in zip(recent, sums[-1], strict=True)]
            sums[-1] = kept[0], kept[1]
    return flags


def one_step_dispersion(counts: FloatArray, exposure: FloatArray, sums: FloatArray) -> float:
    """Estimate the dispersion ``k`` of one-month-ahead residuals around a plainly discounted level.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``, 0 where unknown.
    sums
        See :func:`watched_sums`.
    """
    seen, base = sums[WATCH_MONTHS:-1, 0].T, sums[WATCH_MONTHS:-1, 1].T
    later = (np.divide(seen, base, out=np.zeros(seen.shape), where=base > 0) * exposure[:, WATCH_MONTHS:]).ravel()
    use = np.flatnonzero(later > 0)[:: max(1, later.size // RESIDUAL_CELLS)]
    return dispersion(counts[:, WATCH_MONTHS:].ravel()[use], later[use])


def slow_rates(states: LevelStates) -> FloatArray:
    """Return each area's undiscounted rate, shrunk to the pool; shape ``(T + 1, A)``, always positive."""
    count, base = states.of(UNDISCOUNTED)
    return shrunken_rates(count.T, base.T).T


def shrunken_rates(count: FloatArray, base: FloatArray) -> FloatArray:
    """Return the rates of areas, shrunk to the pool by the spread between them; all of shape ``(A, ...)``."""
    total = base.sum(axis=0)
    pool = np.where(total > 0, (count.sum(axis=0) + 0.5) / np.maximum(total, 1e-12), 1.0)
    weight = between_area_prior(count, base, pool)
    rate: FloatArray = (count + weight * pool) / (base + weight)
    return rate


def level_paths(
    states: LevelStates, slow: FloatArray, noise: FloatArray, weights: FloatArray, since: int = 0
) -> FloatArray:
    """Return weighted mean levels of the candidates; entry ``t`` of a path knows the months before ``since + t``.

    Parameters
    ----------
    states
        The discounted sums, see :func:`discounts_of`.
    slow
        Shape ``(T + 1, A)``, see :func:`slow_rates`.
    noise
        Shape ``(A,)``: variance over mean of a month's count; prior counts are worth as much less.
    weights
        Shape ``(P, C)``: of each path; see :func:`candidate_weights`.
    since
        Where the paths begin.

    Returns
    -------
    ndarray
        Shape ``(P, T + 1 - since, A)``, positive.
    """
    slow = slow[since:]
    paths = np.zeros((len(weights), *slow.shape))
    level, below = np.empty(slow.shape), np.empty(slow.shape)
    for which in discounts_of(weights):
        count, base = (sums[since:] for sums in states.of(which))
        pool_count, pool_base = count.sum(axis=1), np.einsum("ta,ta->t", base, slow)
        for prior_index, worth in enumerate(PRIOR_COUNTS):
            share = weights[:, which * len(PRIOR_COUNTS) + prior_index]
            if not share.any():
                continue
            prior, pool_prior = worth * noise, worth * noise.mean()
            np.multiply(slow, ((pool_count + pool_prior) / (pool_base + pool_prior))[:, None], out=below)
            np.divide(prior, below, out=below)
            below += base
            np.add(count, prior, out=level)
            level /= below
            for place in np.flatnonzero(share):
                paths[place] += np.multiply(level, share[place], out=below)
    return paths


def discounts_of(weights: FloatArray) -> tuple[int, ...]:
    """Return the places in :data:`DISCOUNTS` of those candidates that have any weight; weights ``(..., C)``."""
    used = weights.reshape(-1, len(DISCOUNTS), len(PRIOR_COUNTS)).any(axis=(0, 2))
    return tuple(int(place) for place in np.flatnonzero(used))


def last_sums(counts: FloatArray, exposure: FloatArray, breaks: BoolArray) -> FloatArray:
    """Return the discounted sums after the last month, the same as the last ones of :func:`discounted_states`.

    Parameters
    ----------
    counts
        Shape ``(A, T)``, 0 where unknown.
    exposure
        Shape ``(N, A, T)``: in so many seasons at once.
    breaks
        Shape ``(A, T)``.

    Returns
    -------
    ndarray
        Shape ``(2, D, N, A)``: counts, exposure.
    """
    seasons, _, months = exposure.shape
    weight = np.array(DISCOUNTS)[:, None] ** np.arange(months)[::-1]
    sums = np.empty((2, len(DISCOUNTS), *exposure.shape[:2]))
    sums[0] = (weight @ counts.T)[:, None]
    sums[1] = np.tensordot(weight, exposure, axes=(1, 2))
    if (hit := breaks.any(axis=1)).any():
        broken = np.tile(counts[hit], (seasons, 1)), exposure[:, hit].reshape(-1, months)
        states = discounted_states(*broken, np.tile(breaks[hit], (seasons, 1)))
        for kind, values in enumerate((states.counts, states.exposure)):
            sums[kind][:, :, hit] = values[-1].reshape(len(DISCOUNTS), seasons, -1)
    return sums


def last_levels(sums: FloatArray, noise: FloatArray) -> FloatArray:
    """Return the latest level of every one of :data:`CANDIDATES` in each season; shape ``(N, C, A)``.

    Parameters
    ----------
    sums
        Shape ``(2, D, N, A)``, see :func:`last_sums`.
    noise
        Shape ``(A,)``: variance over mean of a month's count.
    """
    worth = np.array(PRIOR_COUNTS)[:, None]
    whole_count, whole_base = sums[:, -1]
    slow = np.stack([shrunken_rates(count, base) for count, base in zip(whole_count, whole_base, strict=True)])
    count, base = sums[:, :, None]
    pool_prior = worth * noise.mean()
    moved = (count.sum(axis=-1) + pool_prior) / ((base * slow).sum(axis=-1) + pool_prior)
    prior = worth[:, :, None] * noise
    level: FloatArray = (count + prior) / (base + prior / (slow * moved[..., None]))
    return level.transpose(2, 0, 1, 3).reshape(slow.shape[0], len(CANDIDATES), -1)


def candidate_weights(loss: FloatArray, temperature: float) -> FloatArray:
    """Weigh candidates by past loss, ``exp(-(loss - best) / temperature)``; the faint are left out.

    Parameters
    ----------
    loss
        Shape ``(C, ...)``.
    temperature
        The loss that takes a weight to a third.

    Returns
    -------
    ndarray
        Shape of ``loss``, sums of 1 over the first axis.
    """
    weights = np.exp(-(loss - loss.min(axis=0)) / max(temperature, 1e-12))
    weights = np.where(weights < FAINT, 0.0, weights)
    result: FloatArray = weights / weights.sum(axis=0)
    return result


def between_area_prior(count: FloatArray, base: FloatArray, pool: FloatArray) -> FloatArray:
    """Weigh the pool against an area's own record by the spread between areas (gamma method of moments).

    With rates ``r = count / base`` and ``tau^2 = max(sum b (r - m)^2 / sum b - A m / sum b, 0)`` the prior
    exposure is
    ``m / tau^2``, kept between half a count and a thousand counts worth of exposure.

    Parameters
    ----------
    count, base
        Shape ``(A, ...)``.
    pool
        Shape ``(...)``, the pool's rate ``m``.

    Returns
    -------
    ndarray
        Prior exposure, shape ``(...)``.
    """
    total = np.maximum(base.sum(axis=0), 1e-12)
    rate = np.divide(count, base, out=np.broadcast_to(pool, count.shape).copy(), where=base > 0)
    spread = (base * (rate - pool) ** 2).sum(axis=0) / total - (base > 0).sum(axis=0) * pool / total
    counts_worth = np.clip(pool**2 / np.maximum(spread, 1e-9 * pool**2), 0.5, 1000.0)
    weight: FloatArray = counts_worth / pool
    return weight
