from __future__ import annotations

import pytest

from trafficedu.overview.rules import busiest


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
