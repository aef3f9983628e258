from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from trafficedu.feedback.rules.notices import is_late
from trafficedu.feedback.rules.policy import (
    Escalation,
    Measure,
    MeasureKind,
    Recommendation,
    Window,
    one_tap,
    recommend,
)

DAY = date(2026, 11, 23)
POLICY = [
    Escalation(1, Window(days=30), Measure(MeasureKind.CRITICISED)),
    Escalation(2, Window(days=30), Measure(MeasureKind.ORDERS_REDUCED)),
    Escalation(3, Window(days=30), Measure(MeasureKind.SUSPENDED, 3)),
    Escalation(5, Window(days=90), Measure(MeasureKind.DISMISSED)),
]


@pytest.mark.parametrize(
    ("days", "measure", "count"),
    [
        ([DAY], Measure(MeasureKind.CRITICISED), 1),
        ([DAY, date(2026, 11, 1)], Measure(MeasureKind.ORDERS_REDUCED), 2),
        ([DAY, date(2026, 10, 25)], Measure(MeasureKind.ORDERS_REDUCED), 2),  # the 30th day
        ([DAY, date(2026, 10, 24)], Measure(MeasureKind.CRITICISED), 1),  # the 31st
        ([DAY, DAY, DAY], Measure(MeasureKind.SUSPENDED, 3), 3),
        ([DAY, date(2026, 11, 24)], Measure(MeasureKind.CRITICISED), 1),  # a later one does not count yet
        (
            [DAY, *[date(2026, 9, day) for day in (1, 2, 3, 4)]],
            Measure(MeasureKind.DISMISSED),
            5,
        ),  # its own window is longer
    ],
)
def test_the_strongest_step_reached_is_recommended(days: list[date], measure: Measure, count: int) -> None:
    found = recommend(POLICY, days, DAY)
    assert (found.measure, found.count) == (measure, count)


def test_without_a_policy_nothing_is_recommended_but_the_count_is_told() -> None:
    assert recommend([], [DAY], DAY) == Recommendation(None, 1, Window(days=30))


def test_one_tap_offers_the_recommended_measure_first_and_none_the_receiver_cannot_take() -> None:
    talk = Measure(MeasureKind.CRITICISED)
    assert one_tap("company", Measure(MeasureKind.SUSPENDED, 3)) == (Measure(MeasureKind.SUSPENDED, 3), talk)
    assert one_tap("company", talk) == (talk,)
    assert one_tap("village", Measure(MeasureKind.ORDERS_REDUCED)) == (talk,)


def test_an_answer_on_the_deadline_is_in_time() -> None:
    due, later = datetime(2026, 11, 23, 12, tzinfo=UTC), datetime(2026, 11, 23, 12, 0, 1, tzinfo=UTC)
    assert not is_late(due, due, later)
    assert is_late(due, later, later)
    assert is_late(due, None, later)
    assert not is_late(None, None, later)
