"""One fit of a series as plain figures and sentences, ready to be kept. Shares are in percent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trafficedu.analysis import trend_report, trend_words
from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.trend.forecast import ExpectedCounts
from trafficedu.analysis.trend.panel import Panel
from trafficedu.analysis.trend.rolling import STACK, clean_exposure
from trafficedu.analysis.trend.statement import Slopes
from trafficedu.analysis.trend.watch import OPEN
from trafficedu.analysis.trend_report import TrendReport
from trafficedu.core.month import Month
from trafficedu.core.text import Message
from trafficedu.evaluation.queries.series import Loaded
from trafficedu.evaluation.rules.calendar import HORIZON, LEAST_MONTHS
from trafficedu.evaluation.rules.measures import SERIES
from trafficedu.evaluation.services.watching import WATCHED, watched_parts

LIMITS = {"low_80": "high_80", "high_80": "low_80", "low_95": "high_95", "high_95": "low_95"}
"""A limit of the failures is the opposite one of the successes."""


def compute_trend(key: str, loaded: Loaded | None) -> dict[str, Any]:
    """Fit a series and lay out what a page needs.

    Returns
    -------
    dict
        ``months`` only (0 or fewer than three) where there is too little to fit. Else ``first_month``,
        ``last_month``, ``ahead`` (names), ``exposed``; ``parts`` and ``whole``, each with ``method``, ``why``,
        ``notes`` (sentences), ``jumps`` of the level and ``scores`` (method -> horizons -> scores, or None);
        ``total`` and ``rows`` (area code ->), each with ``events``, ``counts``, ``base``, ``shown``, ``fitted``,
        ``expected``, the four limits, ``trend``, a sentence, ``slope``, its figures and the ``step`` of a level that
        changed; and ``ended``, the last month known where later ones are not.
    """
    panel = loaded.panel if loaded else None
    if loaded is None or panel is None or panel.months < LEAST_MONTHS:
        return {"months": panel.months if panel else 0}
    rate = SERIES[key].share
    report = trend_report.report(panel, HORIZON, with_backtest=True, capped=rate)
    whole = trend_report.report(_summed(panel), HORIZON, with_backtest=True, capped=True) if rate else report
    return {
        "months": panel.months,
        "first_month": panel.month_name(0),
        "last_month": panel.month_name(panel.months - 1),
        "ahead": list(report.forecast.months),
        "exposed": report.forecast.exposed,
        "parts": _about(report),
        "whole": _about(whole),
        "total": _row(whole, 0, rate) if rate else _total(report),
        "watch": watched_parts(report.forecast.rolled, loaded.parts) if key in WATCHED else {},
        "rows": {part.code: _row(report, place, rate) for place, part in enumerate(loaded.parts)},
    }


def _summed(panel: Panel) -> Panel:
    """Return all areas as one: a rate of the whole is known in every month in which any part of it is."""
    assert panel.exposure is not None  # a rate has a denominator
    counts, base = np.nansum(panel.counts, axis=0), np.nansum(panel.exposure, axis=0)
    known = base > 0
    return Panel(("",), panel.first_month, np.where(known, counts, np.nan)[None], np.where(known, base, np.nan)[None])


def _about(report: TrendReport) -> dict[str, Any]:
    scores = report.scores
    return {
        "method": report.forecast.method,
        "why": packed(trend_words.choice_lines(report)),
        "notes": packed(trend_words.notes(report)),
        "jumps": [
            {
                "month": report.panel.month_name(change.month),
                "size": round(change.size, 3),
                "lasting": change.stays != OPEN,
            }
            for change in report.forecast.changes
        ],
        "scores": {m: {name: asdict(s) for name, s in by.items()} for m, by in scores.items()} if scores else None,
    }


def _row(report: TrendReport, row: int, rate: bool) -> dict[str, Any]:
    """Return one area of a panel."""
    panel, outlook = report.panel, report.forecast.areas
    expected = ExpectedCounts(**{name: values[row] for name, values in vars(outlook).items()})
    base = None if panel.exposure is None else panel.exposure[row]
    fitted, held = _fitted(report)[row], clean_exposure(panel)[1][row]
    laid_out = _laid_out(panel.counts[row], base, fitted, held, expected, (report.trends, row, panel.first_month), rate)
    return laid_out | {"ended": _ended(panel, panel.counts[row])}


def _total(report: TrendReport) -> dict[str, Any]:
    """Return all areas together: those that still report, else those that ever did, in months all of them are known."""
    panel = report.panel
    fitted = _fitted(report)[report.forecast.active].sum(axis=0)
    heard = ~np.isnan(panel.counts).all(axis=1)
    rows = report.forecast.active if report.forecast.active.any() else heard
    base = None if panel.exposure is None else panel.exposure[rows].sum(axis=0)
    counts = panel.counts[rows].sum(axis=0)
    outlook = report.forecast.total
    if not report.forecast.active.any():
        outlook = ExpectedCounts(**{name: np.full(values.shape, np.nan) for name, values in vars(outlook).items()})
    trend = report.total_trend, 0, panel.first_month
    laid_out = _laid_out(counts, base, fitted, np.ones(panel.months), outlook, trend, False)
    return laid_out | {"ended": _ended(panel, counts)}


def _ended(panel: Panel, counts: FloatArray) -> str | None:
    """Return the last known month of a row where later ones are not; None where its last month is known, or none."""
    known = np.flatnonzero(~np.isnan(counts))
    return panel.month_name(int(known[-1])) if known.size and known[-1] < panel.months - 1 else None


def _laid_out(
    counts: FloatArray,
    base: FloatArray | None,
    fitted: FloatArray,
    held: FloatArray,
    outlook: ExpectedCounts,
    trend: tuple[Slopes, int, int],
    rate: bool,
) -> dict[str, Any]:
    known = counts[~np.isnan(counts)]
    ahead = dict(vars(outlook))
    shown = counts
    if rate and base is not None:
        shown = 100 * (1 - counts / base)
        # the share expected of a month is made of the denominator known the month before
        before = np.r_[np.nan, np.where(held[:-1] > 0, held[:-1], np.nan)]
        fitted = 100 * (1 - fitted / before)
        share = {name: 100 * (1 - values / held[-1]) for name, values in ahead.items()}
        ahead = {name: share[LIMITS.get(name, name)] for name in ahead}
    return {
        "events": int(known.sum()),
        "known": int(known.size),
        "counts": plain(counts),
        "base": None if base is None else plain(base),
        "shown": plain(shown),
        "fitted": plain(np.maximum(fitted, 0.0)),
        "trend": packed([trend_words.trend_sentence(*trend)])[0],
        "slope": _slope(*trend),
        **{name: plain(values) for name, values in ahead.items()},
    }


def _slope(trend: Slopes, row: int, first_month: int) -> dict[str, Any]:
    """Return the figures of a statement, for who has to turn it: a share is drawn, its failures are fitted.

    A level that changed once has no change a year, but a ``step``.
    """
    figures, step = plain([trend.per_year[row], trend.low[row], trend.high[row]]), None
    if trend.changed[row] >= 0:
        figures = [None, None, None]
        sizes = plain([trend.change[row], trend.change_low[row], trend.change_high[row]])
        step = {
            "since": str(Month.at(first_month + int(trend.changed[row]))),
            **dict(zip(("change", "low", "high"), sizes, strict=True)),
        }
    return {**dict(zip(("per_year", "low", "high"), figures, strict=True)), "months": trend.months, "step": step}


def _fitted(report: TrendReport) -> FloatArray:
    """Return what was expected of each month one month before; NaN where nothing was."""
    panel, rolled = report.panel, report.forecast.rolled
    out = np.full(panel.counts.shape, np.nan)
    if rolled is not None:
        for place, origin in enumerate(rolled.origins):
            if origin < panel.months:
                out[:, origin] = rolled.means[STACK][place, 0]
    return out


def plain(values: ArrayLike) -> list[float | None]:
    """Return numbers for JSON, three digits after the point; NaN is None."""
    return [None if np.isnan(value) else round(float(value), 3) for value in np.asarray(values, dtype=float)]


def packed(sentences: Iterable[Message]) -> list[dict[str, Any]]:
    """Return sentences for JSON; parameters are figures, texts or sentences."""
    return [
        {
            "msgid": sentence.msgid,
            "params": {
                name: packed([value])[0] if isinstance(value, Message) else value
                for name, value in sentence.params.items()
            },
        }
        for sentence in sentences
    ]


def unpacked(sentence: dict[str, Any]) -> Message:
    """Return a kept sentence."""
    params = {name: unpacked(value) if isinstance(value, dict) else value for name, value in sentence["params"].items()}
    return Message(sentence["msgid"], params)
