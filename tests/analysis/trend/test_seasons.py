"""Each area's own season, weights and noise, drawn to the pool; and months that nobody reported."""

import numpy as np
import pytest

from tests.analysis.trend import simulated
from trafficedu.analysis.negative_binomial import crps
from trafficedu.analysis.trend.model import RollingModel
from trafficedu.analysis.trend.naive import NAIVE_METHODS
from trafficedu.analysis.trend.panel import calendar_months
from trafficedu.analysis.trend.rolling import STACK, roll
from trafficedu.analysis.trend.season import centred_rate, own_seasons
from trafficedu.analysis.trend.spread import area_dispersions, rolling_dispersion


def test_own_season_by_hand() -> None:
    month = calendar_months(0, 0, 36)
    counts = np.vstack((np.where(month == 0, 65.0, 5.0), np.full(36, 10.0)))
    flat, weak, strong = own_seasons(
        counts, np.ones((2, 36)), month, np.ones(12), np.array([[np.inf] * 2, [60.0] * 2, [1e-9] * 2])
    )
    assert flat == pytest.approx(np.ones((2, 12)))
    # three Januaries of 65 where 10 a month were expected: (195 + 60) / (30 + 60); the other months (15 + 60) / 90
    assert weak[0] == pytest.approx(np.r_[255 / 90, np.full(11, 75 / 90)])
    assert strong[0] == pytest.approx(np.r_[6.5, np.full(11, 0.5)])
    assert weak[1] == pytest.approx(np.ones(12))


def test_centred_rate_leaves_unknown_months_out() -> None:
    exposure = np.ones((1, 40))
    exposure[0, 20:23] = 0
    assert centred_rate(3 * exposure, exposure) == pytest.approx(np.full((1, 40), 3.0))


def test_areas_with_peaks_in_different_months_get_their_own() -> None:
    rng = np.random.default_rng(7)
    peak = np.arange(12)[:, None]
    mean = 40 * (1 + 0.4 * np.cos(2 * np.pi * (np.arange(72) - peak) / 12))
    rolled = roll(simulated.panel(rng.poisson(mean).astype(float)), 12)
    test = slice(-25, -1)
    score = {
        method: np.nanmean(
            crps(rolled.truth[test, :3], rolled.means[method][test, :3], rolled.step_dispersions(method)[test, :3])
        )
        for method in (*NAIVE_METHODS, STACK)
    }
    assert score[STACK] < 0.95 * min(score[method] for method in NAIVE_METHODS)  # 1 with the pooled season alone


def test_a_noisy_area_among_quiet_ones_has_its_own_dispersion() -> None:
    rng = np.random.default_rng(2)
    means = np.full((48, 12, 8), 30.0)
    noise = np.ones((48, 12, 8))
    noise[:, :, 0] = rng.gamma(4, 0.25, (48, 12))  # k = 1/4
    truth = rng.poisson(means * noise).astype(float)
    pooled = rolling_dispersion(truth, means, np.arange(48))
    own = area_dispersions(truth, means, pooled)[-1, 0]
    assert 0.12 < own[0] < 0.3
    assert (own[1:] < 0.02).all()
    assert 0.015 < pooled[-1, 0] < 0.06


def test_origins_come_in_rising_order_and_none_is_learnt_twice() -> None:
    counts = simulated.district(areas=3, months=30)
    ones, ahead = np.ones(counts.shape), np.ones((12, 3))
    model = RollingModel(counts, ones, 0, 12)
    model.issue(20, ahead)
    for origin in (20, 19, 31):
        with pytest.raises(ValueError, match=f"origin {origin} does not come after 20"):
            model.issue(origin, ahead)
    every = RollingModel(counts, ones, 0, 12)
    for origin in (20, 24):
        every.issue(origin, ahead)
    assert np.isfinite(model.issue(24, ahead)).all()
    assert np.array_equal(model.level_loss, every.level_loss)


def test_months_that_were_not_reported_are_left_out_everywhere() -> None:
    """A year unknown in one area, a source that stops in another: nothing reads them as zero."""
    full = np.random.default_rng(3).poisson(20 * simulated.season(60), (6, 60)).astype(float)
    holes = full.copy()
    holes[1, 24:36] = np.nan
    holes[4, 50:] = np.nan
    before, after = (roll(simulated.panel(y), 12) for y in (full, holes))
    level = after.means[STACK][-1] / before.means[STACK][-1]
    assert level == pytest.approx(np.ones_like(level), abs=0.12)
    assert after.step_dispersions(STACK)[-1].max() < 0.03
    assert after.sum_dispersion(np.arange(6) != 4)[-1].max() < 0.01
    assert not after.breaks.any()
    assert after.changes == ()
    zeros = np.nan_to_num(holes, nan=0.0)
    assert roll(simulated.panel(zeros), 12).means[STACK][-1, 0, 4] < 0.7 * after.means[STACK][-1, 0, 4]


def test_months_of_long_ago_are_not_looked_at() -> None:
    counts = simulated.district(areas=1, months=175)
    rolled = roll(simulated.panel(counts), 12)
    assert rolled.origins[[0, -1]].tolist() == [67, 175]
    assert np.array_equal(rolled.truth[0, :, 0], counts[0, 67:79])
    assert rolled.breaks.shape == counts.shape
    counts[:, :7] = 900.0
    assert np.array_equal(roll(simulated.panel(counts), 12).means[STACK], rolled.means[STACK])


def test_a_district_with_one_town() -> None:
    rolled = roll(simulated.panel(simulated.district(areas=1, months=30)), 12)
    assert np.isfinite(rolled.means[STACK]).all()
    assert (rolled.used > 0).all()
