"""Violations of a target's riders or in its area."""

from __future__ import annotations

from collections.abc import Sequence

from trafficedu.analysis.colours.dimensions.counts import Counts
from trafficedu.analysis.colours.rule_set import COMPANY, EBIKES, KINDS, RIDER_DAYS, STOPS, VIOLATIONS, RuleSet


class Violations(Counts):
    """Violations against registered e-bikes, against stops where patrols are recorded, against engaged rider-days."""

    name = VIOLATIONS
    kinds = KINDS

    def exposures(self, kind: str, rules: RuleSet) -> Sequence[str]:
        """Return rider-days of a company; of an area stops first where the rule set says so."""
        if kind == COMPANY:
            return (RIDER_DAYS,)
        return (STOPS, EBIKES) if rules.exposure == STOPS else (EBIKES,)
