"""What a result is made of, how much is known behind it, and what moved since the month before.

Contributions come from medians. The median of a weighted mean is not the weighted mean of medians: what is left over
is told as such (``rest``), never spread over the dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trafficedu.analysis.colours.registry import BY_NAME
from trafficedu.analysis.colours.rule_set import RuleSet


@dataclass(frozen=True)
class Contribution:
    """What a dimension brings to the composite: ``points`` of at most ``most``; None where it does not count.

    ``score``, ``low``, ``high`` and ``information`` are those of the dimension.
    """

    dimension: str
    score: float | None
    low: float | None
    high: float | None
    points: float | None
    most: float | None
    information: float


def contributions(dimensions: Mapping[str, Mapping[str, Any]]) -> list[Contribution]:
    """Return what each dimension brings, in the order of the rule set.

    Parameters
    ----------
    dimensions
        As stored (``Verdict.as_json``).
    """
    total = sum(one["weight"] for one in dimensions.values() if one["score"] is not None)
    found = []
    for name, one in dimensions.items():
        score, known = one["score"], one["information"]
        if score is None or total <= 0:
            found.append(Contribution(name, None, None, None, None, None, known))
        else:
            share = one["weight"] / total
            points, most = round(score * share, 2), round(100.0 * share, 2)
            found.append(Contribution(name, score, one["low"], one["high"], points, most, known))
    return found


@dataclass(frozen=True)
class Known:
    """How much is known in a dimension.

    Parameters
    ----------
    share
        Its share of the weight that counts, of 1; 0 where it does not count.
    information
        Share of 1.
    seen, half, unit
        What was seen, and at how much of it a target counts as half known.
    in_use
        Whether it counts for every target of the level.
    """

    dimension: str
    share: float
    information: float
    seen: float
    half: float
    unit: str
    in_use: bool


def knowledge(dimensions: Mapping[str, Mapping[str, Any]], rules: RuleSet) -> list[Known]:
    """Return how much is known, first where most of the weight rests on little."""
    total = sum(one["weight"] for one in dimensions.values() if one["score"] is not None)
    found = []
    for name, one in dimensions.items():
        dimension = BY_NAME[name]
        share = one["weight"] / total if one["score"] is not None and total else 0.0
        half = rules.figure(dimension.half)
        found.append(Known(name, round(share, 4), one["information"], one["seen"], half, dimension.unit, one["in_use"]))
    return sorted(found, key=lambda known: -known.share * (1.0 - known.information))


@dataclass(frozen=True)
class Move:
    """One dimension in two months: scores, and by how many points of the composite it moved."""

    dimension: str
    before: float | None
    after: float | None
    points: float


@dataclass(frozen=True)
class Moves:
    """What moved between two results; ``rest`` is what the dimensions leave unexplained, None without two scores."""

    moves: Sequence[Move]
    rest: float | None


def moves(
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
    scores: tuple[float | None, float | None],
) -> Moves:
    """Return the dimensions that moved, the one that moved the composite most first.

    Parameters
    ----------
    before, after
        Dimensions as stored.
    scores
        The composites of both.
    """
    old = {one.dimension: one for one in contributions(before)}
    found = []
    for one in contributions(after):
        was = old.get(one.dimension)
        points = round((one.points or 0.0) - ((was.points if was else None) or 0.0), 2)
        if (was.score if was else None) != one.score or points:
            found.append(Move(one.dimension, was.score if was else None, one.score, points))
    found.sort(key=lambda move: -abs(move.points))
    if scores[0] is None or scores[1] is None:
        return Moves(found, None)
    return Moves(found, round(scores[1] - scores[0] - sum(move.points for move in found), 2))
