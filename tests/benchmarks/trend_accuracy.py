"""Rolling-origin scores of every method on real and simulated series, as the tables of docs/trend.md have them.

Prints for each series and range of horizons the scores of every method, the coverage of the intervals by quartile of
size (of long series in every 24 months that have five years before them, with the standard error that as many areas
leave), and the geometric mean over all series of the CRPS of what is used over that of the best simple method in
hindsight; then how often the 95 % interval of the three months after a common fall by 30 % in the last month holds.

Run: python tests/benchmarks/trend_accuracy.py [--brief] [FILE ...]
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.series import read_series
from trafficedu.analysis.trend.backtest import CHOSEN, HORIZONS, backtest, randomised_pit
from trafficedu.analysis.trend.forecast import forecast
from trafficedu.analysis.trend.naive import NAIVE_METHODS
from trafficedu.analysis.trend.panel import Panel
from trafficedu.analysis.trend.rolling import STACK, Rolled, roll

DATA = Path(__file__).parents[1] / "data"
REAL = ("velo_paris.csv", "velo_france.csv", "velo_geneva.csv")
MONTHS, TEST, HISTORY = 84, 24, 60
FALLS = 20
QUARTILES = 4


def simulated() -> Iterator[tuple[str, Panel]]:
    """Two districts of each kind, 84 months."""
    time = np.arange(MONTHS)
    year = np.sin(2 * np.pi * time / 12)
    for seed in (1, 2):
        rng = np.random.default_rng(100 + seed)
        peak = rng.uniform(0, 2 * np.pi, 12)[:, None]
        walk = np.cumsum(rng.normal(0, 0.05, (20, MONTHS)), axis=1)
        means = {
            "own seasons": 40 * (1 + 0.4 * np.sin(2 * np.pi * time / 12 + peak)),
            "wandering": rng.gamma(3, 4, 20)[:, None] * np.exp(0.2 * year + walk),
            "sparse": rng.gamma(1, 0.22, 60)[:, None] * np.exp(0.3 * year),
            "common fall": rng.uniform(40, 120, 12)[:, None]
            * np.where(time < MONTHS - 12, 1, 0.7)
            * np.exp(0.2 * year),
            "plain": rng.gamma(2, 3, 22)[:, None] * np.exp(0.3 * year),
            "overdispersed": rng.gamma(2, 8, 22)[:, None] * np.exp(0.3 * year) * rng.gamma(5, 0.2, (22, MONTHS)),
        }
        for name, mean in means.items():
            yield f"{name} {seed}", panel_of(rng.poisson(mean).astype(float))


def panel_of(counts: FloatArray) -> Panel:
    """Return counts as a panel of nameless areas."""
    return Panel(tuple(f"a{row}" for row in range(len(counts))), 2011 * 12, counts)


def by_quartile(panel: Panel, rolled: Rolled, last: int, end: int) -> list[tuple[float, float, float]]:
    """Return the shares held by the 80 % and 95 % interval of what is used, from the smallest quarter of areas up.

    Origins and months forecast are the 24 before ``end``. Third comes the standard error of the first by the spread
    between areas: an area that leaves its level leaves it for many months, so the areas count and not the months.
    """
    test = (rolled.origins >= end - TEST) & (rolled.origins < end)
    inside = rolled.origins[test][:, None] + np.arange(last) < end
    truth = np.where(inside[:, :, None], rolled.truth[test][:, :last], np.nan)
    known = ~np.isnan(truth)
    pit = np.full(truth.shape, np.nan)
    mean, k = rolled.means[STACK][test][:, :last], rolled.step_dispersions(STACK)[test][:, :last]
    pit[known] = randomised_pit(truth[known], mean[known], k[known])
    order = np.argsort(np.nanmean(panel.counts, axis=1), kind="stable")
    held = []
    for part in np.array_split(order, QUARTILES):
        off, seen = np.abs(pit[:, :, part] - 0.5), known[:, :, part]
        of_area = (off <= 0.4).sum(axis=(0, 1)) / np.maximum(seen.sum(axis=(0, 1)), 1)
        error = float(of_area.std(ddof=1) / np.sqrt(part.size))
        held.append((float((off[seen] <= 0.4).mean()), float((off[seen] <= 0.475).mean()), error))
    return held


def after_a_fall() -> str:
    """Return how often the intervals of three months hold after a common fall by 30 % in the last month known."""
    areas, totals = [], []
    for seed in range(FALLS):
        rng = np.random.default_rng(seed)
        time = np.arange(63)
        mean = rng.uniform(40, 120, 12)[:, None] * np.exp(0.2 * np.sin(2 * np.pi * time / 12))
        counts = rng.poisson(mean * np.where(time < 59, 1.0, 0.7)).astype(float)
        ahead, truth = forecast(panel_of(counts[:, :60]), 3), counts[:, 60:]
        areas.append((ahead.areas.low_95 <= truth) & (truth <= ahead.areas.high_95))
        totals.append((ahead.total.low_95 <= truth.sum(axis=0)) & (truth.sum(axis=0) <= ahead.total.high_95))
    return (
        f"after a common fall: 95 % interval holds {100 * np.mean(areas):.1f} % (areas), {100 * np.mean(totals):.1f} %"
    )


def main() -> None:
    brief = "--brief" in sys.argv
    files = [Path(name) for name in sys.argv[1:] if name != "--brief"]
    series = [(path.stem, read_series(path)) for path in files or [DATA / name for name in REAL]]
    ratios: dict[str, list[float]] = {horizons: [] for horizons in HORIZONS}
    for name, panel in [*series, *([] if files else simulated())]:
        rolled = roll(panel, 12)
        scores = backtest(panel, rolled)
        if scores is None:
            sys.stdout.write(f"{name}: under 36 months, no backtest\n")
            continue
        for horizons, last in HORIZONS.items():
            best = min(scores[method][horizons].crps or 0.0 for method in NAIVE_METHODS)
            ratios[horizons].append((scores[CHOSEN][horizons].crps or 0.0) / best)
            for method, by in scores.items():
                s = by[horizons]
                if s.crps is None or (brief and method != CHOSEN):
                    continue
                mase = "-" if s.mase is None else f"{s.mase:.3f}"
                sys.stdout.write(
                    f"| {name} | {horizons} | `{method}` | {s.deviance:.3f} | {s.crps:.3f} | {s.crps / best:.3f}"
                    f" | {mase} | {100 * (s.coverage_80 or 0):.1f} | {100 * (s.coverage_95 or 0):.1f} |\n"
                )
            for end in range(panel.months, HISTORY + TEST - 1, -TEST):
                quarters = " | ".join(
                    f"{100 * a:.1f}, {100 * b:.1f} (± {100 * error:.1f})"
                    for a, b, error in by_quartile(panel, rolled, last, end)
                )
                sys.stdout.write(f"| {name} | {horizons} | quartiles to {panel.month_name(end - 1)} | {quarters} |\n")
        sys.stdout.flush()
    for horizons, all_of in ratios.items():
        real, every = (np.exp(np.mean(np.log(part))) for part in (all_of[: len(series)], all_of))
        sys.stdout.write(f"geometric mean {horizons}: files {real:.4f}, all {every:.4f}\n")
    if not files:
        sys.stdout.write(after_a_fall() + "\n")


if __name__ == "__main__":
    main()
