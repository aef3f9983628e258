"""Funnel limits: prediction limits keep their promise."""

import numpy as np
import pytest

from trafficedu.analysis.funnel import funnel, overdispersion
from trafficedu.analysis.negative_binomial import cdf, quantile


def test_chance_above_the_upper_limit_as_published() -> None:
    """Seaton and Manktelow, BMC Med. Res. Methodol. 2012;12:98: median .0201 for expectations 1 to 50."""
    expected = np.arange(1.0, 50.05, 0.1)
    above = 1 - cdf(quantile(0.975, expected, 0.0), expected, 0.0)
    assert float(np.median(above)) == pytest.approx(0.0201, abs=2e-4)


@pytest.mark.parametrize(("mean", "upper"), [(1.0, 3), (5.0, 10), (10.0, 17), (20.0, 29)])
def test_upper_poisson_limits_as_tabulated(mean: float, upper: int) -> None:
    """The 97.5 % points of cumulative Poisson tables."""
    assert float(quantile(0.975, mean, 0.0)) == upper


def test_only_the_outlier_is_outside() -> None:
    counts = np.array([10, 12, 9, 11, 10, 8, 13, 9, 11, 40])
    result = funnel(counts, np.ones(10))
    assert list(np.flatnonzero(result.outside)) == [9]
    assert result.outside[9] == 2
    assert (result.low_998 <= result.low_95).all()
    assert (result.high_95 <= result.high_998).all()


def test_overdispersion_widens_the_funnel() -> None:
    rng = np.random.default_rng(2)
    mean = np.full(300, 30.0)
    spread = rng.poisson(mean * rng.gamma(8, 1 / 8, 300)).astype(float)
    plain = rng.poisson(mean).astype(float)
    assert overdispersion(plain, mean) < 1.2
    assert overdispersion(spread, mean) > 2.5
    assert (funnel(spread, np.ones(300)).outside != 0).mean() < 0.12


def test_two_areas_cannot_tell_overdispersion() -> None:
    assert overdispersion(np.array([1.0, 50.0]), np.array([25.5, 25.5])) == 1.0


def test_an_area_without_exposure_is_never_outside() -> None:
    result = funnel([5, 4, 6, 0], [1, 1, 1, 0])
    assert result.expected[3] == result.high_95[3] == 0
    assert result.outside[3] == 0


def test_nothing_to_compare_by() -> None:
    with pytest.raises(ValueError, match="exposure"):
        funnel([1, 2], [0, 0])
    with pytest.raises(ValueError, match="same length"):
        funnel([1, 2], [1, -1])
