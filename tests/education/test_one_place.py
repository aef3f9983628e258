"""A rider has one place at one time, whatever is owed: seats, the door and those who come back keep to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories import people
from tests.factories.education import NOW, District, assign, make_session, make_violation
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.errors import Refusal
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.services import seats, sessions
from trafficedu.education.services.door import check_in
from trafficedu.education.services.sessions import SessionChange
from trafficedu.riders.models import Rider

STARTS = NOW + timedelta(hours=2)


@pytest.fixture
def sitting(session: Session, district: District, rider: Rider, staff: Actor) -> StudySession:
    """The session in which the rider sits for the first violation."""
    study = make_session(session, district.at_a, STARTS)
    task = assign(session, make_violation(session, rider, district.a), SYSTEM, NOW)
    assert task is not None
    check_in(session, seat_of(session, task), staff, STARTS)
    return study


def seat_of(session: Session, task: StudyTask) -> Booking:
    booking = live_booking(session, task.id)
    assert booking is not None
    return booking


def owed_next(session: Session, district: District, rider: Rider) -> StudyTask:
    """Return what the rider owes for a violation while sitting in the first session."""
    task = assign(session, make_violation(session, rider, district.a), SYSTEM, NOW)
    assert task is not None
    return task


def overlapping(session: Session, district: District, sitting: StudySession, minutes: int) -> StudySession:
    return make_session(session, district.at_b, sitting.ends_utc + timedelta(minutes=minutes), code="intermediate")


@pytest.mark.parametrize(("minutes", "seated"), [(-1, False), (0, True)])
def test_nobody_is_seated_where_they_would_sit_twice(
    session: Session, district: District, rider: Rider, sitting: StudySession, minutes: int, seated: bool
) -> None:
    other = overlapping(session, district, sitting, minutes)
    task = owed_next(session, district, rider)
    before = NOW - timedelta(days=1)  # the lead time of a seat that is given by itself says nothing here
    given = seats.book(session, task, SYSTEM, before)
    assert (given is not None and given.session is other) == seated
    if not seated:
        with pytest.raises(Refusal, match="studying in another session") as refused:
            seats.move_booking(session, task, other, SYSTEM, before)
        assert (refused.value.field, task.state, other.seats_taken) == ("session", "open", 0)


def test_nobody_keeps_a_seat_in_a_session_that_was_moved_beside_the_first(
    session: Session, district: District, rider: Rider, sitting: StudySession
) -> None:
    staff = actor_of(people.make_user(session, "station", station_id=district.at_b.id))
    other = make_session(session, district.at_b, STARTS + timedelta(days=1), code="intermediate")
    task = owed_next(session, district, rider)
    booking = seat_of(session, task)
    assert booking.session is other
    begins = sitting.ends_utc - timedelta(minutes=1)
    sessions.change_session(session, other, SessionChange(begins, 20), other.version, staff, NOW)
    assert (booking.state, task.state, other.seats_taken) == ("cancelled", "open", 0)
    later = make_session(session, district.at_a, STARTS + timedelta(days=2), code="intermediate")
    seats.book(session, task, SYSTEM, NOW)
    sessions.change_session(session, other, SessionChange(sitting.ends_utc, 20), other.version, staff, NOW)
    assert (seat_of(session, task).session, later.seats_taken) == (later, 1)
