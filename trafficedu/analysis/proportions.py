"""Rates with intervals: one site, several sites, and whether a target is reached."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.site_pools import PRIOR_DEGREES, SitePool, own_deff, shrunk_deff

DEFAULT_DEFF = 4.7
"""Design effect where the sites cannot tell: that of helmet counts at 14 sites in Suzhou, 2012
(Injury Prevention 2012;18(S1):A25)."""
MOST_FURTHER_SITES = 100_000
LEAST_SITES = 3
"""Sites from which an area is judged against a target: one or two junctions are not a town."""


class Spread(StrEnum):
    """Where the design effect of a rate comes from."""

    OWN = "own"
    """From how its own sites differ."""
    POOLED = "pooled"
    """From its own sites and those of the other towns."""
    ASSUMED = "assumed"
    """The configured one, because the sites cannot tell."""


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
    spread
        Where ``deff`` comes from.
    level
        Confidence level of the interval.
    pool
        What was borrowed from other towns, None where nothing was.
    """

    rate: float | None
    low: float
    high: float
    successes: float
    observed: float
    sites: int
    deff: float
    spread: Spread
    level: float
    pool: SitePool | None = None


class TargetVerdict(StrEnum):
    """What the interval says about a target."""

    MET = "met"
    MISSED = "missed"
    NOT_PROVEN = "not_proven"
    NOT_JUDGED = "not_judged"
    """Fewer than ``LEAST_SITES`` sites, whatever the interval says."""


@dataclass(frozen=True)
class Judgement:
    """A verdict, and what would settle it.

    Parameters
    ----------
    verdict
        Met, missed, not proven or not judged.
    further_sites
        Sites of the usual size that would settle it at the present rate; 0 once settled, ``None`` when no
        number of sites can, because the rate is too close to the target, or nobody was observed.
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
    successes: ArrayLike,
    observed: ArrayLike,
    level: float = 0.95,
    assumed_deff: float = DEFAULT_DEFF,
    pool: SitePool | None = None,
) -> Rate:
    """Estimate the rate of riders seen at several sites, each site a cluster.

    Ratio estimator ``p = sum x / sum n``; its design effect (``site_pools.own_deff``, at least 1) makes
    ``sum n / deff`` of ``sum n`` observations, which go into the Wilson interval with the t quantile of ``m - 1``
    degrees of freedom (Cochran, Sampling Techniques, 1977, ch. 6 and 9; Korn and Graubard, Survey Methodology
    1998;24:193). With a ``pool`` the design effect is shrunk to it, and the degrees are those of both.

    Parameters
    ----------
    successes, observed
        Shape ``(m,)``: helmeted riders, and riders observed but unclear ones, per site. Sites without riders
        drop out.
    level
        Confidence level.
    assumed_deff
        Design effect where the sites cannot tell and there is no pool: fewer than ``LEAST_SITES`` sites, or a
        rate of 0 or 1; the normal quantile then.
    pool
        How sites differ in towns like this one; None where that is not known, or where the sites of one rate are
        those of many towns and tell it themselves.

    Raises
    ------
    ValueError
        If the shapes differ, a count is negative or not finite, or successes exceed observations.
    """
    x, n = _site_counts(successes, observed)
    m, total, hits = int(n.size), float(n.sum()), float(x.sum())
    if total == 0:
        return Rate(None, 0.0, 1.0, 0.0, 0.0, 0, 1.0, Spread.OWN, level)
    own = own_deff(x, n)
    quantile: float | None = None
    if pool is not None:
        spread = Spread.POOLED
        deff, degrees = shrunk_deff(pool, x, n)
        quantile = t_quantile(0.5 + level / 2, degrees)
    elif own is None or m < LEAST_SITES:
        spread, deff = Spread.ASSUMED, max(assumed_deff, 1.0)
    else:
        spread, deff = Spread.OWN, max(own, 1.0)
        quantile = t_quantile(0.5 + level / 2, m - 1)
    low, high = wilson(hits / deff, total / deff, level, quantile)
    return Rate(hits / total, low, high, hits, total, m, deff, spread, level, pool)


def single_site(successes: int, observed: int, level: float = 0.95) -> Rate:
    """Return the rate at one site for its own sake, with Wilson's interval: it is no cluster of anything."""
    low, high = wilson(successes, observed, level)
    share = successes / observed if observed else None
    return Rate(share, low, high, successes, observed, 1, 1.0, Spread.OWN, level)


def _site_counts(successes: ArrayLike, observed: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Check the counts and leave out sites without observations."""
    x, n = np.asarray(successes, dtype=float), np.asarray(observed, dtype=float)
    if x.shape != n.shape or x.ndim != 1:
        raise ValueError("successes and observed must be two lists of the same length")
    if not (np.isfinite(x).all() and np.isfinite(n).all()) or bool((x < 0).any()) or bool((x > n).any()):
        raise ValueError("successes must lie between 0 and observed at every site")
    return x[n > 0], n[n > 0]


def against_target(rate: Rate, target: float) -> Judgement:
    """Compare a rate with a target: the one verdict on helmets that every page and paper shows.

    *Not judged* from fewer than ``LEAST_SITES`` sites. Else *met* when the lower bound reaches the target, *missed*
    when the upper bound is below it, otherwise *not proven*. Where it is not settled: with the number of further sites
    of the present mean size, rate and design effect after which there would be enough of them and the interval would
    lie on one side.

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
    if rate.rate is None:
        return Judgement(TargetVerdict.NOT_JUDGED, None)
    missing = max(LEAST_SITES - rate.sites, 0)
    verdict = _verdict(rate.low, rate.high, target) if not missing else TargetVerdict.NOT_JUDGED
    if verdict not in {TargetVerdict.NOT_PROVEN, TargetVerdict.NOT_JUDGED}:
        return Judgement(verdict, 0)
    if not _settles(rate, target, MOST_FURTHER_SITES):
        return Judgement(verdict, None)
    low, high = max(missing - 1, 0), MOST_FURTHER_SITES
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
    degrees: float = sites - 1
    if rate.pool is not None:
        degrees = min(PRIOR_DEGREES + degrees, rate.pool.degrees + further)
    quantile = None if rate.spread is Spread.ASSUMED else t_quantile(0.5 + rate.level / 2, degrees)
    size = rate.observed * growth / rate.deff
    low, high = wilson(rate.successes * growth / rate.deff, size, rate.level, quantile)
    return _verdict(low, high, target) is not TargetVerdict.NOT_PROVEN
