"""How often the 95 % interval of a town's helmet rate holds the truth, by its number of sites. Prints a table.

Districts of 22 towns: six with one site, six with two, five with three, five with six; some 130 riders at a site, more
or fewer. The true rate of a town is around ``level``, those of its sites differ by an intra-site correlation ``rho``,
which itself differs between towns (coefficient of variation ``uneven``). *Alone* is what each town says by its own
sites, with the configured design effect where it has fewer than three; *pooled* is what is used.

Run: python tests/benchmarks/helmet_sites.py
"""

import sys
from collections import defaultdict

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.proportions import Rate, TargetVerdict, against_target, clustered_rate
from trafficedu.analysis.site_pools import pool_sites

DISTRICTS = 400
SITES = [1] * 6 + [2] * 6 + [3] * 5 + [6] * 5
CASES = [
    (level, rho, uneven) for level in (0.94, 0.6) for rho, uneven in ((0.0, 0.0), (0.01, 0.0), (0.03, 0.0), (0.03, 1.0))
]
TARGET = 0.95


def town(
    rng: np.random.Generator, sites: int, level: float, rho: float, uneven: float
) -> tuple[float, FloatArray, FloatArray]:
    """Return a town's true rate, and helmeted and clear at each of its sites."""
    truth = rng.beta(120 * level, 120 * (1 - level))
    own = min(rho * (rng.gamma(uneven**-2, uneven**2) if uneven else 1.0), 0.5)
    size = np.maximum(20, rng.lognormal(np.log(130), 0.5, sites).round())
    rates = rng.beta(truth * (1 / own - 1), (1 - truth) * (1 / own - 1), sites) if own > 1e-6 else np.full(sites, truth)
    return truth, rng.binomial(size.astype(int), rates).astype(float), size


def main() -> None:
    rng = np.random.default_rng(20_261_129)
    out = sys.stdout
    out.write("level  rho   uneven        1 site         2 sites        3 sites        6 sites   wrong verdicts\n")
    for level, rho, uneven in CASES:
        held: dict[tuple[str, int], list[tuple[bool, float]]] = defaultdict(list)
        wrong: dict[str, list[bool]] = defaultdict(list)
        for _ in range(DISTRICTS):
            towns = [town(rng, sites, level, rho, uneven) for sites in SITES]
            pool = pool_sites((x, n) for _, x, n in towns)
            for truth, x, n in towns:
                for name, rate in (("alone", clustered_rate(x, n)), ("pooled", clustered_rate(x, n, pool=pool))):
                    held[name, n.size].append((rate.low <= truth <= rate.high, rate.high - rate.low))
                    wrong[name].append(is_wrong(rate, truth))
        for name in ("alone", "pooled"):
            cells = "    ".join(told(held[name, m]) for m in (1, 2, 3, 6))
            share = 100 * np.mean(wrong[name])
            out.write(f"{level:.2f}  {rho:.2f}  {uneven:.1f}  {name:6}  {cells}    {share:.2f} %\n")


def told(held: list[tuple[bool, float]]) -> str:
    """Return how many percent of intervals held the truth, and half their median width in points."""
    return f"{100 * np.mean([ok for ok, _ in held]):5.1f} ±{50 * np.median([width for _, width in held]):4.1f}"


def is_wrong(rate: Rate, truth: float) -> bool:
    """Tell whether a verdict is given that is not true of the town."""
    verdict = against_target(rate, TARGET).verdict
    return (verdict is TargetVerdict.MET and truth < TARGET) or (verdict is TargetVerdict.MISSED and truth >= TARGET)


if __name__ == "__main__":
    main()
