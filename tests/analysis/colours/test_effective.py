"""Weights as they work, and ranks as chance leaves them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.colours.second import MONTH, RULES, pools, town
from trafficedu.analysis.colours.effective import effective_weights
from trafficedu.analysis.colours.ranking import rank_limits
from trafficedu.analysis.colours.rule_set import TOWN


def stored(**scores: float | None) -> dict[str, dict[str, Any]]:
    weights = {"points": 0.2, "violations": 0.2, "education": 0.6}
    return {
        name: {"score": scores[name], "low": 0.0, "high": 100.0, "weight": weight, "information": 0.5}
        for name, weight in weights.items()
    }


def test_shares_of_the_variance_by_hand() -> None:
    # points .2 * (50, 100, 50, 100), violations .2 * (100, 100, 50, 50), education .6 * 80 always: variance 25 + 25
    results = [
        stored(points=points, violations=violations, education=80.0)
        for points, violations in ((50.0, 100.0), (100.0, 100.0), (50.0, 50.0), (100.0, 50.0))
    ]
    found = {one.dimension: (one.nominal, one.effective, one.remark) for one in effective_weights(results)}
    assert found == {
        "points": (0.2, 0.5, ""),
        "violations": (0.2, 0.5, ""),
        "education": (0.6, 0.0, "hardly"),
    }


def test_a_dimension_that_decides_nearly_all_is_named() -> None:
    results = [stored(points=score, violations=80.0, education=None) for score in (0.0, 60.0, 100.0)]
    found = {one.dimension: (one.nominal, one.effective, one.remark) for one in effective_weights(results)}
    assert found == {"points": (0.5, 1.0, ""), "violations": (0.5, 0.0, "hardly"), "education": (0.0, 0.0, "")}
    small = {"score": 50.0, "low": 0.0, "high": 100.0, "information": 0.5}
    few = [
        {"points": {**small, "score": score, "weight": 0.1}, "trend": {**small, "weight": 0.9}}
        for score in (0, 50, 100)
    ]
    assert [one.remark for one in effective_weights(few)] == ["mostly", "hardly"]


def test_nothing_is_said_of_too_few_or_where_all_are_the_same() -> None:
    assert effective_weights([]) == []
    assert effective_weights([stored(points=50.0, violations=50.0, education=50.0)] * 2) == []
    assert effective_weights([stored(points=50.0, violations=50.0, education=50.0)] * 9) == []


def test_ranks_follow_the_scores_as_far_as_chance_allows() -> None:
    inputs = {
        "best": town(points=[[10, 10]] * 6, education={"due": 600, "on_time": 600, "quiz": 60000}),
        "like": town(),
        "same": town(),
        "worst": town(points=[[0, 10]] * 6, education={"due": 600, "on_time": 60, "quiz": 600}),
        "grey": {},
    }
    found = rank_limits(inputs, TOWN, MONTH, pools(TOWN), RULES)
    assert set(found) == {"best", "like", "same", "worst"}
    assert (found["best"][0], found["worst"]) == (1, (4, 4))
    assert found["like"] == found["same"] == (1, 3)
    assert rank_limits({"grey": {}}, TOWN, MONTH, pools(TOWN), RULES) == {}


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "a", "b")])
def test_ranks_do_not_depend_on_the_order(order: tuple[str, ...]) -> None:
    inputs = {code: town() for code in order}
    assert rank_limits(inputs, TOWN, MONTH, pools(TOWN), RULES) == {code: (1, 3) for code in "abc"}
