"""What twelve months should have brought, by the trend model from the origin before them.

One archive of rolling origins answers for every month: whatever an origin says rests on the months before it
only (:mod:`trafficedu.analysis.trend.rolling`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.negative_binomial import bounded_shape, shape_of
from trafficedu.analysis.trend.panel import MONTHS, Panel
from trafficedu.analysis.trend.rolling import LEAST_MONTHS, STACK, Rolled, roll
from trafficedu.analysis.trend.spread import RESIDUAL_MONTHS

DIGITS = 6


@dataclass(frozen=True, eq=False)
class YearAhead:
    """The forecast of the twelve months after ``origin`` (number of months known).

    Parameters
    ----------
    expected
        Shape ``(A,)``: sum over the twelve months, positive.
    shape
        Gamma shape of such sums around their forecast, from the residuals known at the origin.
    method
        What was used there.
    """

    origin: int
    expected: FloatArray
    shape: float
    method: str


def years_ahead(panel: Panel) -> list[YearAhead]:
    """Return the forecast from every origin of the panel with 24 months before it; empty under 24 months.

    Parameters
    ----------
    panel
        Counts, shape ``(A, T)``, no NaN.
    """
    if panel.months < LEAST_MONTHS:
        return []
    rolled = roll(panel, MONTHS)
    return [_year(rolled, row, int(origin)) for row, origin in enumerate(rolled.origins) if int(origin) >= LEAST_MONTHS]


def _year(rolled: Rolled, row: int, origin: int) -> YearAhead:
    sums = rolled.means[STACK][:, :MONTHS].sum(axis=1)
    return YearAhead(origin, np.round(sums[row], DIGITS), _shape(rolled, sums, row), STACK)


def _shape(rolled: Rolled, sums: FloatArray, row: int) -> float:
    """Return ``a`` from the twelve-month sums that had come true by then; without any, from single months."""
    past = slice(max(row - MONTHS + 1 - RESIDUAL_MONTHS, 0), max(row - MONTHS + 1, 0))
    truth, mean = rolled.truth[past, :MONTHS].sum(axis=1), sums[past]
    if truth.size:
        return shape_of(truth.ravel(), mean.ravel())
    return bounded_shape(float(np.median(rolled.used[row, -1])))
