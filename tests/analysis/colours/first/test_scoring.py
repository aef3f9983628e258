"""Scores, colours and vetoes: worked out by hand, and properties that hold for every input."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.colours.district import PAYLOAD, RULES, changed, town
from trafficedu.analysis.colours.first.scoring import fingerprint, judge
from trafficedu.analysis.colours.rule_set import COLOURS, COMPANY, RuleSet
from trafficedu.analysis.colours.validity import faults


def scores(inputs: dict[str, Any], kind: str = "town", rules: RuleSet = RULES) -> dict[str, float | None]:
    return {name: one.score for name, one in judge(inputs, kind, rules).dimensions.items()}


def test_a_town_by_hand() -> None:
    # points      90 of 100                                   -> 90.00
    # violations  theta = (4 + 10) / (4 + 10) = 1             -> 80.00
    # education   (70 x 8 + 0.3 x 800) / 10 = 800 / 10        -> 80.00
    # helmets     92 %: 100 x (92 - 80) / (95 - 80)           -> 80.00
    # trend       theta = (6 + 12) / (6 + 12) = 1             -> 80.00
    # composite   0.20 x 90 + 0.80 x 80 = 18 + 64             -> 82.00, blue
    verdict = judge(town(), "town", RULES)
    assert scores(town()) == {"points": 90, "violations": 80, "education": 80, "helmets": 80, "trend": 80}
    assert (verdict.score, verdict.colour, verdict.present, verdict.veto) == (82.0, "blue", 1.0, "")


@pytest.mark.parametrize(
    ("observed", "score"),
    [
        # a = 4, E = 10; theta = (4 + O) / 14
        (0, 100.0),  # 4/14 = 0.29, at most 0.5
        (3, 100.0),  # 7/14 = 0.5
        (10, 80.0),  # 1
        (24, 0.0),  # 28/14 = 2
        (40, 0.0),
        (5, 92.75),  # 9/14 = 0.642857: 100 - 20 ln(0.642857/0.5)/ln 2 = 100 - 20 x 0.362570
        (17, 33.2),  # 21/14 = 1.5: 80 (1 - ln 1.5 / ln 2) = 80 x (1 - 0.584963)
    ],
)
def test_the_curve_of_violations(observed: int, score: float) -> None:
    inputs = town(violations={"observed": observed, "ebikes": {"exposure": 1.0, "expected": 10.0, "shape": 4.0}})
    assert scores(inputs)["violations"] == score


def test_a_company_by_hand() -> None:
    # points 0.20 x 50, violations theta = (2+4)/(2+1) = 2 -> 0, education (70x5 + 0.3x500)/5 = 100 x 0.25,
    # feedback 9 of 10 = 90 x 0.35: 10 + 0 + 25 + 31.5 = 66.5
    inputs = {
        "points": {"points": 10, "expected": 20},
        "violations": {"observed": 4, "days": {"exposure": 30.0, "expected": 1.0, "shape": 2.0}},
        "education": {"due": 5, "on_time": 5, "quiz": 500},
        "feedback": {"due": 10, "on_time": 9},
    }
    verdict = judge(inputs, COMPANY, RULES)
    assert (verdict.score, verdict.colour) == (66.5, "orange")


def test_too_little_of_each_is_absent() -> None:
    few = {
        "points": {"points": 3, "expected": 0},
        "violations": {"observed": 7},
        "education": {"due": 4, "on_time": 4, "quiz": 400},
        "helmets": {"helmeted": 99, "observed": 99},
        "trend": {"observed": 2},
    }
    assert set(scores(few).values()) == {None}
    assert judge(few, "town", RULES).colour == "grey"
    assert judge({}, "town", RULES).score is None
    company = {"feedback": {"due": 4, "on_time": 4}}
    assert scores(company, COMPANY)["feedback"] is None


def test_grey_under_sixty_percent_of_the_weight_and_not_at_it() -> None:
    enough = {name: town()[name] for name in ("points", "violations", "trend")}  # 0.20 x 3 = 0.60
    assert judge(enough, "town", RULES).colour == "blue"
    less = {name: town()[name] for name in ("violations", "helmets", "trend")}  # 0.55
    verdict = judge(less, "town", RULES)
    assert (verdict.colour, verdict.score, verdict.present) == ("grey", None, 0.55)


@pytest.mark.parametrize(
    ("fatal", "colour", "veto"),
    [
        ({"equal": 1}, "orange", "orange"),
        ({"full": 1, "main": 1}, "red", "red"),
        ({"minor": 3, "unknown": 1}, "blue", ""),
    ],
)
def test_vetoes_cap(fatal: dict[str, int], colour: str, veto: str) -> None:
    verdict = judge(town(fatal=fatal), "town", RULES)
    assert (verdict.colour, verdict.veto, verdict.score) == (colour, veto, 82.0)
    assert judge({"fatal": fatal}, "town", RULES).colour == (veto or "grey")


def test_a_veto_lifts_nobody() -> None:
    poor = town(points={"points": 0, "expected": 10}, education={"due": 10, "on_time": 0, "quiz": 0})
    assert judge(poor, "town", RULES).colour == judge({**poor, "fatal": {"full": 1}}, "town", RULES).colour == "red"


def test_stops_are_used_only_where_they_are_recorded() -> None:
    rules = changed(exposure="stops")
    own = {"observed": 10, "ebikes": {"exposure": 1.0, "expected": 10.0, "shape": 4.0}}
    assert scores(town(violations=own), rules=rules)["violations"] == 80
    stopped = {**own, "stops": {"exposure": 1.0, "expected": 24.0, "shape": 4.0}}
    assert scores(town(violations=stopped), rules=rules)["violations"] == 100
    assert scores(town(violations=stopped))["violations"] == 80


@given(due=st.integers(5, 200), done=st.data())
def test_more_completed_tasks_never_lower_the_education_score(due: int, done: st.DataObject) -> None:
    on_time = done.draw(st.integers(0, due - 1))
    quiz = done.draw(st.integers(0, 100 * (due - 1)))
    before = scores(town(education={"due": due, "on_time": on_time, "quiz": quiz}))["education"]
    more = done.draw(st.integers(0, 100))
    on = done.draw(st.booleans())
    after = scores(town(education={"due": due, "on_time": on_time + on, "quiz": quiz + more}))["education"]
    assert before is not None
    assert after is not None
    assert after >= before


INPUTS = st.fixed_dictionaries(
    {},
    optional={
        "points": st.fixed_dictionaries({"points": st.integers(-50, 150), "expected": st.integers(1, 100)}),
        "education": st.integers(1, 40).flatmap(
            lambda due: st.fixed_dictionaries(
                {"due": st.just(due), "on_time": st.integers(0, due), "quiz": st.integers(0, 100 * due)}
            )
        ),
        "helmets": st.integers(1, 400).flatmap(
            lambda seen: st.fixed_dictionaries({"observed": st.just(seen), "helmeted": st.integers(0, seen)})
        ),
        "trend": st.fixed_dictionaries(
            {"observed": st.integers(0, 40), "expected": st.floats(0.01, 40), "shape": st.floats(0.05, 1000)}
        ),
        "fatal": st.dictionaries(st.sampled_from(["full", "equal", "minor"]), st.integers(1, 2)),
    },
)


@given(inputs=INPUTS, blue=st.integers(71, 89))
def test_shifting_one_threshold_moves_only_what_it_must(inputs: dict[str, Any], blue: int) -> None:
    was, now = judge(inputs, "town", RULES), judge(inputs, "town", changed(blue=blue))
    assert (was.score, was.dimensions, was.veto) == (now.score, now.dimensions, now.veto)
    if was.score is None or not min(80, blue) <= was.score < max(80, blue):
        assert was.colour == now.colour
    else:
        assert {was.colour, now.colour} <= {"blue", "yellow", was.veto} - {""} | {was.colour}


@given(inputs=INPUTS)
def test_scores_stay_in_range_and_the_hash_ignores_the_order_of_keys(inputs: dict[str, Any]) -> None:
    verdict = judge(inputs, "village", RULES)
    assert verdict.colour in {*COLOURS, "grey"}
    assert all(one.score is None or 0 <= one.score <= 100 for one in verdict.dimensions.values())
    turned = dict(reversed([(name, dict(reversed(part.items()))) for name, part in inputs.items()]))
    about = ("2026-10", "village", "1", "default")
    assert fingerprint(*about, inputs, verdict) == fingerprint(*about, turned, judge(turned, "village", RULES))


def test_the_shipped_rules_have_no_fault() -> None:
    assert faults(PAYLOAD) == {}


@pytest.mark.parametrize(
    ("figures", "field"),
    [
        ({"blue": 95}, "blue"),
        ({"green": float("nan")}, "green"),
        ({"green": None}, "green"),
        ({"ratio_worst": 1}, "ratio_worst"),
        ({"helmets_full": 80}, "helmets_full"),
        ({"veto_red": 1}, "veto_red"),
        ({"exposure": "moon"}, "exposure"),
        ({"veto_responsibility": "none"}, "veto_responsibility"),
        ({"weights_area": {**PAYLOAD["weights_area"], "trend": 21}}, "area_trend"),
        ({"weights_company": {**PAYLOAD["weights_company"], "points": -1}}, "company_points"),
        ({"weights_company": {}}, "company_points"),
    ],
)
def test_faults_name_the_field(figures: dict[str, Any], field: str) -> None:
    assert field in faults({**PAYLOAD, **figures})
