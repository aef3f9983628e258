"""Early warning: alarms where there is cause, and not without a baseline."""

import numpy as np
import pytest

from trafficedu.analysis.farrington import farrington_limit


def test_limit_by_hand_without_overdispersion() -> None:
    """Constant baseline of 9: phi 1, mu 9, 15 values, Var(mu) = 9 / 15; limit on the 2/3-power scale."""
    result = farrington_limit(np.full(73, 9.0))
    limit = 9 * (1 + 2 / 3 * 2.3263479 * np.sqrt(9 + 9 / 15) / 9) ** 1.5
    assert result.baseline == 15
    assert result.limit == pytest.approx(limit, rel=1e-6)
    assert not result.alarm


def test_outbreak_raises_the_alarm() -> None:
    counts = np.random.default_rng(4).poisson(6.0, 73).astype(float)
    counts[-1] = 25
    assert farrington_limit(counts).alarm


def test_past_outbreak_hardly_lifts_the_limit() -> None:
    counts = np.random.default_rng(4).poisson(6.0, 73).astype(float)
    counts[72 - 24] = 60
    result = farrington_limit(counts)
    baseline = np.array([counts[72 - 12 * year + shift] for year in range(1, 6) for shift in (-1, 0, 1)])
    mean = baseline.mean()
    phi = ((baseline - mean) ** 2 / mean).sum() / 14
    unweighted = mean * (1 + 2 / 3 * 2.326 * np.sqrt(phi * mean * (1 + 1 / 15)) / mean) ** 1.5
    assert result.limit is not None
    assert result.expected is not None
    assert result.expected < 0.85 * mean
    assert result.limit < 0.75 * unweighted


def test_too_short_a_baseline_gives_no_alarm() -> None:
    counts = np.full(40, 2.0)
    counts[-1] = 500
    result = farrington_limit(counts)
    assert result.baseline < 12
    assert result.limit is None
    assert not result.alarm


def test_quiet_baseline() -> None:
    counts = np.zeros(73)
    assert not farrington_limit(counts).alarm
    counts[-1] = 1
    assert farrington_limit(counts).alarm


def test_false_alarms_are_rare() -> None:
    rng = np.random.default_rng(11)
    season = 8 * np.exp(0.3 * np.sin(2 * np.pi * np.arange(73) / 12))
    alarms = [farrington_limit(rng.poisson(season).astype(float)).alarm for _ in range(300)]
    assert np.mean(alarms) < 0.04


def test_unknown_last_month_is_refused() -> None:
    with pytest.raises(ValueError, match="last month"):
        farrington_limit([1.0, np.nan])
