"""The predictive distribution against brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trafficedu.analysis.negative_binomial import cdf, crps, dispersion, pmf, quantile

means = st.floats(0.01, 30)
dispersions = st.sampled_from([0.0, 0.02, 0.3, 2.0])


def brute_crps(y: float, mean: float, k: float) -> float:
    x = np.arange(20_000)
    return float(((np.cumsum(pmf(x, mean, k)) - (y <= x)) ** 2).sum())


@given(means, dispersions)
@settings(max_examples=40)
def test_cdf_adds_up_the_probabilities(mean: float, k: float) -> None:
    x = np.arange(60)
    assert np.cumsum(pmf(x, mean, k)) == pytest.approx(cdf(x, mean, k), abs=1e-5)


@given(st.floats(0.001, 0.999), means, dispersions)
@settings(max_examples=60)
def test_quantile_is_the_first_to_reach_it(p: float, mean: float, k: float) -> None:
    q = float(quantile(p, mean, k))
    assert cdf(q, mean, k) >= p
    assert cdf(q - 1, mean, k) < p


@pytest.mark.parametrize("k", [0.0, 0.001, 0.05, 0.3, 1.0, 5.0])
@pytest.mark.parametrize("mean", [0.01, 0.5, 2.5, 12.0, 39.9, 40.1, 300.0])
def test_crps_is_exact(mean: float, k: float) -> None:
    for y in (0.0, np.floor(mean), 3 * np.ceil(mean)):
        assert float(crps(y, mean, k)) == pytest.approx(brute_crps(y, mean, k), rel=1e-6)


def test_crps_of_an_unknown_count_is_unknown() -> None:
    assert np.isnan(crps(np.array([np.nan, 1.0]), 2.0, 0.1)).tolist() == [True, False]


@pytest.mark.parametrize("k", [0.05, 0.2, 1.0])
@pytest.mark.parametrize("largest", [1, 30])
def test_dispersion_is_found_again(k: float, largest: int) -> None:
    rng = np.random.default_rng(6)
    mean = rng.uniform(0.05 * largest, largest, 100_000)
    counts = rng.poisson(mean * rng.gamma(1 / k, k, mean.size)).astype(float)
    assert dispersion(counts, mean) == pytest.approx(k, rel=0.05, abs=0.02)  # 0.85 for 1 when squares were only cut


def test_poisson_counts_have_no_dispersion() -> None:
    rng = np.random.default_rng(7)
    assert dispersion(rng.poisson(5.0, 5000).astype(float), np.full(5000, 5.0)) < 0.02


def test_one_break_is_not_taken_for_noise() -> None:
    rng = np.random.default_rng(9)
    mean = np.full(100, 1000.0)
    counts = rng.poisson(mean).astype(float)
    quiet = dispersion(counts, mean)
    counts[50] = 300
    assert dispersion(counts, mean) < quiet + 0.005
