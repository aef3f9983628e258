"""A chart of a page, drawn by ``_macros/charts.html`` and ``assets/js/charts.js``: what it shows, in words already."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Values = Sequence[float | None]

MOST_ROWS = 60
"""So many heights of lying bars has the style sheet; more bars share the last one."""
LABEL_SHARE = 0.09
"""Of the height of the drawing, the name at the end of a line needs for itself."""


@dataclass(frozen=True)
class Band:
    """An interval around a line, such as the 95 % of a forecast."""

    label: str
    low: Values
    high: Values


@dataclass(frozen=True)
class Series:
    """One line, or the bars of one kind: a value a category, None where there is none.

    ``low`` and ``high`` are its interval; ``bands`` are nested intervals instead, the widest first. A ``quiet`` line
    is dashed, without points.
    """

    name: str
    values: Values
    low: Values | None = None
    high: Values | None = None
    bands: Sequence[Band] | None = None
    quiet: bool = False


@dataclass(frozen=True)
class Target:
    """A line at a value that is to be reached."""

    value: float
    label: str


@dataclass(frozen=True)
class Chart:
    """The ``title`` says the finding; ``kind`` is bar or line, and bars lie where ``horizontal``.

    ``legend_above`` keeps the names away from the ends of the lines.
    """

    id: str
    title: str
    kind: str
    categories: Sequence[str]
    category_label: str
    series: Sequence[Series]
    unit: str = ""
    y_from_zero: bool = True
    horizontal: bool = False
    legend_above: bool = False
    target: Target | None = None
    note: str = ""

    @property
    def rows(self) -> int:
        """How many rows lying bars need: several of one category share their room."""
        return min(MOST_ROWS, math.ceil(len(self.categories) * max(1, 0.6 * len(self.series))))

    @property
    def names_at_ends(self) -> bool:
        """Whether lines may carry their names at their ends: names would lie on each other where those are close."""
        if self.kind != "line" or self.legend_above or len(self.series) < 2:
            return False
        lines = [[value for value in line.values if value is not None] for line in self.series]
        drawn = [value for line in lines for value in line]
        lowest = min([*drawn, 0] if self.y_from_zero else drawn, default=0)
        room = (max(drawn, default=0) - lowest) * LABEL_SHARE
        ends = sorted(line[-1] for line in lines if line)
        return all(upper - lower >= room for lower, upper in pairwise(ends))
