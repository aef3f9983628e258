"""The level of each area: a rate that forgets, shrinks to the pool and notices breaks.

For area ``a`` the state is a discounted count and a discounted exposure,

    S[t] = d S[t-1] + y[t],    B[t] = d B[t-1] + e[t] s[t],

with discount ``d`` and month index ``s``. The level is the mean of a gamma posterior with ``n`` prior counts,

    L[t] = (S[t] + n) / (B[t] + n / p[t]),

whose prior mean ``p`` is the area's undiscounted rate, itself shrunk to the pool, times the pool's own recent
movement. Every combination of ``d`` and ``n`` is a candidate; which one is used is decided by past forecasts.
(The dynamic Poisson model with a power discount: Harvey and Fernandes, J. Bus. Econ. Stat. 1989;7:407; West
and Harrison, Bayesian Forecasting and Dynamic Models, ch. 10-11 for discounting and intervention.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.negative_binomial import dispersion

DISCOUNTS = (0.5, 0.7, 0.8, 0.87, 0.92, 0.95, 0.97, 0.985, 1.0)
PRIOR_COUNTS = (1.0, 4.0, 16.0, 64.0)
CANDIDATES = tuple((discount, prior) for discount in DISCOUNTS for prior in PRIOR_COUNTS)
WATCH_DISCOUNT = DISCOUNTS.index(0.92)
WATCH_MONTHS = 3
FALSE_ALARMS = 0.003
"""Breaks to be noticed by chance in all areas together in a month; the limit in standard errors follows."""
MONTHS_BEFORE_WATCH = 12
KEPT_AFTER_BREAK = 0.1
"""Share of the old weight that stays after a break, a month's worth at most: a false alarm is soon mended."""


@dataclass(frozen=True, eq=False)
class LevelStates:
    """Discounted sums after each month.

    Parameters
    ----------
    counts, exposure
        Shape ``(D, A, T + 1)``: entry ``t`` knows the months before ``t``.
    breaks
        Shape ``(A, T)``: months at whose end a break was noticed.
    """

    counts: FloatArray
    exposure: FloatArray
    breaks: BoolArray


def discounted_states(counts: FloatArray, exposure: FloatArray, breaks: BoolArray) -> LevelStates:
    """Run the discounted sums of every candidate discount over all areas at once.

    Parameters
    ----------
    counts
        Shape ``(A, T)``, 0 where unknown.
    exposure
        Shape ``(A, T)``, exposure times month index, 0 where the count is unknown.
    breaks
        Shape ``(A, T)``; after a flagged month all but the last three months keep a tenth of their
        weight, together at most that of one month.
    """
    areas, months = counts.shape
    discount = np.array(DISCOUNTS)[:, None]
    states = np.zeros((2, len(DISCOUNTS), areas, months + 1))
    recent_weight = discount ** np.arange(WATCH_MONTHS)
    for t in range(months):
        states[0, :, :, t + 1] = discount * states[0, :, :, t] + counts[:, t]
        states[1, :, :, t + 1] = discount * states[1, :, :, t] + exposure[:, t]
        hit = breaks[:, t]
        if hit.any():
            window = slice(max(t - WATCH_MONTHS + 1, 0), t + 1)
            recent = [
                recent_weight[:, : series[hit, window].shape[1]] @ series[hit, window][:, ::-1].T
                for series in (counts, exposure)
            ]
            old = states[:, :, hit, t + 1] - np.stack(recent)
            month = exposure[hit, window].mean(axis=1)
            kept = np.minimum(KEPT_AFTER_BREAK, month / np.maximum(old[1], 1e-12))
            states[:, :, hit, t + 1] = np.stack(recent) + kept * old
    return LevelStates(states[0], states[1], breaks)


def noticed_breaks(counts: FloatArray, exposure: FloatArray, dispersion: float) -> BoolArray:
    """Flag the months in which an area's last three months contradict the level before them.

    With ``mu`` the counts expected in the three months from the level before them, the flag is raised when
    ``(sum y - sum mu)^2 > z^2 (sum mu + mu-uncertainty + k (sum mu)^2 / 2)``, ``z`` the normal
    quantile that lets 0.003 false alarms a month pass in all areas together; half of ``k``, because the
    excess of neighbouring months is neither independent nor the same. After a flag the next is possible
    three months later.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``, 0 where unknown.
    dispersion
        ``k`` of the one-month residuals.

    Returns
    -------
    ndarray of bool
        Shape ``(A, T)``.
    """
    areas, months = counts.shape
    flags = np.zeros((areas, months), dtype=bool)
    limit = -special.ndtri(FALSE_ALARMS / areas / 2.0)
    discount = DISCOUNTS[WATCH_DISCOUNT]
    state = np.zeros((2, areas, months + 1))
    series = np.stack((counts, exposure))
    quiet_until = np.full(areas, MONTHS_BEFORE_WATCH)
    for t in range(months):
        state[:, :, t + 1] = discount * state[:, :, t] + series[:, :, t]
        if t < MONTHS_BEFORE_WATCH:
            continue
        seen, base = series[:, :, t - WATCH_MONTHS + 1 : t + 1].sum(axis=2)
        old_count, old_base = state[:, :, t - WATCH_MONTHS + 1]
        share = base / np.maximum(old_base, 1e-12)
        expected = (old_count + 0.5) * share
        variance = expected * (1.0 + share) + 0.5 * dispersion * expected**2
        hit = (seen - expected) ** 2 > limit**2 * variance
        hit &= (quiet_until <= t) & (base > 0) & (old_base > 0)
        if hit.any():
            flags[:, t] = hit
            quiet_until[hit] = t + WATCH_MONTHS
            recent = (series[:, hit, t - WATCH_MONTHS + 1 : t + 1] * discount ** np.arange(WATCH_MONTHS)[::-1]).sum(
                axis=2
            )
            state[:, hit, t + 1] = recent + KEPT_AFTER_BREAK * (state[:, hit, t + 1] - recent)
    return flags


def one_step_dispersion(counts: FloatArray, exposure: FloatArray) -> float:
    """Estimate the dispersion ``k`` of one-month-ahead residuals around a plainly discounted level.

    Parameters
    ----------
    counts, exposure
        Shape ``(A, T)``, 0 where unknown.
    """
    discount = DISCOUNTS[WATCH_DISCOUNT]
    mean = np.zeros(counts.shape)
    seen, base = np.zeros(counts.shape[0]), np.zeros(counts.shape[0])
    for t in range(counts.shape[1]):
        mean[:, t] = np.divide(seen, base, out=np.zeros_like(seen), where=base > 0) * exposure[:, t]
        seen = discount * seen + counts[:, t]
        base = discount * base + exposure[:, t]
    later = mean[:, WATCH_MONTHS:].ravel()
    return dispersion(counts[:, WATCH_MONTHS:].ravel()[later > 0], later[later > 0])


def slow_rates(states: LevelStates) -> FloatArray:
    """Return each area's undiscounted rate, shrunk to the pool; shape ``(A, T + 1)``, always positive."""
    count, base = states.counts[-1], states.exposure[-1]
    total = base.sum(axis=0)
    pool = np.where(total > 0, (count.sum(axis=0) + 0.5) / np.maximum(total, 1e-12), 1.0)
    weight = between_area_prior(count, base, pool)
    rate: FloatArray = (count + weight * pool) / (base + weight)
    return rate


def level_path(states: LevelStates, slow: FloatArray, noise: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the weighted mean level of the candidates; entry ``t`` knows the months before ``t``.

    Parameters
    ----------
    states
        The discounted sums.
    slow
        Shape ``(A, T + 1)``, see :func:`slow_rates`.
    noise
        Shape ``(A,)``: variance over mean of a month's count; prior counts are worth as much less.
    weights
        Shape ``(C,)``, see :func:`candidate_weights`.

    Returns
    -------
    ndarray
        Shape ``(A, T + 1)``, positive.
    """
    path = np.zeros(slow.shape)
    pool_noise = noise.mean()
    for candidate in np.flatnonzero(weights):
        which, prior_index = divmod(int(candidate), len(PRIOR_COUNTS))
        prior = PRIOR_COUNTS[prior_index] * noise[:, None]
        count, base = states.counts[which], states.exposure[which]
        pool_prior = PRIOR_COUNTS[prior_index] * pool_noise
        moved = (count.sum(axis=0) + pool_prior) / ((base * slow).sum(axis=0) + pool_prior)
        path += weights[candidate] * (count + prior) / (base + prior / (slow * moved))
    return path


def last_levels(states: LevelStates, slow: FloatArray, noise: FloatArray) -> FloatArray:
    """Return the latest level of every one of :data:`CANDIDATES`; shape ``(C, A)``."""
    worth = np.array(PRIOR_COUNTS)
    count, base = states.counts[:, None, :, -1], states.exposure[:, None, :, -1]
    last = slow[:, -1]
    pool_prior = worth * noise.mean()
    moved = (count.sum(axis=2) + pool_prior) / ((base * last).sum(axis=2) + pool_prior)
    prior = worth[:, None] * noise
    level: FloatArray = (count + prior) / (base + prior / (last * moved[:, :, None]))
    return level.reshape(-1, level.shape[-1])


def candidate_weights(loss: FloatArray, temperature: float) -> FloatArray:
    """Weigh candidates by past loss, ``exp(-(loss - best) / temperature)``; the faint are left out."""
    weights = np.exp(-(loss - loss.min()) / max(temperature, 1e-12))
    weights = np.where(weights < 0.02 * weights.max(), 0.0, weights)
    result: FloatArray = weights / weights.sum()
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
