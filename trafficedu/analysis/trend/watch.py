"""The watch over the pooled month: a jump common to all areas is evident at once, long before each area's own.

The expectation of a month is the model's own forecast of it, one month before. A month in the tail of its
predictive distribution is a jump if the other areas jumped too when the one that moved most is left out. One month
does not tell whether the new level stays: until more are known, the levels go half of the way and all intervals are
widened by the doubt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.negative_binomial import cdf, dispersion

TAIL = 0.001
"""A pooled month with less probability than this on its side is a jump: one false alarm in forty years."""
TAIL_OF_OTHERS = 0.05
LEAST_RESIDUALS = 12
RESIDUAL_MONTHS = 36
LEAST_SPREAD = 0.0005
STAYS_FOR = 12
"""Months after a jump from which its size is judged; it stays noted for as long."""
OPEN = 0.5
"""Probability that a jump stays, while one month alone speaks."""
SMALL = 0.05
"""A change of less than this is none worth a word."""


@dataclass(frozen=True, eq=False)
class Jump:
    """A month in which all areas together left their level.

    Parameters
    ----------
    month
        Index of the month.
    expected
        Shape ``(H,)``: what the month before expected of it and those after, all areas together.
    noise
        Dispersion ``k`` of the pooled month by then.
    """

    month: int
    expected: FloatArray
    noise: float


@dataclass(frozen=True)
class LevelChange:
    """What is known of a jump at some later time.

    Parameters
    ----------
    month
        Index of the month.
    size
        Level after over level before, if it stays.
    stays
        Probability that it stays; a half until a second month is known.
    moved
        What levels from before are multiplied by.
    doubt
        Relative variance of that.
    """

    month: int
    size: float
    stays: float
    moved: float
    doubt: float


class Watch:
    """Goes through the months one by one, notes jumps and judges them anew as months become known.

    Parameters
    ----------
    counts
        Shape ``(A, T)``, 0 where unknown.
    known
        Shape ``(A, T)``.
    """

    def __init__(self, counts: FloatArray, known: BoolArray) -> None:
        self.counts, self.known = counts, known
        self.past: list[tuple[float, float]] = []
        self.jumps: list[tuple[Jump, FloatArray]] = []
        self.changes: list[LevelChange] = []

    def take(self, target: int, means: FloatArray | None) -> None:
        """Look at a month that has become known.

        Parameters
        ----------
        target
            Index of the month, one later than at the call before.
        means
            Shape ``(H, A)``: what the month before expected of it and the following; ``None`` without a forecast.
        """
        seen = self.known[:, target]
        if means is not None and seen.any():
            y, mean = self.counts[seen, target], means[0, seen]
            past = np.array(self.past).reshape(-1, 2)
            doubt = doubt_of(self.changes, target)
            jumped, noise = is_jump(y, mean, past[:, 0], past[:, 1], doubt)
            if jumped:
                self.jumps.append((Jump(target, means.sum(axis=1), noise), means[:STAYS_FOR]))
            else:
                self.past.append((float(y.sum()), float(mean.sum())))
        self.changes = [self._judged(place, target + 1) for place in range(len(self.jumps))]

    def between(self, origin: int, target: int) -> bool:
        """Tell whether a jump lies between what an origin knew and a month it spoke of, that month included."""
        return any(origin <= jump.month <= target for jump, _ in self.jumps)

    def _judged(self, place: int, origin: int) -> LevelChange:
        """Judge a jump by the months before ``origin`` and before the next jump."""
        jump, means = self.jumps[place]
        later = self.jumps[place + 1][0].month if place + 1 < len(self.jumps) else origin
        months = slice(jump.month, min(later, origin, jump.month + means.shape[0]))
        known = self.known[:, months].T
        share = (means[: known.shape[0]] * known).sum(axis=1) / np.maximum(jump.expected[: known.shape[0]], 1e-12)
        return judged(jump, self.counts[:, months].sum(axis=0), share)


def doubt_of(changes: Iterable[LevelChange], origin: int) -> float:
    """Return the relative variance that recent jumps add to all forecasts of an origin."""
    return sum(change.doubt for change in changes if origin - change.month <= STAYS_FOR)


def is_jump(
    counts: FloatArray, means: FloatArray, past_counts: FloatArray, past_means: FloatArray, doubt: float = 0.0
) -> tuple[bool, float]:
    """Tell whether a month stands out from its forecast in all areas together.

    Parameters
    ----------
    counts, means
        Shape ``(A,)``: the areas known in the month, and what the month before expected of them.
    past_counts, past_means
        Shape ``(R,)``: the same of the months before it, summed over areas.
    doubt
        Relative variance of the expectation from an earlier jump.

    Returns
    -------
    jump, k : tuple
        Whether, and the dispersion of the pooled month.
    """
    if past_counts.size < LEAST_RESIDUALS or means.sum() <= 0:
        return False, LEAST_SPREAD
    k = max(dispersion(past_counts[-RESIDUAL_MONTHS:], past_means[-RESIDUAL_MONTHS:]), LEAST_SPREAD)
    spread = k * (1.0 + 2.0 / min(past_counts.size, RESIDUAL_MONTHS)) + doubt
    fell = bool(counts.sum() < means.sum())
    if _tail(counts.sum(), means.sum(), spread, fell) >= TAIL:
        return False, k
    if counts.size == 1:
        return True, k
    excess = means - counts if fell else counts - means
    others = np.arange(counts.size) != int(np.argmax(excess))
    return _tail(counts[others].sum(), means[others].sum(), spread, fell) < TAIL_OF_OTHERS, k


def _tail(count: float, mean: float, k: float, fell: bool) -> float:
    """Return the probability of a count as far from its mean on the same side."""
    return float(cdf(count, mean, k)) if fell else 1.0 - float(cdf(count - 1.0, mean, k))


def judged(jump: Jump, totals: FloatArray, scale: FloatArray) -> LevelChange:
    """Judge a jump by the months known since.

    The size is the ratio of what was counted to what was expected, over all months since; that it stays is weighed
    against a return to the old level by the likelihood of the months after the first, both equally likely before.

    Parameters
    ----------
    jump
        The jump.
    totals
        Shape ``(J,)``: counts of the jump's month and of those after it, at least one.
    scale
        Shape ``(J,)``: share of the expectation whose areas are known in each of them.
    """
    months = min(totals.size, jump.expected.size, STAYS_FOR)
    seen, expected = totals[:months] + 0.5, jump.expected[:months] * scale[:months] + 0.5
    first = float(seen[0] / expected[0])
    gap = 0.0
    for level, sign in ((first, 1.0), (1.0, -1.0)):
        mean = level * expected[1:]
        variance = mean + (jump.noise + 1.0 / expected[0]) * mean**2
        gap += sign * float((-0.5 * (seen[1:] - mean) ** 2 / variance - 0.5 * np.log(variance)).sum())
    stays = float(1.0 / (1.0 + np.exp(-np.clip(gap, -50.0, 50.0))))
    size = float(seen.sum() / expected.sum()) if stays >= OPEN else first
    moved = stays * size + 1.0 - stays
    own = size**2 * (1.0 / float(expected.sum()) + jump.noise / months)
    doubt = (stays * (1.0 - stays) * (1.0 - size) ** 2 + stays * own) / moved**2
    return LevelChange(jump.month, size, stays, moved, doubt)


def spliced(exposure: FloatArray, changes: list[LevelChange]) -> FloatArray:
    """Bring the months before each jump to the level after it, by their exposure.

    A month's exposure before the jump is divided by what its level has moved by; that of the jump's own month is set so
    that it says neither more nor less than the others do.

    Parameters
    ----------
    exposure
        Shape ``(A, T)``.
    changes
        The jumps so far.
    """
    factor = np.ones(exposure.shape[1])
    for change in changes:
        factor[: change.month] /= change.moved
        factor[change.month] *= change.size / change.moved
    return exposure * factor
