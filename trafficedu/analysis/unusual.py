"""Who lies above what chance allows, judged by all the others: exact tails, corrected for how many were looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from trafficedu.analysis.arrays import FloatArray

ALPHA = 0.05


@dataclass(frozen=True)
class Standing:
    """One against what was expected: their ratio with exact limits, p of both sides, corrected for how many there are.

    ``ratio`` is observed over expected.
    """

    observed: int
    expected: float
    ratio: float
    low: float
    high: float
    p_value: float

    @property
    def differs(self) -> bool:
        """Whether it is further from what was expected than chance explains, of all that were looked at."""
        return self.p_value < ALPHA


def standings(observed: Sequence[int], expected: Sequence[float], level: float = 0.95) -> list[Standing]:
    """Hold counts against what was expected of each, such as by a model of all.

    Exact Poisson limits ``chi2(a; 2 y) / 2E`` to ``chi2(1 - a; 2 y + 2) / 2E`` (Garwood, Biometrika 1936;28:437); p is
    twice the smaller tail, corrected by Holm (Scand. J. Stat. 1979;6:65).

    Raises
    ------
    ValueError
        Lengths differ, or something was not expected at all.
    """
    y, e = np.asarray(observed, dtype=float), np.asarray(expected, dtype=float)
    if y.shape != e.shape or not bool((e > 0).all()):
        raise ValueError("a positive expectation for each count is needed")
    tail = (1 - level) / 2
    low = np.where(y > 0, special.gammaincinv(np.maximum(y, 1), tail), 0.0) / np.maximum(e, 1e-12)
    high = special.gammaincinv(y + 1, 1 - tail) / np.maximum(e, 1e-12)
    above = np.where(y > 0, special.gammainc(np.maximum(y, 1), e), 1.0)
    p = holm(np.minimum(1.0, 2 * np.minimum(above, special.gammaincc(y + 1, e))))
    return [
        Standing(int(one), float(own), float(one / own), float(a), float(b), float(q))
        for one, own, a, b, q in zip(y, e, low, high, p, strict=True)
    ]


@dataclass(frozen=True)
class Exceeding:
    """One beside the others: cases of so many, how many the others' share would have brought, p of so many or more.

    ``p_value`` is corrected for how many were looked at.
    """

    cases: int
    total: int
    expected: float
    p_value: float

    @property
    def is_beyond_chance(self) -> bool:
        """Whether there are more than chance explains."""
        return self.p_value < ALPHA


def exceeding(cases: Sequence[int], totals: Sequence[int]) -> list[Exceeding]:
    """Hold each one's share of cases against that of all the others.

    Given all cases and totals, ``P(X >= k)`` is hypergeometric (Fisher's exact test, one-sided): exact even where the
    others are few, because their share is not taken for known. ``expected = n_i (K - k_i) / (N - n_i)``. Corrected by
    Holm for how many are looked at. Without anybody else there is nothing to be expected: p is 1.

    Raises
    ------
    ValueError
        Lengths differ, or cases exceed their total.
    """
    k, n = np.asarray(cases, dtype=int), np.asarray(totals, dtype=int)
    if k.shape != n.shape or bool((k < 0).any()) or bool((k > n).any()):
        raise ValueError("cases lie between 0 and their total")
    others, theirs = n.sum() - n, k.sum() - k
    expected = np.where(others > 0, n * theirs / np.maximum(others, 1), k)
    p = np.where(others > 0, stats.hypergeom.sf(k - 1, n.sum(), k.sum(), n), 1.0)
    rows = zip(k, n, expected, holm(p), strict=True)
    return [Exceeding(int(a), int(b), float(c), float(q)) for a, b, c, q in rows]


def holm(p_values: ArrayLike) -> FloatArray:
    """Return p-values corrected for their number by Holm's step-down: all together are wrong in 5 of 100 cases."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(1.0, steps)
    return corrected
