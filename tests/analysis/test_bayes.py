"""Empirical Bayes against the published worked example, campaigns with a known effect."""

import numpy as np
import pytest

from trafficedu.analysis.bayes import (
    Comparison,
    Posterior,
    campaign_effect,
    empirical_bayes,
    expectation_after,
)


def test_worked_example_of_hauer_and_others() -> None:
    """Transp. Res. Rec. 2002;1784:126: 1.8 km, 2.41 a km-year, phi 2.05, 12 accidents: 4.71 +- 1.19."""
    posterior = empirical_bayes(12, 2.41 * 1.8, 2.05 * 1.8)
    assert float(posterior.mean) / 1.8 == pytest.approx(4.71, abs=0.005)
    assert float(np.sqrt(posterior.variance)) / 1.8 == pytest.approx(1.19, abs=0.005)


def test_the_mean_lies_between_record_and_expectation() -> None:
    posterior = empirical_bayes([0, 10, 3], [3.0, 3.0, 3.0], 2.0)
    assert 0 < posterior.mean[0] < 3 < posterior.mean[1] < 10
    assert posterior.mean[2] == pytest.approx(3.0)


def test_untreated_intersections_return_to_the_mean() -> None:
    """FHWA: 54 sites with 2.00 a year in 1974-76 had 1.56 in 1977, 29 with 2.67 had 1.62, untreated."""
    years, groups = 3, {0.0: 256, 1 / 3: 218, 2.0: 54, 8 / 3: 29}
    sites = np.repeat(list(groups), list(groups.values()))
    mean, variance = sites.mean() * years, sites.var() * years**2
    shape = mean**2 / (variance - mean)
    after = empirical_bayes(np.array([6, 8]), mean, shape).mean / years
    assert after[0] == pytest.approx(1.56, rel=0.05)
    assert abs(after[1] - 1.62) < 0.5 * abs(8 / 3 - 1.62)


def test_theta_by_hand() -> None:
    """Observed 40, expected 50 with variance 25: (40 / 50) / (1 + 25 / 2500)."""
    effect = campaign_effect([25, 15], Posterior(np.array([30.0, 20.0]), np.array([15.0, 10.0])))
    assert effect.theta == pytest.approx(0.8 / 1.01)
    assert effect.low < effect.theta < effect.high
    assert effect.falling > 0.8


def test_return_to_the_mean_is_not_credited_to_the_campaign() -> None:
    rng = np.random.default_rng(8)
    mean = np.full(200, 6.0)
    truth = mean * rng.gamma(3.0, 1 / 3.0, 200)
    before, after = rng.poisson(truth), rng.poisson(truth)
    worst = np.argsort(before)[-30:]
    assert after[worst].sum() / before[worst].sum() < 0.85
    pi = expectation_after(before[worst], mean[worst], mean[worst], 3.0)
    effect = campaign_effect(after[worst], pi)
    assert effect.low < 1 < effect.high
    assert not effect.proven


def test_interval_holds_the_known_effect() -> None:
    rng = np.random.default_rng(21)
    held = 0
    for _ in range(300):
        mean = rng.gamma(3.0, 8.0, 10)
        truth = mean * rng.gamma(4.0, 0.25, 10)
        pi = expectation_after(rng.poisson(truth), mean, mean, 4.0)
        effect = campaign_effect(rng.poisson(0.7 * truth), pi)
        held += effect.low <= 0.7 <= effect.high
    assert 0.92 <= held / 300 <= 0.98


def test_comparison_areas_carry_what_fell_everywhere() -> None:
    pi = Posterior(np.array([100.0]), np.array([50.0]))
    alone = campaign_effect([80], pi)
    beside = campaign_effect([80], pi, Comparison(observed=400, expected=500, variance=100))
    assert alone.theta < beside.theta
    assert beside.theta == pytest.approx(1.0, abs=0.02)
    assert beside.high - beside.low > alone.high - alone.low


def test_no_accident_at_all_is_possible() -> None:
    effect = campaign_effect([0, 0], Posterior(np.array([2.0, 1.0]), np.array([0.4, 0.2])))
    assert effect.theta == effect.low == 0.0
    assert 0.5 < effect.high < 3


def test_impossible_input_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        empirical_bayes(1, 0.0, 1.0)
    with pytest.raises(ValueError, match="expected"):
        campaign_effect([1], Posterior(np.zeros(1), np.zeros(1)))
    with pytest.raises(ValueError, match="comparison"):
        campaign_effect([1], Posterior(np.ones(1), np.ones(1)), Comparison(0, 1, 0))
