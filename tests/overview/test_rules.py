from __future__ import annotations

import pytest

from trafficedu.overview.rules import busiest, change_percent


def test_a_change_from_nothing_is_no_percentage() -> None:
    assert change_percent(7, 0) is None
    assert change_percent(21, 31) == pytest.approx(-32.258, abs=0.001)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({7: 5, 8: 9, 17: 8, 18: 7, 19: 6}, (17, 21)),
        ({23: 4, 0: 4, 1: 4, 12: 11}, (23, 12)),  # across midnight
        ({5: 3}, (3, 3)),  # of several the earliest
        ({}, (0, 0)),
    ],
)
def test_the_busiest_hours(counts: dict[int, int], expected: tuple[int, int]) -> None:
    assert busiest([counts.get(hour, 0) for hour in range(24)]) == expected
