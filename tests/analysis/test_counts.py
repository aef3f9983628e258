"""Exact intervals and tests of counts against published figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficedu.analysis.counts import compare_counts


@pytest.mark.parametrize(
    ("before", "after", "p"),
    [(31, 21, 0.21), (62, 42, 0.06), (99, 67, 0.016)],  # conditional exact test, two-sided (R: poisson.test)
)
def test_a_fall_of_a_third_is_not_always_proven(before: int, after: int, p: float) -> None:
    change = compare_counts(before, after)
    assert change.p_value == pytest.approx(p, abs=0.006)
    assert change.proven == (p < 0.05)
    assert change.ratio == pytest.approx(after / before)


def test_rates_with_exposure_as_in_poisson_test() -> None:
    """R's help page of poisson.test: 11 in 800 against 6 + 8 + 7 = 21 in 3011 (x time base)."""
    change = compare_counts(21, 11, 3011, 800)
    assert change.p_value == pytest.approx(0.07967, abs=1e-5)
    assert change.ratio == pytest.approx(1.971488, abs=1e-5)
    assert (change.low, change.high) == pytest.approx((0.8584264, 4.2772659), abs=1e-5)


def test_comparisons_with_nothing() -> None:
    assert compare_counts(0, 0).p_value == 1.0
    rise = compare_counts(0, 5)
    assert rise.ratio is None
    assert rise.high is None
    fall = compare_counts(5, 0)
    assert fall.low == 0.0
    assert fall.p_value == pytest.approx(2 / 2**5)


@given(st.integers(0, 80), st.integers(0, 80), st.floats(0.1, 10))
def test_comparison_is_symmetric(a: int, b: int, exposure: float) -> None:
    there, back = compare_counts(a, b, 1.0, exposure), compare_counts(b, a, exposure, 1.0)
    assert there.p_value == pytest.approx(back.p_value)
    if a and b and back.high is not None:
        assert there.low == pytest.approx(1 / back.high)


def test_comparison_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="exposures"):
        compare_counts(1, 1, 0.0, 1.0)
