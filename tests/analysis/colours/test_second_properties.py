"""What holds for every target: bystanders stay, order does not matter, absent is not zero, knowing more never hurts."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.colours.second import MONTH, RULES, YEAR, judged, monthly, pools, town
from tests.analysis.colours.test_pools import CODES, HISTORY, INPUTS, target, window_of
from trafficedu.analysis.colours.judging import Verdict, fingerprint, judge
from trafficedu.analysis.colours.pools import History, Pools, estimate
from trafficedu.analysis.colours.registry import BY_NAME
from trafficedu.analysis.colours.rule_set import TOWN, VILLAGE


def marks(inputs: dict[str, Any], of: Pools) -> dict[str, str]:
    found = {}
    for code, one in inputs.items():
        verdict = judge(one, VILLAGE, code, MONTH, of, RULES)
        found[code] = fingerprint(MONTH, VILLAGE, code, "second", one, of, verdict)
    return found


@given(late=st.integers(1, 30), place=st.sampled_from(CODES))
@settings(max_examples=10, deadline=None)
def test_late_records_move_only_whom_they_concern(late: int, place: str) -> None:
    kept = estimate(HISTORY, INPUTS, VILLAGE, RULES, YEAR)
    observed = list(INPUTS[place]["violations"]["observed"])
    observed[-1] += late
    violations = {**INPUTS[place]["violations"], "observed": observed}
    now = {**INPUTS, place: {**INPUTS[place], "violations": violations}}
    before, after = marks(INPUTS, kept), marks(now, kept)
    assert {code for code in CODES if before[code] != after[code]} == {place}
    # estimated anew they would have moved everybody: that is why they are kept
    again = marks(now, estimate(HISTORY, now, VILLAGE, RULES, YEAR))
    assert all(before[code] != again[code] for code in CODES)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_never_matters(seed: int) -> None:
    order = random.Random(seed)
    sites = {"sites": [[month, f"s{site}", 40 + (month * site) % 9, 50] for month in range(24) for site in range(1, 4)]}
    with_sites = {code: {**target(24, place), "helmets": sites} for place, code in enumerate(CODES)}
    shuffled_sites = {"sites": order.sample(sites["sites"], len(sites["sites"]))}
    shuffled = {code: {**with_sites[code], "helmets": shuffled_sites} for code in order.sample(CODES, len(CODES))}
    inputs = {code: INPUTS[code] for code in order.sample(CODES, len(CODES))}
    one = estimate(History(HISTORY.months, with_sites), INPUTS, VILLAGE, RULES, YEAR)
    other = estimate(History(HISTORY.months, shuffled), inputs, VILLAGE, RULES, YEAR)
    assert one.digest == other.digest
    part = inputs["v1"]
    turned = dict(order.sample(list(part.items()), len(part)))
    assert judge(part, VILLAGE, "v1", MONTH, one, RULES) == judge(turned, VILLAGE, "v1", MONTH, one, RULES)


ABSENT_AND_ZERO = {
    "points": ([None] * 6, [[0, 10]] * 6),
    "violations": (monthly([None] * 6, 500), monthly([0] * 6, 500)),
    "education": (None, {"due": 9, "on_time": 0, "quiz": 0}),
    "helmets": (None, {"helmeted": 0, "observed": 90, "sites": 3}),
    "trend": (monthly([None] * 6, 500), monthly([0] * 6, 500)),
}


@pytest.mark.parametrize("name", ABSENT_AND_ZERO)
def test_absent_is_not_zero(name: str) -> None:
    absent, zero = (judged(town(**{name: part})) for part in ABSENT_AND_ZERO[name])
    missing, nought = absent.dimensions[name], zero.dimensions[name]
    assert (missing.information, missing.seen) == (0, 0)
    assert nought.information > 0
    assert missing.score != nought.score
    # where nothing was seen, the target is taken for one like the others, and as widely
    without = judged({key: part for key, part in town().items() if key != name})
    assert (without.score, without.dimensions[name]) == (absent.score, missing)


def test_one_month_not_reported_is_not_a_month_without_any() -> None:
    unknown, none = (judged(town(violations=monthly([6, 7, 5, 8, 4, last], 500))) for last in (None, 0))
    assert unknown.dimensions["violations"].score != none.dimensions["violations"].score
    left_out, nought = (judged(town(points=[[9, 10]] * 5 + [last])) for last in (None, [0, 10]))
    assert left_out.dimensions["points"].score != nought.dimensions["points"].score


@st.composite
def recorded(draw: st.DrawFn) -> dict[str, Any]:
    due, riders = draw(st.integers(0, 80)), draw(st.integers(1, 800))
    on_time, sites = draw(st.integers(0, due)), draw(st.integers(1, 6))
    return {
        "points": [draw(st.none() | st.tuples(st.integers(-5, 15), st.just(10)).map(list)) for _ in range(6)],
        "violations": monthly([draw(st.integers(0, 25)) for _ in range(6)], draw(st.sampled_from([50, 500, 2000]))),
        "education": {"due": due, "on_time": on_time, "quiz": draw(st.integers(0, 100)) * on_time},
        "helmets": {"helmeted": draw(st.integers(riders // 2, riders)), "observed": riders, "sites": sites},
        "trend": monthly([draw(st.integers(0, 4)) for _ in range(6)], 500),
        "looked": {"violations": 9, "stops": None},
    }


SLACK = 0.03
"""Of 2,000 draws: three standard errors of a probability of 0.8."""


def states(verdict: Verdict, statement: str, slack: float = 0.0) -> bool:
    shown = verdict.probability
    worse = {"red": ("red",), "orange_or_worse": ("red", "orange"), "good": ("green", "blue")}[statement]
    return sum(shown.get(colour, 0.0) for colour in worse) >= 0.8 - slack


@given(inputs=recorded(), name=st.sampled_from(sorted(BY_NAME)), times=st.sampled_from([2, 4, 16]))
@settings(max_examples=150, deadline=None)
def test_knowing_more_at_the_same_rates_never_makes_a_result_less_firm(
    inputs: dict[str, Any], name: str, times: int
) -> None:
    before = judged(inputs)
    dimension = BY_NAME[name]
    if name not in inputs or not before.dimensions[name].seen:
        return
    after = judged({**inputs, name: dimension.more(inputs[name], times)})
    assert after.dimensions[name].information > before.dimensions[name].information
    assert after.information > before.information
    assert before.score is None or after.score is not None
    endless = judged({**inputs, name: dimension.more(inputs[name], 5000)})
    if before.firm and endless.firm and states(endless, before.firm):
        assert states(after, before.firm, SLACK), (before, after, endless)


def test_the_pools_of_a_test_are_those_of_every_target() -> None:
    assert set(pools(TOWN).dimensions) == {name for name, one in BY_NAME.items() if TOWN in one.kinds}
    assert window_of(1) != window_of(2)
