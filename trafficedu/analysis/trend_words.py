"""A trend report in sentences a commander understands and does not over-read, in either language."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from trafficedu.analysis.series import alike
from trafficedu.analysis.trend.associations import Association
from trafficedu.analysis.trend.backtest import BACKTEST_MONTHS
from trafficedu.analysis.trend.forecast import ExpectedCounts
from trafficedu.analysis.trend.rolling import LEAST_MONTHS, STACK
from trafficedu.analysis.trend.short import SHRUNKEN_MEAN
from trafficedu.analysis.trend.statement import Slopes
from trafficedu.analysis.trend.watch import OPEN
from trafficedu.analysis.trend_report import TrendReport
from trafficedu.core.month import Month
from trafficedu.core.text import Message, message, translate

METHOD_NAMES = {
    "model": message("the trend model"),
    "seasonal_naive": message("the same month last year"),
    "mean_12": message("the mean of the last 12 months"),
    "mean_12_season": message("the mean of the last 12 months times the month index of all areas"),
    "mean_36_season": message("the mean of the last 36 months times the month index of all areas"),
    SHRUNKEN_MEAN: message("the mean of each area, shrunk towards that of all areas"),
    STACK: message("a weighted mean of three methods"),
    "chosen": message("what is used: the weighted mean"),
}
UNKNOWNS = (
    message(
        "What the model does not know: future campaigns, road works, weather and holidays; changes in what is "
        "recorded; e-bikes registered after the last month."
    ),
    message(
        "The intervals are right if the coming months are like the past; a sudden change of one area is noticed only "
        "after about three months, one of all areas together in the same month."
    ),
)
FALLING = message(
    "Trend over %(months)s months: falling; %(change)s %% a year, with 95 %% confidence between"
    " %(low)s and %(high)s %%."
)
RISING = message(
    "Trend over %(months)s months: rising; %(change)s %% a year, with 95 %% confidence between %(low)s and %(high)s %%."
)
NOT_PROVEN_FALLING = message(
    "Trend over %(months)s months: not proven; %(change)s %% a year, with 95 %% confidence between"
    " %(low)s and %(high)s %%; falling with %(probability)s %% probability."
)
NOT_PROVEN_RISING = message(
    "Trend over %(months)s months: not proven; %(change)s %% a year, with 95 %% confidence between"
    " %(low)s and %(high)s %%; rising with %(probability)s %% probability."
)

LEVEL_CHANGED = message(
    "The level changed once in %(months)s months: %(change)s %% since %(since)s, with 95 %% confidence between"
    " %(low)s and %(high)s %%. So no change a year is stated."
)


JUMPED = message("Trend: no change a year is stated, because the level of all areas together changed in %(month)s.")
FEWER_SO_FAR = message(
    "Level changed: in %(month)s all areas together had %(percent)s %% fewer than expected, far beyond chance. "
    "One month does not show whether it lasts, so the intervals are wider."
)
MORE_SO_FAR = message(
    "Level changed: in %(month)s all areas together had %(percent)s %% more than expected, far beyond chance. "
    "One month does not show whether it lasts, so the intervals are wider."
)
FEWER_SINCE = message(
    "Level changed: since %(month)s all areas together have had %(percent)s %% fewer than was expected before; the "
    "forecast starts from the new level."
)
MORE_SINCE = message(
    "Level changed: since %(month)s all areas together have had %(percent)s %% more than was expected before; the "
    "forecast starts from the new level."
)


def as_text(report: TrendReport, locale: str, running: Month | None = None) -> str:
    """Put the whole report into words.

    Parameters
    ----------
    report
        The report.
    locale
        ``zh`` or ``en``.
    running
        The month in which this is asked: what a table says of it, or of later ones, is not all that will have happened.
    """
    unfinished = _unfinished(report, running) if running is not None else ()
    lines: list[Message | str] = [*_opening(report), *unfinished, *notes(report), "", *choice_lines(report), ""]
    if report.backtest_asked:
        lines += [*_score_lines(report), ""]
    if report.forecast.active.any():
        lines.append(message("All areas together"))
        lines.append(_trend_of(report, report.total_trend, 0))
        lines += _outlook_lines(report.forecast.months, report.forecast.total, None)
    if len(report.panel.areas) > 1:
        for row, area in enumerate(report.panel.areas):
            lines += [
                "",
                message("Area %(area)s", area=area),
                _trend_of(report, report.trends, row),
            ]
            if report.forecast.active[row]:
                lines += _outlook_lines(report.forecast.months, report.forecast.areas, row)
    lines += ["", *_association_lines(report.associations), *UNKNOWNS]
    return "\n".join(line if isinstance(line, str) else translate(line, locale) for line in lines) + "\n"


def _opening(report: TrendReport) -> Iterator[Message]:
    yield message(
        "%(areas)s areas, %(months)s months from %(first)s to %(last)s, %(total)s accidents.",
        areas=len(report.panel.areas),
        months=report.panel.months,
        first=report.panel.month_name(0),
        last=report.panel.month_name(report.panel.months - 1),
        total=int(np.nansum(report.panel.counts)),
    )


def _unfinished(report: TrendReport, running: Month) -> Iterator[Message]:
    last = Month.at(report.panel.first_month + report.panel.months - 1)
    if last >= running:
        yield message(
            "The table goes to %(last)s, and %(running)s is not over yet: a month that is not over reads like a fall. "
            "Leave its rows out and ask again.",
            last=str(last),
            running=str(running),
        )


def notes(report: TrendReport) -> Iterator[Message]:
    """Say what is odd about the series and what was done about it."""
    panel, known = report.panel, ~np.isnan(report.panel.counts)
    if missing := int((~known).sum()):
        yield message("%(cells)s area-months are unknown; they are left out, not counted as zero.", cells=missing)
    yield from _input_notes(report)
    if np.nansum(panel.counts) == 0:
        yield message("No events in any area so far; the forecast is small but not zero.")
    ended = [area for area, active in zip(panel.areas, report.forecast.active, strict=True) if not active]
    if ended:
        yield message(
            "No count in the last three months, so no forecast: %(areas)s.",
            areas=", ".join(ended),
        )
    for name, values in panel.covariates.items():
        if np.isnan(values).any():
            yield message(
                "The covariate %(name)s has gaps; the last value is carried forward for up to 12 months.", name=name
            )
    rolled = report.forecast.rolled
    if rolled is not None:
        year = rolled.breaks[:, -12:].any(axis=1) & report.forecast.active
        broken = [area for area, hit in zip(panel.areas, year, strict=True) if hit]
        if broken:
            yield message(
                "The level of these areas changed suddenly in the last year, so older months hardly count: %(areas)s.",
                areas=", ".join(broken),
            )


def _input_notes(report: TrendReport) -> Iterator[Message]:
    """Say what was made of names and denominators that may not be meant so."""
    panel, known = report.panel, ~np.isnan(report.panel.counts)
    for group in alike(panel.areas):
        yield message(
            "%(names)s differ only in capitals, width or blanks; they are taken as so many different areas.",
            names=", ".join(group),
        )
    if panel.exposure is not None and not report.forecast.exposed:
        yield message("The exposure is unknown or zero for over 12 months somewhere, so it is not used in the fit.")
    elif panel.exposure is not None and (gaps := int((known & ~(panel.exposure > 0)).sum())):
        yield message(
            "In %(cells)s area-months the exposure is zero or unknown; the value of the nearest month before, or else "
            "after, is used.",
            cells=gaps,
        )


def choice_lines(report: TrendReport) -> Iterator[Message]:
    """Say what is used and why, and whether the level of all areas together changed."""
    method = report.forecast.method
    yield message("Method used: %(method)s.", method=METHOD_NAMES[method])
    if method == SHRUNKEN_MEAN:
        yield message(
            "Why: months with a count: %(months)s; at least %(least)s are needed for a season or a trend.",
            months=int((~np.isnan(report.panel.counts)).any(axis=0).sum()),
            least=LEAST_MONTHS,
        )
        return
    weights = report.forecast.weights
    if weights["model"] < 1.0:
        yield message(
            "Weights, by how well each forecast the past: the trend model %(model)s %%, the mean of 12 months with "
            "month index %(mean_12)s %%, that of 36 months %(mean_36)s %%.",
            model=f"{100 * weights['model']:.0f}",
            mean_12=f"{100 * weights['mean_12_season']:.0f}",
            mean_36=f"{100 * weights['mean_36_season']:.0f}",
        )
    else:
        yield message(
            "The trend model has all the weight: the level changed lately, or the other methods were far worse."
        )
    for change in report.forecast.changes:
        fell = change.size < 1.0
        said = (
            (FEWER_SO_FAR if fell else MORE_SO_FAR) if change.stays == OPEN else (FEWER_SINCE if fell else MORE_SINCE)
        )
        yield said.filled(month=report.panel.month_name(change.month), percent=f"{100 * abs(1.0 - change.size):.0f}")


def percent(share: float) -> str:
    """Write a probability without claiming certainty: between <1 and >99."""
    if share > 0.99:
        return ">99"
    return "<1" if share < 0.01 else f"{100 * share:.0f}"


def trend_sentence(trend: Slopes, row: int, first_month: int) -> Message:
    """State a trend with its interval and the probability of its direction, and claim no more.

    A level that changed once is no trend. ``first_month`` is that of the series, as ``Month.index``.
    """
    if np.isnan(trend.per_year[row]):
        return message("Trend: too few events or too few months to tell.")
    if trend.changed[row] >= 0:
        return LEVEL_CHANGED.filled(
            months=trend.months,
            since=str(Month.at(first_month + int(trend.changed[row]))),
            change=f"{100 * trend.change[row]:+.1f}",
            low=f"{100 * trend.change_low[row]:+.1f}",
            high=f"{100 * trend.change_high[row]:+.1f}",
        )
    low, high, falling = float(trend.low[row]), float(trend.high[row]), float(trend.falling[row])
    down = falling >= 0.5
    values = {
        "change": f"{100 * trend.per_year[row]:+.1f}",
        "low": f"{100 * low:+.1f}",
        "high": f"{100 * high:+.1f}",
        "probability": percent(falling if down else 1 - falling),
        "months": trend.months,
    }
    open_question = low <= 0 <= high
    if down:
        return (NOT_PROVEN_FALLING if open_question else FALLING).filled(**values)
    return (NOT_PROVEN_RISING if open_question else RISING).filled(**values)


def _trend_of(report: TrendReport, trend: Slopes, row: int) -> Message:
    """State a trend, but no rise or fall a year beside a jump of all areas together in the last year."""
    proven = trend.low[row] > 0 or trend.high[row] < 0
    if report.forecast.changes and proven and trend.changed[row] < 0:
        return JUMPED.filled(month=report.panel.month_name(report.forecast.changes[-1].month))
    return trend_sentence(trend, row, report.panel.first_month)


def _outlook_lines(months: tuple[str, ...], outlook: ExpectedCounts, row: int | None) -> Iterator[Message]:
    """Lay out one line per month of one area, or of all together."""
    values = {name: array if row is None else array[row] for name, array in vars(outlook).items()}
    for step, month in enumerate(months):
        expected = float(values["expected"][step])
        yield message(
            "  %(month)s  expected %(expected)s   80 %%: %(low_80)s-%(high_80)s   95 %%: %(low_95)s-%(high_95)s",
            month=month,
            expected=f"{expected:.1f}" if expected >= 1 else f"{expected:.2g}",
            **{name: int(array[step]) for name, array in values.items() if name != "expected"},
        )


def _score_lines(report: TrendReport) -> Iterator[Message | str]:
    """Lay out the backtest, one line per method and range of horizons."""
    if report.scores is None:
        yield message(
            "No backtest: %(months)s months on record, %(least)s needed.",
            months=report.panel.months,
            least=BACKTEST_MONTHS,
        )
        return
    yield message("Backtest (smaller is better; coverage should be 80 and 95):")
    for method, by_horizon in report.scores.items():
        yield message("  %(method)s", method=METHOD_NAMES[method])
        for horizons, score in by_horizon.items():
            yield message(
                "    months ahead %(horizons)s: MASE %(mase)s, deviance %(deviance)s, CRPS %(crps)s,"
                " coverage %(coverage_80)s and %(coverage_95)s",
                horizons=horizons,
                **{
                    name: "-" if value is None else f"{100 * value:.1f}" if "coverage" in name else f"{value:.3f}"
                    for name, value in vars(score).items()
                },
            )


def _association_lines(found: tuple[Association, ...]) -> Iterator[Message | str]:
    """List the rate ratios with the sentence that they prove nothing."""
    if not found:
        return
    yield message("Covariates of the previous month: associations, not causes.")
    for one in found:
        if one.rate_ratio is None or one.low is None or one.high is None:
            yield message(
                "  %(name)s: cannot be estimated because it hardly changes, is mostly unknown or duplicates another.",
                name=one.name,
            )
        else:
            yield message(
                "  %(name)s: %(ratio)s times the count for %(step)s more (95 %%: %(low)s-%(high)s)",
                name=one.name,
                step=f"{one.step:.3g}",
                ratio=f"{one.rate_ratio:.2f}",
                low=f"{one.low:.2f}",
                high=f"{one.high:.2f}",
            )
    yield ""
