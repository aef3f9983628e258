"""Rule set 2: towns, villages and companies worked out by hand, vetoes, and what may be stated firmly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.analysis.colours.second import EVEN, MONTH, RULES, changed, judged, monthly, pools, town
from trafficedu.analysis.colours.judging import Verdict, fingerprint, judge
from trafficedu.analysis.colours.rule_set import COMPANY, TOWN, VILLAGE


def scores(verdict: Verdict) -> dict[str, tuple[float | None, float | None, float | None]]:
    return {name: (one.low, one.score, one.high) for name, one in verdict.dimensions.items()}


def test_a_town_by_hand() -> None:
    # points: six months of 90 %; kept = 100 / (100 + 600 / 6) = 0.5, so Normal(80 + 0.5 * 10, 100 * 0.5):
    #   85.00, limits 85 -+ 1.6449 * 7.0711 = 73.37 and 96.63
    # violations: 36 against 0.01 * 500 * 6 = 30, Gamma(4 + 36, 4 + 30), median 39.667 / 34 = 1.1667:
    #   80 (1 - ln 1.1667 / ln 2) = 62.21; its 95 % quantile 1.4982 scores 33.34, its 5 % quantile 0.8881
    #   80 + 20 ln 0.8881 / ln 0.5 = 83.42
    # education: x = 0.7 * 48 + 0.003 * 4080 = 45.84 of 60, Beta(15 + 45.84, 5 + 14.16): median 0.7627
    # helmets: q = 0.9 * 0.1 = 0.09, n = 0.09 / (0.0009 / 3 + 0.09 / 600) = 200, x = 200 * 0.92 = 184,
    #   Beta(18 + 184, 2 + 16): median 0.91944, 100 (0.91944 - 0.8) / 0.15 = 79.63
    # trend: 4 against 0.002 * 500 * 6 = 6, Gamma(6 + 4, 6 + 6): median 0.8057, 80 + 20 * 0.2160 / 0.6931 = 86.23
    verdict = judged(town())
    assert scores(verdict) == {
        "points": (73.37, 85.0, 96.63),
        "violations": (33.34, 62.21, 83.42),
        "education": (67.89, 76.27, 83.47),
        "helmets": (57.22, 79.63, 97.47),
        "trend": (48.94, 86.23, 100.0),
    }
    # information: 6 / (6 + 1), 30 / 33, 60 / 65, 200 / 260, 6 / 9; weighted .2 .2 .25 .15 .2: 0.8327
    known = {name: one.information for name, one in verdict.dimensions.items()}
    assert known == {"points": 0.8571, "violations": 0.9091, "education": 0.9231, "helmets": 0.7692, "trend": 0.6667}
    assert verdict.information == pytest.approx(0.8327, abs=0.0001)
    rests_on = {name: (one.numerator, one.denominator) for name, one in verdict.dimensions.items()}
    assert rests_on == {
        "points": (54, 60),
        "violations": (36, 30),
        "education": (48, 60),
        "helmets": (552, 600),
        "trend": (4, 6),
    }
    assert verdict.dimensions["violations"].basis["ratio"] == 1.1667
    assert verdict.dimensions["education"].basis["reached"] == 45.84


def test_the_composite_is_the_median_of_what_the_dimensions_may_be() -> None:
    chance = np.random.default_rng(1)
    size = 400_000

    def curve(ratios: Any) -> Any:
        falling = np.where(ratios <= 1.0, 80 - 20 * np.log(ratios) / np.log(2), 80 * (1 - np.log(ratios) / np.log(2)))
        return np.clip(falling, 0, 100)

    independent = (
        0.2 * np.clip(chance.normal(85, 50**0.5, size), 0, 100)
        + 0.2 * curve(chance.gamma(40, 1 / 34, size))
        + 0.25 * 100 * chance.beta(60.84, 19.16, size)
        + 0.15 * np.clip((chance.beta(202, 18, size) - 0.8) / 0.0015, 0, 100)
        + 0.2 * curve(chance.gamma(10, 1 / 12, size))
    )
    low, middle, high = np.quantile(independent, (0.05, 0.5, 0.95))
    verdict = judged(town())
    # 2,000 draws: the median's own error is about 1.25 sd / sqrt(2000) = 0.1, of the limits twice that
    assert verdict.score == pytest.approx(middle, abs=0.4)
    assert verdict.low == pytest.approx(low, abs=0.8)
    assert verdict.high == pytest.approx(high, abs=0.8)
    assert verdict.probability["yellow"] == pytest.approx(((independent >= 70) & (independent < 80)).mean(), abs=0.03)
    assert sum(verdict.probability.values()) == pytest.approx(1.0)


def test_the_stream_of_draws_is_frozen() -> None:
    # numpy keeps the stream of RandomState for good (NEP 19): another figure here means stored results drift
    verdict = judged(town())
    assert (verdict.low, verdict.score, verdict.high) == FROZEN


FROZEN = (67.5, 76.93, 84.33)


def village(**parts: Any) -> dict[str, Any]:
    """Return inputs of a village of 20 e-bikes with two months of points and no task."""
    inputs: dict[str, Any] = {
        "points": [None] * 10 + [[8, 10], [10, 10]],
        "violations": monthly([0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], 20),
        "trend": monthly([0] * 12, 20),
        "looked": {"violations": 2, "stops": None},
    }
    return {**inputs, **parts}


def test_a_village_of_which_little_is_known_is_grey() -> None:
    # points: two months, mean 90; kept = 100 / (100 + 600 / 2) = 0.25: Normal(82.5, 75)
    # violations: 2 against 0.01 * 20 * 12 = 2.4, Gamma(6, 6.4): median 5.6702 / 6.4 = 0.8860, 83.49
    # trend: 0 against 0.002 * 20 * 12 = 0.48, Gamma(6, 6.48): median 0.8750, 83.85
    # education: none due, in use: Beta(15, 5), median 0.7585, nothing known
    # helmets: not in use and none observed: does not count
    verdict = judged(village(), VILLAGE, helmets={"in_use": False})
    medians = {name: one.score for name, one in verdict.dimensions.items()}
    assert medians == {"points": 82.5, "violations": 83.49, "education": 75.85, "helmets": None, "trend": 83.85}
    # information: (.2 * 2 / 3 + .2 * 2.4 / 5.4 + .25 * 0 + .2 * .48 / 3.48) / .85 = .2498 / .85 = 0.2939 < 0.4
    assert verdict.information == pytest.approx(0.2939, abs=0.0001)
    assert (verdict.colour, verdict.score, verdict.firm, verdict.probability) == ("grey", None, None, {})
    # ten tasks due: + .25 * 10 / 15 = .1667 / .85: 0.4900, judged
    judged_now = judged(village(education={"due": 10, "on_time": 9, "quiz": 800}), VILLAGE, helmets={"in_use": False})
    assert judged_now.information == pytest.approx(0.4900, abs=0.0001)
    assert judged_now.score is not None
    # helmets seen where nobody else is counted: they count for it alone, and thin out what is known
    # n = .09 / (.0009 / 1 + .09 / 10) = 9.0909, r = 9.0909 / 69.0909 = .1316: (.2498 + .15 * .1316) / 1 = 0.2695
    counted = judged(village(helmets={"helmeted": 9, "observed": 10, "sites": 1}), VILLAGE, helmets={"in_use": False})
    assert counted.dimensions["helmets"].seen == pytest.approx(9.0909, abs=0.0001)
    assert counted.information == pytest.approx(0.2695, abs=0.0001)


def company(**parts: Any) -> dict[str, Any]:
    """Return inputs of a company with 1,000 rider-days a month."""
    inputs: dict[str, Any] = {
        "points": [[8, 10]] * 3 + [None] * 3,
        "violations": monthly([10, 10, 20, 20, 20, 16], 1000, "days"),
        "education": {"due": 44, "on_time": 20, "quiz": 1600},
        "feedback": {"due": 30, "on_time": 12},
        "looked": {"violations": 96, "stops": None},
    }
    return {**inputs, **parts}


def test_a_company_by_hand_and_firmly_red() -> None:
    # points: three months of 80: Normal(80, 100 (1 - 100 / (100 + 200))) around the pool's own 80: 80.00
    # violations: 96 against 0.01 * 6000 = 60, Gamma(100, 64): median 99.6668 / 64 = 1.55729, 80 (1 - .63904) = 28.88
    # education: x = 14 + 4.8 = 18.8 of 44, Beta(33.8, 30.2): median 0.5284
    # feedback: 12 of 30, Beta(8 + 12, 2 + 18): median 0.5
    verdict = judged(company(), COMPANY)
    medians = {name: one.score for name, one in verdict.dimensions.items()}
    assert medians == {"points": 80.0, "violations": 28.88, "education": 52.84, "feedback": 50.0}
    # .2 * 3 / 4 + .2 * 60 / 63 + .25 * 44 / 49 + .35 * 30 / 35 = 0.8650
    assert verdict.information == pytest.approx(0.8650, abs=0.0001)
    # about .2 * 80 + .2 * 28.88 + .25 * 52.84 + .35 * 50 = 52.49, sd about 4: far below 60
    assert verdict.score == pytest.approx(52.5, abs=0.6)
    assert (verdict.colour, verdict.firm) == ("red", "red")
    assert verdict.probability["red"] >= 0.95


def test_a_month_of_the_year_weighs_what_is_expected() -> None:
    # October has twice the usual events: 0.01 * (500 * 5 * 1 + 500 * 2) = 35
    index = [*EVEN[:9], 2.0, *EVEN[10:]]
    pool = {"shape": 4.0, "rate": 0.01, "rates": {"330109": 0.02}, "index": index}
    verdict = judged(town(), violations={"exposure": {"ebikes": pool}})
    assert verdict.dimensions["violations"].denominator == 70.0  # and the rate of the others, not of all


def test_a_month_not_reported_is_neither_counted_nor_expected() -> None:
    unknown = monthly([6, 7, 5, 8, 4, None], 500)
    assert judged(town(violations=unknown)).dimensions["violations"].denominator == 25.0
    no_riders = {"observed": [6, 7, 5, 8, 4, 6], "exposure": {"ebikes": [500, 500, 500, 500, 500, None]}}
    one = judged(town(violations=no_riders)).dimensions["violations"]
    assert (one.numerator, one.denominator) == (30, 25.0)


def test_stops_are_used_where_the_rules_ask_for_them_and_somebody_recorded_them() -> None:
    both = {"observed": [2] * 6, "exposure": {"ebikes": [500] * 6, "stops": [40, 40, 40, 40, 40, 0]}}
    ebikes = {"shape": 4.0, "rate": 0.01, "rates": {}, "index": EVEN}
    stops = {"shape": 2.0, "rate": 0.05, "rates": {}, "index": EVEN}
    wanted = changed(exposure="stops")
    pool = {"exposure": {"ebikes": ebikes, "stops": stops}}
    one = judged(town(violations=both), rules=wanted, violations=pool).dimensions["violations"]
    # a month without a stop says nothing: 10 against 0.05 * 200 = 10
    assert (one.numerator, one.denominator, one.basis["exposure"]) == (10, 10.0, "stops")
    assert judged(town(violations=both), violations=pool).dimensions["violations"].basis["exposure"] == "ebikes"
    assert judged(town(violations=both), rules=wanted).dimensions["violations"].basis["exposure"] == "ebikes"


GOOD = {
    "points": [[100, 100]] * 6,
    "violations": monthly([1, 1, 1, 0, 0, 0], 500),
    "education": {"due": 60, "on_time": 60, "quiz": 5700},
    "trend": monthly([0] * 6, 500),
}


@pytest.mark.parametrize(
    ("looked", "firm"),
    [
        ({"violations": 3, "stops": None}, "good"),
        ({"violations": 0, "stops": 10}, "good"),
        ({"violations": 2, "stops": 9}, None),
        ({"violations": 2, "stops": None}, None),
        ({}, None),
    ],
)
def test_firmly_good_asks_that_somebody_looked(looked: dict[str, Any], firm: str | None) -> None:
    verdict = judged(town(**GOOD, looked=looked))
    assert verdict.colour in {"green", "blue"}
    assert verdict.firm == firm


@pytest.mark.parametrize(
    ("fatal", "veto"),
    [
        ({"equal": 1}, "orange"),
        ({"main": 1}, "orange"),
        ({"full": 1, "equal": 1}, "red"),
        ({"minor": 5, "none": 2, "unknown": 1}, ""),
    ],
)
def test_a_veto_is_a_fact_and_firm(fatal: dict[str, int], veto: str) -> None:
    firm = {"orange": "orange_or_worse", "red": "red"}.get(veto)
    verdict = judged(town(**GOOD, fatal=fatal))
    assert (verdict.veto, verdict.colour) == (veto, veto or judged(town(**GOOD)).colour)
    assert verdict.firm == (firm or "good")
    assert verdict.score == judged(town(**GOOD)).score
    nothing = judged({"fatal": fatal})
    assert (nothing.colour, nothing.score, nothing.firm) == (veto or "grey", None, firm)
    worse = judged(company(fatal=fatal), COMPANY)
    assert (worse.colour, worse.firm) == ("red", "red")


def test_a_red_that_may_be_chance_is_not_firmly_red_because_somebody_died() -> None:
    inputs = company(feedback={"due": 30, "on_time": 18}, fatal={"main": 1})
    verdict = judged(inputs, COMPANY)
    assert (verdict.colour, verdict.firm) == ("red", "orange_or_worse")


def test_firm_statements_agree_with_the_probabilities_shown() -> None:
    for on_time in range(0, 31):
        verdict = judged(company(feedback={"due": 30, "on_time": on_time}), COMPANY)
        shown = verdict.probability
        bad = round(shown["orange"] + shown["red"], 2)
        good = round(shown["green"] + shown["blue"], 2)
        expected = (
            "red" if shown["red"] >= 0.8 else "orange_or_worse" if bad >= 0.8 else "good" if good >= 0.8 else None
        )
        assert verdict.firm == expected
        assert round(sum(shown.values()), 9) == 1.0


def test_the_level_of_firm_statements_is_the_rule_sets() -> None:
    verdict = judged(company(feedback={"due": 30, "on_time": 18}), COMPANY)
    bad = verdict.probability["orange"] + verdict.probability["red"]
    assert 0.51 < verdict.probability["red"] < 0.8 < bad
    assert verdict.firm == "orange_or_worse"
    assert judged(company(feedback={"due": 30, "on_time": 18}), COMPANY, changed(firm_level=51)).firm == "red"
    assert judged(company(feedback={"due": 30, "on_time": 18}), COMPANY, changed(firm_level=99)).firm != "red"


def test_a_fingerprint_is_over_everything() -> None:
    inputs = town()
    verdict = judged(inputs)

    def mark(**change: Any) -> str:
        base: dict[str, Any] = {
            "month": MONTH,
            "kind": TOWN,
            "code": "330109",
            "rule_set": "second",
            "inputs": inputs,
            "pools": pools(TOWN),
            "verdict": verdict,
        }
        return fingerprint(**{**base, **change})

    others = [
        mark(month="2026-09"),
        mark(code="330110"),
        mark(rule_set="other"),
        mark(inputs=town(fatal={})),
        mark(pools=pools(TOWN, points={"between": 101.0})),
        mark(verdict=judged(town(points=[[9, 10]] * 5 + [[10, 10]]))),
    ]
    assert len({mark(), *others}) == 7
    assert mark() == mark()
    with pytest.raises(ValueError, match="JSON"):
        mark(inputs={"points": [[float("nan"), 10]]})


def test_a_level_of_one_has_nothing_to_be_compared_with() -> None:
    alone = pools(TOWN, violations={"exposure": {}, "in_use": False}, trend={"exposure": {}, "in_use": False})
    verdict = judge(town(), TOWN, "330109", MONTH, alone, RULES)
    assert verdict.dimensions["violations"].score is None
    assert verdict.score is not None  # the others have 60 % of the weight, and are known
