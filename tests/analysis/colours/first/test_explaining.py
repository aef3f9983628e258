"""Contributions add up, moves explain the difference, and a lift is as small as it can be."""

from __future__ import annotations

import pytest

from tests.analysis.colours.district import RULES, town
from trafficedu.analysis.colours.first.explaining import contributions, moves, outlook
from trafficedu.analysis.colours.first.scoring import judge


def test_contributions_add_up_to_the_composite() -> None:
    inputs = town()
    del inputs["helmets"]
    verdict = judge(inputs, "town", RULES)
    parts = contributions(verdict.as_json())
    assert sum(part.points or 0 for part in parts) == pytest.approx(verdict.score, abs=0.02)
    assert next(part for part in parts if part.dimension == "helmets").points is None
    assert sum(part.most or 0 for part in parts) == pytest.approx(100, abs=0.02)


def test_moves_name_what_moved_the_most_first() -> None:
    before = judge(town(), "town", RULES).as_json()
    after = judge(
        town(points={"points": 80, "expected": 100}, education={"due": 10, "on_time": 6, "quiz": 600}), "town", RULES
    )
    # points 90 -> 80: -2.00; education 80 -> 60: -5.00
    found = moves(before, after.as_json())
    assert [(one.dimension, one.points) for one in found] == [("education", -5.0), ("points", -2.0)]


def test_lifts_by_hand() -> None:
    # Education at 60: composite 18 + 16 + 15 + 12 + 16 = 77, yellow; blue needs 3.00 more, that is
    # education 72 (12 points of score): each task on time brings 70/10 + 24/10 = 9.4, so two tasks.
    inputs = town(education={"due": 10, "on_time": 6, "quiz": 600})
    found = outlook(inputs, "town", RULES)
    assert (found.target, found.threshold) == ("blue", 80)
    lifts = {lift.dimension: lift.steps for lift in found.lifts}
    assert lifts["education"] == 2
    # helmets: 15 points of score more would take 100 % of its scale: 95 %, 30 of the 80 bare heads
    assert lifts["helmets"] == 30
    for name, steps in lifts.items():
        assert steps >= 1, name
    # all at their best, tasks with a quiz of 80: education 94, 0.25 x 6 short of 100
    assert found.best == 98.5


def test_a_veto_and_grey_have_no_lift() -> None:
    assert outlook(town(fatal={"full": 1}), "town", RULES).vetoed
    grey = outlook({"points": {"points": 1, "expected": 1}}, "town", RULES)
    assert (grey.target, grey.missing) == ("", ("violations", "education", "helmets", "trend"))
    full = town(points={"points": 100, "expected": 100}, education={"due": 10, "on_time": 10, "quiz": 1000})
    full |= {"helmets": {"helmeted": 99, "observed": 100}, "trend": {"observed": 0, "expected": 12.0, "shape": 1.0}}
    assert outlook(full, "town", RULES).target == ""
