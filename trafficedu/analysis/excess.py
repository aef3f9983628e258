"""Places with more events than places like them, by empirical Bayes: where the next month's effort is best spent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.bayes import relative_rate
from trafficedu.analysis.negative_binomial import shape_of


@dataclass(frozen=True, eq=False)
class Excess:
    """Each place against all the others.

    Parameters
    ----------
    usual
        Shape ``(A,)``: what the others' rate would have brought here.
    theta
        Posterior mean of the place's own risk over the usual one, drawn towards 1 by how little it can say.
    low, high
        Its 95 % limits.
    more
        Probability that it is above 1.
    """

    usual: FloatArray
    theta: FloatArray
    low: FloatArray
    high: FloatArray
    more: FloatArray


def excess(counts: ArrayLike, exposure: ArrayLike, level: float = 0.95) -> Excess:
    """Compare each place's count with the rate of all the others.

    ``usual_i = e_i (sum y - y_i) / (sum e - e_i)``: no expectation contains the count it judges. Risks around it
    are gamma with mean 1 and shape ``a``, estimated from all places; given ``y`` the ratio is gamma with shape
    ``a + y`` and rate ``a + usual`` (Clayton and Kaldor, Biometrics 1987;43:671).

    Parameters
    ----------
    counts, exposure
        Shape ``(A,)``, zero or more; every exposure positive.
    level
        Level of the limits.

    Raises
    ------
    ValueError
        If shapes differ, there are fewer than two places, a count is negative or an exposure is not positive.
    """
    y, e = np.asarray(counts, dtype=float), np.asarray(exposure, dtype=float)
    if y.shape != e.shape or y.size < 2 or bool((y < 0).any()) or not bool((e > 0).all()):
        raise ValueError("counts and positive exposures of at least two places are needed")
    usual = e * (y.sum() - y) / (e.sum() - e)
    if not y.any():
        ones = np.ones_like(y)
        return Excess(usual, ones, ones, ones, 0.0 * ones)
    shape = shape_of(y, np.maximum(usual, 1e-9))
    rate = shape + usual
    tail = (1.0 - level) / 2.0
    return Excess(
        usual=usual,
        theta=relative_rate(y, usual, shape),
        low=special.gammaincinv(shape + y, tail) / rate,
        high=special.gammaincinv(shape + y, 1.0 - tail) / rate,
        more=special.gammaincc(shape + y, rate),
    )
