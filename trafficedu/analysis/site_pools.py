"""How much the sites of a district differ within their towns: what a town with few sites borrows from the others.

A town with one site cannot tell how far its sites differ, one with two hardly. So the spread is estimated over all
towns of the district and each town's own is shrunk to it, as variances of genes are in arrays (Smyth, Stat. Appl.
Genet. Mol. Biol. 2004;3(1):3): the more sites a town has, the more its own counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from trafficedu.analysis.arrays import FloatArray

PRIOR_DEGREES = 8
"""What the pool weighs beside a town's own spread, in degrees of freedom: with nine sites a town counts as much as it.
Chosen by simulation (docs/helmets.md); between 4 and 16 the coverage moves by a point."""
LEAST_DEGREES = 5
"""Degrees of freedom a pool needs; below, the towns cannot tell how their sites differ."""


@dataclass(frozen=True)
class SitePool:
    """The spread between sites of one town, over many towns.

    Parameters
    ----------
    correlation
        Intra-site correlation rho: the variance of the sites' true rates around their town's is ``rho p (1 - p)``.
    degrees
        Degrees of freedom behind it: sites less one, summed over the towns.
    """

    correlation: float
    degrees: int

    def deff(self, observed: FloatArray) -> float:
        """Return the design effect of sites with so many observed: ``1 + rho (sum n^2 / sum n - 1)``."""
        return 1.0 + self.correlation * (float((observed**2).sum() / observed.sum()) - 1.0)

    def variance(self, rate: float) -> float:
        """Return the variance between the true rates of a town's sites, at a town's ``rate`` (a share)."""
        return self.correlation * rate * (1.0 - rate)


def own_deff(successes: FloatArray, observed: FloatArray) -> float | None:
    """Return the design effect of a ratio estimate over sites, below 1 too; None where it cannot be told.

    ``m/(m-1) sum (x - p n)^2 / (sum n)^2`` over ``p (1 - p) / sum n`` (Cochran, Sampling Techniques, 1977, ch. 6);
    one site, or a rate of 0 or 1, tells nothing.
    """
    m, total = observed.size, float(observed.sum())
    p = float(successes.sum()) / total if total else 0.0
    if m < 2 or p in (0.0, 1.0):
        return None
    between = m / (m - 1) * float(((successes - p * observed) ** 2).sum()) / total**2
    return between / (p * (1 - p) / total)


def pool_sites(towns: Iterable[tuple[FloatArray, FloatArray]]) -> SitePool | None:
    """Estimate the spread of sites within towns by moments, each town weighing by its degrees of freedom.

    ``rho = sum (m_t - 1) (deff_t - 1) / sum (m_t - 1) (sum n^2 / sum n - 1)``, at least 0: the expected design effect
    of town t is ``1 + rho (sum n^2 / sum n - 1)``. Towns with one site, or with a rate of 0 or 1, tell nothing.

    Parameters
    ----------
    towns
        Successes and observations per site of each town; sites without observations drop out.

    Returns
    -------
    SitePool or None
        None with fewer than ``LEAST_DEGREES`` degrees of freedom.
    """
    excess = size = 0.0
    degrees = 0
    for successes, observed in towns:
        x, n = successes[observed > 0], observed[observed > 0]
        deff = own_deff(x, n)
        if deff is not None:
            own = int(n.size) - 1
            degrees += own
            excess += own * (deff - 1.0)
            size += own * (float((n**2).sum() / n.sum()) - 1.0)
    if degrees < LEAST_DEGREES or size <= 0:
        return None
    return SitePool(max(excess / size, 0.0), degrees)


def shrunk_deff(pool: SitePool, successes: FloatArray, observed: FloatArray) -> tuple[float, float]:
    """Return a town's design effect, its own shrunk to the pool's, and the degrees of freedom behind it.

    ``(d0 pool + (m - 1) own) / (d0 + m - 1)`` with ``d0 = PRIOR_DEGREES``, at least 1; the degrees are
    ``d0 + m - 1``, at most those of the pool, which cannot know more than it has seen (as limma does).
    """
    own, mine = own_deff(successes, observed), int(observed.size) - 1
    if own is None:
        own, mine = 0.0, 0
    deff = (PRIOR_DEGREES * pool.deff(observed) + mine * own) / (PRIOR_DEGREES + mine)
    return max(deff, 1.0), float(np.minimum(PRIOR_DEGREES + mine, pool.degrees))
