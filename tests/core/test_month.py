"""Months: read, stepped through, compared, written."""

from __future__ import annotations

from datetime import date

import pytest

from trafficedu.core.month import Month, Period


def test_a_month_has_its_first_and_its_last_day() -> None:
    assert [(month.first.isoformat(), month.last.isoformat()) for month in (Month(2024, 2), Month(2023, 2))] == [
        ("2024-02-01", "2024-02-29"),  # 2024 is a leap year, 2023 is not
        ("2023-02-01", "2023-02-28"),
    ]
    assert Month(9999, 12).last == date.max


def test_months_are_counted_over_the_turn_of_a_year() -> None:
    assert Month(2026, 11) + 2 == Month(2027, 1)
    assert Month(2026, 1) - 1 == Month(2025, 12)
    assert Month(2026, 12).next == Month(2027, 1)
    assert Month(2027, 1) - Month(2025, 11) == 14


def test_a_range_holds_both_ends_and_none_backwards() -> None:
    assert [str(month) for month in Month.range(Month(2025, 12), Month(2026, 2))] == ["2025-12", "2026-01", "2026-02"]
    assert Month.range(Month(2026, 2), Month(2026, 1)) == []


def test_a_month_is_read_as_it_is_written() -> None:
    assert Month.parse("2026-03") == Month.parse("2026-3") == Month.of(date(2026, 3, 31)) == Month(2026, 3)
    assert str(Month(987, 3)) == "0987-03"
    assert date(2026, 3, 31) in Month(2026, 3)
    assert date(2025, 3, 31) not in Month(2026, 3)


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "0000-01", "2026-11-01", "２０２６-11", "26-11", " 2026-11"]
)
def test_what_is_no_month_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="month|year"):
        Month.parse(text)


def test_the_calendar_ends() -> None:
    with pytest.raises(ValueError, match="year"):
        _ = Month(9999, 12) + 1


RUNNING = Month(2026, 11)


@pytest.mark.parametrize(
    ("first", "last", "usual", "shown"),
    [
        (None, None, RUNNING - 1, Period(Month(2025, 11), Month(2026, 10))),
        (None, None, RUNNING, Period(Month(2025, 12), Month(2026, 11))),
        (Month(2026, 1), Month(2026, 3), RUNNING - 1, Period(Month(2026, 1), Month(2026, 3))),
        (Month(2026, 5), Month(2026, 2), RUNNING - 1, Period(Month(2026, 2), Month(2026, 5))),
        (Month(2026, 11), Month(2031, 1), RUNNING - 1, Period(Month(2026, 11), Month(2026, 11))),
        (Month(9999, 12), None, RUNNING - 1, Period(Month(2026, 10), Month(2026, 11))),
        (Month(9999, 12), None, RUNNING, Period(Month(2026, 11), Month(2026, 11))),
        (Month(1, 1), Month(1, 1), RUNNING - 1, Period(Month(2000, 1), Month(2000, 1))),
        (Month(1990, 1), Month(2026, 10), RUNNING - 1, Period(Month(2021, 11), Month(2026, 10))),
    ],
)
def test_a_period_is_put_in_order_and_within_bounds(
    first: Month | None, last: Month | None, usual: Month, shown: Period
) -> None:
    assert Period.chosen(first, last, RUNNING, usual) == shown


def test_the_same_months_a_year_before() -> None:
    period = Period(Month(2025, 11), Month(2026, 2))
    assert period.months == [Month(2025, 11), Month(2025, 12), Month(2026, 1), Month(2026, 2)]
    assert period.year_before == Period(Month(2024, 11), Month(2025, 2))
    assert (period.first_day, period.last_day) == (date(2025, 11, 1), date(2026, 2, 28))
    assert period.after == date(2026, 3, 1)


def test_a_month_has_a_number_in_the_calendar_of_the_analysis() -> None:
    assert Month(2026, 11).index == 2026 * 12 + 10
    assert Month.at(Month(2026, 12).index) == Month(2026, 12)
