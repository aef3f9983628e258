from __future__ import annotations

from datetime import date

import pytest

from trafficedu.bulletin.rules import check_month, verdict
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month

TODAY = date(2026, 11, 20)


def test_a_month_is_taken_once_it_is_over() -> None:
    check_month(Month(2026, 10), TODAY)
    for month in (Month(2026, 11), Month(2027, 1), Month(1999, 12)):
        with pytest.raises(Refusal):
            check_month(month, TODAY)


@pytest.mark.parametrize(
    ("proven", "now", "before", "said"),
    [
        (False, 0, 0, "none in either year"),
        (False, 21, 31, "could be chance (p = 0.21)"),
        (True, 67, 99, "fewer than a year earlier"),
        (True, 99, 67, "more than a year earlier"),
    ],
)
def test_a_change_is_claimed_only_where_it_is_more_than_chance(proven: bool, now: int, before: int, said: str) -> None:
    assert said in str(verdict("= 0.21", proven, now, before))
