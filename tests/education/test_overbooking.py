"""Seats beyond the capacity: the arithmetic against SciPy, and that they are given only where that is switched on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from scipy import stats
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.factories.education import NOW, District, assign, make_rider, make_session, make_violation
from trafficedu.configuration.models import Parameter
from trafficedu.configuration.queries import forget_configuration
from trafficedu.core.actors import SYSTEM
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.rules.overbooking import chance_of_too_many, extra_seats
from trafficedu.education.rules.states import BookingState, TaskState
from trafficedu.education.services import overbooking, seats


@pytest.mark.parametrize("seats_there", [1, 2, 12, 30, 200, 500])
@pytest.mark.parametrize("rate", [0.3, 0.6, 0.85, 0.97, 0.999])
@pytest.mark.parametrize("extra", [0, 1, 3, 20])
def test_the_chance_is_the_upper_tail_of_the_binomial(seats_there: int, rate: float, extra: int) -> None:
    exact = stats.binom.sf(seats_there, seats_there + extra, rate)
    assert chance_of_too_many(seats_there, seats_there + extra, rate) == pytest.approx(exact, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("rate", [0.0, 0.5, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("risk", [0.0, 0.01, 0.05, 0.2])
def test_no_seat_more_is_given_than_the_risk_allows(rate: float, risk: float) -> None:
    extra = extra_seats(30, rate, risk)
    assert chance_of_too_many(30, 30 + extra, rate) <= risk
    assert extra == 30 or risk == 0 or chance_of_too_many(30, 31 + extra, rate) > risk
    assert extra_seats(30, 1.0, risk) == 0


def switch(session: Session, percent: int) -> None:
    session.execute(update(Parameter).where(Parameter.code == "education.overbook_percent").values(value=percent))
    forget_configuration(session)


def history(session: Session, district: District, came: int, missed: int) -> None:
    """Let so many riders have come to a session of last week, and so many not."""
    past = make_session(session, district.at_a, NOW - timedelta(days=7), capacity=came + missed)
    for number in range(came + missed):
        task = assign(session, make_violation(session, make_rider(session), district.c), SYSTEM, NOW)
        assert task is not None
        task.state = TaskState.COMPLETED
        state = BookingState.ATTENDED if number < came else BookingState.ABSENT
        session.add(Booking(task_id=task.id, session_id=past.id, state=state, booked_utc=NOW))
    past.seats_taken = came + missed
    session.flush()


def waiting(session: Session, district: District, count: int) -> list[StudyTask]:
    tasks = [
        assign(session, make_violation(session, make_rider(session), district.a), SYSTEM, NOW) for _ in range(count)
    ]
    return [task for task in tasks if task is not None]


def test_it_is_off_by_default_and_needs_enough_observed(session: Session, district: District) -> None:
    history(session, district, came=60, missed=20)
    study = make_session(session, district.at_a, NOW + timedelta(days=2), capacity=10)
    assert overbooking.work_out(session, NOW, 100) == 0
    switch(session, 5)
    overbooking.work_out(session, NOW, 100)
    assert (study.extra_seats, overbooking.show_up_rate(session, district.at_a.id, study.starts_on)) == (0, None)


def test_riders_who_wait_get_the_seats_beyond_and_keep_them_when_it_is_switched_off(
    session: Session, district: District
) -> None:
    history(session, district, came=80, missed=40)
    study = make_session(session, district.at_a, NOW + timedelta(days=2), capacity=10)
    tasks = waiting(session, district, 16)
    assert study.seats_taken == 10
    switch(session, 5)
    assert overbooking.work_out(session, NOW, 100) == 1
    rate = overbooking.show_up_rate(session, district.at_a.id, study.starts_on)
    assert rate is not None
    extra = extra_seats(10, rate, 0.05)
    assert 0 < extra < 6
    assert (study.extra_seats, study.seats_taken) == (extra, 10 + extra)
    assert sum(task.is_booked for task in tasks) == 10 + extra
    assert seats.reserve_seat(session, study.id) is None, "never a seat beyond these"
    assert overbooking.work_out(session, NOW, 100) == 0, "once a day"
    switch(session, 0)
    seats.release_seat(session, study.id)
    overbooking.work_out(session, NOW + timedelta(days=1), 100)
    assert (study.extra_seats, study.seats_taken) == (extra - 1, 9 + extra)
