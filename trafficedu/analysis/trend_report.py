"""What ``trafficedu trend FILE`` answers: the series read, fitted, forecast and, if asked, put to the test.

The shape of the JSON is part of the contract (docs/trend.md); ``trend_words`` says the same in words.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.series import read_series
from trafficedu.analysis.trend.associations import Association, associations
from trafficedu.analysis.trend.backtest import BACKTEST_MONTHS, Scores
from trafficedu.analysis.trend.backtest import backtest as score_methods
from trafficedu.analysis.trend.forecast import ExpectedCounts, Forecast, forecast
from trafficedu.analysis.trend.model import SEASON_PRIOR
from trafficedu.analysis.trend.panel import MONTHS, Panel, calendar_months
from trafficedu.analysis.trend.rolling import clean_exposure
from trafficedu.analysis.trend.season import month_index
from trafficedu.analysis.trend.statement import Slopes, slopes
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.text import message

LONGEST_HORIZON = 36
DIGITS = 6
STEP_PASSES = 3
"""A common change of level looks like a season of the half-years beside it: it is taken out of the months that the
season is estimated from, and estimated again."""


@dataclass(frozen=True, eq=False)
class TrendReport:
    """Everything known about one series.

    Parameters
    ----------
    panel
        What was read.
    horizon
        Months ahead.
    forecast
        Expected counts and intervals.
    trends
        One slope per area.
    total_trend
        The slope of all areas together (of those that still report, in the months all of them are known).
    associations
        Rate ratios of the covariates.
    fit_seconds
        Time spent on fitting and forecasting, the backtest included.
    backtest_asked
        Whether the scores were asked for.
    scores
        Method -> horizons -> scores; ``None`` when not asked for or with under 36 months.
    """

    panel: Panel
    horizon: int
    forecast: Forecast
    trends: Slopes
    total_trend: Slopes
    associations: tuple[Association, ...]
    fit_seconds: float
    backtest_asked: bool
    scores: dict[str, dict[str, Scores]] | None

    def as_json(self) -> dict[str, object]:
        """Return the object that ``--json`` prints: scores with a backtest, the forecast without."""
        head: dict[str, object] = {
            "areas": len(self.panel.areas),
            "months": self.panel.months,
            "chosen": self.forecast.method,
            "fit_seconds": round(self.fit_seconds, 3),
        }
        if not self.backtest_asked:
            return head | self._forecast_json()
        if self.scores is None:
            note = f"no backtest: {self.panel.months} months, {BACKTEST_MONTHS} are needed"
            return head | {"scores": {}, "note": note}
        return head | {
            "scores": {
                method: {name: {k: _rounded(v) for k, v in asdict(score).items()} for name, score in by.items()}
                for method, by in self.scores.items()
            }
        }

    def _forecast_json(self) -> dict[str, object]:
        """Lay out the forecast, the trends and the associations."""
        areas = [
            {
                "area": area,
                "last_month": self.last_month(row),
                "forecast": _outlook_json(self.forecast.areas, row) if self.forecast.active[row] else None,
                "trend": _trend_json(self.trends, row, self.panel),
            }
            for row, area in enumerate(self.panel.areas)
        ]
        return {
            "first_month": self.panel.month_name(0),
            "last_month": self.panel.month_name(self.panel.months - 1),
            "forecast_months": list(self.forecast.months),
            "weights": {method: _rounded(weight) for method, weight in self.forecast.weights.items()},
            "exposure_used": self.forecast.exposed,
            "level_changes": [
                {
                    "month": self.panel.month_name(change.month),
                    "size": _rounded(change.size),
                    "stays": _rounded(change.stays),
                }
                for change in self.forecast.changes
            ],
            "total": {
                "forecast": _outlook_json(self.forecast.total, None) if self.forecast.active.any() else None,
                "trend": _trend_json(self.total_trend, 0, self.panel),
            },
            "by_area": areas,
            "associations": [
                {key: _rounded(v) if isinstance(v, float) else v for key, v in asdict(found).items()}
                for found in self.associations
            ],
        }

    def last_month(self, row: int) -> str | None:
        """Return the last month in which the count of an area is known."""
        known = np.flatnonzero(~np.isnan(self.panel.counts[row]))
        return self.panel.month_name(int(known[-1])) if known.size else None


def _rounded(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else float(f"{value:.{DIGITS}g}")


def _outlook_json(outlook: ExpectedCounts, row: int | None) -> dict[str, list[float | None]]:
    """Return the arrays of one area, or of all areas together."""
    return {
        name: [_rounded(value) for value in (values if row is None else values[row])]
        for name, values in vars(outlook).items()
    }


def _trend_json(trend: Slopes, row: int, panel: Panel) -> dict[str, object] | None:
    """Return a slope and the change of the level, or ``None`` where too little happened to speak of either."""
    if np.isnan(trend.per_year[row]):
        return None
    return {
        "per_year": _rounded(trend.per_year[row]),
        "low": _rounded(trend.low[row]),
        "high": _rounded(trend.high[row]),
        "falling": _rounded(trend.falling[row]),
        "level_changed": None
        if trend.changed[row] < 0
        else {
            "since": panel.month_name(int(trend.changed[row])),
            "change": _rounded(trend.change[row]),
            "low": _rounded(trend.change_low[row]),
            "high": _rounded(trend.change_high[row]),
        },
    }


def report(panel: Panel, horizon: int = MONTHS, *, with_backtest: bool = False, capped: bool = False) -> TrendReport:
    """Fit, forecast and judge a panel; the same as :func:`run` without the file.

    Parameters
    ----------
    panel
        At least one known count.
    horizon
        Months ahead, 1 to 36.
    with_backtest
        Whether to score the rolling-origin forecasts.
    capped
        Whether counts are failures out of the exposure and cannot exceed it, see :func:`forecast`.

    Raises
    ------
    Refusal
        If the horizon is out of range.
    """
    if not 1 <= horizon <= LONGEST_HORIZON:
        raise Refusal(
            message("the horizon must be between 1 and %(months)s months", months=LONGEST_HORIZON),
            field="horizon",
        )
    started = time.perf_counter()
    ahead = forecast(panel, horizon, capped=capped)
    scores = score_methods(panel, ahead.rolled) if with_backtest and ahead.rolled is not None else None
    trends, total, found = _statements(panel, ahead)
    return TrendReport(
        panel, horizon, ahead, trends, total, found, time.perf_counter() - started, with_backtest, scores
    )


def _statements(panel: Panel, ahead: Forecast) -> tuple[Slopes, Slopes, tuple[Association, ...]]:
    """Say how the counts have moved, area by area and all together, and with what."""
    exposure, _, _ = clean_exposure(panel)
    counts = np.nan_to_num(panel.counts, nan=0.0)
    month = calendar_months(panel.first_month, 0, panel.months)
    reporting = ahead.active if ahead.active.any() else np.ones(len(panel.areas), dtype=bool)
    whole: FloatArray = panel.counts[reporting].sum(axis=0)
    level = np.ones(panel.months)
    for _ in range(STEP_PASSES):
        adjusted = exposure * month_index(counts, exposure * level, month, SEASON_PRIOR)[month]
        base = _expected_shares(counts, adjusted)[reporting].sum(axis=0)
        total = slopes(whole[None, :], base[None, :])
        if total.changed[0] < 0:
            break
        level = np.where(np.arange(panel.months) < total.changed[0], 1.0, 1.0 + total.change[0])
    found = associations(counts, exposure, month, panel.covariates)
    return slopes(panel.counts, adjusted), total, found


def _expected_shares(counts: FloatArray, adjusted: FloatArray) -> FloatArray:
    """Weigh each area's exposure by its own rate, so that growing small areas do not bend the total."""
    size = adjusted.sum(axis=1, keepdims=True)
    rate = np.divide(counts.sum(axis=1, keepdims=True) + 0.5, size, out=np.ones_like(size), where=size > 0)
    share: FloatArray = adjusted * rate
    return share


def run(
    path: Path, horizon: int = MONTHS, *, backtest: bool = False, sheet: str = "", running: Month | None = None
) -> TrendReport:
    """Read a tidy table and answer it.

    Parameters
    ----------
    path
        ``area,month,accidents[,exposure,<covariates>]``, see :func:`trafficedu.analysis.series.read_series`.
    horizon
        Months ahead, 1 to 36.
    backtest
        Whether to score the rolling-origin forecasts of every method.
    sheet
        Which sheet of a workbook; "" for its only one.
    running
        The month in which this is asked; none in the file lies over a year after it.

    Raises
    ------
    Refusal
        With what is wrong in the file, or a horizon out of range.
    """
    return report(read_series(path, sheet, running), horizon, with_backtest=backtest)
