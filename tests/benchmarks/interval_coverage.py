"""How often the 95 % intervals hold the truth over 500 simulated districts. Prints JSON.

Run: python tests/benchmarks/interval_coverage.py
"""

import json
import sys
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np

from trafficedu.analysis import before_after
from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.negative_binomial import dispersion
from trafficedu.analysis.trend.forecast import _outlook
from trafficedu.analysis.trend.model import SEASON_PRIOR
from trafficedu.analysis.trend.panel import Panel, calendar_months
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


def quick_total(panel: Panel, horizon: int) -> SimpleNamespace:
    """Forecast the total by its 24-month mean and month index: half a second a district less than the model."""
    total = panel.counts.sum(axis=0)[None]
    calendar = calendar_months(panel.first_month, 0, panel.months + horizon)
    season = month_index(total, np.ones(total.shape), calendar[: panel.months], SEASON_PRIOR)
    base = season[calendar[: panel.months]]
    rate = total.sum() / base.sum()
    k = dispersion(total[0], rate * base)
    unsure = k + (1 / rate + k) / panel.months
    return SimpleNamespace(total=_outlook(rate * season[calendar[panel.months :]], np.full(horizon, unsure), np.inf))


def one_campaign(rng: np.random.Generator, theta: float, k: float, areas: int = 40) -> tuple[bool, bool, float]:
    """Return whether the effect's interval holds theta; the fifth of areas with the worst year get the campaign.

    Everything but the trend of the total is estimated as for a campaign in the database: pool rate, month index,
    spread of areas and monthly dispersion.
    """
    shape, months = 4.0, 24
    exposure = rng.gamma(3.0, 8.0, areas)
    year = np.exp(0.25 * np.sin(2 * np.pi * MONTH[: months + 12] / 12))
    mean = (exposure * rng.gamma(shape, 1 / shape, areas))[:, None] / 12 * year / year[:12].mean()
    before = negative_binomial(rng, mean[:, :months], k)
    campaign = np.zeros(areas, dtype=bool)
    campaign[np.argsort(before[:, -12:].sum(axis=1) / exposure)[-areas // 5 :]] = True
    after = negative_binomial(rng, np.where(campaign[:, None], theta, 1.0) * mean[:, months:], k).sum(axis=1)
    names = tuple(str(area) for area in range(areas))
    panel = Panel(names, 2015 * 12, before, exposure=np.repeat(exposure[:, None], months, axis=1))
    held, estimate = [], 1.0
    for comparison in (~campaign, np.zeros_like(campaign)):
        found = before_after.before_after(panel, after, np.ones(12), campaign, comparison)
        assert found is not None
        held.append(found.effect.low <= theta <= found.effect.high)
        estimate = found.effect.theta
    return held[1], held[0], estimate


def main() -> None:
    rng = np.random.default_rng(20_240_501)
    out = {}
    for name, k in (("poisson", 0.0), ("overdispersed", 0.15)):
        held = [one_slope(rng, k) for _ in range(DISTRICTS)]
        out[f"slope_district_{name}"] = float(np.mean([d for d, _ in held]))
        out[f"slope_area_{name}"] = float(np.mean([a for _, a in held]))
    cases = [(theta, k, areas) for theta in (1.0, 0.7) for k in (0.0, 0.15) for areas in (40, 22)]
    with patch.object(before_after, "forecast", quick_total):
        for theta, k, areas in cases:
            kept = [one_campaign(rng, theta, k, areas) for _ in range(DISTRICTS)]
            name = f"campaign_theta_{theta}_k_{k}_areas_{areas}"
            out[name] = float(np.mean([p for p, _, _ in kept]))
            out[f"{name}_compared"] = float(np.mean([c for _, c, _ in kept]))
            out[f"{name}_mean_theta"] = round(float(np.mean([t for _, _, t in kept])), 3)
    sys.stdout.write(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
