"""Exact intervals and tests of counts against published figures."""

import math

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
    """R's help page of poisson.test: 11 in 800 against 6 + 8 + 7 = 21 in 3011 (x time base).

    Its p (0.07967) is that of the outcomes no likelier; ours is twice the tail P(X >= 11), X binomial of 32 with 800 /
    3811, as exactci::poisson.exact has it, and belongs to the interval, which is the same.
    """
    change = compare_counts(21, 11, 3011, 800)
    share = 800 / 3811
    above = sum(math.comb(32, x) * share**x * (1 - share) ** (32 - x) for x in range(11, 33))
    assert change.p_value == pytest.approx(2 * above)
    assert change.p_value == pytest.approx(0.1120, abs=1e-4)
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


@given(st.integers(0, 120), st.integers(0, 120), st.floats(0.05, 20), st.sampled_from([0.8, 0.95, 0.99]))
def test_verdict_interval_and_p_never_contradict_each_other(a: int, b: int, exposure: float, level: float) -> None:
    change = compare_counts(a, b, 1.0, exposure, level)
    outside = change.low > 1 or (change.high is not None and change.high < 1)
    assert change.proven == outside
    if abs(change.p_value - (1 - level)) > 1e-9:
        assert change.proven == (change.p_value < 1 - level)
    if change.ratio is not None:
        assert change.low <= change.ratio <= (change.high if change.high is not None else math.inf)


def test_a_pair_of_which_the_likelihood_p_contradicts_the_interval_is_not_proven() -> None:
    """5 in 1 and 3 in 3: of 8 with share 3/4, P(X <= 3) = (1 + 24 + 252 + 1512) / 4^8 = .0273; no upper outcome is as
    unlikely, so the p of outcomes no likelier is .0273 as well, beside an interval that holds 1.
    """
    change = compare_counts(5, 3, 1.0, 3.0)
    assert change.low < 1
    assert change.high == pytest.approx(1.028, abs=1e-3)
    assert change.p_value == pytest.approx(2 * (1 + 24 + 252 + 1512) / 4**8)
    assert not change.proven


def test_comparison_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="exposures"):
        compare_counts(1, 1, 0.0, 1.0)
