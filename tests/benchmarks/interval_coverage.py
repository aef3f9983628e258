"""How often statements of trends and campaigns are right in simulated districts. Prints JSON, shares in percent.

Run: python tests/benchmarks/interval_coverage.py [districts for each line, 200 unless given] [statements or campaigns]
"""

import json
import sys
from collections.abc import Callable

import numpy as np

from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.before_after import before_after
from trafficedu.analysis.trend.panel import Panel
from trafficedu.analysis.trend.statement import Slopes, slopes

Level = Callable[[np.random.Generator, tuple[int, int]], FloatArray]
BEFORE, DURING, AREAS = 24, 12, 40
YEAR = np.exp(0.25 * np.sin(2 * np.pi * np.arange(BEFORE + DURING) / 12))


def still(_rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    return np.zeros(shape)


def autocorrelated(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """AR(1) of .6 with standard deviation .15."""
    level = rng.normal(0.0, 0.15, shape)
    for t in range(1, shape[1]):
        level[:, t] = 0.6 * level[:, t - 1] + 0.8 * level[:, t]
    return level


def wandering(sd: float) -> Level:
    return lambda rng, shape: np.cumsum(rng.normal(0.0, sd, shape), axis=1)


def fallen(_rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Down by 30 % from the middle on."""
    return np.where(np.arange(shape[1]) >= shape[1] // 2, np.log(0.7), 0.0) * np.ones(shape)


def draw(rng: np.random.Generator, mean: FloatArray, k: float) -> FloatArray:
    counts = rng.poisson(mean * rng.gamma(1 / k, k, mean.shape) if k else mean)
    return np.asarray(counts, dtype=float)


def statements(rng: np.random.Generator, runs: int) -> dict[str, dict[str, float]]:
    """Shares of series with a trend claimed, a changed level said, and the true change a year in the interval."""
    lines: dict[str, tuple[Level, float, float]] = {
        "Poisson": (still, 0.0, 0.0),
        "k .2": (still, 0.2, 0.0),
        "AR(1) .6, sd .15": (autocorrelated, 0.0, 0.0),
        "random walk .05": (wandering(0.05), 0.0, 0.0),
        "step of -30 %": (fallen, 0.0, 0.0),
        "-10 % a year": (still, 0.0, -0.1),
        "-20 % a year": (still, 0.0, -0.2),
        "-20 % a year, k .2": (still, 0.2, -0.2),
        "-35 % a year": (still, 0.0, -0.35),
    }
    out = {}
    for months in (36, 24):
        for name, (level, k, per_year) in lines.items():
            for mean in (5.0, 20.0, 60.0, 300.0):
                shape = 2 * runs, months
                truth = mean * np.exp(level(rng, shape)) * (1 + per_year) ** (np.arange(months) / 12)
                found = slopes(draw(rng, truth, k), np.ones(shape))
                out[f"{months} months, {name}, {mean:g} a month"] = shares(found, per_year)
    return out


def shares(found: Slopes, per_year: float) -> dict[str, float]:
    """Return the three shares of one line."""
    changed = found.changed >= 0
    claimed = ((found.low > 0) | (found.high < 0)) & ~changed
    held = (found.low <= per_year) & (per_year <= found.high)
    parts = {"claimed": claimed, "changed": changed, "held": held}
    return {name: round(100 * float(part.mean()), 1) for name, part in parts.items()}


def one_campaign(
    rng: np.random.Generator, theta: float, k: float, areas: int, wander: float, rose: bool
) -> list[tuple[bool, bool, float]]:
    """Return for one district without and with comparison areas: theta held, effect "proven", estimate.

    A fifth of the areas get the campaign: those that rose most from one year to the next, or had the worst year.
    """
    exposure = rng.gamma(3.0, 8.0, areas)
    level = np.cumsum(rng.normal(0.0, wander, (areas, BEFORE + DURING)), axis=1)
    mean = (exposure * rng.gamma(4.0, 0.25, areas))[:, None] / 12 * YEAR * np.exp(level)
    before = draw(rng, mean[:, :BEFORE], k)
    later, earlier = before[:, 12:].sum(axis=1), before[:, :12].sum(axis=1)
    campaign = np.zeros(areas, dtype=bool)
    campaign[np.argsort((later + 0.5) / (earlier + 0.5) if rose else later / exposure)[-areas // 5 :]] = True
    after = draw(rng, np.where(campaign[:, None], theta, 1.0) * mean[:, BEFORE:], k).sum(axis=1)
    names = tuple(str(area) for area in range(areas))
    panel = Panel(names, 2015 * 12, before, exposure=np.repeat(exposure[:, None], BEFORE, axis=1))
    return [_effect(panel, after, campaign, against, theta) for against in (np.zeros_like(campaign), ~campaign)]


def _effect(
    panel: Panel, after: FloatArray, campaign: BoolArray, against: BoolArray, theta: float
) -> tuple[bool, bool, float]:
    found = before_after(panel, after, np.ones(DURING), campaign, against)
    assert found is not None
    return found.effect.low <= theta <= found.effect.high, found.effect.proven, found.effect.theta


def campaigns(rng: np.random.Generator, runs: int) -> dict[str, dict[str, float]]:
    """Coverage, share proven and mean estimate of campaigns, alone and against comparison areas."""
    cases = [(theta, k, areas, 0.0, False) for theta in (1.0, 0.7) for k in (0.0, 0.15) for areas in (40, 22)]
    cases += [(theta, k, 40, 0.08, True) for theta in (1.0, 0.7) for k in (0.0, 0.1)] + [(1.0, 0.1, 22, 0.08, True)]
    out = {}
    for case in cases:
        found = np.array([one_campaign(rng, *case) for _ in range(runs)], dtype=float)
        theta, k, areas, wander, rose = case
        name = f"theta {theta}, k {k}, {areas} areas, wandering {wander}, {'rose most' if rose else 'worst year'}"
        for place, how in enumerate(("alone", "compared")):
            held, proven, estimate = found[:, place].mean(axis=0)
            values = {"held": 100 * held, "proven": 100 * proven, "mean": estimate}
            out[f"{name}, {how}"] = {key: round(float(value), 3) for key, value in values.items()}
    return out


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    parts = {"statements": statements, "campaigns": campaigns}
    found = {name: parts[name](np.random.default_rng(20_240_501), runs) for name in sys.argv[2:] or parts}
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
