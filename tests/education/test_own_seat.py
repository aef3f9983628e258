"""What riders do with their own seat: choose another, give it up, agree to come earlier; until a configured hour."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.education import NOW, TODAY, District, assign, make_rider, make_session, make_violation
from trafficedu.core.actors import SYSTEM, VISITOR, Actor
from trafficedu.core.errors import Refusal
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.services import absence, own_seat, pausing, seats, sessions
from trafficedu.riders.models import Rider

IN_TWO_DAYS, IN_FOUR_DAYS = NOW + timedelta(days=2), NOW + timedelta(days=4)


def seat_of(session: Session, task: StudyTask) -> Booking:
    booking = live_booking(session, task.id)
    assert booking is not None
    return booking


def owed(session: Session, district: District, rider: Rider | None = None) -> StudyTask:
    task = assign(session, make_violation(session, rider or make_rider(session), district.a), SYSTEM, NOW)
    assert task is not None
    return task


@pytest.mark.parametrize(("minutes", "in_time"), [(0, True), (1, False)])
def test_a_seat_is_moved_and_given_up_until_the_configured_hour(
    session: Session, district: District, minutes: int, in_time: bool
) -> None:
    study, other = make_session(session, district.at_a, IN_TWO_DAYS), make_session(session, district.at_a, IN_FOUR_DAYS)
    task = owed(session, district)
    now = IN_TWO_DAYS - timedelta(hours=2) + timedelta(minutes=minutes)
    if in_time:
        assert own_seat.choose_own(session, task, other, False, VISITOR, now).session is other
        own_seat.give_up(session, task, VISITOR, now)
        assert (task.state, study.seats_taken, other.seats_taken) == ("open", 0, 0)
        return
    for act in (
        lambda: own_seat.choose_own(session, task, other, False, VISITOR, now),
        lambda: own_seat.give_up(session, task, VISITOR, now),
    ):
        with pytest.raises(Refusal, match="could be changed until"):
            act()
    assert seat_of(session, task).session is study


def test_who_gives_a_seat_up_gets_none_by_itself_for_some_days_and_the_next_one_gets_it(
    session: Session, district: District
) -> None:
    study = make_session(session, district.at_a, IN_FOUR_DAYS, capacity=1)
    task, waiting = owed(session, district), owed(session, district)
    own_seat.give_up(session, task, VISITOR, NOW)
    assert (task.state, waiting.state, study.seats_taken) == ("open", "booked", 1)
    assert task.paused_until == TODAY + timedelta(days=3)
    late = make_session(session, district.at_a, NOW + timedelta(days=6))
    assert seats.book_waiting(session, NOW) == 0
    assert seats.offer_seats(session, late.id, SYSTEM, NOW) == 0
    assert seats.book_waiting(session, NOW + timedelta(days=3)) == 1
    assert seat_of(session, task).session is late


def test_an_overdue_rider_moves_the_seat_and_never_gives_it_up(session: Session, district: District) -> None:
    make_session(session, district.at_a, NOW + timedelta(days=20))
    task = owed(session, district)
    overdue = NOW + timedelta(days=16)
    assert seats.book(session, task, SYSTEM, overdue) is not None
    with pytest.raises(Refusal, match="overdue"):
        own_seat.give_up(session, task, VISITOR, overdue)
    assert task.state == "booked"


@pytest.mark.parametrize(("agreed", "where"), [(True, "earlier"), (False, "later")])
def test_who_agreed_is_moved_to_an_earlier_seat(
    session: Session, district: District, staff: Actor, agreed: bool, where: str
) -> None:
    later = make_session(session, district.at_a, NOW + timedelta(days=10))
    task = owed(session, district)
    own_seat.choose_own(session, task, later, agreed, VISITOR, NOW)
    earlier = new_session(session, district, staff, days=5)
    assert seat_of(session, task).session is (earlier if where == "earlier" else later)
    assert seat_of(session, task).earlier_ok is agreed
    soon = new_session(session, district, staff, days=1, hours=-1)
    assert soon.seats_taken == 0, "nobody is moved to a session that begins within a day"


def new_session(session: Session, district: District, staff: Actor, days: int, hours: int = 0) -> StudySession:
    starts = NOW + timedelta(days=days, hours=hours)
    held = make_session(session, district.at_a, NOW + timedelta(days=1))  # the course to plan
    course = held.course
    session.delete(held)
    session.flush()
    return sessions.create_session(session, sessions.NewSession(course, district.at_a, starts, 20), staff, NOW)


def test_an_overdue_rider_with_a_far_seat_is_moved_forward_and_who_waits_comes_first(
    session: Session, district: District, staff: Actor
) -> None:
    now = NOW + timedelta(days=30)
    task = owed(session, district)
    far = make_session(session, district.at_a, now + timedelta(days=25), capacity=1)
    assert seats.book(session, task, SYSTEM, now) is not None
    waiting = owed(session, district)
    assert (task.state, waiting.state) == ("booked", "open")
    near = make_session(session, district.at_a, now + timedelta(days=3), capacity=2)
    seats.offer_seats(session, near.id, SYSTEM, now)
    assert (near.seats_taken, far.seats_taken) == (2, 0)
    assert {seat_of(session, one).session for one in (task, waiting)} == {near}
    assert staff.scope.station_id == district.at_a.id


def test_an_overdue_rider_never_gets_a_seat_beyond_the_horizon(session: Session, district: District) -> None:
    task, now = owed(session, district), NOW + timedelta(days=20)
    beyond = make_session(session, district.at_a, now + timedelta(days=31))
    assert seats.offer_seats(session, beyond.id, SYSTEM, now) == 0
    assert seats.book_waiting(session, now) == 0
    within = make_session(session, district.at_a, now + timedelta(days=29))
    assert seats.offer_seats(session, within.id, SYSTEM, now) == 1
    assert seat_of(session, task).session is within


def test_a_missed_seat_puts_nobody_behind_who_is_due_later(session: Session, district: District, staff: Actor) -> None:
    """By the due date alone: also once a pause for many absences is over."""
    missed, never = (owed(session, district) for _ in range(2))
    missed.absences, missed.due_on = 2, never.due_on - timedelta(days=1)
    session.flush()
    first = make_session(session, district.at_a, NOW + timedelta(days=2), capacity=1)
    seats.offer_seats(session, first.id, SYSTEM, NOW)
    assert (missed.is_booked, never.is_open) == (True, True)
    absence.mark_absent(session, missed.bookings[-1], staff, first.starts_utc)
    assert missed.is_away
    assert missed.paused_until is not None
    back = first.starts_utc + (missed.paused_until - first.starts_on)
    never.due_on = missed.due_on = back.date() + timedelta(days=20)
    never.opened_utc, missed.opened_utc = NOW, NOW - timedelta(hours=1)
    session.flush()
    later = make_session(session, district.at_a, back + timedelta(days=2), capacity=1)
    pausing.bring_back(session, back, 100)
    assert missed.is_open, "no seat is given by coming back: the round gives it in turn"
    seats.book_waiting(session, back)
    assert (missed.is_booked, never.is_open) == (True, True)
    assert seat_of(session, missed).session == later
