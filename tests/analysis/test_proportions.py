"""Intervals of proportions against published figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficedu.analysis.proportions import (
    Spread,
    TargetVerdict,
    against_target,
    clustered_rate,
    single_site,
    t_quantile,
    wilson,
)
from trafficedu.analysis.site_pools import SitePool, pool_sites, shrunk_deff


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
    """Three sites of 100 with 60, 70 and 80: between 3/2 (10^2 + 0 + 10^2) / 300^2 = 1/300, binomial 0.21 / 300."""
    rate = clustered_rate([60, 70, 80], [100, 100, 100])
    assert rate.rate == pytest.approx(0.7)
    assert rate.deff == pytest.approx((1 / 300) / (0.21 / 300))
    assert rate.spread is Spread.OWN


def test_a_rate_of_riders_is_not_a_mean_of_sites() -> None:
    assert clustered_rate([1, 90], [1, 180]).rate == pytest.approx(91 / 181)


@pytest.mark.parametrize(
    ("x", "n"), [([20], [50]), ([60, 80], [100, 100]), ([0, 0, 0], [30, 40, 9]), ([30, 40, 9], [30, 40, 9])]
)
def test_configured_design_effect_where_sites_cannot_tell(x: list[int], n: list[int]) -> None:
    rate = clustered_rate(x, n, assumed_deff=3.0)
    assert rate.spread is Spread.ASSUMED
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
    assert against_target(clustered_rate([95, 95, 95], [100, 100, 100]), 0.95).further_sites is None


@pytest.mark.parametrize("sites", [1, 2])
@pytest.mark.parametrize("pool", [None, SitePool(0.01, 40)])
def test_one_or_two_sites_are_no_verdict_on_a_town_however_clear_they_are(sites: int, pool: SitePool | None) -> None:
    """1,000 of 1,000 at each: whatever the interval, three sites are needed, and so many more are missing."""
    judgement = against_target(clustered_rate([1000] * sites, [1000] * sites, pool=pool), 0.9)
    assert (judgement.verdict, judgement.further_sites) == (TargetVerdict.NOT_JUDGED, 3 - sites)
    assert against_target(single_site(1000, 1000), 0.9).verdict is TargetVerdict.NOT_JUDGED
    assert against_target(clustered_rate([1000] * 3, [1000] * 3, pool=pool), 0.9).verdict is TargetVerdict.MET


def arrays(x: list[int], n: list[int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(x, dtype=float), np.array(n, dtype=float)


def test_the_pool_by_hand() -> None:
    """Three towns of sites with 100 riders each.

    A: 80, 90, 100 of 100: p .9, deff 3/2 (100 + 0 + 100) / 300^2 / (.09 / 300) = 300/27 = 11.1111; 2 degrees.
    B: 88, 90, 92: deff 3/2 (4 + 0 + 4) / 300^2 / (.09 / 300) = 12/27 = 0.4444; 2 degrees.
    C: 85, 95: p .9, deff 2 (25 + 25) / 200^2 / (.09 / 200) = 5.5556; 1 degree.
    D: one site, E: all of all: they tell nothing.
    sum (m - 1)(deff - 1) = 2 * 10.1111 - 2 * .5556 + 4.5556 = 23.6667, over 5 * (100 - 1): rho = .0478114.
    """
    towns = [
        arrays([80, 90, 100], [100] * 3),
        arrays([88, 90, 92], [100] * 3),
        arrays([85, 95], [100] * 2),
        arrays([60], [100]),
        arrays([70, 80, 0], [70, 80, 0]),
    ]
    pool = pool_sites(towns)
    assert pool is not None
    assert pool.correlation == pytest.approx(0.0478114, abs=1e-7)
    assert pool.degrees == 5
    assert pool.deff(np.array([100.0])) == pytest.approx(1 + 99 * 0.0478114, abs=1e-5)  # 5.7333
    assert pool.variance(0.9) == pytest.approx(0.09 * 0.0478114, abs=1e-8)
    # one site: the pool's alone, 5.7333; its degrees are the pool's five, not the eight of its weight
    assert shrunk_deff(pool, *arrays([95], [100])) == pytest.approx((5.73333, 5), abs=1e-4)
    # A: (8 * 5.7333 + 2 * 11.1111) / 10 = 6.80889
    assert shrunk_deff(pool, *towns[0]) == pytest.approx((6.80889, 5), abs=1e-4)
    one = clustered_rate([95], [100], pool=pool)
    assert one.spread is Spread.POOLED
    assert (one.low, one.high) == pytest.approx(wilson(95 / 5.73333, 100 / 5.73333, quantile=2.5706), abs=1e-4)
    assert pool_sites(towns[:2]) is None, "four degrees of freedom are too few to tell"


def test_alike_sites_of_a_pool_never_make_less_of_an_interval_than_simple_sampling() -> None:
    pool = pool_sites([arrays([90] * 6, [100] * 6)] * 3)
    assert pool == SitePool(0.0, 15)
    rate = clustered_rate([90, 90], [100, 100], pool=pool)
    assert rate.deff == 1.0
    assert rate.low < wilson(180, 200)[0]


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 20)), min_size=1, max_size=6), st.floats(0, 0.2))
def test_another_site_like_the_others_never_widens_the_interval(sites: list[tuple[int, int]], rho: float) -> None:
    """A town of like sites: with one more of the same, what is known of it never gets less."""
    pool, (worn, bare) = SitePool(rho, 40), sites[0]
    widths = []
    for m in range(1, 8):
        rate = clustered_rate([worn] * m, [worn + bare] * m, pool=pool)
        widths.append(rate.high - rate.low)
    assert all(later <= earlier + 1e-12 for earlier, later in zip(widths, widths[1:], strict=False))


def test_cluster_intervals_hold_in_simulation() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        n = rng.integers(40, 160, 14)
        rate = clustered_rate(rng.binomial(n, rng.beta(18, 6, 14)), n)
        held += rate.low <= 0.75 <= rate.high
    assert 0.92 <= held / 400 <= 0.98
