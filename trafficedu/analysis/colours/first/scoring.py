"""From the stored inputs of one target to its scores, its colour and its hash. Pure and repeatable.

``inputs`` are plain data, so that a stored result can be judged again years later:

- ``points``: ``points``, ``expected``;
- ``violations``: ``observed``, and per exposure (``ebikes``, ``stops``, ``days``) ``exposure``, ``expected``,
  ``shape``;
- ``education``: ``due``, ``on_time``, ``quiz`` (sum of the scores of completed tasks);
- ``helmets``: ``helmeted``, ``observed`` (three months);
- ``trend``: ``observed``, ``expected``, ``shape`` (twelve months);
- ``feedback``: ``due``, ``on_time``;
- ``fatal``: responsibility of the rider -> fatal accidents of the month.

What is missing is not in them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trafficedu.analysis.bayes import relative_rate
from trafficedu.analysis.colours.rule_set import (
    COLOURS,
    COMPANY,
    EBIKES,
    EDUCATION,
    FEEDBACK,
    GREY,
    HELMETS,
    POINTS,
    RIDER_DAYS,
    STOPS,
    TREND,
    VIOLATIONS,
    RuleSet,
)

Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Dimension:
    """One dimension of a result.

    Parameters
    ----------
    score
        0 to 100, to 0.01; None where there is too little to say.
    numerator, denominator
        What the score rests on: points and those expected; counts observed and expected; the sum of the marks of
        tasks and their number; helmeted and observed; answered on time and due.
    weight
        Share of 1 in the rule set.
    ratio
        Theta of violations and trend, else None.
    """

    score: float | None
    numerator: float
    denominator: float
    weight: float
    ratio: float | None = None


@dataclass(frozen=True)
class Verdict:
    """A judged target; ``score`` is None and the colour grey where too little weight is present.

    ``veto`` is the colour that caps, or "". ``present`` is the weight of the dimensions with a score.
    """

    colour: str
    score: float | None
    dimensions: Mapping[str, Dimension]
    veto: str
    present: float

    def as_json(self) -> dict[str, dict[str, float | None]]:
        """Return the dimensions as they are stored and printed."""
        return {
            name: {
                "score": one.score,
                "numerator": one.numerator,
                "denominator": one.denominator,
                "weight": one.weight,
            }
            for name, one in self.dimensions.items()
        }


Mark = tuple[float | None, float, float, float | None]
"""Score before rounding, numerator, denominator, ratio."""
NOTHING: Mark = (None, 0, 0, None)


def judge(inputs: Inputs, kind: str, rules: RuleSet) -> Verdict:
    """Judge one target.

    A dimension's score is rounded to 0.01; the composite is the weighted mean of the rounded scores of the
    dimensions present, rounded again, and it is this figure that the thresholds see: what is printed can be
    worked out by hand.
    """
    dimensions = {}
    for name, weight in rules.weights(kind).items():
        score, numerator, denominator, ratio = _MARKS[name](inputs.get(name), kind, rules)
        rounded = None if score is None else round(min(max(score, 0.0), 100.0), 2)
        shown = None if ratio is None else round(ratio, 4)
        dimensions[name] = Dimension(rounded, round(numerator, 4), round(denominator, 4), round(weight, 6), shown)
    present = round(sum(one.weight for one in dimensions.values() if one.score is not None), 6)
    veto = rules.veto(inputs.get("fatal") or {})
    if present <= 0 or present < round(rules.figure("least_weight") / 100, 6):
        return Verdict(veto or GREY, None, dimensions, veto, present)
    total = sum(one.weight * one.score for one in dimensions.values() if one.score is not None)
    score = round(total / present, 2)
    return Verdict(_capped(rules.colour_of(score), veto), score, dimensions, veto, present)


def _capped(colour: str, veto: str) -> str:
    return COLOURS[max(COLOURS.index(colour), COLOURS.index(veto))] if veto else colour


def _points(found: Inputs | None, _kind: str, _rules: RuleSet) -> Mark:
    if not found or found["expected"] <= 0:
        return NOTHING
    return 100.0 * found["points"] / found["expected"], found["points"], found["expected"], None


def exposure_used(found: Inputs, kind: str, rules: RuleSet) -> str | None:
    """Return what violations are related to under these rules: stops only where they are recorded."""
    wanted = (RIDER_DAYS,) if kind == COMPANY else (STOPS, EBIKES) if rules.exposure == STOPS else (EBIKES,)
    return next((name for name in wanted if name in found), None)


def _violations(found: Inputs | None, kind: str, rules: RuleSet) -> Mark:
    used = exposure_used(found, kind, rules) if found else None
    if not found or used is None:
        return None, found["observed"] if found else 0, 0, None
    return _ratio(found["observed"], found[used]["expected"], found[used]["shape"], rules)


def _trend(found: Inputs | None, _kind: str, rules: RuleSet) -> Mark:
    if not found:
        return NOTHING
    if "expected" not in found:
        return None, found["observed"], 0, None
    return _ratio(found["observed"], found["expected"], found["shape"], rules)


def _ratio(observed: float, expected: float, shape: float, rules: RuleSet) -> Mark:
    theta = float(relative_rate(observed, expected, shape))
    return rules.curve.score(theta), observed, expected, theta


def _education(found: Inputs | None, _kind: str, rules: RuleSet) -> Mark:
    if not found:
        return NOTHING
    on_time = rules.figure("on_time_score")
    marks = on_time * found["on_time"] + (100.0 - on_time) / 100.0 * found["quiz"]
    enough = found["due"] >= rules.figure("least_tasks")
    return marks / found["due"] if enough else None, marks, found["due"], None


def _helmets(found: Inputs | None, _kind: str, rules: RuleSet) -> Mark:
    if not found:
        return NOTHING
    helmeted, observed = found["helmeted"], found["observed"]
    if observed < rules.figure("least_observed"):
        return None, helmeted, observed, None
    zero, full = rules.figure("helmets_zero"), rules.figure("helmets_full")
    return 100.0 * (100.0 * helmeted / observed - zero) / (full - zero), helmeted, observed, None


def _feedback(found: Inputs | None, _kind: str, rules: RuleSet) -> Mark:
    if not found:
        return NOTHING
    enough = found["due"] >= rules.figure("least_notices")
    return 100.0 * found["on_time"] / found["due"] if enough else None, found["on_time"], found["due"], None


_MARKS: Mapping[str, Callable[[Inputs | None, str, RuleSet], Mark]] = {
    POINTS: _points,
    VIOLATIONS: _violations,
    EDUCATION: _education,
    HELMETS: _helmets,
    TREND: _trend,
    FEEDBACK: _feedback,
}


def fingerprint(month: str, kind: str, code: str, rule_set: str, inputs: Inputs, verdict: Verdict) -> str:
    """Return SHA-256 over everything a result says and rests on, in hexadecimal."""
    body = {
        "month": month,
        "kind": kind,
        "code": code,
        "rule_set": rule_set,
        "inputs": inputs,
        "colour": verdict.colour,
        "score": verdict.score,
        "dimensions": verdict.as_json(),
        "veto": verdict.veto,
    }
    text = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    raise TypeError(f"{type(value).__name__} is no plain data")
