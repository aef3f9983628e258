"""Intervals of proportions against published figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficedu.analysis.proportions import TargetVerdict, against_target, clustered_rate, t_quantile, wilson


@pytest.mark.parametrize(
    ("successes", "observed", "low", "high"),
    [  # figures with ten digits published on codegolf.stackexchange.com, question 105389 (z = 1.96)
        (1, 11, 0.0162317523, 0.3773646255),
        (10, 100, 0.0552285416, 0.1743673044),
        (25, 100, 0.1754509400, 0.3430464637),
        (0, 100, 0.0, 0.0369948075),
    ],
)
def test_wilson_to_ten_digits(successes: int, observed: int, low: float, high: float) -> None:
    assert wilson(successes, observed, quantile=1.96) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(
    ("successes", "observed", "low", "high"),
    [  # Newcombe, Stat. Med. 1998;17:857, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published_by_newcombe(successes: int, observed: int, low: float, high: float) -> None:
    assert wilson(successes, observed) == pytest.approx((low, high), abs=6e-5)


def test_95_of_100_helmeted_is_not_over_95_percent() -> None:
    low, high = wilson(95, 100)
    assert (round(low, 3), round(high, 3)) == (0.888, 0.978)


def test_wilson_at_the_ends_and_without_observations() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(7, 7)[1] == 1.0
    assert wilson(0, 7)[0] == 0.0


@pytest.mark.parametrize(("successes", "observed"), [(-1, 5), (6, 5)])
def test_wilson_refuses_impossible_counts(successes: int, observed: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, observed)
    with pytest.raises(ValueError, match="level"):
        wilson(1, 5, level=1.0)


@given(st.integers(0, 400), st.integers(1, 400))
def test_wilson_holds_its_estimate_and_mirrors(a: int, b: int) -> None:
    low, high = wilson(a, a + b)
    assert 0 <= low <= a / (a + b) <= high <= 1
    assert wilson(b, a + b) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize(
    ("degrees", "published"),
    [(1, 12.706), (2, 4.303), (5, 2.571), (13, 2.160), (30, 2.042)],  # any printed t table, 97.5 %
)
def test_t_quantile_as_printed(degrees: int, published: float) -> None:
    assert t_quantile(0.975, degrees) == pytest.approx(published, abs=6e-4)


def test_helmets_of_suzhou_need_the_design_effect() -> None:
    """Yang et al., Injury Prevention 2012;18(S1):A25: 10.1 % of 18,048 riders at 14 sites, 9.1-11.0."""
    plain = wilson(0.101 * 18_048, 18_048)
    assert plain == pytest.approx((0.0967, 0.1055), abs=1e-4)
    size = 18_048 / 4.7
    assert wilson(0.101 * size, size) == pytest.approx((0.091, 0.110), abs=1.5e-3)


def test_clusters_by_hand() -> None:
    """Two sites of 100 with 60 and 80: between 2 (10^2 + 10^2) / 200^2 = 0.01, binomial 0.21 / 200."""
    rate = clustered_rate([60, 80], [100, 100])
    assert rate.rate == pytest.approx(0.7)
    assert rate.deff == pytest.approx(0.01 / (0.21 / 200))
    assert not rate.assumed


def test_a_rate_of_riders_is_not_a_mean_of_sites() -> None:
    assert clustered_rate([1, 90], [1, 180]).rate == pytest.approx(91 / 181)


@pytest.mark.parametrize(("x", "n"), [([20], [50]), ([0, 0], [30, 40]), ([30, 40], [30, 40])])
def test_configured_design_effect_where_sites_cannot_tell(x: list[int], n: list[int]) -> None:
    rate = clustered_rate(x, n, assumed_deff=3.0)
    assert rate.assumed
    assert rate.deff == 3.0
    assert rate.high - rate.low > wilson(sum(x), sum(n))[1] - wilson(sum(x), sum(n))[0]


def test_nothing_observed_is_no_rate() -> None:
    rate = clustered_rate([0, 0], [0, 0])
    assert rate.rate is None
    assert (rate.low, rate.high) == (0.0, 1.0)
    assert against_target(rate, 0.95).further_sites is None


def test_clustered_refuses_more_helmets_than_riders() -> None:
    with pytest.raises(ValueError, match="between 0 and observed"):
        clustered_rate([5], [4])
    with pytest.raises(ValueError, match="same length"):
        clustered_rate([5, 1], [4])


def test_target_met_missed_and_not_proven() -> None:
    assert against_target(clustered_rate([990] * 8, [1000] * 8), 0.95).verdict is TargetVerdict.MET
    assert against_target(clustered_rate([800] * 8, [1000] * 8), 0.95).verdict is TargetVerdict.MISSED
    open_case = against_target(clustered_rate([97, 95, 99], [100, 100, 100]), 0.95)
    assert open_case.verdict is TargetVerdict.NOT_PROVEN


def test_further_sites_are_just_enough() -> None:
    x, n = [97, 95, 99, 96], [100, 100, 100, 100]
    judgement = against_target(clustered_rate(x, n, assumed_deff=1), 0.95)
    further = judgement.further_sites
    assert further is not None
    rate = sum(x) / 4

    def settled(extra: int) -> bool:
        sites = 4 + extra
        t = t_quantile(0.975, sites - 1)
        return wilson(rate * sites, 100 * sites, quantile=t)[0] >= 0.95

    assert settled(further)
    assert not settled(further - 1)


def test_a_rate_on_the_target_cannot_be_settled() -> None:
    assert against_target(clustered_rate([95, 95], [100, 100]), 0.95).further_sites is None


def test_cluster_intervals_hold_in_simulation() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        n = rng.integers(40, 160, 14)
        rate = clustered_rate(rng.binomial(n, rng.beta(18, 6, 14)), n)
        held += rate.low <= 0.75 <= rate.high
    assert 0.92 <= held / 400 <= 0.98
