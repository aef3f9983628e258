from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from trafficedu.analysis.items import FEWEST, Sums, describe

Answers = npt.NDArray[Any]
RIGHT = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
REST = np.array([9, 8, 8, 7, 6, 4, 5, 4, 3, 2]) / 10
"""Worked by hand below: ten riders, six right."""


def test_an_item_worked_by_hand() -> None:
    """Means of the rest: 0.70 of those who were right, 0.35 of the others; standard deviation (of n) 0.22450.

    Point-biserial ``(M1 - M0) / s * sqrt(p q) = 0.35 / 0.22450 * sqrt(0.24) = 0.76376`` (Crocker and Algina, 14.2);
    Fisher: ``atanh(0.76376) = 1.00518``, ``1.95996 / sqrt(7) = 0.74080``, hence tanh(0.26438) and tanh(1.74598).
    Wilson for 6 of 10: 0.3127 to 0.8318.
    """
    result = describe(Sums.of(RIGHT, REST))
    assert result.difficulty is not None
    assert (result.difficulty.value, result.shown, result.right) == (0.6, 10, 6)
    assert (result.difficulty.low, result.difficulty.high) == pytest.approx((0.3127, 0.8318), abs=1e-4)
    assert result.telling is not None
    assert result.telling.value == pytest.approx(0.76376, abs=1e-5)
    assert (result.telling.low, result.telling.high) == pytest.approx((0.25839, 0.94092), abs=1e-4)
    assert not result.deserves_a_look


def test_sums_say_the_same_as_the_correlation_of_the_arrays() -> None:
    chance = np.random.default_rng(20261130)
    rest = chance.integers(0, 10, 400) / 9
    right = (chance.random(400) < 0.2 + 0.6 * rest).astype(int)
    result = describe(Sums.of(right, rest))
    assert result.telling is not None
    assert result.telling.value == pytest.approx(float(np.corrcoef(right, rest)[0, 1]), abs=1e-12)
    added = Sums(0, 0, 0.0, 0.0, 0.0)
    for one, other in zip(right, rest, strict=True):
        added = added.plus(bool(one), float(other))
    assert (added.shown, added.right) == (400, int(right.sum()))
    one_by_one = describe(added).telling
    assert one_by_one is not None
    assert one_by_one.value == pytest.approx(result.telling.value, abs=1e-9)


def test_the_interval_covers_what_is_true_about_as_often_as_it_says() -> None:
    """Riders' knowledge is normal, an answer right above a threshold: that of 200,000 riders is the truth."""
    chance = np.random.default_rng(7)

    def sample(n: int) -> tuple[Answers, Answers]:
        knowledge = chance.normal(size=n)
        rest = np.clip(np.round(4.5 + 2 * (knowledge + chance.normal(size=n))), 0, 9) / 9
        return (knowledge + chance.normal(size=n) > 0).astype(int), rest

    truth = float(np.corrcoef(*sample(200_000))[0, 1])
    results = [describe(Sums.of(*sample(80))).telling for _ in range(400)]
    covered = sum(each is not None and each.low <= truth <= each.high for each in results)
    assert 0.91 < covered / 400 < 0.99


def test_what_deserves_a_look() -> None:
    rest = np.tile(np.linspace(0, 1, 10), 20)
    easy = np.ones(200, dtype=int)
    easy[0] = 0
    assert describe(Sums.of(easy, rest)).deserves_a_look
    assert describe(Sums.of((rest < 0.5).astype(int), rest)).deserves_a_look, "those who know less are right"
    assert not describe(Sums.of((rest > 0.5).astype(int), rest)).deserves_a_look


def test_nothing_is_said_of_too_little_or_of_answers_that_are_all_alike() -> None:
    few = describe(Sums.of(RIGHT[: FEWEST - 1], REST[: FEWEST - 1]))
    assert few.difficulty is None
    assert few.telling is None
    assert describe(Sums.of(np.ones(30, dtype=int), np.tile(REST, 3))).telling is None
    assert describe(Sums.of(np.tile(RIGHT, 3), np.full(30, 0.5))).telling is None


@pytest.mark.parametrize(
    ("right", "rest"), [([0, 1], [0.5]), ([0, 2], [0.5, 0.5]), ([0, 1], [0.5, float("nan")]), ([[0, 1]], [[0.5, 0.5]])]
)
def test_what_are_no_answers_is_refused(right: list[int], rest: list[float]) -> None:
    with pytest.raises(ValueError, match="rest score|answers are"):
        Sums.of(np.array(right), np.array(rest))
