"""Known days from the State Council's notices on public holidays for 2025 and 2026."""

from __future__ import annotations

from datetime import date

import pytest

from trafficedu.core.workdays import add_workdays, is_workday


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2025, 10, 1), False),  # National Day
        (date(2025, 10, 8), False),  # end of the joint National Day and Mid-Autumn holiday
        (date(2025, 9, 28), True),  # a Sunday worked instead (make-up workday)
        (date(2025, 10, 11), True),  # a Saturday worked instead
        (date(2025, 9, 27), False),  # an ordinary Saturday
        (date(2025, 9, 29), True),  # an ordinary Monday
    ],
)
def test_published_days(day: date, works: bool) -> None:
    assert is_workday(day, {}) is works


def test_five_working_days_across_the_national_holiday() -> None:
    # 29 and 30 September, then the holiday until 8 October, then 9, 10 and the make-up Saturday 11 October.
    assert add_workdays(date(2025, 9, 28), 5, {}) == date(2025, 10, 11)


def test_a_correction_of_the_district_wins() -> None:
    assert not is_workday(date(2025, 9, 29), {date(2025, 9, 29): False})
    assert add_workdays(date(2025, 9, 28), 1, {date(2025, 9, 29): False}) == date(2025, 9, 30)


def test_a_year_not_yet_published_counts_monday_to_friday() -> None:
    assert is_workday(date(2099, 1, 5), {})
    assert not is_workday(date(2099, 1, 4), {})
