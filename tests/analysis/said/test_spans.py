"""Like days with like days, and only those that are over."""

from __future__ import annotations

from datetime import date

import pytest

from trafficedu.analysis.said.spans import Days, Relation, pair
from trafficedu.core.month import Month, Period


def months(first: str, last: str) -> Period:
    return Period(Month.parse(first), Month.parse(last))


NOVEMBER, YEAR = months("2026-11", "2026-11"), months("2026-01", "2026-12")
TODAY_MINUS_ONE = date(2026, 11, 28)


def test_a_month_that_is_not_over_is_compared_with_the_same_days_a_year_before() -> None:
    found = pair(NOVEMBER.year_before, NOVEMBER, TODAY_MINUS_ONE)
    assert found.before == Days(date(2025, 11, 1), date(2025, 11, 28))
    assert found.after == Days(date(2026, 11, 1), TODAY_MINUS_ONE)
    assert (found.relation, found.cut, found.seasons, found.because) == (Relation.YEAR, True, True, None)
    assert str(found.then) == "the same days a year earlier"


def test_a_year_that_is_not_over_is_cut_on_both_sides() -> None:
    found = pair(YEAR.year_before, YEAR, TODAY_MINUS_ONE)
    assert (found.before.count, found.after.count) == (332, 332)
    assert found.before.last == date(2025, 11, 28)


def test_what_is_over_is_left_as_it_is() -> None:
    october = months("2026-10", "2026-10")
    found = pair(october.year_before, october, TODAY_MINUS_ONE)
    assert (found.before.count, found.after.count, found.cut) == (31, 31, False)
    assert str(found.then) == "the same month a year earlier"


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("2024-02-29", date(2023, 2, 28)),  # the last day of the month stays the last
        ("2024-02-28", date(2023, 2, 28)),
        ("2023-02-27", date(2022, 2, 27)),
    ],
)
def test_the_end_of_february_is_the_end_of_february(until: str, last: date) -> None:
    day = date.fromisoformat(until)
    year = Period(Month(day.year, 1), Month(day.year, 12))
    assert pair(year.year_before, year, day).before.last == last


def test_a_month_is_compared_with_the_month_before_it() -> None:
    found = pair(months("2026-10", "2026-10"), NOVEMBER, TODAY_MINUS_ONE)
    assert (found.relation, found.before.last, found.seasons) == (Relation.MONTH, date(2026, 10, 28), False)


def test_periods_of_unlike_length_keep_their_days_as_exposure() -> None:
    found = pair(months("2025-01", "2025-12"), months("2026-09", "2026-11"), TODAY_MINUS_ONE)
    assert (found.before.count, found.after.count) == (365, 89)
    assert (found.relation, found.seasons) == (Relation.OTHER, False)


@pytest.mark.parametrize(
    ("before", "after", "because"),
    [
        (("2026-01", "2026-06"), ("2026-06", "2026-10"), "the two periods overlap"),
        (("2025-01", "2025-12"), ("2027-01", "2027-12"), "no day of the later period is over yet"),
        (("2026-05", "2026-06"), ("2025-05", "2025-06"), "the earlier period lies after the later one"),
        (("2025-12", "2025-12"), ("2026-12", "2026-12"), "no day of the later period is over yet"),
    ],
)
def test_what_cannot_be_compared_says_why(before: tuple[str, str], after: tuple[str, str], because: str) -> None:
    assert str(pair(months(*before), months(*after), TODAY_MINUS_ONE).because) == because
