"""What is known of a level: estimates worked out by hand, found again in simulated ones, and what is kept of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.analysis.colours.second import MONTH, RULES, YEAR
from trafficedu.analysis.colours.dimensions.counts import month_index, most_likely_shape, others_rates
from trafficedu.analysis.colours.dimensions.helmets import site_variance
from trafficedu.analysis.colours.dimensions.points import variances
from trafficedu.analysis.colours.dimensions.shares import most_likely_share
from trafficedu.analysis.colours.judging import judge
from trafficedu.analysis.colours.pools import History, Pools, estimate
from trafficedu.analysis.colours.rule_set import VILLAGE

TWO_YEARS = [f"{2023 + place // 12}-{place % 12 + 1:02d}" for place in range(10, 34)]


def test_the_rate_is_that_of_the_others() -> None:
    rate, rates = others_rates({"a": (10.0, 100.0), "b": (20.0, 100.0), "c": (0.0, 200.0)})
    assert rate == pytest.approx(30 / 400)
    assert rates == {"a": pytest.approx(20 / 300), "b": pytest.approx(10 / 300), "c": pytest.approx(30 / 200)}
    # where the others had none, half an event stands for them
    assert others_rates({"a": (4.0, 50.0), "b": (0.0, 100.0)})[1] == {"a": 0.005, "b": pytest.approx(4 / 50)}
    assert others_rates({"a": (4.0, 50.0)})[1] == {}


def test_the_shape_is_the_most_likely_one_with_its_prior() -> None:
    observed, expected = np.array([0.0, 9.0, 3.0, 14.0, 2.0]), np.array([4.0, 5.0, 3.5, 6.0, 5.0])
    grid = np.exp(np.linspace(np.log(0.1), np.log(500), 4001))
    fit = [
        stats.nbinom.logpmf(observed, a, a / (a + expected)).sum() + stats.norm.logpdf(np.log(a), np.log(5), 1.5)
        for a in grid
    ]
    assert most_likely_shape(observed, expected) == pytest.approx(grid[int(np.argmax(fit))], rel=0.003)
    assert most_likely_shape(np.zeros(0), np.zeros(0)) == pytest.approx(5.0, rel=0.001)


def test_the_shape_of_many_targets_is_found_again() -> None:
    chance = np.random.default_rng(3)
    expected = chance.uniform(2.0, 30.0, 2000)
    observed = chance.poisson(expected * chance.gamma(4.0, 1 / 4.0, 2000)).astype(float)
    assert most_likely_shape(observed, expected) == pytest.approx(4.0, rel=0.1)


def test_mean_and_precision_are_the_most_likely_ones_with_their_priors() -> None:
    reached, of = np.array([3.0, 9.0, 0.0, 5.0]), np.array([5.0, 10.0, 2.0, 9.0])
    means, precisions = np.linspace(0.3, 0.9, 301), np.exp(np.linspace(np.log(0.5), np.log(300), 401))
    m, k = np.meshgrid(means, precisions)
    fit = stats.norm.logpdf(np.log(k), np.log(20), 1.5) + stats.norm.logpdf(np.log(m / (1 - m)), 0, 3)
    for x, n in zip(reached, of, strict=True):
        fit = fit + stats.betabinom.logpmf(x, n, m * k, (1 - m) * k)
    row, column = np.unravel_index(int(np.argmax(fit)), fit.shape)
    mean, precision = most_likely_share(reached, of)
    assert mean == pytest.approx(means[column], abs=0.003)
    assert precision == pytest.approx(precisions[row], rel=0.03)
    assert most_likely_share(np.array([5.0]), np.array([5.0]))[0] < 1.0


def test_mean_and_precision_of_many_targets_are_found_again() -> None:
    chance = np.random.default_rng(4)
    of = chance.integers(3, 40, 1500).astype(float)
    reached = chance.binomial(of.astype(int), chance.beta(12.0, 4.0, 1500)).astype(float)
    mean, precision = most_likely_share(reached, of)
    assert mean == pytest.approx(0.75, abs=0.01)
    assert precision == pytest.approx(16.0, rel=0.15)


def test_the_variance_between_sites_by_hand() -> None:
    # two targets with two sites of 100: 90 and 80, 95 and 85: sum n (p - P)^2 = 4 * 100 * .05^2 = 1; S - A = 2;
    # q = .875 * .125 = .109375; sum (N - sum n^2 / N) = 2 (200 - 100) = 200; prior 10 * 100 * .0016 = 1.6
    # (1 - 2 * .109375 + 1.6) / (200 + 1000) = .001984375
    targets = [[(90.0, 100.0), (80.0, 100.0)], [(95.0, 100.0), (85.0, 100.0)]]
    assert site_variance(targets, 0.875) == pytest.approx(0.001984375, abs=1e-8)
    assert site_variance([*targets, [(7.0, 9.0)]], 0.875) == site_variance(targets, 0.875)
    assert site_variance([], 0.875) == pytest.approx(0.0016)


def test_the_variances_of_points_by_hand() -> None:
    # 80, 100 and 60, 40: within 200 + 200, 2 degrees: v = (400 + 9000) / 12 = 783.3333
    # means 90 and 50: variance 800 less v / 2 = 408.3333; t2 = (2 * 408.3333 + 10 * 783.3333 / 3) / 12 = 285.6481
    assert variances([np.array([80.0, 100.0]), np.array([60.0, 40.0])]) == (783.3333, 285.6481)
    # all alike: the prior keeps a target's own record worth something: v = 9000 / 12, t2 = 10 * 750 / 3 / 12
    assert variances([np.array([80.0, 80.0]), np.array([80.0, 80.0])]) == (750.0, 208.3333)


def test_the_index_of_months_by_hand() -> None:
    # one year: January 50, else 10: an even month has 160 / 12 = 13.3333; January (50 + 25) / 38.3333 = 1.9565,
    # the others 35 / 38.3333 = 0.9130; their mean is 1
    months = [f"2024-{month:02d}" for month in range(1, 13)]
    counts = {"a": (np.array([50.0] + [10.0] * 11), np.full(12, 100.0))}
    index = month_index(counts, months)
    assert index == [pytest.approx(1.956522, abs=1e-6), *[pytest.approx(0.913043, abs=1e-6)] * 11]


def test_a_district_that_grows_gets_no_season_for_it() -> None:
    counts = {"a": (np.array([10.0] * 12 + [40.0] * 12), np.full(24, 100.0))}
    assert month_index(counts, TWO_YEARS) == [pytest.approx(1.0)] * 12


def target(months: int, seed: int, **parts: Any) -> dict[str, Any]:
    """Return the records of one village over so many months."""
    chance = np.random.default_rng(seed)
    due = chance.integers(0, 4, months)
    on_time = chance.binomial(due, 0.8)
    one: dict[str, Any] = {
        "violations": {"observed": chance.poisson(2, months).tolist(), "exposure": {"ebikes": [100.0] * months}},
        "trend": {"observed": chance.poisson(0.2, months).tolist(), "exposure": {"ebikes": [100.0] * months}},
        "education": {"due": due.tolist(), "on_time": on_time.tolist(), "quiz": (80 * on_time).tolist()},
        "points": [[int(balance), 100] for balance in chance.integers(40, 110, months)],
    }
    return {**one, **parts}


def window_of(seed: int, **parts: Any) -> dict[str, Any]:
    one = target(12, seed)
    one["education"] = {name: sum(values) for name, values in one["education"].items()}
    return {**one, **parts}


CODES = [f"v{place}" for place in range(10)]
INPUTS = {code: window_of(100 + place) for place, code in enumerate(CODES)}
HISTORY = History(TWO_YEARS, {code: target(24, place) for place, code in enumerate(CODES)})


def test_pools_go_through_json_without_a_loss() -> None:
    found = estimate(HISTORY, INPUTS, VILLAGE, RULES, YEAR)
    kept = Pools.from_json(json.loads(json.dumps(found.as_json())))
    assert kept == found
    assert kept.digest == found.digest
    one = INPUTS["v3"]
    assert judge(one, VILLAGE, "v3", MONTH, kept, RULES) == judge(one, VILLAGE, "v3", MONTH, found, RULES)


def test_under_twelve_months_of_history_the_priors_hold_and_the_mean_is_that_of_the_others() -> None:
    months = TWO_YEARS[-11:]
    short = estimate(
        History(months, {code: target(11, place) for place, code in enumerate(CODES)}), INPUTS, VILLAGE, RULES, YEAR
    )
    none = estimate(History(), INPUTS, VILLAGE, RULES, YEAR)
    assert short.dimensions == none.dimensions
    assert all(pool["prior"] for pool in none.dimensions.values())
    ebikes = none.dimensions["violations"]["exposure"]["ebikes"]
    assert (ebikes["shape"], ebikes["index"]) == (5.0, [1.0] * 12)
    education = none.dimensions["education"]
    assert education["precision"] == 20.0
    of = {code: one["education"] for code, one in INPUTS.items()}
    others = [of[code] for code in CODES if code != "v3"]
    reached = sum(0.7 * one["on_time"] + 0.003 * one["quiz"] for one in others)
    assert education["means"]["v3"] == pytest.approx(reached / sum(one["due"] for one in others), abs=1e-6)
    points = none.dimensions["points"]
    means = {code: np.mean([month[0] for month in one["points"]]) for code, one in INPUTS.items()}
    assert points["means"]["v3"] == pytest.approx(np.mean([means[code] for code in CODES if code != "v3"]), abs=1e-3)
    assert (points["within"], points["between"]) == (900.0, 300.0)
    full = estimate(HISTORY, INPUTS, VILLAGE, RULES, YEAR)
    assert not any(full.dimensions[name]["prior"] for name in ("points", "violations", "education", "trend"))
    assert full.dimensions["helmets"]["prior"]


@pytest.mark.parametrize(("counted", "in_use"), [(0, False), (1, False), (2, True), (10, True)])
def test_a_dimension_is_in_use_where_a_fifth_has_something_in_the_window(counted: int, in_use: bool) -> None:
    helmets = {"helmeted": 45, "observed": 50, "sites": 1}
    inputs = {
        code: {**one, "helmets": helmets} if place < counted else one
        for place, (code, one) in enumerate(INPUTS.items())
    }
    found = estimate(HISTORY, inputs, VILLAGE, RULES, YEAR)
    assert found.dimensions["helmets"]["in_use"] is in_use
    unseen = judge(inputs["v9"], VILLAGE, "v9", MONTH, found, RULES).dimensions["helmets"]
    assert (unseen.score is not None) is in_use
    seen = judge(inputs["v0"], VILLAGE, "v0", MONTH, found, RULES).dimensions["helmets"]
    assert (seen.score is not None) is (counted > 0)


def test_one_target_and_none_at_all() -> None:
    alone = estimate(History(), {"v0": INPUTS["v0"]}, VILLAGE, RULES, YEAR)
    assert alone.dimensions["violations"]["exposure"] == {}
    verdict = judge(INPUTS["v0"], VILLAGE, "v0", MONTH, alone, RULES)
    assert verdict.dimensions["violations"].score is None
    nothing = estimate(History(), {}, VILLAGE, RULES, YEAR)
    assert not any(pool["in_use"] for pool in nothing.dimensions.values())
    assert judge({}, VILLAGE, "v0", MONTH, nothing, RULES).colour == "grey"
