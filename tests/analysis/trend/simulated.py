"""Simulated districts with known parameters."""

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.trend.panel import Panel


def panel(counts: FloatArray, **further: object) -> Panel:
    names = tuple(f"a{row}" for row in range(len(counts)))
    return Panel(names, 2015 * 12, np.asarray(counts, float), **further)  # type: ignore[arg-type]


def season(months: int, strength: float = 0.3) -> FloatArray:
    return np.asarray(np.exp(strength * np.sin(2 * np.pi * np.arange(months) / 12)))


def district(areas: int = 12, months: int = 60, mean: float = 4.0, seed: int = 1) -> FloatArray:
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.gamma(4, mean / 4, areas)[:, None] * season(months)).astype(float)
