"""Shares of what fell due: so many of it on time.

A part of the inputs holds the sums over the window (``{"due", "on_time", ...}``), a history one list a name, a value
a month, None where nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trafficedu.analysis.colours.dimensions.base import Pool, Records
from trafficedu.analysis.colours.dimensions.shares import Counted, Shares
from trafficedu.analysis.colours.rule_set import RuleSet


class Due(Shares):
    """A share of what was due."""

    half_bounds = (0.1, 1000)

    def reached(self, sums: Mapping[str, float], rules: RuleSet) -> float:
        """Return how much of what was due was reached."""
        return sums["on_time"]

    def months_known(self, records: Records) -> int:
        """Return in how many months anything was due."""
        parts = records.history.values()
        return sum(any(part["due"][place] for part in parts) for place in range(len(records.months)))

    def sums(self, history: Any, pool: Pool, rules: RuleSet) -> Counted:
        """Return what was reached and due in the history."""
        totals = {name: sum(value or 0 for value in values) for name, values in history.items()}
        return self.counted(totals, pool, rules)

    def counted(self, part: Any, pool: Pool, rules: RuleSet) -> Counted:
        """Return what was reached, and what was due."""
        return (self.reached(part, rules), float(part["due"])) if part["due"] else (0.0, 0.0)

    def shown(self, part: Any) -> Counted:
        """Return on time and due."""
        return part["on_time"], part["due"]

    def more(self, part: Any, factor: float) -> Any:
        """Return as many times of everything."""
        return {name: value * factor for name, value in part.items()}

    def room(self, part: Any, rules: RuleSet) -> int:
        """Return how much was due and not on time."""
        return int(part["due"] - part["on_time"])

    def better(self, part: Any, steps: int, rules: RuleSet) -> Any:
        """Return the part with ``steps`` more on time."""
        return {**part, "on_time": part["on_time"] + steps}
