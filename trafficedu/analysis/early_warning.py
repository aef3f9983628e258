"""Early warning: whether the last months brought more than was to be expected of them beforehand.

The judge is the predictive distribution that the trend model issued before the months it is about: of the last month
from the month before, and of the last three and six months together from before these, the level held. How far such
forecasts were off in the past, area by area, is their spread; so a level that wanders or rises makes them wide.
(Place of an observation in its predictive distribution: Czado, Gneiting and Held, Biometrics 2009;65:1254. Sums over
several months see a rise that no single month shows: Hohle and Paul, Comput. Stat. Data Anal. 2008;52:4357.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.negative_binomial import LEAST_DISPERSION, WINSOR, cdf, dispersion, quantile

WINDOWS = (1, 3, 6)
"""Months judged together."""
PROMISED = 1.0 / 12.0
"""Probability of a false alarm in a month, in all parts and series together: about one a year."""
LEAST_COUNT = 5
"""Below this no count is an alarm, whatever was expected (the floor of Farrington et al., J. R. Stat. Soc. A 1996;159:
547): where nothing ever happened, a single accident would be one.
"""
RESIDUAL_MONTHS = 48
LEAST_ORIGINS = {1: 6, 3: 12, 6: 24}
"""Past forecasts of as many months that had come true before, so that their spread is known (they overlap)."""
POOL_CELLS = 12
"""Past forecasts of an area that its own spread counts half against that of all."""


@dataclass(frozen=True, eq=False)
class Watch:
    """The last months of every area against their forecast.

    Parameters
    ----------
    months
        How many months are judged together.
    counts
        Shape ``(A,)``: what was counted, NaN where a month is unknown: that area is not judged.
    expected, dispersion
        Shape ``(A,)``: mean and ``k`` of the negative binomial forecast.
    """

    months: int
    counts: FloatArray
    expected: FloatArray
    dispersion: FloatArray


def watch(truth: FloatArray, means: FloatArray, row: int | None = None) -> Sequence[Watch]:
    """Lay out the last months of each area beside what was expected of them before they began.

    Parameters
    ----------
    truth, means
        Shape ``(O, H, A)``: what happened and what was expected ``h`` months after each of consecutive origins, as
        rolled by :func:`trafficedu.analysis.trend.rolling.roll`.
    row
        Place of the origin after the last month judged; the last one unless given.

    Returns
    -------
    sequence
        One for each of :data:`WINDOWS` with at least six past forecasts that came true before it; none where there are
        too few months for any.
    """
    last = truth.shape[0] - 1 if row is None else row
    found = []
    for months in WINDOWS:
        if last - 2 * months + 1 < LEAST_ORIGINS[months]:
            continue
        first = max(last - months - RESIDUAL_MONTHS, 0)
        counts, expected = truth[first:, :months].sum(axis=1), means[first:, :months].sum(axis=1)
        at = last - months - first
        past = at - months + 1
        spread = spread_by_area(counts[:past], expected[:past], POOL_CELLS * months)
        found.append(Watch(months, counts[at], expected[at], spread))
    return found


def spread_by_area(counts: FloatArray, means: FloatArray, worth: float) -> FloatArray:
    """Estimate ``k`` of each column, drawn to that of all.

    ``k_a = (N_a + c N) / (D_a + c D)`` with ``N = sum w ((y - mu)^2 - mu)``, ``D = sum w mu^2`` and the weights of
    :func:`trafficedu.analysis.negative_binomial.dispersion` at the ``k`` of all; ``c`` makes all together worth as many
    cells of one area as ``worth``.

    Parameters
    ----------
    counts, means
        Shape ``(N, A)``, NaN where unknown.
    worth
        Cells.
    """
    k = dispersion(counts.ravel(), means.ravel())
    known = ~np.isnan(counts) & (means > 0)
    mu, y = np.where(known, means, 1.0), np.where(known, counts, 1.0)
    variance = mu + k * mu**2
    weight = np.where(known, (mu / variance) ** 2, 0.0)
    excess = (weight * (np.minimum((y - mu) ** 2, WINSOR * variance) - mu)).sum(axis=0)
    scale = (weight * mu**2).sum(axis=0)
    share = worth / max(float(known.sum()), 1.0)
    pooled = share * scale.sum()
    own: FloatArray = np.maximum((excess + k * pooled) / np.maximum(scale + pooled, 1e-12), LEAST_DISPERSION)
    return own


def allowed(tests: int, promised: float = PROMISED) -> float:
    """Return the tail below which one of so many counts is an alarm (Bonferroni)."""
    return promised / max(tests, 1)


def tail(count: float, expected: float, dispersion: float) -> float:
    """Return the probability of ``count`` or more."""
    return float(1.0 - cdf(count - 1.0, expected, dispersion))


def limit(expected: float, dispersion: float, tail: float) -> int:
    """Return the greatest count that is no alarm: of more the probability is at most ``tail``."""
    return max(int(quantile(1.0 - tail, expected, dispersion)), LEAST_COUNT - 1)
