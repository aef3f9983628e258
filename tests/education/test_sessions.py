from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories import people
from tests.factories.education import NOW, TODAY, District, assign, course, make_rider, make_session, make_violation
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Missing, Refusal, Stale
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.queries.sessions import find_session
from trafficedu.education.rules.states import BookingState
from trafficedu.education.services import sessions
from trafficedu.education.services.door import check_in, undo_check_in
from trafficedu.education.services.sessions import Cancelled, NewSession, SessionChange

SOON = NOW + timedelta(days=2)


def waiting_tasks(session: Session, district: District, count: int) -> list[StudyTask]:
    tasks = []
    for days in range(count):
        made = assign(
            session, make_violation(session, make_rider(session), district.a), SYSTEM, NOW + timedelta(minutes=days)
        )
        assert made is not None
        tasks.append(made)
    return tasks


def new(session: Session, district: District, **values: object) -> NewSession:
    given = {"course": course(session), "station": district.at_a, "starts_utc": SOON, "capacity": 2} | values
    return NewSession(**given)  # type: ignore[arg-type]


def test_a_new_session_seats_those_who_waited_longest(session: Session, district: District, staff: Actor) -> None:
    first, second, third = waiting_tasks(session, district, 3)
    study = sessions.create_session(session, new(session, district), staff, NOW)
    assert (study.seats_taken, first.state, second.state, third.state) == (2, "booked", "booked", "open")


def test_a_task_of_another_course_or_district_goes_on_waiting(
    session: Session, district: District, staff: Actor
) -> None:
    (task,) = waiting_tasks(session, district, 1)
    sessions.create_session(session, new(session, district, course=course(session, "intensive")), staff, NOW)
    sessions.create_session(session, new(session, district, starts_utc=NOW + timedelta(days=16)), staff, NOW)
    assert task.state == "open"


def test_growing_seats_those_who_wait_and_shrinking_below_the_taken_is_refused(
    session: Session, district: District, staff: Actor
) -> None:
    tasks = waiting_tasks(session, district, 3)
    study = sessions.create_session(session, new(session, district, capacity=1), staff, NOW)
    assert sessions.change_session(session, study, SessionChange(SOON, 3), study.version, staff, NOW) == 2
    assert {task.state for task in tasks} == {"booked"}
    with pytest.raises(Refusal, match="More seats than that are already taken") as refused:
        sessions.change_session(session, study, SessionChange(SOON, 2), study.version, staff, NOW)
    assert refused.value.field == "capacity"


def test_sessions_are_planned_by_the_own_station_in_the_future_once_at_a_time(
    session: Session, district: District, staff: Actor
) -> None:
    with pytest.raises(Missing):
        sessions.create_session(session, new(session, district, station=district.at_b), staff, NOW)
    with pytest.raises(Refusal, match="in the future"):
        sessions.create_session(session, new(session, district, starts_utc=NOW), staff, NOW)
    study = sessions.create_session(session, new(session, district), staff, NOW)
    with pytest.raises(Refusal, match="another session at this time"):
        sessions.create_session(session, new(session, district), staff, NOW)
    with pytest.raises(Missing):
        find_session(session, study.number, actor_of(people.make_user(session, "station", station_id=district.at_b.id)))


def test_the_second_editor_is_told(session: Session, district: District, staff: Actor) -> None:
    study = sessions.create_session(session, new(session, district), staff, NOW)
    seen = study.version
    sessions.change_session(session, study, SessionChange(SOON, 5), seen, staff, NOW)
    with pytest.raises(Stale):
        sessions.change_session(session, study, SessionChange(SOON, 6), seen, staff, NOW)


def test_a_session_that_somebody_came_to_keeps_its_day_and_time(
    session: Session, district: District, staff: Actor
) -> None:
    study = sessions.create_session(session, new(session, district), staff, NOW)
    (task,) = waiting_tasks(session, district, 1)
    booking = live_booking(session, task.id)
    assert booking is not None
    before = SOON - timedelta(minutes=30)
    check_in(session, booking, staff, before)
    ends = study.ends_utc
    for starts in (SOON + timedelta(minutes=1), SOON + timedelta(days=7)):
        with pytest.raises(Refusal, match="keeps its day and time") as refused:
            sessions.change_session(session, study, SessionChange(starts, 2), study.version, staff, before)
        assert refused.value.field == "starts_utc"
    assert (study.starts_utc, study.starts_on, study.ends_utc) == (SOON, local_date(SOON), ends)
    sessions.change_session(session, study, SessionChange(SOON, 5, "李老师"), study.version, staff, before)
    assert (study.starts_utc, study.capacity, study.lecturer) == (SOON, 5, "李老师")
    undo_check_in(session, booking, staff, before)
    later = SOON + timedelta(days=7)
    sessions.change_session(session, study, SessionChange(later, 5), study.version, staff, before)
    assert (study.starts_utc, study.starts_on, study.ends_utc - ends) == (later, local_date(later), later - SOON)


def test_an_absence_holds_a_session_to_its_day_too(session: Session, district: District, staff: Actor) -> None:
    study = sessions.create_session(session, new(session, district), staff, NOW)
    (task,) = waiting_tasks(session, district, 1)
    booking = live_booking(session, task.id)
    assert booking is not None
    booking.state = BookingState.ABSENT
    with pytest.raises(Refusal, match="keeps its day and time"):
        sessions.change_session(session, study, SessionChange(SOON + timedelta(days=1), 2), study.version, staff, NOW)


def booked(session: Session, district: District, count: int) -> tuple[StudySession, list[StudyTask]]:
    study = make_session(session, district.at_a, SOON, capacity=count)
    return study, waiting_tasks(session, district, count)


def test_cancelling_moves_the_riders_or_lets_them_wait(session: Session, district: District, staff: Actor) -> None:
    study, tasks = booked(session, district, 3)
    other = make_session(session, district.at_b, SOON, capacity=2)
    became = sessions.cancel_session(session, study, "停电", study.version, 3, staff, NOW)
    assert became == Cancelled(moved=2, waiting=1)
    assert (study.state, study.seats_taken, other.seats_taken) == ("cancelled", 0, 2)
    assert sorted(task.state for task in tasks) == ["booked", "booked", "open"]
    with pytest.raises(Refusal):
        sessions.cancel_session(session, study, "停电", study.version, 0, staff, NOW)


def test_cancelling_with_another_number_of_riders_than_said_is_stale(
    session: Session, district: District, staff: Actor
) -> None:
    study, tasks = booked(session, district, 2)
    with pytest.raises(Stale):
        sessions.cancel_session(session, study, "停电", study.version, 1, staff, NOW)
    with pytest.raises(Refusal, match="Say why"):
        sessions.cancel_session(session, study, " ", study.version, 2, staff, NOW)
    booking = live_booking(session, tasks[0].id)
    assert booking is not None
    check_in(session, booking, staff, SOON)
    with pytest.raises(Refusal, match="checked in"):
        sessions.cancel_session(session, study, "停电", study.version, 1, staff, SOON)
    assert study.starts_on > TODAY
