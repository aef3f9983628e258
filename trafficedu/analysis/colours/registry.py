"""The dimensions of the five colours: to add one, write its file in ``dimensions/`` and name it here."""

from __future__ import annotations

from collections.abc import Mapping

from trafficedu.analysis.colours.dimensions.base import Dimension
from trafficedu.analysis.colours.dimensions.education import Education
from trafficedu.analysis.colours.dimensions.feedback import Feedback
from trafficedu.analysis.colours.dimensions.helmets import Helmets
from trafficedu.analysis.colours.dimensions.points import Points
from trafficedu.analysis.colours.dimensions.trend import Trend
from trafficedu.analysis.colours.dimensions.violations import Violations

DIMENSIONS: tuple[Dimension, ...] = (Points(), Violations(), Education(), Helmets(), Trend(), Feedback())
"""In the order they are shown."""
BY_NAME: Mapping[str, Dimension] = {one.name: one for one in DIMENSIONS}


def dimensions_of(kind: str) -> tuple[Dimension, ...]:
    """Return the dimensions a kind of target is judged in."""
    return tuple(one for one in DIMENSIONS if kind in one.kinds)
