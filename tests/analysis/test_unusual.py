"""Who lies above what chance allows, against published figures and known truth."""

import numpy as np
import pytest
from scipy import stats

from trafficedu.analysis.unusual import exceeding, holm, standings


def test_holm_as_in_r() -> None:
    """R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.5), "holm")."""
    assert holm([0.01, 0.02, 0.03, 0.04, 0.5]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.5])
    assert holm([0.5, 0.01]) == pytest.approx([0.5, 0.02])


def test_exact_limits_as_published() -> None:
    """Garwood's table: 10 observed, 95 % limits 4.795 and 18.39; none observed, up to 3.689."""
    ten, none = standings([10, 0], [1.0, 1.0])
    assert (ten.low, ten.high) == pytest.approx((4.795, 18.39), abs=5e-3)
    assert (none.low, none.high) == pytest.approx((0.0, 3.689), abs=5e-4)


def test_a_count_is_held_to_both_tails_and_to_how_many_there_are() -> None:
    one = standings([12], [5.0])[0]
    assert one.p_value == pytest.approx(2 * stats.poisson.sf(11, 5.0))
    assert one.differs
    assert standings([2], [9.0])[0].p_value == pytest.approx(2 * stats.poisson.cdf(2, 9.0))
    many = standings([12, *[5] * 19], [5.0] * 20)
    assert many[0].p_value == pytest.approx(20 * one.p_value)
    assert not many[0].differs


def test_a_share_is_held_against_the_others_as_fisher_does() -> None:
    found = exceeding([8, 2, 3], [20, 40, 40])
    assert found[0].expected == pytest.approx(20 * 5 / 80)
    theirs = stats.fisher_exact([[8, 12], [5, 75]], alternative="greater").pvalue
    assert found[0].p_value == pytest.approx(3 * theirs)
    assert found[0].is_beyond_chance
    assert not found[1].is_beyond_chance


def test_alone_nobody_is_unusual() -> None:
    only = exceeding([20], [20])[0]
    assert only.p_value == 1.0
    assert not only.is_beyond_chance
    assert exceeding([], []) == []


def test_among_honest_ones_somebody_is_named_in_at_most_five_of_a_hundred_looks() -> None:
    chance, looks = np.random.default_rng(2), 400
    totals = chance.integers(10, 120, 12)
    named = sum(
        any(one.is_beyond_chance for one in exceeding(chance.binomial(totals, 0.15).tolist(), totals.tolist()))
        for _ in range(looks)
    )
    assert named / looks <= 0.05


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="total"):
        exceeding([3], [2])
    with pytest.raises(ValueError, match="expectation"):
        standings([3], [0.0])
