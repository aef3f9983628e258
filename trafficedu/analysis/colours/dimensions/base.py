"""What every dimension must be able to say, and what is known of one target in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from trafficedu.analysis.colours.beliefs import Belief
from trafficedu.analysis.colours.rule_set import RuleSet

Part = Mapping[str, Any] | Sequence[Any]
"""What the inputs of a target hold of one dimension, as its file describes it."""
Pool = Mapping[str, Any]
"""What is known of all targets of a level in one dimension, as its file describes it; plain data."""

LEAST_MONTHS = 12
"""Months of history under which a pool rests on its priors."""


@dataclass(frozen=True)
class Records:
    """What the targets of a level recorded of one dimension before the window, and in it.

    Parameters
    ----------
    months
        The months of the history, oldest first, as "2026-04".
    history
        Target -> its months, each list as long as ``months``; one without records is not in it.
    window
        The months of the window.
    inputs
        Target -> its part of the inputs.
    """

    months: Sequence[str]
    history: Mapping[str, Any]
    window: Sequence[str]
    inputs: Mapping[str, Any]


@dataclass(frozen=True)
class Reading:
    """What is known of a target in one dimension.

    Parameters
    ----------
    belief
        Where its score may lie; the pool's where nothing was seen.
    seen
        How much was seen, in the unit of the dimension's half-point; 0 for nothing.
    numerator, denominator
        What it rests on, as the page prints it.
    basis
        What else explains it: plain numbers by name.
    """

    belief: Belief
    seen: float
    numerator: float = 0
    denominator: float = 0
    basis: Mapping[str, float | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """A target's part of the inputs, with all it is read by."""

    part: Any
    code: str
    kind: str
    window: Sequence[str]


class Dimension(ABC):
    """A dimension of the five colours.

    Parameters
    ----------
    name
        As in inputs, pools, weights and results.
    kinds
        The kinds of target it judges.
    unit
        What ``Reading.seen`` counts: "months", "expected", "tasks", "notices", "helmets".
    half_bounds
        Bounds of the figure ``half`` of the rule set: seen so much, information is one half.
    own
        What else of the rule set belongs to it: NAME -> least and greatest value; two dimensions may share some.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    unit: ClassVar[str]
    half_bounds: ClassVar[tuple[float, float]]
    own: ClassVar[Mapping[str, tuple[float, float]]] = {}

    @property
    def half(self) -> str:
        """The name of the figure at which a target counts as half known."""
        return f"half_{self.name}"

    @property
    def figures(self) -> dict[str, tuple[float, float]]:
        """All its figures of a rule set: NAME -> least and greatest value that may be entered."""
        return {self.half: self.half_bounds, **self.own}

    def information(self, seen: float, rules: RuleSet) -> float:
        """Return how much is known, 0 to 1: ``seen / (seen + half)``, however alike the targets are."""
        return seen / (seen + rules.figure(self.half))

    def recorded(self, more: float, seen: float, denominator: float) -> float:
        """Return how many records make ``more`` of what is seen, at the target's present ratio of both."""
        return more

    @abstractmethod
    def estimate(self, records: Records, kind: str, rules: RuleSet) -> dict[str, Any]:
        """Return the pool: ``prior`` tells whether under 12 months of history left it with its priors."""

    @abstractmethod
    def read(self, seen: Seen, pool: Pool, rules: RuleSet) -> Reading:
        """Return what is known of a target; ``seen.part`` is None where the inputs hold nothing."""

    @abstractmethod
    def more(self, part: Any, factor: float) -> Any:
        """Return the part as if ``factor`` times as much had been seen at the same rates."""

    @abstractmethod
    def room(self, part: Any, rules: RuleSet) -> int:
        """Return by how many steps the record could have been better (fewer violations, more tasks on time ...)."""

    @abstractmethod
    def better(self, part: Any, steps: int, rules: RuleSet) -> Any:
        """Return the part as if it had been better by ``steps``."""
