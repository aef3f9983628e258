"""From the inputs of one target and the pools of its level to its scores, what is known of them, its colour, its hash.

Pure and repeatable: ``inputs`` are plain data, so that a stored result can be judged again years later. They hold

- ``window``: ``[first, last]``, the months judged by; lists below have a value a month, None where it is not known;
- ``violations``: ``{"observed": [...], "exposure": {"ebikes": [...], "stops": [...], "days": [...]}}``, where known;
- ``trend``: ``{"observed": [...], "exposure": {"ebikes": [...]}}``, casualty accidents;
- ``education``: ``{"due", "on_time", "quiz"}`` (sum of scores), ``feedback``: ``{"due", "on_time"}``, of the window;
- ``helmets``: ``{"helmeted", "observed", "sites"}``, of the window;
- ``points``: ``[[points, expected] or None, ...]``;
- ``looked``: ``{"violations", "stops"}``, of the window, ``stops`` None where patrols are not recorded;
- ``fatal``: responsibility of the rider -> fatal accidents of the month judged only.

What is missing is not in them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.colours.beliefs import Belief
from trafficedu.analysis.colours.dimensions.base import Dimension, Reading, Seen
from trafficedu.analysis.colours.pools import Inputs, Pools
from trafficedu.analysis.colours.registry import dimensions_of
from trafficedu.analysis.colours.rule_set import (
    COLOURS,
    FIRMLY_GOOD,
    FIRMLY_ORANGE_OR_WORSE,
    FIRMLY_RED,
    GREEN,
    GREY,
    ORANGE,
    RED,
    RuleSet,
)

DRAWS = 2000
LEVEL = 0.9
"""Level of the intervals shown."""
LOW, HIGH = (1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0


@dataclass(frozen=True)
class DimensionVerdict:
    """One dimension of a result.

    Parameters
    ----------
    score, low, high
        Median and 90 % limits of where the score may lie, 0 to 100, to 0.01; None where the dimension does not count.
    numerator, denominator
        What it rests on: points and those expected; counts observed and expected; on time and due; helmeted and
        observed.
    weight
        Share of 1 in the rule set.
    information
        Share of 1: seen / (seen + half-point).
    in_use
        Whether it counts for every target of the level.
    seen
        How much was seen, in the unit of the dimension.
    basis
        What else explains it, by name: theta of counts (``ratio``), the pool's mean, and so on.
    """

    score: float | None
    low: float | None
    high: float | None
    numerator: float
    denominator: float
    weight: float
    information: float
    in_use: bool
    seen: float
    basis: Mapping[str, float | str | None]

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {**self.__dict__, "basis": dict(self.basis)}


@dataclass(frozen=True)
class Verdict:
    """A judged target.

    Parameters
    ----------
    colour
        Of the median, capped by a veto; grey where too little is known.
    score, low, high
        Median and 90 % limits of the composite, to 0.01; None where the colour would be grey without a veto.
    probability
        Colour -> how probable it is without the veto, to 1 %; they add up to 1. Empty where nothing is judged.
    firm
        What may be stated: one of ``rule_set.FIRM``, or None.
    veto
        The colour that fatal accidents cap at, or "".
    information
        Share of 1: the weighted mean over the dimensions that count.
    dimensions
        Dimension -> what is known in it, those of the rule set in the order shown.
    """

    colour: str
    score: float | None
    low: float | None
    high: float | None
    probability: Mapping[str, float]
    firm: str | None
    veto: str
    information: float
    dimensions: Mapping[str, DimensionVerdict]

    def as_json(self) -> dict[str, dict[str, Any]]:
        """Return the dimensions as they are stored and printed."""
        return {name: one.as_json() for name, one in self.dimensions.items()}


@dataclass(frozen=True)
class Weighed:
    """A target read in every dimension; ``weights`` of those that count add up to 1, ``information`` is theirs."""

    readings: Mapping[str, Reading]
    dimensions: Mapping[str, DimensionVerdict]
    weights: Mapping[str, float]
    information: float

    def is_enough(self, rules: RuleSet) -> bool:
        """Tell whether enough is known to judge: otherwise the target is grey."""
        return bool(self.weights) and self.information >= rules.figure("least_information") / 100.0


def weigh(inputs: Inputs, kind: str, code: str, pools: Pools, rules: RuleSet) -> Weighed:
    """Read a target in every dimension that its pools know."""
    readings, dimensions = {}, {}
    for dimension in dimensions_of(kind):
        pool = pools.dimensions.get(dimension.name)
        if pool is not None:
            seen = Seen(inputs.get(dimension.name), code, kind, pools.window)
            readings[dimension.name] = reading = dimension.read(seen, pool, rules)
            dimensions[dimension.name] = _in_short(dimension, reading, bool(pool["in_use"]), kind, rules)
    counting = {name: one.weight for name, one in dimensions.items() if one.score is not None and one.weight > 0}
    total = sum(counting.values())
    weights = {name: weight / total for name, weight in counting.items()}
    known = sum(weight * dimensions[name].information for name, weight in weights.items())
    return Weighed(readings, dimensions, weights, round(known, 4))


Drawn = dict[tuple[str, Belief], FloatArray]
"""Dimension and what is known in it -> its draws, of one target and month."""


def judge(
    inputs: Inputs, kind: str, code: str, month: str, pools: Pools, rules: RuleSet, drawn: Drawn | None = None
) -> Verdict:
    """Judge one target of ``month`` ("2026-10"); ``drawn`` keeps its draws for whoever judges it again."""
    weighed = weigh(inputs, kind, code, pools, rules)
    information, dimensions = weighed.information, weighed.dimensions
    veto = rules.veto(inputs.get("fatal") or {})
    if not weighed.is_enough(rules):
        fact = {RED: FIRMLY_RED, ORANGE: FIRMLY_ORANGE_OR_WORSE}.get(veto)
        return Verdict(veto or GREY, None, None, None, {}, fact, veto, information, dimensions)
    draws = np.sort(composite(weighed, month, code, drawn))
    low, middle, high = (round(float(value), 2) for value in np.quantile(draws, (LOW, 0.5, HIGH)))
    own, at_most = rules.colour_of(middle), _cumulative(draws, rules)
    colour = COLOURS[max(COLOURS.index(own), COLOURS.index(veto))] if veto else own
    firm = _firm_with_veto(_firm(at_most, inputs.get("looked") or {}, rules), veto)
    return Verdict(colour, middle, low, high, _each(at_most), firm, veto, information, dimensions)


def _in_short(dimension: Dimension, reading: Reading, in_use: bool, kind: str, rules: RuleSet) -> DimensionVerdict:
    counts = in_use or reading.seen > 0
    low, score, high = (round(reading.belief.score(at), 2) if counts else None for at in (LOW, 0.5, HIGH))
    return DimensionVerdict(
        score=score,
        low=low,
        high=high,
        numerator=reading.numerator,
        denominator=reading.denominator,
        weight=round(rules.weight(kind, dimension.name), 6),
        information=round(dimension.information(reading.seen, rules), 4),
        in_use=in_use,
        seen=round(reading.seen, 4),
        basis=reading.basis,
    )


def composite(weighed: Weighed, month: str, code: str, drawn: Drawn | None = None) -> FloatArray:
    """Return draws of the composite, shape ``(2000,)``.

    Every dimension has a stream of its own, seeded from SHA-256 of month, code and its name: what changes in one does
    not draw the others anew.
    """
    total, chance, drawn = np.zeros(DRAWS), np.random.RandomState(0), {} if drawn is None else drawn
    for name, weight in weighed.weights.items():
        belief = weighed.readings[name].belief
        if (name, belief) not in drawn:
            digest = hashlib.sha256(f"{month}\n{code}\n{name}".encode()).digest()
            chance.seed(np.frombuffer(digest, dtype=">u4").astype(np.uint32))
            drawn[name, belief] = belief.draw(chance, DRAWS)
        total += weight * drawn[name, belief]
    return total


def _cumulative(draws: FloatArray, rules: RuleSet) -> dict[str, int]:
    """Return colour -> how many of 100 that it is this one or a worse, rounded; ``draws`` are sorted."""
    limits = [(colour, rules.figure(better)) for better, colour in zip(COLOURS[:-1], COLOURS[1:], strict=True)]
    below = {colour: int(np.searchsorted(draws, limit, "left")) for colour, limit in limits}
    return {GREEN: 100, **{colour: (100 * number + DRAWS // 2) // DRAWS for colour, number in below.items()}}


def _each(at_most: Mapping[str, int]) -> dict[str, float]:
    """Return colour -> probability: differences of rounded sums add up to 1 and agree with every firm statement."""
    worse = {better: at_most[colour] for better, colour in zip(COLOURS[:-1], COLOURS[1:], strict=True)}
    return {colour: (at_most[colour] - worse.get(colour, 0)) / 100 for colour in COLOURS}


def _firm(at_most: Mapping[str, int], looked: Mapping[str, float | None], rules: RuleSet) -> str | None:
    level = rules.figure("firm_level")
    if at_most[RED] >= level:
        return FIRMLY_RED
    if at_most[ORANGE] >= level:
        return FIRMLY_ORANGE_OR_WORSE
    somebody_looked = (looked.get("violations") or 0) >= rules.figure("looked_violations") or (
        looked.get("stops") or 0
    ) >= rules.figure("looked_stops")
    return FIRMLY_GOOD if 100 - at_most["yellow"] >= level and somebody_looked else None


def _firm_with_veto(firm: str | None, veto: str) -> str | None:
    """Return what may be stated where fatal accidents cap the colour: they are a fact."""
    if veto == RED:
        return FIRMLY_RED
    if veto == ORANGE and firm != FIRMLY_RED:
        return FIRMLY_ORANGE_OR_WORSE
    return firm


def fingerprint(month: str, kind: str, code: str, rule_set: str, inputs: Inputs, pools: Pools, verdict: Verdict) -> str:
    """Return SHA-256 over everything a result says and rests on, in hexadecimal."""
    body = {
        "month": month,
        "kind": kind,
        "code": code,
        "rule_set": rule_set,
        "inputs": inputs,
        "pools": pools.digest,
        **verdict.__dict__,
        "probability": dict(verdict.probability),
        "dimensions": verdict.as_json(),
    }
    text = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
