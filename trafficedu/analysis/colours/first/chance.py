"""How far chance alone could move a score and a rank: the same month again, with the same risks.

Ranking lists invite to read a difference of two points as a difference of two places. Here every count behind a
score is drawn again around what it says of its own risk, and the scores and ranks that come out are kept as limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.bayes import relative_rate
from trafficedu.analysis.colours.first.scoring import Inputs, exposure_used
from trafficedu.analysis.colours.rule_set import (
    EDUCATION,
    FEEDBACK,
    HELMETS,
    TREND,
    VIOLATIONS,
    RuleSet,
)

DRAWS = 400
SEED = 20260
LEVEL = 0.95


@dataclass(frozen=True)
class StoredScore:
    """A stored result: kind, inputs, and the scores of the dimensions present with their weights."""

    kind: str
    inputs: Inputs
    scores: Mapping[str, float]
    weights: Mapping[str, float]


@dataclass(frozen=True)
class ScoreLimits:
    """The 95 % limits of a score, and the best and the worst rank that go with it."""

    low: float
    high: float
    best: int
    worst: int


def score_limits(
    judged: Sequence[StoredScore], rules: RuleSet, *, helmet_deff: float = 1.0, draws: int = DRAWS
) -> list[ScoreLimits]:
    """Return the limits of targets of one level, in their order.

    A parametric bootstrap. Counts with an expectation are drawn from a Poisson with mean ``theta E`` (theta the
    shrunken ratio the score rests on), shares from a binomial with ``(x + 1/2) / (n + 1)``; of helmets only
    ``n / helmet_deff`` observations count as independent. Points are no chance and stay. Each draw is scored as
    `scoring.judge` does, unrounded; ranks compare all targets within a draw.

    Parameters
    ----------
    judged
        Targets with a score; those without have no limits and are not passed.
    rules
        The rule set they were judged by.
    helmet_deff
        Design effect of the sites, at least 1.
    draws
        Fixed seed: the same input, the same limits.
    """
    if not judged:
        return []
    chance = np.random.default_rng(SEED)
    scores = np.stack([_draw_scores(one, rules, chance, max(helmet_deff, 1.0), draws) for one in judged])
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(scores, (tail, 1.0 - tail), axis=1)
    order = np.sort(scores, axis=0)
    above = np.stack([len(judged) - np.searchsorted(order[:, draw], scores[:, draw], "right") for draw in range(draws)])
    best, worst = np.quantile(above + 1, (tail, 1.0 - tail), axis=0, method="nearest")
    return [
        ScoreLimits(float(low[place]), float(high[place]), int(best[place]), int(worst[place]))
        for place in range(len(judged))
    ]


def _draw_scores(one: StoredScore, rules: RuleSet, chance: np.random.Generator, deff: float, draws: int) -> FloatArray:
    total = np.zeros(draws)
    for name, score in one.scores.items():
        total += one.weights[name] * _dimension(name, score, one, rules, chance, deff, draws)
    return np.asarray(total / sum(one.weights[name] for name in one.scores))


def _dimension(
    name: str, score: float, one: StoredScore, rules: RuleSet, chance: np.random.Generator, deff: float, draws: int
) -> FloatArray:
    found: Mapping[str, Any] = one.inputs.get(name) or {}
    if name == VIOLATIONS:
        used = found[exposure_used(found, one.kind, rules) or ""]
        return _ratio_scores(found["observed"], used["expected"], used["shape"], rules, chance, draws)
    if name == TREND:
        return _ratio_scores(found["observed"], found["expected"], found["shape"], rules, chance, draws)
    if name == EDUCATION:
        due, on_time = found["due"], found["on_time"]
        drawn = _shares(on_time, due, due, chance, draws)
        weight = rules.figure("on_time_score")
        marks = np.minimum(found["quiz"] / due * (drawn * due / on_time if on_time else 1.0), 100.0)
        return np.asarray(np.clip(weight * drawn + (100.0 - weight) / 100.0 * marks, 0.0, 100.0))
    if name == HELMETS:
        zero, full = rules.figure("helmets_zero"), rules.figure("helmets_full")
        drawn = _shares(found["helmeted"], found["observed"], found["observed"] / deff, chance, draws)
        return np.asarray(np.clip(100.0 * (100.0 * drawn - zero) / (full - zero), 0.0, 100.0))
    if name == FEEDBACK:
        return np.asarray(100.0 * _shares(found["on_time"], found["due"], found["due"], chance, draws))
    return np.full(draws, score)


def _ratio_scores(
    observed: float, expected: float, shape: float, rules: RuleSet, chance: np.random.Generator, draws: int
) -> FloatArray:
    theta = float(relative_rate(observed, expected, shape))
    again = relative_rate(chance.poisson(theta * expected, draws), expected, shape)
    values, places = np.unique(again, return_inverse=True)
    return np.array([rules.curve.score(float(value)) for value in values])[places]


def _shares(successes: float, total: float, independent: float, chance: np.random.Generator, draws: int) -> FloatArray:
    size = max(1, round(independent))
    return np.asarray(chance.binomial(size, (successes + 0.5) / (total + 1.0), draws) / size)
