"""The watch over the pooled month: a common jump is seen at once, one area's is left to its own watch."""

import numpy as np
import pytest

from tests.analysis.trend import simulated
from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.trend.forecast import forecast
from trafficedu.analysis.trend.rolling import roll
from trafficedu.analysis.trend.watch import Jump, doubt_of, is_jump, judged, spliced
from trafficedu.analysis.trend_report import report
from trafficedu.analysis.trend_words import as_text

LAST = 59


def fallen(seed: int, since: int, until: int = 99) -> tuple[FloatArray, FloatArray]:
    """Return 12 areas of 40-120 a month that have 30 % fewer in some months, and their means, 63 months."""
    rng = np.random.default_rng(seed)
    month = np.arange(63)
    mean = rng.uniform(40, 120, 12)[:, None] * simulated.season(63, 0.2)
    mean = mean * np.where((month >= since) & (month < until), 0.7, 1.0)
    return rng.poisson(mean).astype(float), mean


def test_after_a_common_fall_in_the_last_month_the_intervals_still_hold() -> None:
    inside = []
    for seed in range(3):
        counts, _ = fallen(seed, LAST)
        ahead = forecast(simulated.panel(counts[:, : LAST + 1]), 3)
        (change,) = ahead.changes
        assert (change.month, change.stays) == (LAST, 0.5)
        assert change.size == pytest.approx(0.7, abs=0.08)
        truth = counts[:, LAST + 1 :]
        inside.append((ahead.areas.low_95 <= truth) & (truth <= ahead.areas.high_95))
        assert (ahead.total.low_95 <= truth.sum(axis=0)).all()
    assert np.mean(inside) >= 0.85  # 0.24 when only each area's own three months were watched


def test_a_fall_that_lasts_moves_the_level_and_one_that_does_not_leaves_it() -> None:
    counts, mean = fallen(4, LAST - 2)
    ahead = forecast(simulated.panel(counts[:, : LAST + 1]), 3)
    assert ahead.changes[0].stays > 0.99
    assert ahead.weights["model"] == 1.0
    assert (ahead.areas.expected / mean[:, LAST + 1 :]).mean() == pytest.approx(1.0, abs=0.04)
    counts, mean = fallen(4, LAST - 2, LAST - 1)
    ahead = forecast(simulated.panel(counts[:, : LAST + 1]), 3)
    assert ahead.changes == ()
    assert (ahead.areas.expected / mean[:, LAST + 1 :]).mean() == pytest.approx(1.0, abs=0.04)


def test_the_level_changed_is_said_in_both_languages() -> None:
    counts, _ = fallen(1, LAST)
    found = report(simulated.panel(counts[:, : LAST + 1]), 3)
    percent = round(100 * (1 - found.forecast.changes[0].size))
    assert f"Level changed: in 2019-12 all areas together had {percent} % fewer than expected" in as_text(found, "en")
    assert f"水平已变化：2019-12 各辖区合计比预期少 {percent}%" in as_text(found, "zh")
    assert found.as_json()["level_changes"][0]["month"] == "2019-12"  # type: ignore[index]


def test_quiet_months_and_a_single_area_are_no_common_jump() -> None:
    past = np.full(36, 100.0)
    assert not is_jump(np.full(4, 22.0), np.full(4, 25.0), past, past)[0]
    assert is_jump(np.full(4, 12.0), np.full(4, 25.0), past, past)[0]
    assert not is_jump(np.array([0.0, 25, 25, 25]), np.array([75.0, 25, 25, 25]), past, past)[0]
    assert is_jump(np.array([40.0]), np.array([100.0]), past, past)[0]
    assert not is_jump(np.full(4, 12.0), np.full(4, 25.0), past[:11], past[:11])[0]  # too early to know what is usual


def test_a_jump_by_hand() -> None:
    jump = Jump(10, np.full(12, 100.0), 0.001)
    ones = np.ones(12)
    first = judged(jump, np.array([60.0]), ones)
    size = 60.5 / 100.5
    assert first.size == pytest.approx(size)
    assert first.stays == 0.5
    assert first.moved == pytest.approx((1 + size) / 2)
    own = size**2 * (1 / 100.5 + 0.001)
    assert first.doubt == pytest.approx((0.25 * (1 - size) ** 2 + 0.5 * own) / first.moved**2)
    stays = judged(jump, np.array([60.0, 62.0, 61.0]), ones)
    assert stays.stays > 0.999
    assert stays.moved == pytest.approx(184.5 / 301.5, abs=1e-3)  # half a count a month on either side
    assert judged(jump, np.array([60.0, 99.0]), ones).moved == pytest.approx(1.0, abs=1e-3)
    assert doubt_of([first], 11) == first.doubt
    assert doubt_of([first], 23) == 0.0


def test_splicing_brings_the_past_to_the_new_level() -> None:
    exposure = np.ones((1, 13))
    change = judged(Jump(10, np.full(12, 1e6), 1e-9), np.full(3, 0.7e6), np.ones(3))
    counts = np.r_[np.full(10, 1.0), np.full(3, 0.7)]
    assert counts / spliced(exposure, [change])[0] == pytest.approx(np.full(13, 0.7), abs=1e-4)


def test_the_future_of_a_jump_is_not_used_before_it() -> None:
    counts, _ = fallen(2, 45)
    quiet, jumped = (roll(simulated.panel(y), 12) for y in (counts[:, :45], counts[:, :50]))
    shared = jumped.origins <= 45
    for name in quiet.means:
        assert np.array_equal(quiet.means[name], jumped.means[name][shared])
        assert np.array_equal(quiet.dispersions(name), jumped.dispersions(name)[shared])
    assert [change.month for change in jumped.changes] == [45]
