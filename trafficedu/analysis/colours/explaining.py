"""Why a result is what it is: contributions, what moved since the month before, what would lift it one colour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trafficedu.analysis.colours.rule_set import (
    COLOURS,
    EDUCATION,
    FEEDBACK,
    GREY,
    HELMETS,
    POINTS,
    TREND,
    VIOLATIONS,
    RuleSet,
)
from trafficedu.analysis.colours.scoring import Inputs, Verdict, colour_of, judge

PASS_MARK = 80
"""The quiz that a further study is supposed to bring."""


@dataclass(frozen=True)
class Contribution:
    """What a dimension brings to the composite: ``points`` of at most ``most``; both None where it is absent."""

    dimension: str
    score: float | None
    points: float | None
    most: float | None


def contributions(dimensions: Mapping[str, Mapping[str, float | None]]) -> list[Contribution]:
    """Return what each dimension brings, in the order of the rule set; the points add up to the composite.

    Parameters
    ----------
    dimensions
        As stored (``Verdict.as_json``).
    """
    present = sum(float(one["weight"] or 0) for one in dimensions.values() if one["score"] is not None)
    found = []
    for name, one in dimensions.items():
        score, weight = one["score"], float(one["weight"] or 0)
        if score is None or present <= 0:
            found.append(Contribution(name, None, None, None))
        else:
            found.append(
                Contribution(name, score, round(weight * score / present, 2), round(100 * weight / present, 2))
            )
    return found


@dataclass(frozen=True)
class Move:
    """One dimension in two months: scores, and by how many points of the composite it moved."""

    dimension: str
    before: float | None
    after: float | None
    points: float


def moves(
    before: Mapping[str, Mapping[str, float | None]], after: Mapping[str, Mapping[str, float | None]]
) -> list[Move]:
    """Return the dimensions that moved, the one that moved the composite most first."""
    old = {one.dimension: one for one in contributions(before)}
    found = []
    for one in contributions(after):
        was = old.get(one.dimension)
        score = was.score if was else None
        points = round((one.points or 0.0) - ((was.points if was else None) or 0.0), 2)
        if score != one.score or points:
            found.append(Move(one.dimension, score, one.score, points))
    return sorted(found, key=lambda move: -abs(move.points))


@dataclass(frozen=True)
class Lift:
    """A way to the next better colour: ``steps`` more (or fewer) of what the dimension counts, out of ``most``."""

    dimension: str
    steps: int
    most: int


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
        Dimensions without a score, where the colour is grey.
    """

    target: str
    threshold: float
    lifts: tuple[Lift, ...]
    best: float | None
    vetoed: bool
    missing: tuple[str, ...]


def outlook(inputs: Inputs, kind: str, rules: RuleSet) -> NextColour:
    """Work out the smallest change of each dimension alone that would give a better colour."""
    verdict = judge(inputs, kind, rules)
    missing = tuple(name for name, one in verdict.dimensions.items() if one.score is None)
    if verdict.score is None:
        return NextColour("", 0.0, (), None, bool(verdict.veto), missing)
    own = colour_of(verdict.score, rules)
    if verdict.veto and COLOURS.index(own) <= COLOURS.index(verdict.veto):
        return NextColour("", 0.0, (), verdict.score, True, missing)
    place = COLOURS.index(verdict.colour)
    if place == 0:
        return NextColour("", 0.0, (), verdict.score, False, missing)
    target = COLOURS[place - 1]
    lifts = [lift for name in verdict.dimensions if (lift := _lift(inputs, kind, rules, verdict, name))]
    lifts.sort(key=lambda lift: lift.steps / lift.most)
    best = judge(_all_best(inputs), kind, rules).score
    return NextColour(target, rules.figure(target), tuple(lifts), best, False, missing)


def _lift(inputs: Inputs, kind: str, rules: RuleSet, verdict: Verdict, name: str) -> Lift | None:
    if verdict.dimensions[name].score is None:
        return None
    most = _ROOM[name](inputs[name])
    if most <= 0 or not _better(_changed(inputs, name, most), kind, rules, verdict):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if _better(_changed(inputs, name, middle), kind, rules, verdict):
            high = middle
        else:
            low = middle
    return Lift(name, high, most)


def _better(inputs: Inputs, kind: str, rules: RuleSet, than: Verdict) -> bool:
    colour = judge(inputs, kind, rules).colour
    return colour != GREY and COLOURS.index(colour) < COLOURS.index(than.colour)


def _changed(inputs: Inputs, name: str, steps: int) -> dict[str, Any]:
    """Return inputs with ``steps`` more (fewer accidents, fewer violations) in one dimension."""
    one = dict(inputs[name])
    if name == POINTS:
        one["points"] += steps
    elif name in {VIOLATIONS, TREND}:
        one["observed"] -= steps
    elif name == HELMETS:
        one["helmeted"] += steps
    else:
        one["on_time"] += steps
    if name == EDUCATION:
        one["quiz"] = min(one["quiz"] + PASS_MARK * steps, max(one["quiz"], PASS_MARK * one["due"]))
    return {**inputs, name: one}


_ROOM: Mapping[str, Callable[[Inputs], int]] = {
    POINTS: lambda one: int(one["expected"] - one["points"]),
    VIOLATIONS: lambda one: int(one["observed"]),
    EDUCATION: lambda one: int(one["due"] - one["on_time"]),
    HELMETS: lambda one: int(one["observed"] - one["helmeted"]),
    TREND: lambda one: int(one["observed"]),
    FEEDBACK: lambda one: int(one["due"] - one["on_time"]),
}


def _all_best(inputs: Inputs) -> dict[str, Any]:
    """Return inputs with every dimension at its best."""
    best = dict(inputs)
    for name, room in _ROOM.items():
        if name in best and (steps := room(best[name])) > 0:
            best = _changed(best, name, steps)
    return best
