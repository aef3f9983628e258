"""What is known of a result, what would settle it, what would lift it, and what moved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.colours.second import MONTH, RULES, monthly, pools, town
from tests.analysis.colours.test_judging import GOOD, company, village
from trafficedu.analysis.colours.explaining import contributions, knowledge, moves
from trafficedu.analysis.colours.judging import judge
from trafficedu.analysis.colours.next_colour import NextColour
from trafficedu.analysis.colours.pools import Pools
from trafficedu.analysis.colours.rule_set import COMPANY, TOWN, VILLAGE
from trafficedu.analysis.colours.settling import Settling, outlook, settling

CODE = "330109"


def settled(inputs: dict[str, Any], kind: str = TOWN, of: Pools | None = None, **more: Any) -> Settling:
    return settling(inputs, kind, CODE, MONTH, of or pools(kind), RULES, **more)


def ahead(inputs: dict[str, Any], kind: str = TOWN, **more: Any) -> NextColour:
    return outlook(inputs, kind, CODE, MONTH, pools(kind), RULES, **more)


def score_of(inputs: dict[str, Any], kind: str) -> float:
    score = judge(inputs, kind, CODE, MONTH, pools(kind), RULES).score
    assert score is not None
    return score


def test_contributions_are_shares_of_the_weight_that_counts() -> None:
    verdict = judge(town(), TOWN, CODE, MONTH, pools(TOWN), RULES)
    found = {one.dimension: (one.points, one.most) for one in contributions(verdict.as_json())}
    # .2 * 85, .2 * 62.21, .25 * 76.27, .15 * 79.63, .2 * 86.23
    assert found == {
        "points": (17.0, 20),
        "violations": (12.44, 20),
        "education": (19.07, 25),
        "helmets": (11.94, 15),
        "trend": (17.25, 20),
    }
    few = judge(village(), VILLAGE, CODE, MONTH, pools(VILLAGE, helmets={"in_use": False}), RULES)
    shares = {one.dimension: (one.points, one.most) for one in contributions(few.as_json())}
    assert shares["helmets"] == (None, None)
    assert shares["points"] == (19.41, 23.53)  # 82.5 * .2 / .85 and 20 / .85


def test_least_known_comes_first() -> None:
    verdict = judge(village(), VILLAGE, CODE, MONTH, pools(VILLAGE, helmets={"in_use": False}), RULES)
    known = knowledge(verdict.as_json(), RULES)
    assert [one.dimension for one in known] == ["education", "trend", "violations", "points", "helmets"]
    assert (known[0].unit, known[0].half, known[0].seen, known[0].information) == ("tasks", 5, 0, 0)
    assert known[0].share == pytest.approx(0.25 / 0.85, abs=0.0001)


def test_what_moved_and_what_the_dimensions_leave_over() -> None:
    before = judge(town(), TOWN, CODE, "2026-09", pools(TOWN), RULES)
    fewer = town(violations=monthly([1] * 6, 500))
    after = judge(fewer, TOWN, CODE, MONTH, pools(TOWN), RULES)
    found = moves(before.as_json(), after.as_json(), (before.score, after.score))
    assert [one.dimension for one in found.moves] == ["violations"]
    # Gamma(4 + 6, 34): median 9.6687 / 34 = .2844 scores 100: .2 (100 - 62.21)
    assert found.moves[0].points == pytest.approx(7.56)
    assert before.score is not None
    assert after.score is not None
    assert found.rest == pytest.approx(after.score - before.score - 7.56, abs=0.006)
    assert moves(before.as_json(), after.as_json(), (None, 80.0)).rest is None


def test_what_a_grey_village_lacks_by_hand() -> None:
    of = pools(VILLAGE, helmets={"in_use": False})
    found = settled(village(), VILLAGE, of)
    assert (found.grey, found.firm) == (True, None)
    needs = {need.dimension: (need.more, need.unit, need.times) for need in found.needs}
    # known .2498 of .85, asked .4 * .85 = .34: lacking .0902
    # education: r = .0902 / .25 = .3608: .3608 / .6392 * 5 = 2.8 tasks
    # points: r = .6667 + .0902 / .2 > 1: never by points alone
    # violations: r = .4444 + .451 = .8954: 8.56 * 3 - 2.4 = 23.3 expected; trend: r = .5889: 4.3 - .48 = 3.8
    assert needs == {
        "education": (3, "tasks", None),
        "trend": (pytest.approx(3.9, abs=0.1), "expected", pytest.approx(8.95, abs=0.1)),
        "violations": (pytest.approx(23.3, abs=0.3), "expected", pytest.approx(10.7, abs=0.1)),
    }
    assert [need.dimension for need in found.needs] == ["education", "trend", "violations"]
    enough = village(education={"due": 3, "on_time": 2, "quiz": 160})
    assert judge(enough, VILLAGE, CODE, MONTH, of, RULES).score is not None
    short = village(education={"due": 2, "on_time": 2, "quiz": 160})
    assert judge(short, VILLAGE, CODE, MONTH, of, RULES).score is None


WEAK: dict[str, Any] = {
    "points": [[7, 10]] * 6,
    "violations": monthly([6, 7, 5, 8, 4, 6], 500),
    "education": {"due": 20, "on_time": 11, "quiz": 825},
    "helmets": {"helmeted": 170, "observed": 200, "sites": 1},
}


def test_what_would_make_a_result_firm_is_enough_and_hardly_more() -> None:
    inputs = town(**WEAK)
    found = settled(inputs)
    assert (found.firm, found.grey, found.statement) == (None, False, "orange_or_worse")
    assert found.times is not None
    need = next(need for need in found.needs if need.dimension == "education")
    assert need.times is not None
    assert need.more == pytest.approx(20 * (need.times - 1), abs=1)

    def with_times(times: float) -> str | None:
        due = {name: value * times for name, value in WEAK["education"].items()}
        return judge(town(**{**WEAK, "education": due}), TOWN, CODE, MONTH, pools(TOWN), RULES).firm

    assert with_times(need.times) == "orange_or_worse"
    assert with_times(need.times * 0.9) is None
    riders = next(need for need in found.needs if need.dimension == "helmets")
    assert riders.times is not None
    # n = .09 / (.0009 + .09 / 200) = 66.67 effective of 200 riders at one site
    assert riders.seen == 66.6667
    assert riders.more == pytest.approx(200 * (riders.times - 1), abs=2)


def test_rates_in_yellow_can_never_be_firm() -> None:
    found = settled(town())
    assert (found.firm, found.statement, found.colour) == (None, None, "yellow")
    assert (found.needs, found.times) == ((), None)


def test_what_is_firm_needs_nothing() -> None:
    assert settled(company(), COMPANY).firm == "red"
    assert settled(town(fatal={"full": 2}), firm="red").firm == "red"
    assert settled(company(), COMPANY).needs == ()


def test_a_good_result_that_nobody_looked_at_waits_for_somebody_to_look() -> None:
    found = settled(town(**GOOD, looked={"violations": 0, "stops": None}))
    assert (found.firm, found.statement, found.unwatched) == (None, "good", True)


def test_each_lift_is_the_least_change_that_does() -> None:
    inputs = town()
    found = ahead(inputs)
    assert (found.target, found.threshold, found.vetoed) == ("blue", 80, False)
    steps = {lift.dimension: lift for lift in found.lifts}
    assert found.lifts[0].steps / found.lifts[0].most == min(one.steps / one.most for one in found.lifts)
    lift = steps["violations"]

    def fewer(by: int) -> dict[str, Any]:
        left, kept = by, []
        for count in reversed([6, 7, 5, 8, 4, 6]):
            kept.append(count - min(left, count))
            left -= min(left, count)
        return town(violations=monthly(list(reversed(kept)), 500))

    assert score_of(fewer(lift.steps), TOWN) >= 80 > score_of(fewer(lift.steps - 1), TOWN)
    assert lift.most == 36
    assert found.best is not None
    assert found.best > 94


def test_no_lift_above_green_under_a_veto_or_without_data() -> None:
    assert ahead(town(**GOOD)).target == ""
    vetoed = ahead(town(**GOOD, fatal={"full": 1}), veto="orange")
    assert (vetoed.target, vetoed.vetoed) == ("", True)
    assert ahead({}).best is None
    lifted = ahead(company(fatal={"full": 1}), COMPANY, veto="orange")
    assert (lifted.target, lifted.vetoed) == ("orange", False)
