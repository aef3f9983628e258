"""Rolling-origin scores of every method on series given as files. Prints one table per file.

Run: python tests/benchmarks/trend_accuracy.py tests/data/velo_paris.csv tests/data/velo_france.csv
"""

import sys
from pathlib import Path

from trafficedu.analysis.trend.naive import NAIVE_METHODS
from trafficedu.analysis.trend_report import run


def main() -> None:
    for path in map(Path, sys.argv[1:]):
        report = run(path, backtest=True)
        if report.scores is None:
            sys.stdout.write(f"{path.name}: under 36 months, no backtest\n")
            continue
        for horizons in ("1-3", "1-12"):
            best = min(report.scores[name][horizons].crps or 0.0 for name in NAIVE_METHODS)
            for method, scores in report.scores.items():
                s = scores[horizons]
                if s.crps is None:
                    continue
                mase = "    -" if s.mase is None else f"{s.mase:5.3f}"
                sys.stdout.write(
                    f"{path.stem:12s} {horizons:4s} {method:14s} deviance {s.deviance:8.3f}"
                    f" crps {s.crps:8.3f} ratio {s.crps / best:.3f} mase {mase}"
                    f" coverage {s.coverage_80:.3f} {s.coverage_95:.3f}\n"
                )


if __name__ == "__main__":
    main()
