"""Curves of courses as a figure for ``_macros/charts.html``, and ratios on the line of a forest plot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trafficedu.analysis.said.outcomes import curves_title
from trafficedu.core.charts import Band, Chart, Series
from trafficedu.core.text import Message, message, translate

WIDTH = 180
"""Of a line of the forest plot, in units of its own."""
FURTHEST = 4.0
"""The line goes from a quarter to four times; what lies beyond is cut there."""


@dataclass(frozen=True)
class Whisker:
    """A ratio with its limits on a line on which twice and half are as far from once."""

    middle: float
    low: float
    high: float
    one: float = WIDTH / 2


def whisker(ratio: float, low: float, high: float) -> Whisker:
    """Return where a ratio and its limits lie on the line."""
    return Whisker(_place(ratio), _place(low), _place(high))


def _place(ratio: float) -> float:
    cut = min(FURTHEST, max(1 / FURTHEST, ratio))
    return round(WIDTH * (0.5 + math.log(cut) / (2 * math.log(FURTHEST))), 1)


def curves_figure(result: Mapping[str, Any], names: Mapping[str, Message], locale: str) -> Chart | None:
    """Return by course the share who offended again, day by day; None where no course has enough riders."""
    curves, days = result["curves"], result["days"]
    if not curves["lines"]:
        return None
    band = translate(message("95 percent interval"), locale)
    return Chart(
        id="outcome-curves",
        title=translate(curves_title(curves["p"], days), locale),
        kind="line",
        categories=[str(day) for day in curves["days"]],
        category_label=translate(message("Days after the study"), locale),
        series=[
            Series(
                translate(names[course], locale),
                [100 * point[0] if point else None for point in points],
                bands=[
                    Band(
                        band,
                        [100 * point[1] if point else None for point in points],
                        [100 * point[2] if point else None for point in points],
                    )
                ],
            )
            for course in names
            if (points := curves["lines"].get(course)) is not None
        ],
        unit="%",
        legend_above=True,
        note=translate(
            message(
                "Kaplan-Meier estimate: riders whose days are not over yet count for the days they were watched. The "
                "bands are 95 % intervals."
            ),
            locale,
        ),
    )
