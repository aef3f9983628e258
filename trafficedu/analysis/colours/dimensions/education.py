"""Study tasks that fell due: on time, and how the quiz went. ``quiz`` is the sum of the scores (0 to 100)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from trafficedu.analysis.colours.dimensions.due import Due
from trafficedu.analysis.colours.rule_set import EDUCATION, KINDS, RuleSet

PASS_MARK = 80
"""The quiz that a further study is supposed to bring."""


class Education(Due):
    """Of each task due 70 for being on time and 0.3 of its quiz, 0 of a quiz not done."""

    name = EDUCATION
    kinds = KINDS
    unit = "tasks"
    own: ClassVar[Mapping[str, tuple[float, float]]] = {"on_time_score": (0, 100)}
    prior_mean = 0.75

    def reached(self, sums: Mapping[str, float], rules: RuleSet) -> float:
        """Return the marks as shares of 1."""
        on_time = rules.figure("on_time_score") / 100.0
        return on_time * sums["on_time"] + (1.0 - on_time) * sums["quiz"] / 100.0

    def better(self, part: Any, steps: int, rules: RuleSet) -> Any:
        """Return the part with ``steps`` more on time, each with the pass mark."""
        most = max(part["quiz"], PASS_MARK * part["due"])
        return {**super().better(part, steps, rules), "quiz": min(part["quiz"] + PASS_MARK * steps, most)}
