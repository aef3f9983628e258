"""What a trend costs in seconds of processor: 22 areas by 60 months, 600 by 240 with a backtest. Prints JSON.

Run: python tests/benchmarks/trend_cost.py
"""

import json
import resource
import sys
import time

import numpy as np

from trafficedu.analysis.trend.panel import Panel
from trafficedu.analysis.trend_report import report


def simulated(areas: int, months: int) -> Panel:
    rng = np.random.default_rng(1)
    season = np.exp(0.2 * np.sin(2 * np.pi * np.arange(months) / 12))
    counts = rng.poisson(rng.gamma(2, 1.5, areas)[:, None] * season).astype(float)
    return Panel(tuple(f"a{row}" for row in range(areas)), 2012 * 12, counts)


def main() -> None:
    out: dict[str, float] = {}
    for areas, months, with_backtest in ((22, 60, False), (600, 240, True)):
        started = time.process_time()
        report(simulated(areas, months), with_backtest=with_backtest)
        out[f"{areas}x{months}_seconds"] = round(time.process_time() - started, 2)
    out["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
