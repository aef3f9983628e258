"""What one of two treatments changes of a risk by a day, among people alike, and how many it takes to spare one.

A difference of two estimated risks, not the result of a trial. Must not know what the treatments are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trafficedu.analysis.arrays import FloatArray, IntArray
from trafficedu.analysis.survival.cox import CoxFit, NoFitError, fit_cox
from trafficedu.analysis.survival.curves import checked

RESAMPLES = 500
LEAST_FITTED = 0.9
SEED = 20261130


@dataclass(frozen=True)
class RiskDifference:
    """Risks by a day if all had one treatment, and if all had the other, among the same people.

    ``difference`` is ``treated - untreated``, below 0 where the treatment spares events; ``low`` and ``high`` are its
    limits.
    """

    treated: float
    untreated: float
    difference: float
    low: float
    high: float
    level: float
    resamples: int

    @property
    def settled(self) -> bool:
        """Whether the limits leave out no difference."""
        return self.low > 0.0 or self.high < 0.0


def risk_difference(
    time: ArrayLike,
    event: ArrayLike,
    treated: ArrayLike,
    design: ArrayLike,
    by: float,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> RiskDifference:
    """Standardise the risk by a day to the people who are there (g-computation).

    A model of Cox with the treatment as its first column gives everybody's risk with and without it; their means are
    compared (Robins, Math. Modelling 1986;7:1393; Hernan and Robins, Causal Inference, 2020, ch. 13 and 17). The
    limits are percentiles over people drawn with replacement (Efron and Tibshirani, 1993, ch. 13), each draw fitted
    anew; the same seed gives the same limits.

    Parameters
    ----------
    time, event
        Shape ``(N,)``.
    treated
        Shape ``(N,)``: whether each had the treatment.
    design
        Shape ``(N, p)``: what else bears on it; ``p`` may be 0.
    by
        The day.

    Raises
    ------
    NoFitError
        The model cannot be fitted, or not in one draw of ten.
    ValueError
        Shapes differ, or a time is not positive.
    """
    t, d = checked(time, event)
    x = np.column_stack([np.asarray(treated, dtype=float), np.asarray(design, dtype=float)])
    rows, counts = np.unique(np.column_stack([t, d, x]), axis=0, return_counts=True)
    t, died, x = rows[:, 0], rows[:, 1], rows[:, 2:]
    fit = fit_cox(t, died, x, counts)
    treated_risk, untreated_risk = _risks(fit, x, counts, by)
    chance = np.random.default_rng(seed)
    drawn = [_drawn(t, died, x, counts, fit, by, chance) for _ in range(resamples)]
    differences = [one for one in drawn if one is not None]
    if len(differences) < LEAST_FITTED * resamples:
        raise NoFitError("too few draws can be fitted")
    low, high = np.quantile(differences, (0.5 - level / 2, 0.5 + level / 2))
    difference = treated_risk - untreated_risk
    return RiskDifference(treated_risk, untreated_risk, difference, float(low), float(high), level, len(differences))


def _risks(fit: CoxFit, x: FloatArray, counts: IntArray, by: float) -> tuple[float, float]:
    """Return the mean risk of everybody with the treatment, and without it."""
    found = []
    for value in (1.0, 0.0):
        there = x.copy()
        there[:, 0] = value
        found.append(float(1.0 - np.average(fit.survival(by, there), weights=counts)))
    return found[0], found[1]


def _drawn(
    t: FloatArray,
    died: FloatArray,
    x: FloatArray,
    counts: IntArray,
    fit: CoxFit,
    by: float,
    chance: np.random.Generator,
) -> float | None:
    total = int(counts.sum())
    drawn = chance.multinomial(total, counts / total)
    try:
        again = fit_cox(t, died, x, drawn, start=fit.coefficients)
    except NoFitError:
        return None
    with_it, without = _risks(again, x, drawn, by)
    return with_it - without


@dataclass(frozen=True)
class NumberNeeded:
    """How many have to be treated so that one event fewer happens.

    Where the limits of the difference hold 0, the limits go through infinity: from ``benefit`` (at best so few spare
    one) over infinity to ``harm`` (at worst one more among so many). ``value`` is None where there is no difference;
    below 0 it is the number to one event *more*.
    """

    value: float | None
    benefit: float | None
    harm: float | None
    least: float | None
    most: float | None

    @property
    def settled(self) -> bool:
        """Whether the limits do not go through infinity."""
        return self.least is not None


def number_needed(difference: float, low: float, high: float) -> NumberNeeded:
    """Return the number needed to treat of a difference of risks (below 0: fewer events) and its limits.

    ``1 / -difference``; limits as Altman has them (BMJ 1998;317:1309): of a difference whose limits leave out 0, the
    reciprocals, ``least`` to ``most``; of one whose limits hold it, ``benefit`` and ``harm`` with infinity between.

    Raises
    ------
    ValueError
        The difference does not lie within its limits.
    """
    if not low <= difference <= high:
        raise ValueError("a difference lies within its limits")
    value = -1.0 / difference if difference else None
    if low > 0.0 or high < 0.0:
        ends = sorted(abs(1.0 / end) for end in (low, high))
        return NumberNeeded(value, None, None, ends[0], ends[1])
    return NumberNeeded(value, -1.0 / low if low else None, 1.0 / high if high else None, None, None)
