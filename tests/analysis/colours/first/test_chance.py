from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import trafficedu
from trafficedu.analysis.colours.first.chance import StoredScore, score_limits
from trafficedu.analysis.colours.first.scoring import judge
from trafficedu.analysis.colours.rule_set import RuleSet

RULES = RuleSet("d", json.loads((Path(trafficedu.__file__).parent / "reference/rule_set.json").read_text())["payload"])


def inputs(size: int, on_time: float = 0.8, ratio: float = 1.0) -> dict[str, Any]:
    """Return the inputs of a town of a given size."""
    return {
        "points": {"points": 18, "expected": 20},
        "violations": {
            "observed": round(ratio * size),
            "ebikes": {"exposure": 10.0 * size, "expected": float(size), "shape": 50.0},
        },
        "education": {"due": size, "on_time": round(on_time * size), "quiz": 90.0 * round(on_time * size)},
        "helmets": {"helmeted": round(0.9 * 10 * size), "observed": 10 * size},
        "trend": {"observed": size, "expected": float(size), "shape": 50.0},
    }


def judged(found: dict[str, Any], kind: str = "town") -> StoredScore:
    verdict = judge(found, kind, RULES)
    scores = {name: one.score for name, one in verdict.dimensions.items() if one.score is not None}
    return StoredScore(kind, found, scores, {name: one.weight for name, one in verdict.dimensions.items()})


def test_limits_enclose_the_score_and_narrow_with_the_counts() -> None:
    small, large = inputs(40), inputs(40_000)
    for found, widest in ((small, 30.0), (large, 1.0)):
        score = judge(found, "town", RULES).score
        (limits,) = score_limits([judged(found)], RULES)
        assert score is not None
        assert limits.low - 0.3 <= score <= limits.high + 0.3
        assert limits.high - limits.low < widest
        assert (limits.best, limits.worst) == (1, 1)


def test_ranks_are_told_apart_only_where_counts_allow() -> None:
    apart = [judged(inputs(20_000, on_time)) for on_time in (0.95, 0.8, 0.6)]
    assert [(one.best, one.worst) for one in score_limits(apart, RULES)] == [(1, 1), (2, 2), (3, 3)]
    alike = [judged(inputs(30, on_time)) for on_time in (0.8, 0.8, 0.8)]
    assert all(one.best == 1 and one.worst == 3 for one in score_limits(alike, RULES))


def test_the_same_input_gives_the_same_limits() -> None:
    towns = [judged(inputs(50, ratio=ratio)) for ratio in (0.6, 1.4)]
    assert score_limits(towns, RULES) == score_limits(towns, RULES)


def test_clustered_helmet_counts_widen_the_limits() -> None:
    found = [judged(inputs(200))]
    (narrow,), (wide,) = score_limits(found, RULES), score_limits(found, RULES, helmet_deff=20.0)
    assert wide.high - wide.low > narrow.high - narrow.low


@pytest.mark.parametrize("missing", ["points", "violations", "education", "helmets", "trend"])
def test_a_dimension_may_be_absent(missing: str) -> None:
    found = {name: value for name, value in inputs(100).items() if name != missing}
    (limits,) = score_limits([judged(found)], RULES)
    assert 0 <= limits.low <= limits.high <= 100


def test_a_company_has_feedback() -> None:
    found = {
        "points": {"points": 5, "expected": 10},
        "violations": {"observed": 12, "days": {"exposure": 900.0, "expected": 10.0, "shape": 3.0}},
        "education": {"due": 20, "on_time": 0, "quiz": 0.0},
        "feedback": {"due": 30, "on_time": 27},
    }
    (limits,) = score_limits([judged(found, "company")], RULES)
    assert limits.low < limits.high


def test_of_nobody_there_is_nothing() -> None:
    assert score_limits([], RULES) == []
