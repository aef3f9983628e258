"""Casualty accidents in an area."""

from __future__ import annotations

from collections.abc import Sequence

from trafficedu.analysis.colours.dimensions.counts import Counts
from trafficedu.analysis.colours.rule_set import AREA_KINDS, EBIKES, TREND, RuleSet


class Trend(Counts):
    """Accidents with casualties against registered e-bikes."""

    name = TREND
    kinds = AREA_KINDS

    def exposures(self, kind: str, rules: RuleSet) -> Sequence[str]:
        """Return registered e-bikes."""
        return (EBIKES,)
