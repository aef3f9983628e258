"""Trends and results as figures for ``_macros/charts.html``, and as rows for the table of methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trafficedu.analysis.colours.first.explaining import Contribution
from trafficedu.analysis.colours.judging import LEVEL
from trafficedu.analysis.trend_words import METHOD_NAMES
from trafficedu.core.charts import Band, Chart, Series
from trafficedu.core.month import Month
from trafficedu.core.text import Message, message, translate
from trafficedu.evaluation.dimensions.registry import TITLES
from trafficedu.evaluation.models import EvaluationResult
from trafficedu.evaluation.rules.measures import SERIES

HISTORY_MONTHS = 12
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
        y_from_zero=not series.share,
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
        categories=[translate(TITLES[part.dimension], locale) for part in present],
        category_label=translate(message("Dimension"), locale),
        series=[
            Series(translate(message("contribution"), locale), [part.points for part in present]),
            Series(translate(message("maximum"), locale), [part.most for part in present]),
        ],
        unit=translate(message("points of the composite"), locale),
    )


def history_figure(
    history: Sequence[tuple[Month, EvaluationResult | None]], schemes: Mapping[int, int], own: int, locale: str
) -> Chart:
    """Return the composite score month by month under the rules of the last one; a month without a score is a gap.

    Months under other rules are told in the note and not drawn: their scores do not compare.

    Parameters
    ----------
    history
        Every month, None where it was not evaluated.
    schemes
        Run id -> scheme; ``own`` is that of the month explained.
    """

    def said(text: Message) -> str:
        return translate(text, locale)

    drawn = [row if row is not None and schemes.get(row.run_id) == own else None for _, row in history]
    scores = [row.score if row is not None else None for row in drawn]
    bands = []
    if any(row is not None and row.low is not None for row in drawn):
        low = [row.low if row is not None else None for row in drawn]
        high = [row.high if row is not None else None for row in drawn]
        bands = [Band(f"{100 * LEVEL:g} %", low, high)]
    other = [month for month, row in history if row is not None and schemes.get(row.run_id) != own]
    unknown = [month for month, row in history if row is None]
    notes = [said(message("A month without enough data is a gap."))]
    if unknown:
        notes.append(said(message("%(number)d of these months were not evaluated.", number=len(unknown))))
    if other:
        notes.append(
            said(
                message(
                    "The rules changed after %(month)s; earlier months are not drawn, because scores under different "
                    "rules do not compare.",
                    month=other[-1],
                )
            )
        )
    return Chart(
        id="history",
        title=said(_history_finding([row for row in drawn if row is not None and row.score is not None])),
        kind="line",
        categories=[str(month) for month, _ in history],
        category_label=said(message("Month")),
        series=[Series(said(message("composite score")), scores, bands=bands)],
        unit=said(message("points")),
        note=" ".join(notes),
    )


def _history_finding(rows: Sequence[EvaluationResult]) -> Message:
    """Say what the scores of the months show: whether the last lies apart from the first, or may not."""
    if len(rows) < 2:
        return message("There is no second month with a score yet")
    first, last = rows[0], rows[-1]
    if first.low is None or first.high is None or last.low is None or last.high is None:
        return message("Composite score of the last twelve months")
    if last.low > first.high:
        return message("The score rose from %(first).1f to %(last).1f", first=first.score, last=last.score)
    if last.high < first.low:
        return message("The score fell from %(first).1f to %(last).1f", first=first.score, last=last.score)
    return message("From %(first).1f to %(last).1f: within what is not known", first=first.score, last=last.score)


def effect_figure(effect: dict[str, Any], locale: str) -> Chart:
    """Return the effect of a campaign as one bar from no change, with its interval."""

    def said(text: Message) -> str:
        return translate(text, locale)

    if not effect["proven"]:
        title = message("The interval holds no change: the campaign's effect is not proven")
    elif effect["percent"] < 0:
        title = message("The whole interval lies below no change")
    else:
        title = message("The whole interval lies above no change")
    bar = Series(
        said(message("change against what was expected")), [effect["percent"]], [effect["low"]], [effect["high"]]
    )
    return Chart(
        id="campaign-effect",
        title=said(title),
        kind="bar",
        categories=[said(message("Campaign"))],
        category_label=said(message("Campaign")),
        series=[bar],
        unit="%",
        horizontal=True,
        note=said(message("Whisker: 95 % interval. Zero is what would have come without the campaign.")),
    )
