from __future__ import annotations

import numpy as np
import pytest

from trafficedu.analysis.excess import excess


def test_a_place_is_compared_with_all_the_others_and_never_with_itself() -> None:
    found = excess([30, 10, 10], [1, 1, 1])
    assert found.usual.tolist() == [10, 20, 20]
    assert found.theta[0] > 1 > found.theta[1]
    assert (found.low < found.theta).all()
    assert (found.theta < found.high).all()
    assert found.more[0] > 0.9


def test_what_a_place_cannot_say_is_drawn_towards_the_usual() -> None:
    found = excess([2, 200, 100, 100, 100], [1, 100, 100, 100, 100])
    raw = 2 / found.usual[0]
    assert 1 < found.theta[0] < raw
    assert found.high[0] - found.low[0] > found.high[1] - found.low[1]


def test_the_intervals_hold_what_was_simulated() -> None:
    chance = np.random.default_rng(11)
    risks = chance.gamma(8.0, 1 / 8.0, 400)
    exposure = np.full(400, 20.0)
    found = excess(chance.poisson(risks * exposure), exposure)
    inside = (found.low <= risks) & (risks <= found.high)
    assert 0.92 <= inside.mean() <= 0.98


def test_without_any_event_nobody_stands_out() -> None:
    found = excess([0, 0, 0], [1, 2, 3])
    assert found.more.tolist() == [0, 0, 0]
    assert found.theta.tolist() == [1, 1, 1]


@pytest.mark.parametrize(("counts", "exposure"), [([1], [1]), ([1, 2], [1, 0]), ([-1, 2], [1, 1]), ([1, 2, 3], [1, 2])])
def test_what_cannot_be_compared_is_refused(counts: list[int], exposure: list[int]) -> None:
    with pytest.raises(ValueError, match="places"):
        excess(counts, exposure)
