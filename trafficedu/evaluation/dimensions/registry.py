"""The dimensions of the five colours in the order they are shown: NAME -> its file."""

from __future__ import annotations

from collections.abc import Mapping

from trafficedu.analysis.colours.rule_set import EDUCATION, FEEDBACK, HELMETS, POINTS, TREND, VIOLATIONS
from trafficedu.evaluation.dimensions import education, feedback, helmets, points, trend, violations
from trafficedu.evaluation.dimensions.base import Dimension

DIMENSIONS: Mapping[str, Dimension] = {
    POINTS: points.DIMENSION,
    VIOLATIONS: violations.DIMENSION,
    EDUCATION: education.DIMENSION,
    HELMETS: helmets.DIMENSION,
    TREND: trend.DIMENSION,
    FEEDBACK: feedback.DIMENSION,
}
TITLES = {name: dimension.title for name, dimension in DIMENSIONS.items()}
"""NAME -> as the pages name it."""
