"""Helmet wearing as counted at sites. Sites differ, so many riders at one site say less than as many at ten.

A part of the inputs is ``{"helmeted", "observed", "sites"}`` over the window, a history
``{"sites": [[place of the month, site, helmeted, observed], ...]}``. The pool has the ``site_variance`` s2 besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from trafficedu.analysis.colours.dimensions.base import Pool, Records
from trafficedu.analysis.colours.dimensions.shares import NEAREST, Counted, Shares
from trafficedu.analysis.colours.rule_set import AREA_KINDS, HELMETS, RuleSet

PRIOR_VARIANCE, PRIOR_SITES = 0.04**2, 10
"""Before it is seen, sites of a target differ by 4 points, and that is worth so many further sites."""

Site = tuple[float, float]
"""Helmeted and observed of one site over the whole history."""


class Helmets(Shares):
    """Effective riders ``n = q / (s2 / sites + q / observed)``, q = m (1 - m); 0 at 80 %, 100 at 95 %."""

    name = HELMETS
    kinds = AREA_KINDS
    unit = "helmets"
    half_bounds = (1, 10_000)
    own: ClassVar[Mapping[str, tuple[float, float]]] = {"helmets_zero": (0, 99), "helmets_full": (1, 100)}
    prior_mean = 0.85

    def limits(self, rules: RuleSet) -> tuple[float, float]:
        """Return the rates of the rule set."""
        return rules.figure("helmets_zero") / 100.0, rules.figure("helmets_full") / 100.0

    def begun(self, records: Records) -> dict[str, Any]:
        """Return the pool with the variance between the sites of a target, and the plain rate of all of them."""
        sites = [_by_site(records.history[code]["sites"]) for code in sorted(records.history)]
        observed = sum(seen for target in sites for _, seen in target)
        pool = super().begun(records)
        if observed:
            rate = sum(helmeted for target in sites for helmeted, _ in target) / observed
            pool["mean"] = round(min(max(rate, NEAREST), 1.0 - NEAREST), 6)
        return {**pool, "site_variance": site_variance(sites, pool["mean"])}

    def months_known(self, records: Records) -> int:
        """Return in how many months riders were observed."""
        return len({row[0] for part in records.history.values() for row in part["sites"] if row[3]})

    def sums(self, history: Any, pool: Pool, rules: RuleSet) -> Counted:
        """Return effective riders of the history, with a helmet and in all."""
        sites = _by_site(history["sites"])
        helmeted, observed = sum(worn for worn, _ in sites), sum(seen for _, seen in sites)
        return _effective(helmeted, observed, len(sites), pool)

    def counted(self, part: Any, pool: Pool, rules: RuleSet) -> Counted:
        """Return effective riders, with a helmet and in all."""
        return _effective(part["helmeted"], part["observed"], part.get("sites") or 1, pool)

    def shown(self, part: Any) -> Counted:
        """Return helmeted and observed."""
        return part["helmeted"], part["observed"]

    def recorded(self, more: float, seen: float, denominator: float) -> float:
        """Return riders observed, at as many times the sites; effective ones where none was seen yet."""
        return more * denominator / seen if seen > 0 else more

    def more(self, part: Any, factor: float) -> Any:
        """Return as many times the riders at as many times the sites."""
        return {name: value * factor for name, value in part.items()}

    def room(self, part: Any, rules: RuleSet) -> int:
        """Return how many wore none."""
        return int(part["observed"] - part["helmeted"])

    def better(self, part: Any, steps: int, rules: RuleSet) -> Any:
        """Return the part with ``steps`` more helmets."""
        return {**part, "helmeted": part["helmeted"] + steps}


def _by_site(rows: Iterable[Any]) -> list[Site]:
    """Return the sums of each site, in the order of the sites."""
    sums: dict[Any, Site] = {}
    for _, site, helmeted, observed in rows:
        worn, seen = sums.get(site, (0.0, 0.0))
        sums[site] = worn + helmeted, seen + observed
    return [sums[site] for site in sorted(sums, key=str) if sums[site][1] > 0]


def _effective(helmeted: float, observed: float, sites: float, pool: Pool) -> Counted:
    if not observed:
        return 0.0, 0.0
    q = pool["mean"] * (1.0 - pool["mean"])
    number = q / (pool["site_variance"] / sites + q / observed)
    return number * helmeted / observed, number


def site_variance(targets: Sequence[Sequence[Site]], mean: float) -> float:
    """Return the variance of the rate between sites of the same target, beyond what counting explains.

    ``s2 = (sum n (p - P)^2 - (S - A) q + 10 c s0) / (sum (N - sum n^2 / N) + 10 c)``, never below 0: the moment
    estimator of analysis of variance (Searle, Casella, McCulloch, Variance Components, 1992, 3.6) with p and n of
    each of the S sites, P and N of its target, A targets with two sites or more, q = mean (1 - mean), and ten
    further sites of mean size c that differ by the prior variance s0.

    Parameters
    ----------
    targets
        Of each target its sites.
    mean
        The rate of all of them.
    """
    between, free, weight = 0.0, 0, 0.0
    sizes: list[float] = []
    for sites in targets:
        n = np.array([seen for _, seen in sites])
        if n.size < 2:
            continue
        p, total = np.array([worn for worn, _ in sites]) / n, n.sum()
        between += float((n * (p - (n * p).sum() / total) ** 2).sum())
        free += n.size - 1
        weight += float(total - (n**2).sum() / total)
        sizes.extend(n)
    prior = PRIOR_SITES * float(np.mean(sizes)) if sizes else 1.0
    found = (between - free * mean * (1.0 - mean) + prior * PRIOR_VARIANCE) / (weight + prior)
    return round(max(found, 0.0), 8)
