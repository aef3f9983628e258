"""Rates with intervals: one site, several sites, and whether a target is reached."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

DEFAULT_DEFF = 4.7
"""Design effect where the sites cannot tell: that of helmet counts at 14 sites in Suzhou, 2012
(Injury Prevention 2012;18(S1):A25)."""
MOST_FURTHER_SITES = 100_000


@dataclass(frozen=True)
class Rate:
    """A rate with its interval, all as shares between 0 and 1.

    Parameters
    ----------
    rate, low, high
        The estimate and its limits; without observations the rate is ``None`` and the limits are 0 and 1.
    successes, observed
        Numerator and denominator.
    sites
        Number of sites with observations.
    deff
        Design effect used: the variance between sites over the binomial one, at least 1.
    assumed
        Whether ``deff`` is the configured one because the sites could not tell (one site, or a rate of 0 or
        1).
    level
        Confidence level of the interval.
    """

    rate: float | None
    low: float
    high: float
    successes: float
    observed: float
    sites: int
    deff: float
    assumed: bool
    level: float


class TargetVerdict(StrEnum):
    """What the interval says about a target."""

    MET = "met"
    MISSED = "missed"
    NOT_PROVEN = "not_proven"


@dataclass(frozen=True)
class Judgement:
    """A verdict, and what would settle it.

    Parameters
    ----------
    verdict
        Met, missed or not proven.
    further_sites
        Sites of the usual size that would settle it at the present rate; 0 once settled, ``None`` when no
        number of sites can, because the rate is too close to the target.
    """

    verdict: TargetVerdict
    further_sites: int | None


def t_quantile(probability: float, degrees: float) -> float:
    """Return the quantile of Student's t; ``degrees`` may be infinite (the normal)."""
    if np.isinf(degrees):
        return float(special.ndtri(probability))
    return float(special.stdtrit(degrees, probability))


def wilson(
    successes: float, observed: float, level: float = 0.95, quantile: float | None = None
) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion.

    ``(p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)`` (Wilson, J. Am. Stat. Assoc. 1927;22:209).

    Parameters
    ----------
    successes, observed
        Numerator and denominator, not necessarily whole (an effective sample size is not).
    level
        Confidence level.
    quantile
        Used for ``z`` instead of the normal quantile.

    Returns
    -------
    low, high : float
        ``(0, 1)`` without observations; exactly 0 or 1 at the ends.

    Raises
    ------
    ValueError
        If ``successes`` is not between 0 and ``observed``, or ``level`` not inside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError("level must lie inside (0, 1)")
    if not 0 <= successes <= observed:
        raise ValueError("successes must lie between 0 and observed")
    if observed == 0:
        return 0.0, 1.0
    z = float(special.ndtri(0.5 + level / 2)) if quantile is None else quantile
    p, z2n = successes / observed, z * z / observed
    half = z * np.sqrt(p * (1 - p) / observed + z2n / (4 * observed))
    low = (p + z2n / 2 - half) / (1 + z2n)
    high = (p + z2n / 2 + half) / (1 + z2n)
    return (
        0.0 if successes == 0 else float(max(low, 0.0)),
        1.0 if successes == observed else float(min(high, 1.0)),
    )


def clustered_rate(
    successes: ArrayLike, observed: ArrayLike, level: float = 0.95, assumed_deff: float = DEFAULT_DEFF
) -> Rate:
    """Estimate the rate of riders seen at several sites, each site a cluster.

    Ratio estimator ``p = sum x / sum n``, variance between sites ``m/(m-1) sum (x - p n)^2 / (sum n)^2``;
    deff is that over ``p (1 - p) / sum n``, at least 1. The effective size ``sum n / deff`` goes into the
    Wilson interval with the t quantile of ``m - 1`` degrees of freedom (Cochran, Sampling Techniques, 1977,
    ch. 6 and 9; Korn and Graubard, Survey Methodology 1998;24:193).

    Parameters
    ----------
    successes, observed
        Shape ``(m,)``: helmeted riders, and riders observed but unclear ones, per site. Sites without riders
        drop out.
    level
        Confidence level.
    assumed_deff
        Design effect where the sites cannot tell: fewer than two sites, or a rate of 0 or 1; the normal
        quantile then.

    Raises
    ------
    ValueError
        If the shapes differ, a count is negative or not finite, or successes exceed observations.
    """
    x, n = _site_counts(successes, observed)
    m, total, hits = int(n.size), float(n.sum()), float(x.sum())
    if total == 0:
        return Rate(None, 0.0, 1.0, 0.0, 0.0, 0, 1.0, assumed=False, level=level)
    p = hits / total
    if m < 2 or p in (0.0, 1.0):
        deff, assumed, quantile = max(assumed_deff, 1.0), True, None
    else:
        between = m / (m - 1) * float(((x - p * n) ** 2).sum()) / total**2
        deff, assumed = max(between / (p * (1 - p) / total), 1.0), False
        quantile = t_quantile(0.5 + level / 2, m - 1)
    low, high = wilson(hits / deff, total / deff, level, quantile)
    return Rate(p, low, high, hits, total, m, deff, assumed, level)


def _site_counts(successes: ArrayLike, observed: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Check the counts and leave out sites without observations."""
    x, n = np.asarray(successes, dtype=float), np.asarray(observed, dtype=float)
    if x.shape != n.shape or x.ndim != 1:
        raise ValueError("successes and observed must be two lists of the same length")
    if not (np.isfinite(x).all() and np.isfinite(n).all()) or bool((x < 0).any()) or bool((x > n).any()):
        raise ValueError("successes must lie between 0 and observed at every site")
    return x[n > 0], n[n > 0]


def against_target(rate: Rate, target: float) -> Judgement:
    """Compare a rate with a target.

    *Met* when the lower bound reaches the target, *missed* when the upper bound is below it, otherwise *not
    proven*, with the number of further sites of the present mean size, rate and design effect after which
    the interval would lie on one side.

    Parameters
    ----------
    rate
        From :func:`clustered_rate`, or one site.
    target
        Share between 0 and 1.

    Raises
    ------
    ValueError
        If ``target`` is not between 0 and 1.
    """
    if not 0 <= target <= 1:
        raise ValueError("the target must lie between 0 and 1")
    verdict = _verdict(rate.low, rate.high, target) if rate.observed else TargetVerdict.NOT_PROVEN
    if verdict is not TargetVerdict.NOT_PROVEN:
        return Judgement(verdict, 0)
    if rate.rate is None or not _settles(rate, target, MOST_FURTHER_SITES):
        return Judgement(verdict, None)
    low, high = 0, MOST_FURTHER_SITES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _settles(rate, target, middle) else (middle, high)
    return Judgement(verdict, high)


def _verdict(low: float, high: float, target: float) -> TargetVerdict:
    if low >= target:
        return TargetVerdict.MET
    return TargetVerdict.MISSED if high < target else TargetVerdict.NOT_PROVEN


def _settles(rate: Rate, target: float, further: int) -> bool:
    """Tell whether so many further sites like the present ones would settle the target."""
    sites = rate.sites + further
    growth = sites / rate.sites
    quantile = None if rate.assumed else t_quantile(0.5 + rate.level / 2, sites - 1)
    size = rate.observed * growth / rate.deff
    low, high = wilson(rate.successes * growth / rate.deff, size, rate.level, quantile)
    return _verdict(low, high, target) is not TargetVerdict.NOT_PROVEN
