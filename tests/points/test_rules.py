"""The arithmetic of points: expectations by month, keys, what may be entered by hand."""

from __future__ import annotations

from datetime import date

import pytest

from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.points import rules

TODAY = date(2026, 11, 25)


def test_the_latest_figure_begun_holds() -> None:
    steps = [(Month(2026, 7), None), (Month(2026, 1), 20), (Month(2026, 3), 30)]
    expected = {Month(2025, 12): None, Month(2026, 2): 20, Month(2026, 3): 30, Month(2026, 6): 30}
    assert {month: rules.expected_in(month, steps) for month in expected} == expected
    assert rules.expected_in(Month(2026, 8), steps) is None, "an end is a figure, too"


def test_what_costs_points_counts_below_zero() -> None:
    assert (rules.signed("earned", 5), rules.signed("lost", 5)) == (5, -5)


@pytest.mark.parametrize("day", [date(2026, 11, 26), date(2025, 11, 23)])
def test_a_day_to_come_or_long_gone_is_not_entered_by_hand(day: date) -> None:
    with pytest.raises(Refusal) as caught:
        rules.check_day(day, TODAY)
    assert caught.value.field == "occurred_on"
    rules.check_day(TODAY, TODAY)


def test_an_event_has_one_key_for_each_target() -> None:
    keys = {
        rules.task_overdue_key(7, "area"),
        rules.task_overdue_key(7, "company"),
        rules.hazard_overdue_key(7, TODAY),
        rules.hazard_overdue_key(7, date(2026, 12, 1)),
        rules.hazard_fixed_key(7),
        rules.open_day_key(7, TODAY),
    }
    assert len(keys) == 6
    assert max(map(len, keys)) <= 80
