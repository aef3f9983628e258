"""Comparing areas: who lies outside what chance and ordinary differences allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trafficedu.analysis.arrays import FloatArray, IntArray
from trafficedu.analysis.negative_binomial import quantile

WINSOR_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Funnel:
    """Prediction limits around the district's rate.

    Parameters
    ----------
    rate
        The district's count over its exposure.
    expected
        Shape ``(A,)``: what each area's exposure would bring at that rate.
    dispersion
        Overdispersion factor, at least 1.
    low_95, high_95, low_998, high_998
        Shape ``(A,)``: counts inside are no cause for alarm.
    outside
        Shape ``(A,)``: 0 inside the 95 % limits, 1 or -1 outside them, 2 or -2 outside the 99.8 % limits
        (negative: fewer).
    """

    rate: float
    expected: FloatArray
    dispersion: float
    low_95: FloatArray
    high_95: FloatArray
    low_998: FloatArray
    high_998: FloatArray
    outside: IntArray


def overdispersion(counts: FloatArray, expected: FloatArray) -> float:
    """Return the mean squared Anscombe-like z score with a tenth winsorised at each end, at least 1.

    ``z = 2 (sqrt(y) - sqrt(mu))`` (Spiegelhalter, Stat. Med. 2005;24:1185, section 4.2).
    """
    use = expected > 0
    if use.sum() < 3:
        return 1.0
    z = np.sort(2.0 * (np.sqrt(counts[use]) - np.sqrt(expected[use])))
    low, high = np.quantile(z, (WINSOR_SHARE, 1 - WINSOR_SHARE))
    return max(1.0, float((np.clip(z, low, high) ** 2).mean()))


def funnel(counts: ArrayLike, exposure: ArrayLike) -> Funnel:
    """Return 95 % and 99.8 % prediction limits of each area's count around the common rate.

    Quantiles of a negative binomial with mean ``mu`` and variance ``phi mu``; a Poisson when ``phi`` is 1.
    Prediction limits keep their promise where confidence limits do not (Seaton and Manktelow, BMC Med. Res.
    Methodol. 2012;12:98).

    Parameters
    ----------
    counts, exposure
        Shape ``(A,)``; areas without exposure get an expectation and limits of 0 and are never outside.

    Raises
    ------
    ValueError
        If shapes differ, a value is negative or not finite, or there is no exposure at all.
    """
    y, e = np.asarray(counts, dtype=float), np.asarray(exposure, dtype=float)
    if y.shape != e.shape or not (np.isfinite(y).all() and np.isfinite(e).all()) or min(y.min(), e.min()) < 0:
        raise ValueError("counts and exposure must be lists of the same length, zero or more")
    if e.sum() == 0:
        raise ValueError("there is no exposure to compare by")
    rate = float(y.sum() / e.sum())
    expected = rate * e
    phi = overdispersion(y, expected)
    positive = expected > 0
    mean = np.where(positive, expected, 1.0)
    limits = [np.where(positive, quantile(p, mean, (phi - 1.0) / mean), 0.0) for p in (0.025, 0.975, 0.001, 0.999)]
    low, high, far_low, far_high = limits
    outside = np.select([y > far_high, y > high, y < far_low, y < low], [2, 1, -2, -1], 0)
    return Funnel(rate, expected, phi, low, high, far_low, far_high, np.where(positive, outside, 0))
