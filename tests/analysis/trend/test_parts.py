"""The parts of the trend model, each against what was put in."""

import subprocess
import sys

import numpy as np
import pytest

from tests.analysis.trend import simulated
from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.trend import level, profile
from trafficedu.analysis.trend.associations import associations
from trafficedu.analysis.trend.drivers import within_area_scores
from trafficedu.analysis.trend.model import block_of, recent_growth
from trafficedu.analysis.trend.naive import naive_means
from trafficedu.analysis.trend.panel import calendar_months, carried_forward, usable_exposure
from trafficedu.analysis.trend.season import month_index

NAN = np.nan


def test_values_are_carried_for_so_long_and_no_longer() -> None:
    values = np.array([[NAN, 1.0, NAN, NAN, NAN]])
    assert np.array_equal(carried_forward(values, 2), [[NAN, 1, 1, 1, NAN]], equal_nan=True)


def test_exposure_with_a_gap_of_over_a_year_is_not_used() -> None:
    counts = np.ones((1, 20))
    for known, usable in ((8, True), (7, False)):
        exposure = np.where(np.arange(20) < known, 100.0, NAN)[None]
        assert (usable_exposure(simulated.panel(counts, exposure=exposure)) is not None) == usable


def test_month_names_cross_the_year() -> None:
    panel = simulated.panel(np.ones((1, 13)))
    assert [panel.month_name(i) for i in (0, 11, 12)] == ["2015-01", "2015-12", "2016-01"]


def test_month_index_finds_the_season_under_a_moving_level() -> None:
    truth = simulated.season(96)[:12]
    counts = 50 * simulated.season(96) * np.linspace(1, 3, 96)
    index = month_index(counts[None], np.ones((1, 96)), calendar_months(0, 0, 96))
    assert index == pytest.approx(truth / truth.mean(), rel=0.03)


def test_prior_counts_flatten_the_index_of_few_events() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(0.3, (1, 48)).astype(float)
    ones, month = np.ones((1, 48)), calendar_months(0, 0, 48)
    assert month_index(counts, ones, month, 30).std() < 0.5 * month_index(counts, ones, month).std()


def test_simple_methods_by_hand() -> None:
    counts = np.arange(1.0, 25.0)[None]
    ones, month = np.ones((1, 24)), calendar_months(0, 0, 48)
    means = naive_means(counts, ones, np.ones((14, 1)), month[:24], month[24:38])
    assert means["seasonal_naive"][[0, 11, 12], 0] == pytest.approx([13, 24, 13])
    assert means["mean_12"][:, 0] == pytest.approx(np.full(14, 18.5))


def test_level_forgets_at_its_discount() -> None:
    counts = np.array([[4.0, 0.0, 0.0]])
    states = level.discounted_states(counts, np.ones((1, 3)), np.zeros((1, 3), bool))
    counted, exposed = states.of(level.DISCOUNTS.index(0.5))
    assert counted[:, 0].tolist() == [0, 4, 2, 1]
    assert exposed[:, 0].tolist() == [0, 1, 1.5, 1.75]


def test_last_levels_agree_with_their_paths() -> None:
    counts = simulated.district()
    breaks = np.zeros(counts.shape, bool)
    breaks[3, 40] = True
    exposure = np.stack((np.ones(counts.shape), np.broadcast_to(simulated.season(counts.shape[1]), counts.shape)))
    noise = np.linspace(1, 3, len(counts))
    last = level.last_levels(level.last_sums(counts, exposure, breaks), noise)
    for season in (0, 1):
        states = level.discounted_states(counts, exposure[season], breaks)
        for candidate in (0, 13, 35):
            weights = np.eye(len(level.CANDIDATES))[[candidate]]
            path = level.level_paths(states, level.slow_rates(states), noise, weights)[0]
            assert path[-1] == pytest.approx(last[season, candidate])


def breaks_in(counts: FloatArray, dispersion: float) -> BoolArray:
    exposure = np.ones(counts.shape)
    return level.noticed_breaks(counts, exposure, dispersion, level.watched_sums(counts, exposure))


def test_break_is_noticed_within_three_months_and_noise_is_not() -> None:
    rng = np.random.default_rng(5)
    mean = np.where(np.arange(60) < 40, 100.0, 55.0)
    flags = breaks_in(rng.poisson(mean, (1, 60)).astype(float), 0.005)
    assert 40 <= np.flatnonzero(flags)[0] <= 42
    quiet = rng.poisson(5.0, (100, 100)).astype(float)
    assert breaks_in(quiet, 0.0).sum() < 20


def fitted(columns: FloatArray, counts: FloatArray, expected: FloatArray, prior: float) -> FloatArray:
    regression = profile.fit_profile(profile.pooled_profile(), columns, counts, expected, prior)
    return np.asarray(regression[-1].coef_, dtype=float)


def test_adding_rows_up_does_not_change_the_fit() -> None:
    rng = np.random.default_rng(2)
    month = np.tile(np.arange(12.0), 8)
    growth = rng.normal(0, 0.1, 96)
    expected = rng.uniform(2, 6, (5, 96))
    counts = rng.poisson(expected * simulated.season(96)).astype(float)
    columns = np.column_stack((month, growth))
    rows = fitted(np.tile(columns, (5, 1)), counts.ravel(), expected.ravel(), 25.0)
    summed = fitted(columns, counts.sum(0), expected.sum(0), 25.0)
    assert rows == pytest.approx(summed, abs=1e-4)


def test_penalty_shrinks_the_profile() -> None:
    month = np.tile(np.arange(12.0), 5)[:, None]
    counts, expected = 10 * simulated.season(60), np.full(60, 10.0)
    loose, tight = (fitted(month, counts, expected, prior) for prior in (1.0, 1e5))
    assert np.abs(profile.YEAR @ loose).max() == pytest.approx(0.3, abs=0.03)
    assert np.abs(profile.YEAR @ tight).max() < 0.01


def test_horizons_fall_into_blocks() -> None:
    assert [block_of(h) for h in (1, 3, 4, 6, 7, 12, 30)] == [0, 0, 1, 1, 2, 2, 2]


def test_recent_growth_looks_back_only() -> None:
    ratio = np.where(np.arange(40) < 20, 1.0, 2.0)
    growth = recent_growth(ratio, np.full(40, 100.0))
    assert growth[:21] == pytest.approx(0.0)
    assert growth[26] > 0.1


def test_scores_are_centred_within_areas() -> None:
    moving = np.array([[1.0, 3.0], [101.0, 103.0]])
    scores, scales = within_area_scores({"a": moving, "b": np.full((2, 2), 7.0)})
    assert scores[0].tolist() == [[-1, 1], [-1, 1]]
    assert scales.tolist() == [1.0, 0.0]


def test_association_is_found_and_twins_are_not_told_apart() -> None:
    rng = np.random.default_rng(5)
    driver = rng.normal(0, 1, (15, 80))
    lagged = np.hstack((np.zeros((15, 1)), driver[:, :-1]))
    counts = rng.poisson(6 * np.exp(0.2 * lagged)).astype(float)
    month = calendar_months(0, 0, 80)
    (found,) = associations(counts, np.ones(counts.shape), month, {"driver": driver})
    assert found.rate_ratio == pytest.approx(np.exp(0.2), rel=0.08)
    assert found.low is not None
    assert found.low > 1
    twins = associations(counts, np.ones(counts.shape), month, {"driver": driver, "twin": 2 * driver})
    assert [one.rate_ratio for one in twins] == [None, None]


def test_scikit_learn_is_loaded_only_to_fit() -> None:
    code = (
        "import sys, trafficedu.analysis.trend_report, trafficedu.analysis.proportions,"
        " trafficedu.analysis.funnel,"
        " trafficedu.analysis.bayes, trafficedu.analysis.counts, trafficedu.analysis.early_warning;"
        " sys.exit('sklearn' in sys.modules or 'scipy.stats' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
