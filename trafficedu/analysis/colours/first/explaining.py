"""Why a result is what it is: contributions, what moved since the month before, what would lift it one colour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trafficedu.analysis.colours.first.scoring import Inputs, judge
from trafficedu.analysis.colours.next_colour import Changed, NextColour, Standing, next_colour
from trafficedu.analysis.colours.rule_set import (
    EDUCATION,
    FEEDBACK,
    HELMETS,
    POINTS,
    TREND,
    VIOLATIONS,
    RuleSet,
)

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


def outlook(inputs: Inputs, kind: str, rules: RuleSet) -> NextColour:
    """Work out what would lift a result one colour."""
    verdict = judge(inputs, kind, rules)
    missing = tuple(name for name, one in verdict.dimensions.items() if one.score is None)
    room = {name: _ROOM[name](inputs[name]) for name in verdict.dimensions if name not in missing}

    def again(changed: Changed) -> tuple[float | None, Mapping[str, float | None]]:
        better = inputs
        for name, steps in changed.items():
            better = _changed(better, name, steps)
        then = judge(better, kind, rules)
        return then.score, {name: one.score for name, one in then.dimensions.items()}

    return next_colour(Standing(verdict.score, verdict.veto, missing), rules, room, again)


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
