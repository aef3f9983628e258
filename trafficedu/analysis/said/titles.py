"""What stands above the drawing of a series: its trend in the direction in which people think of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trafficedu.analysis.said.result import Direction, Verdict, direction_of
from trafficedu.analysis.said.series import Series
from trafficedu.core.text import Message, message


@dataclass(frozen=True)
class Slope:
    """The trend of what is counted (of a share: of its failures), a year: -0.149 is a fall by 14.9 %.

    ``low`` and ``high`` are its 95 % interval, ``months`` the months it rests on. ``known`` tells whether there was
    enough to fit one.
    """

    per_year: float
    low: float
    high: float
    months: int

    @property
    def proven(self) -> bool:
        """Whether the interval leaves no change out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Step:
    """A level that changed once, of what is counted (of a share: of its failures): -0.3 is a fall by 30 %.

    ``since`` is the month with which the new level began, as ``YYYY-MM``; ``low`` and ``high`` are the 95 % interval of
    ``change``, ``months`` the months looked at.
    """

    since: str
    change: float
    low: float
    high: float
    months: int


@dataclass(frozen=True)
class Jump:
    """A month in which all areas together left their level: what was counted over what was expected is ``size``.

    ``lasting`` is False while that month alone speaks.
    """

    month: str
    size: float
    lasting: bool


def level_change_of(row: Mapping[str, Any], about: Mapping[str, Any]) -> Step | Jump | None:
    """Return the latest change of level, as a row of a fit and what is kept about the fit have it.

    A jump of all areas together does not concern an area whose records ended before.
    """
    slope, jumps = row.get("slope") or {}, about.get("jumps") or []
    step = Step(**slope["step"], months=int(slope["months"])) if slope.get("step") else None
    jump = Jump(**max(jumps, key=lambda kept: kept["month"])) if jumps else None
    if jump is None or (row.get("ended") or jump.month) < jump.month or (step and step.since >= jump.month):
        return step
    return jump


def slope_of(kept: Mapping[str, Any] | None) -> Slope | None:
    """Return a slope as it was kept in the payload of a fit; None where too little happened for one."""
    if kept is None or kept.get("per_year") is None:
        return None
    return Slope(kept["per_year"], kept["low"], kept["high"], int(kept["months"]))


def direction_of_trend(series: Series, slope: Slope | None, change: Step | Jump | None = None) -> Direction:
    """Return whether a proven trend is good or bad; a level that changed is no trend."""
    if slope is None or not slope.proven or change is not None:
        return Direction.NEITHER
    return direction_of(series, (slope.per_year > 0) is not series.share, Verdict.PROVEN)


def trend_of(series: Series, slope: Slope | None, statement: Message, change: Step | Jump | None = None) -> Message:
    """Say where a series is going, or that its level changed: then no change a year is stated.

    Of a count that is ``statement``, the words of the fit. Of a share the fit is of the failures, and the statement is
    turned to the share that is drawn: helmet wearing *rises* where those without a helmet become fewer.
    """
    if isinstance(change, Jump):
        return _of_jump(series, change)
    if series.share and change is not None:
        return _of_step(series, change)
    if not series.share:
        return statement
    if slope is None:
        return message("no trend can be stated")
    values = {
        "what": series.what,
        "months": slope.months,
        "change": f"{100 * slope.per_year:+.1f}",
        "low": f"{100 * slope.low:+.1f}",
        "high": f"{100 * slope.high:+.1f}",
    }
    if not slope.proven:
        return message(
            "no trend is proven in %(months)s months; %(what)s: %(change)s %% a year, with 95 %% confidence between "
            "%(low)s and %(high)s %%",
            **values,
        )
    if slope.per_year < 0:
        return message(
            "rising in %(months)s months; %(what)s: %(change)s %% a year, with 95 %% confidence between %(low)s and "
            "%(high)s %%",
            **values,
        )
    return message(
        "falling in %(months)s months; %(what)s: %(change)s %% a year, with 95 %% confidence between %(low)s and "
        "%(high)s %%",
        **values,
    )


def _of_jump(series: Series, jump: Jump) -> Message:
    """Say that all areas together left their level, and in what direction."""
    percent = f"{100 * abs(1.0 - jump.size):.0f}"
    values = {"what": series.what, "month": jump.month, "percent": percent}
    if not jump.lasting and jump.size < 1.0:
        return message(
            "Level changed: in %(month)s all areas together had %(percent)s %% fewer %(what)s than expected, far "
            "beyond chance. One month does not show whether it lasts, so no change a year is stated.",
            **values,
        )
    if not jump.lasting:
        return message(
            "Level changed: in %(month)s all areas together had %(percent)s %% more %(what)s than expected, far "
            "beyond chance. One month does not show whether it lasts, so no change a year is stated.",
            **values,
        )
    if jump.size < 1.0:
        return message(
            "Level changed: since %(month)s all areas together have had %(percent)s %% fewer %(what)s than was "
            "expected before, so no change a year is stated.",
            **values,
        )
    return message(
        "Level changed: since %(month)s all areas together have had %(percent)s %% more %(what)s than was expected "
        "before, so no change a year is stated.",
        **values,
    )


def _of_step(series: Series, step: Step) -> Message:
    """Say that the level of a share changed once; its direction only where the interval leaves no change out."""
    values = {
        "what": series.what,
        "months": step.months,
        "since": step.since,
        "change": f"{100 * step.change:+.1f}",
        "low": f"{100 * step.low:+.1f}",
        "high": f"{100 * step.high:+.1f}",
    }
    if step.high < 0:
        return message(
            "Level changed: it rose once in %(months)s months; %(what)s: %(change)s %% since %(since)s, with 95 %% "
            "confidence between %(low)s and %(high)s %%. So no change a year is stated.",
            **values,
        )
    if step.low > 0:
        return message(
            "Level changed: it fell once in %(months)s months; %(what)s: %(change)s %% since %(since)s, with 95 %% "
            "confidence between %(low)s and %(high)s %%. So no change a year is stated.",
            **values,
        )
    return message(
        "Level changed once in %(months)s months; %(what)s: %(change)s %% since %(since)s, with 95 %% confidence "
        "between %(low)s and %(high)s %%. So no change a year is stated.",
        **values,
    )


def title_of_trend(
    series: Series, area: str, slope: Slope | None, statement: Message, change: Step | Jump | None = None
) -> Message:
    """Head the drawing of a series of an area."""
    trend = trend_of(series, slope, statement, change)
    return message("%(series)s in %(area)s: %(trend)s", series=series.name, area=area, trend=trend)
