"""Forecast, choice and backtest as a whole, on series whose truth is known."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from tests.analysis.trend import simulated
from trafficedu.analysis.series import read_series
from trafficedu.analysis.trend.backtest import (
    Scores,
    backtest,
    poisson_deviance,
    randomised_pit,
    seasonal_scale,
)
from trafficedu.analysis.trend.forecast import forecast, one_step_ahead
from trafficedu.analysis.trend.naive import NAIVE_METHODS
from trafficedu.analysis.trend.panel import Panel
from trafficedu.analysis.trend.rolling import METHODS, STACK, roll
from trafficedu.analysis.trend.short import shrunken_mean
from trafficedu.analysis.trend.spread import rolling_dispersion

DATA = Path(__file__).parents[2] / "data"


@lru_cache(maxsize=4)
def published(name: str) -> dict[str, dict[str, Scores]]:
    panel = read_series(DATA / name)
    scores = backtest(panel, roll(panel, 12))
    assert scores is not None
    return scores


@pytest.mark.parametrize(("name", "deviance"), [("velo_paris.csv", 1.290), ("velo_france.csv", 1.300)])
def test_real_series_are_forecast_as_well_as_the_best_simple_method(name: str, deviance: float) -> None:
    scores = published(name)
    best = min(scores[method]["1-3"].crps or 0 for method in NAIVE_METHODS)
    chosen = scores["chosen"]["1-3"]
    assert chosen.crps is not None
    assert chosen.crps <= best
    assert chosen.deviance is not None
    assert chosen.deviance < deviance
    assert 0.75 <= (chosen.coverage_80 or 0) <= 0.86
    assert 0.92 <= (chosen.coverage_95 or 0) <= 0.98


@pytest.mark.parametrize(
    ("name", "method", "deviance"),
    [  # scored independently on the same series, rolling origin over the last 24 months, horizons 1-3
        ("velo_paris.csv", "seasonal_naive", 3.27),
        ("velo_paris.csv", "mean_12", 1.50),
        ("velo_paris.csv", "mean_12_season", 1.36),
        ("velo_paris.csv", "mean_36_season", 1.289),
        ("velo_france.csv", "seasonal_naive", 3.08),
        ("velo_france.csv", "mean_12", 1.48),
        ("velo_france.csv", "mean_12_season", 1.34),
        ("velo_france.csv", "mean_36_season", 1.37),
    ],
)
def test_simple_methods_score_as_measured_elsewhere(name: str, method: str, deviance: float) -> None:
    assert published(name)[method]["1-3"].deviance == pytest.approx(deviance, abs=0.01)


def test_nothing_of_the_future_is_used() -> None:
    counts = simulated.district(months=48)
    changed = counts.copy()
    changed[:, 40:] = 99
    plain, other = (roll(simulated.panel(y), 12) for y in (counts, changed))
    before = plain.origins <= 40
    for method in (*METHODS, STACK):
        assert np.array_equal(plain.means[method][before], other.means[method][before])
        assert np.array_equal(plain.dispersions(method)[before], other.dispersions(method)[before])
    kept = int(before.sum())
    assert np.array_equal(plain.weights[:kept], other.weights[:kept])
    assert np.array_equal(plain.doubts[:kept], other.doubts[:kept])
    assert not np.array_equal(plain.means["model"][-1], other.means["model"][-1])


def test_flat_district_is_forecast_at_its_mean() -> None:
    rng = np.random.default_rng(3)
    counts = rng.poisson(np.repeat([2.0, 8.0], 10)[:, None], (20, 60)).astype(float)
    ahead = forecast(simulated.panel(counts))
    assert ahead.areas.expected[:10].mean() == pytest.approx(2.0, rel=0.1)
    assert ahead.areas.expected[10:].mean() == pytest.approx(8.0, rel=0.1)


def test_forecast_follows_a_break() -> None:
    rng = np.random.default_rng(8)
    mean = np.where(np.arange(72) < 66, 60.0, 30.0) * simulated.season(72)
    ahead = forecast(simulated.panel(rng.poisson(mean, (1, 72)).astype(float)))
    assert ahead.weights["model"] == 1.0
    assert ahead.areas.expected.mean() == pytest.approx(30, rel=0.25)  # the mean before it was 54


def test_large_counts_get_overdispersed_intervals() -> None:
    rng = np.random.default_rng(9)
    counts = rng.poisson(1000 * rng.gamma(100, 0.01, (6, 72))).astype(float)
    ahead = forecast(simulated.panel(counts), 3)
    width = (ahead.areas.high_95 - ahead.areas.low_95).mean()
    assert 2 * 1.96 * 100 * 0.8 < width < 2 * 1.96 * 100 * 1.6


def test_intervals_are_nested_and_total_is_the_sum() -> None:
    ahead = forecast(simulated.panel(simulated.district()), 6)
    area = ahead.areas
    assert (area.low_95 <= area.low_80).all()
    assert (area.low_80 <= area.expected + 1).all()
    assert (area.high_80 <= area.high_95).all()
    assert ahead.total.expected == pytest.approx(area.expected.sum(axis=0))
    assert ahead.months[0] == "2020-01"


def test_exposure_scales_the_forecast() -> None:
    counts = np.random.default_rng(4).poisson(5.0, (8, 48)).astype(float)
    exposure = np.full(counts.shape, 1000.0)
    exposure[:4, -1] = 2000.0
    ahead = forecast(simulated.panel(counts, exposure=exposure), 1)
    assert ahead.exposed
    assert ahead.areas.expected[:4].mean() == pytest.approx(2 * ahead.areas.expected[4:].mean(), rel=0.25)


def test_failures_never_exceed_their_denominator() -> None:
    failures = np.random.default_rng(6).binomial(6, 0.95, (5, 40)).astype(float)
    ahead = forecast(simulated.panel(failures, exposure=np.full(failures.shape, 6.0)), capped=True)
    assert (ahead.areas.high_95 <= 6).all()
    assert (ahead.areas.expected <= 6).all()
    assert (ahead.total.high_95 <= 30).all()


def test_useful_covariate_sharpens_the_model() -> None:
    rng = np.random.default_rng(12)
    driver = np.repeat(rng.normal(0, 1, (20, 10)), 8, axis=1)[:, :72]
    lagged = np.hstack((np.zeros((20, 3)), driver[:, :-3]))
    counts = rng.poisson(8 * np.exp(0.5 * lagged)).astype(float)
    losses = []
    for covariates in ({}, {"driver": driver}):
        rolled = roll(simulated.panel(counts, covariates=covariates), 12)
        truth, mean = rolled.truth[-27:-3, 2], rolled.means["model"][-27:-3, 2]
        losses.append(poisson_deviance(truth, mean).mean())
    assert losses[1] < 0.97 * losses[0]


def test_the_last_month_is_expected_from_the_months_before_it_only() -> None:
    counts = simulated.district(areas=6, months=50)
    counts[2, -1] = np.nan
    spoilt = counts.copy()
    spoilt[0, -1] = 500.0
    before, after = (one_step_ahead(simulated.panel(y)) for y in (counts, spoilt))
    assert before is not None
    assert after is not None
    assert np.array_equal(before.mean, after.mean, equal_nan=True)
    assert np.array_equal(before.k, after.k, equal_nan=True)
    assert np.flatnonzero(np.isnan(before.mean)).tolist() == [2]
    expected = forecast(simulated.panel(counts).until(49), 1).areas.expected[:, 0]
    assert before.mean == pytest.approx(np.where(np.arange(6) == 2, np.nan, expected), nan_ok=True)
    assert before.total_mean == pytest.approx(np.delete(expected, 2).sum())


def test_nothing_is_expected_of_a_month_with_too_little_before_it() -> None:
    assert one_step_ahead(simulated.panel(np.ones((3, 24)))) is None
    assert one_step_ahead(simulated.panel(np.ones((3, 25)))) is not None


def test_a_short_series_whose_source_stopped_gets_no_forecast() -> None:
    """Twelve months of two areas, then four that nobody reported: no area goes on, and nothing is expected of any."""
    counts = np.full((2, 16), np.nan)
    counts[:, :12] = 3.0
    ahead = forecast(Panel(("a", "b"), 24_300, counts), 3)
    assert not ahead.active.any()
    assert np.isnan(ahead.areas.expected).all()


def test_short_series_use_the_shrunken_mean() -> None:
    ahead = forecast(simulated.panel(np.array([[0.0, 0, 0], [3, 4, 5], [2, 2, 1]])))
    assert ahead.method == "shrunken_mean"
    assert ahead.rolled is None
    assert 0 < ahead.areas.expected[0, 0] < ahead.areas.expected[2, 0] < ahead.areas.expected[1, 0] < 4


def test_one_count_says_little() -> None:
    rate, k = shrunken_mean(np.array([[3.0]]), np.ones((1, 1)))
    assert rate[0] == pytest.approx(3.5)
    assert k[0] >= 1 / 3.5


def test_out_of_range_is_refused() -> None:
    panel = simulated.panel(np.ones((1, 30)))
    for horizon in (0, 37):
        with pytest.raises(ValueError, match="horizon"):
            forecast(panel, horizon)
    with pytest.raises(ValueError, match="too few"):
        roll(simulated.panel(np.ones((1, 23))), 12)
    with pytest.raises(ValueError, match="no count"):
        forecast(simulated.panel(np.full((1, 3), np.nan)))


def test_backtest_needs_36_months() -> None:
    for months, enough in ((35, False), (36, True)):
        panel = simulated.panel(simulated.district(months=months))
        assert (backtest(panel, roll(panel, 12)) is not None) == enough


def test_scores_by_hand() -> None:
    assert poisson_deviance(np.array([0.0, 2.0]), np.array([0.0, 2.0])) == pytest.approx([0.1, 0.0])
    counts = np.vstack((np.r_[np.zeros(12), np.full(12, 3.0)], np.zeros(24)))
    assert seasonal_scale(counts).tolist() == [3.0, 0.0]


def test_randomised_pit_of_the_truth_is_uniform() -> None:
    y = np.random.default_rng(1).poisson(0.7, 20_000).astype(float)
    pit = randomised_pit(y, np.full(y.shape, 0.7), np.zeros(y.shape))
    assert np.histogram(pit, 10, (0, 1))[0] / y.size == pytest.approx(np.full(10, 0.1), abs=0.012)


def test_dispersion_rests_on_known_months_only() -> None:
    truth = np.full((20, 12, 3), 5.0)
    truth[15:] = 500.0
    k = rolling_dispersion(truth, np.full(truth.shape, 5.0), np.arange(20))
    assert (k[2:15] < 0.01).all()
    assert k[-1, 0] > 0.5
