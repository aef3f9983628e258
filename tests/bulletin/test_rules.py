from __future__ import annotations

from datetime import date

import pytest

from trafficedu.bulletin.rules import check_month
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month

TODAY = date(2026, 11, 20)


def test_a_month_is_taken_once_it_is_over() -> None:
    check_month(Month(2026, 10), TODAY)
    for month in (Month(2026, 11), Month(2027, 1), Month(1999, 12)):
        with pytest.raises(Refusal):
            check_month(month, TODAY)
