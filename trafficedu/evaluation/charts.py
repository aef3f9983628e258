"""Trends and results as figures for ``_macros/charts.html``, and as rows for the table of methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trafficedu.analysis.colours.explaining import Contribution
from trafficedu.analysis.trend_words import METHOD_NAMES
from trafficedu.core.charts import Band, Chart, Series
from trafficedu.core.month import Month
from trafficedu.core.text import Message, message, translate
from trafficedu.evaluation.models import EvaluationResult
from trafficedu.evaluation.rules.measures import SERIES
from trafficedu.evaluation.rules.names import DIMENSION_NAMES

SHOWN_MONTHS = 60
"""The drawing begins so many months back; the fit uses all of them."""


@dataclass(frozen=True)
class BacktestRow:
    """One method over one range of horizons in the table of the backtest; shares are in percent."""

    method: Message
    horizons: str
    chosen: bool
    mase: float | None
    deviance: float | None
    crps: float | None
    coverage_80: float | None
    coverage_95: float | None


def trend_figure(
    key: str, payload: dict[str, Any], row: dict[str, Any], title: str, locale: str, name: str = "trend"
) -> Chart:
    """Return history, what was expected one month ahead, and the forecast with its two bands."""
    series = SERIES[key]
    months, ahead = payload["months"], payload["ahead"]
    start = max(0, months - SHOWN_MONTHS)
    first = Month.parse(payload["first_month"])
    names = [str(first + place) for place in range(start, months)]
    nothing = [None] * len(ahead)
    past: list[None] = [None] * len(names)

    def said(text: Message) -> str:
        return translate(text, locale)

    lines = [Series(said(message("actual")), [*row["shown"][start:], *nothing])]
    if any(value is not None for value in row["fitted"]):
        fitted = Series(said(message("expected one month ahead")), [*row["fitted"][start:], *nothing], quiet=True)
        lines.append(fitted)
    bands = [
        Band(label, [*past, *row[f"low_{level}"]], [*past, *row[f"high_{level}"]])
        for level, label in ((95, "95 %"), (80, "80 %"))
    ]
    lines.append(Series(said(message("forecast")), [*past, *row["expected"]], bands=bands))
    return Chart(
        id=name,
        title=title,
        kind="line",
        categories=[*names, *ahead],
        category_label=said(message("Month")),
        series=lines,
        unit=said(series.unit),
        y_from_zero=not series.rate,
        legend_above=True,
        note=said(message("80 % of outcomes are expected within the dark band, 95 % within the light band.")),
    )


def backtest_lines(about: dict[str, Any]) -> list[BacktestRow]:
    """Return the scores, what the rule would have used last."""
    scores: dict[str, dict[str, dict[str, float | None]]] = about["scores"] or {}
    return [
        BacktestRow(
            METHOD_NAMES[method],
            horizons,
            method == "chosen",
            row["mase"],
            row["deviance"],
            row["crps"],
            *(None if row[name] is None else 100 * float(row[name] or 0) for name in ("coverage_80", "coverage_95")),
        )
        for horizons in ("1-3", "1-12")
        for method, by in scores.items()
        for row in [by[horizons]]
    ]


def contribution_figure(parts: Sequence[Contribution], title: str, locale: str) -> Chart:
    """Return what each dimension brings to the composite beside the most it could bring."""
    present = [part for part in parts if part.points is not None]
    return Chart(
        id="contributions",
        title=title,
        kind="bar",
        horizontal=True,
        categories=[translate(DIMENSION_NAMES[part.dimension], locale) for part in present],
        category_label=translate(message("Dimension"), locale),
        series=[
            Series(translate(message("contribution"), locale), [part.points for part in present]),
            Series(translate(message("maximum"), locale), [part.most for part in present]),
        ],
        unit=translate(message("points of the composite"), locale),
    )


def history_figure(history: Sequence[tuple[Month, EvaluationResult]], locale: str) -> Chart:
    """Return the composite score month by month; a grey month is a gap."""
    return Chart(
        id="history",
        title=translate(message("Composite score of the last twelve months"), locale),
        kind="line",
        categories=[str(month) for month, _ in history],
        category_label=translate(message("Month"), locale),
        series=[Series(translate(message("composite score"), locale), [result.score for _, result in history])],
        unit=translate(message("points"), locale),
        note=translate(message("A month without enough data is a gap."), locale),
    )
