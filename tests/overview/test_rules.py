from __future__ import annotations

from datetime import date

import pytest

from trafficedu.overview.rules import Period, change_percent, month_after, period_of

TODAY = date(2026, 11, 23)


def test_without_a_wish_the_last_twelve_full_months_are_shown() -> None:
    assert period_of(None, None, TODAY) == Period(date(2025, 11, 1), date(2026, 10, 1))


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (date(2026, 1, 15), date(2026, 3, 2), Period(date(2026, 1, 1), date(2026, 3, 1))),
        (date(2026, 5, 1), date(2026, 2, 1), Period(date(2026, 2, 1), date(2026, 5, 1))),
        (date(2026, 11, 1), date(2031, 1, 1), Period(date(2026, 11, 1), date(2026, 11, 1))),
        (date(9999, 12, 1), None, Period(date(2026, 10, 1), date(2026, 11, 1))),
        (date(1, 1, 1), date(1, 1, 1), Period(date(2000, 1, 1), date(2000, 1, 1))),
        (date(1990, 1, 1), date(2026, 10, 1), Period(date(2021, 11, 1), date(2026, 10, 1))),
    ],
)
def test_a_period_is_put_in_order_and_within_bounds(first: date, last: date | None, shown: Period) -> None:
    assert period_of(first, last, TODAY) == shown


def test_the_same_months_a_year_before() -> None:
    period = Period(date(2025, 11, 1), date(2026, 2, 1))
    assert period.months == [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
    assert period.year_before == Period(date(2024, 11, 1), date(2025, 2, 1))
    assert period.final_day == date(2026, 2, 28)


def test_months_are_counted_both_ways() -> None:
    assert month_after(date(2026, 12, 9)) == date(2027, 1, 1)
    assert month_after(date(2026, 1, 31), -1) == date(2025, 12, 1)


def test_a_change_from_nothing_is_no_percentage() -> None:
    assert change_percent(7, 0) is None
    assert change_percent(21, 31) == pytest.approx(-32.258, abs=0.001)
