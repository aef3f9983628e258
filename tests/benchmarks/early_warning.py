"""False alarms of early warning in simulated districts, over all areas together, and what it sees. Prints JSON.

22 areas of 1 to 30 events a month; every month from the 26th on is judged by what was known before it. The promise is
one false alarm in twelve months.

Run: python tests/benchmarks/early_warning.py [districts for each line, 8 unless given]
"""

import json
import sys

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.early_warning import LEAST_COUNT, PROMISED, WINDOWS, allowed, limit, tail, watch
from trafficedu.analysis.trend.panel import Panel
from trafficedu.analysis.trend.rolling import STACK, roll

AREAS, MONTHS, FIRST_JUDGED = 22, 72, 25
KINDS = ("Poisson", "k .15", "rising 10 % a year", "random walk .05")


def counts_of(rng: np.random.Generator, kind: str) -> FloatArray:
    """Simulate a district without anything unusual in it."""
    month = np.arange(MONTHS)
    mean = np.geomspace(1.0, 30.0, AREAS)[:, None] * np.exp(0.25 * np.sin(2 * np.pi * month / 12))
    if kind == "rising 10 % a year":
        mean = mean * 1.1 ** ((month - MONTHS) / 12)
    if kind == "random walk .05":
        mean = mean * np.exp(np.cumsum(rng.normal(0.0, 0.05, mean.shape), axis=1))
    if kind == "k .15":
        mean = mean * rng.gamma(1 / 0.15, 0.15, mean.shape)
    return rng.poisson(mean).astype(float)


def one_district(rng: np.random.Generator, kind: str) -> tuple[list[bool], list[list[bool]]]:
    """Return for each month whether anything alarmed, and for each area whether a doubling is seen in 1, 3, 6 months.

    The latter at the last month, by the probability (80 % or more) that twice what is expected exceeds the limit.
    """
    counts = counts_of(rng, kind)
    rolled = roll(Panel(tuple(map(str, range(AREAS))), 2018 * 12, counts), 12)
    means = rolled.means[STACK]
    alarmed = []
    for row in range(FIRST_JUDGED - int(rolled.origins[0]), rolled.origins.size):
        spans = watch(rolled.truth, means, row)
        share = allowed(AREAS * len(spans))
        alarmed.append(
            any(
                count >= LEAST_COUNT and tail(count, expected, k) <= share
                for span in spans
                for count, expected, k in zip(span.counts, span.expected, span.dispersion, strict=True)
            )
        )
    seen = []
    for area in range(AREAS):
        each = [(span.expected[area], span.dispersion[area]) for span in spans]
        seen.append([tail(limit(mean, k, share) + 1, 2 * mean, k) >= 0.8 for mean, k in each])
    return alarmed, seen


def main() -> None:
    districts = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    rng = np.random.default_rng(7)
    out: dict[str, object] = {"promised": round(100 * PROMISED, 1)}
    for kind in KINDS:
        found = [one_district(rng, kind) for _ in range(districts)]
        months = np.array([alarmed for alarmed, _ in found])
        seen = np.maximum.accumulate(np.array([seen for _, seen in found]), axis=2).mean(axis=0)
        sizes = np.geomspace(1.0, 30.0, AREAS)
        least = [float(sizes[seen[:, place] >= 0.5].min(initial=np.inf)) for place in range(len(WINDOWS))]
        out[kind] = {
            "months": months.size,
            "false alarms": round(100 * float(months.mean()), 1),
            "first year": round(100 * float(months[:, :12].mean()), 1),
            "doubling seen from a mean of": dict(zip(map(str, WINDOWS), np.round(least, 1).tolist(), strict=True)),
        }
    sys.stdout.write(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
