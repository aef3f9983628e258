"""How often the 95 % intervals hold the truth over 500 simulated districts. Prints JSON.

Run: python tests/benchmarks/interval_coverage.py
"""

import json
import sys

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.bayes import Comparison, campaign_effect, expectation_after
from trafficedu.analysis.negative_binomial import dispersion
from trafficedu.analysis.trend.model import SEASON_PRIOR
from trafficedu.analysis.trend.season import month_index
from trafficedu.analysis.trend.statement import slopes

DISTRICTS, AREAS, MONTHS = 500, 22, 60
MONTH = np.arange(MONTHS) % 12


def negative_binomial(rng: np.random.Generator, mean: FloatArray, k: float) -> FloatArray:
    counts = rng.poisson(mean * rng.gamma(1 / k, k, np.shape(mean)) if k else mean)
    return np.asarray(counts, dtype=float)


def one_slope(rng: np.random.Generator, k: float) -> tuple[bool, float]:
    """Return whether the district's and each area's slope interval hold the true change a year."""
    per_year = rng.uniform(-0.15, 0.15)
    base = rng.gamma(2.0, 3.0, AREAS)[:, None] * np.exp(0.25 * np.sin(2 * np.pi * (MONTH - 2) / 12))
    counts = negative_binomial(rng, base * (1 + per_year) ** (np.arange(MONTHS) / 12), k)
    exposure = np.ones(counts.shape)
    season = month_index(counts, exposure, MONTH, SEASON_PRIOR)[MONTH]
    area = slopes(counts, exposure * season)
    total = slopes(counts.sum(axis=0)[None], season[None])
    known = ~np.isnan(area.low)
    held = (area.low <= per_year) & (per_year <= area.high)
    return bool(total.low[0] <= per_year <= total.high[0]), float(held[known].mean())


def one_campaign(rng: np.random.Generator, theta: float, k_month: float) -> tuple[bool, bool, float]:
    """Return whether the effect's interval holds theta; the areas with the worst year get the campaign."""
    shape, areas = 4.0, 40
    mean = rng.gamma(3.0, 8.0, areas)
    truth = mean * rng.gamma(shape, 1 / shape, areas)
    before = np.array([negative_binomial(rng, np.full(12, m / 12), k_month).sum() for m in truth])
    chosen = np.argsort(before / mean)[-8:]
    rest = np.setdiff1d(np.arange(areas), chosen)
    after = np.array(
        [
            negative_binomial(rng, np.full(12, m / 12 * (theta if a in chosen else 1.0)), k_month).sum()
            for a, m in enumerate(truth)
        ]
    )
    estimated = 1 / max(dispersion(before.astype(float), mean) - k_month / 12, 0.01)
    noise = 1 + k_month * mean / 12
    pi = expectation_after(before[chosen], mean[chosen], mean[chosen], estimated, noise[chosen])
    other = expectation_after(before[rest], mean[rest], mean[rest], estimated, noise[rest])
    comparison = Comparison(after[rest].sum(), other.mean.sum(), other.variance.sum())
    phi = float(noise[chosen] @ pi.mean / pi.mean.sum())
    plain = campaign_effect(after[chosen], pi, dispersion=phi)
    compared = campaign_effect(after[chosen], pi, comparison, dispersion=phi)
    return plain.low <= theta <= plain.high, compared.low <= theta <= compared.high, plain.theta


def main() -> None:
    rng = np.random.default_rng(20_240_501)
    out = {}
    for name, k in (("poisson", 0.0), ("overdispersed", 0.15)):
        held = [one_slope(rng, k) for _ in range(DISTRICTS)]
        out[f"slope_district_{name}"] = float(np.mean([d for d, _ in held]))
        out[f"slope_area_{name}"] = float(np.mean([a for _, a in held]))
    for name, theta, k in (("none", 1.0, 0.0), ("fall_30", 0.7, 0.0), ("fall_30_overdispersed", 0.7, 0.15)):
        kept = [one_campaign(rng, theta, k) for _ in range(DISTRICTS)]
        out[f"campaign_{name}"] = float(np.mean([p for p, _, _ in kept]))
        out[f"campaign_{name}_compared"] = float(np.mean([c for _, c, _ in kept]))
        out[f"campaign_{name}_mean_theta"] = round(float(np.mean([t for _, _, t in kept])), 3)
    sys.stdout.write(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
