"""What would lift a result one colour: each dimension changed by itself, and all of them at their best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trafficedu.analysis.colours.rule_set import COLOURS, RuleSet


@dataclass(frozen=True)
class Lift:
    """A way to the next better colour: ``steps`` more (or fewer) of what the dimension counts, out of ``most``.

    ``score`` is the dimension's score then.
    """

    dimension: str
    steps: int
    most: int
    score: float


@dataclass(frozen=True)
class NextColour:
    """What would lift a result one colour.

    Parameters
    ----------
    target
        The next better colour; "" for green, and where there is too little data.
    threshold
        Composite it begins at.
    lifts
        Ways that are enough by themselves, the smallest share of change first.
    best
        Composite with every dimension at its best, None where there is too little data.
    vetoed
        Whether a fatal accident holds the colour down whatever the figures.
    missing
        Dimensions without a score, where a scheme leaves such out.
    """

    target: str
    threshold: float
    lifts: tuple[Lift, ...]
    best: float | None
    vetoed: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """A result to be lifted: ``score`` of the composite (None for grey), and the ``veto`` it was judged under."""

    score: float | None
    veto: str
    missing: tuple[str, ...] = ()


Changed = Mapping[str, int]
"""Dimension -> by how many steps its record is better."""
Again = Callable[[Changed], tuple[float | None, Mapping[str, float | None]]]
"""Judges again with some records better: the composite, and the score of each dimension."""


def next_colour(standing: Standing, rules: RuleSet, room: Mapping[str, int], again: Again) -> NextColour:
    """Work out the smallest change of each dimension alone that would give a better colour.

    Parameters
    ----------
    room
        Dimension -> by how many steps its record could have been better; one that could not is left out or 0.
    """
    score, veto, missing = standing.score, standing.veto, standing.missing
    if score is None:
        return NextColour("", 0.0, (), None, bool(veto), missing)
    place = COLOURS.index(rules.colour_of(score))
    if veto and place <= COLOURS.index(veto):
        return NextColour("", 0.0, (), score, True, missing)
    if place == 0:
        return NextColour("", 0.0, (), score, False, missing)
    target = COLOURS[place - 1]
    threshold, room = rules.figure(target), {name: steps for name, steps in room.items() if steps > 0}
    lifts = [lift for name, most in room.items() if (lift := _lift(name, most, threshold, again))]
    lifts.sort(key=lambda lift: lift.steps / lift.most)
    return NextColour(target, threshold, tuple(lifts), again(room)[0], False, missing)


def _lift(name: str, most: int, threshold: float, again: Again) -> Lift | None:
    def reaches(steps: int) -> bool:
        return (again({name: steps})[0] or 0.0) >= threshold

    if not reaches(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return Lift(name, high, most, again({name: high})[1][name] or 0.0)
