"""How many seats a course needs: the arithmetic worked out by hand, and what is read for it."""

from __future__ import annotations

from datetime import timedelta
from math import sqrt

import pytest
from sqlalchemy.orm import Session

from tests.factories.education import NOW, District, assign, course, make_rider, make_session, make_violation
from trafficedu.analysis.proportions import wilson
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.education.models.tasks import Attendance, Booking
from trafficedu.education.queries.forecast import WEEKS_AHEAD, CourseForecast, forecast
from trafficedu.education.rules.forecast import LEAST_SEATS, MOST_SEATS, Again, Inflow, Week, inflow, latest_of, needs
from trafficedu.education.rules.states import AttendanceState, BookingState


def test_the_interval_of_a_week_is_that_of_one_more_count() -> None:
    found = inflow([10, 10, 10, 10, 10, 10, 10, 10])
    assert found is not None
    half = 1.96 * sqrt(10 * (1 + 1 / 8))
    assert (found.mean, found.low, found.high) == pytest.approx((10, 10 - half, 10 + half))
    restless = inflow([0, 20, 0, 20, 0, 20, 0, 20])
    assert restless is not None
    assert restless.high == pytest.approx(10 + 1.96 * sqrt(800 / 7 * 9 / 8))
    assert restless.low == 0
    assert inflow([3, 4, 5]) is None


def test_seats_that_stay_free_are_gone_and_who_is_not_seated_is_still_there() -> None:
    found = needs([Week(5, 2), Week(0, 1), Week(0, 10), Week(4, 0)], Inflow(0, 0, 0), 0)
    assert [need.missing for need in found] == [3, 2, 0, 4]
    assert [need.falls_short for need in found] == [True, True, False, True]


def test_new_riders_count_from_their_week_on_and_the_interval_grows_with_the_root() -> None:
    found = needs([Week(0, 0)] * 3, Inflow(10, 4, 16), 1)
    assert [need.missing for need in found] == [0, 10, 20]
    assert [need.missing_high for need in found] == pytest.approx([0, 16, 20 + 6 * sqrt(2)])
    assert [need.missing_low for need in found] == pytest.approx([0, 4, 20 - 6 * sqrt(2)])


def test_a_share_of_who_sat_needs_a_seat_once_more_the_week_after() -> None:
    weeks = [Week(due=4, free=6, taken=10), Week(due=0, free=0, taken=6), Week(due=0, free=2)]
    found = needs(weeks, Inflow(2, 2, 2), 1, Again(50, 0.25, 0.1, 0.5))
    first, second = 0.25 * (10 + 4), 0.25 * (6 + 2 + 0.25 * 14)
    assert [need.again for need in found] == pytest.approx([0, first, second])
    assert found[1].missing == pytest.approx(first + 2)
    assert found[2].missing == pytest.approx(first + 2 + second + 2 - 2)
    assert found[1].missing_low == pytest.approx(0.1 * 14 + 2)
    assert found[1].missing_high == pytest.approx(0.5 * 14 + 2)
    assert [need.again for need in needs(weeks, Inflow(2, 2, 2), 1)] == [0, 0, 0], "nothing was measured"


def test_of_many_seats_those_of_the_latest_sessions_are_read() -> None:
    hundred = {number: 100 for number in range(9, 0, -1)}
    assert latest_of(hundred) == [9, 8, 7], "the third one reaches the number"
    assert latest_of({2: MOST_SEATS, 1: 1}) == [2]
    assert latest_of({2: MOST_SEATS - 1, 1: 1}) == [2, 1]
    assert latest_of({}) == []
    low, high = wilson(MOST_SEATS // 2, MOST_SEATS)
    assert high - low < 0.13, "at its widest"


def of_basic(session: Session, district: District) -> CourseForecast:
    found = forecast(session, district.root.path, NOW)
    return next(one for one in found if one.course == course(session))


def test_what_waits_is_due_in_its_week_and_a_session_takes_the_need_away(session: Session, district: District) -> None:
    for _ in range(3):
        assign(session, make_violation(session, make_rider(session), district.a), SYSTEM, NOW)
    late = assign(session, make_violation(session, make_rider(session), district.c), SYSTEM, NOW)
    assert late is not None
    late.due_on = NOW.date() - timedelta(days=3)
    session.flush()
    found = of_basic(session, district)
    assert (found.waiting, [need.due for need in found.needs]) == (4, [1, 0, 3, 0, 0, 0])
    assert [need.missing_low >= 4 for need in found.needs[2:]] == [True] * (WEEKS_AHEAD - 2)
    make_session(session, district.at_b, NOW + timedelta(days=1), capacity=10)
    covered = of_basic(session, district)
    assert [need.free for need in covered.needs][:2] == [10, 0]
    assert covered.needs[0].missing == 0


def test_nothing_of_another_district_is_counted(session: Session, district: District) -> None:
    assign(session, make_violation(session, make_rider(session), district.c), SYSTEM, NOW)
    in_town = forecast(session, district.town.path, NOW)
    assert all(one.waiting == 0 for one in in_town)


@pytest.mark.parametrize("seats", [LEAST_SEATS, LEAST_SEATS - 1])
def test_the_share_is_measured_by_how_seats_of_the_last_weeks_ended(
    session: Session, district: District, staff: Actor, seats: int
) -> None:
    """A third did not come or left; who is still studying is left out."""
    before = make_session(session, district.at_a, NOW - timedelta(days=8), capacity=seats + 1)
    for place in range(seats + 1):
        task = assign(session, make_violation(session, make_rider(session), district.a), SYSTEM, NOW)
        assert task is not None
        state = BookingState.ABSENT if place % 6 == 0 and place < seats else BookingState.ATTENDED
        booking = Booking(task_id=task.id, session_id=before.id, booked_utc=NOW - timedelta(days=9), state=state)
        session.add(booking)
        session.flush()
        ends = {seats: AttendanceState.STUDYING}.get(place)
        ends = ends or (AttendanceState.LEFT if place % 6 == 1 else AttendanceState.SIGNED)
        if state == BookingState.ATTENDED:
            at = before.starts_utc
            session.add(Attendance(booking_id=booking.id, state=ends, checked_in_utc=at, open_since_utc=at))
    session.flush()
    again = of_basic(session, district).again
    if seats < LEAST_SEATS:
        assert again is None
        return
    assert again is not None
    assert again.seats == seats
    assert again.share == pytest.approx(1 / 3)
    assert again.low == pytest.approx(0.1923, abs=0.0005)
    assert again.high == pytest.approx(0.5122, abs=0.0005)
