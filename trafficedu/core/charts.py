"""A chart of a page, drawn by ``_macros/charts.html`` and ``assets/js/charts.js``: what it shows, in words already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Values = Sequence[float | None]


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
