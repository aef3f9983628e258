"""What the weights of a rule set come to: a dimension in which all are alike decides nothing, whatever its weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trafficedu.analysis.colours.explaining import contributions

FAR = 5.0
"""So many times the other, and it is said."""
LEAST_TARGETS = 3
HARDLY, MOSTLY = "hardly", "mostly"


@dataclass(frozen=True)
class EffectiveWeight:
    """A dimension's weight as written, and as it works.

    Parameters
    ----------
    nominal
        Its mean share of the weight that counts, of 1.
    effective
        Its share of the variance of the composite between targets: ``Cov(points, C) / Var(C)``. They add up to 1;
        one is negative where a dimension works against the others.
    remark
        :data:`HARDLY` where the effective weight is under a fifth of the nominal, :data:`MOSTLY` where the nominal is
        under a fifth of the effective, else "".
    """

    dimension: str
    nominal: float
    effective: float
    remark: str


def effective_weights(results: Sequence[Mapping[str, Mapping[str, Any]]]) -> list[EffectiveWeight]:
    """Return the effective weights within one level, in the order of the rule set.

    Parameters
    ----------
    results
        Dimensions as stored, of targets of one level that were judged (not grey). Nothing comes back for fewer than
        three, or where all are the same.
    """
    if len(results) < LEAST_TARGETS:
        return []
    shares = [contributions(one) for one in results]
    names = [one.dimension for one in shares[0]]
    points = np.array([[one.points or 0.0 for one in target] for target in shares])
    most = np.array([[one.most or 0.0 for one in target] for target in shares])
    total = points.sum(axis=1)
    spread = float(total.var())
    if spread < 1e-9:
        return []
    effective = ((points - points.mean(axis=0)) * (total - total.mean())[:, None]).mean(axis=0) / spread
    found = []
    for name, nominal, works in zip(names, most.mean(axis=0) / 100.0, effective, strict=True):
        remark = HARDLY if FAR * works < nominal else MOSTLY if FAR * nominal < works else ""
        found.append(EffectiveWeight(name, round(float(nominal), 4), round(float(works), 4), remark))
    return found
