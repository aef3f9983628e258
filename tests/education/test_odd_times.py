"""29 February, midnight, the turn of a year, and sessions that get smaller than those who are booked."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.education import District, assign, course, make_rider, make_session, make_violation
from trafficedu.configuration.queries import find_parameter, forget_configuration
from trafficedu.core.actors import SYSTEM, VISITOR, Actor
from trafficedu.core.clock import from_local, local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.text import translate
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.rules.planning import Extent
from trafficedu.education.services import own_seat, seats, series, sessions
from trafficedu.education.services.series import NewSeries
from trafficedu.education.services.sessions import NewSession, SessionChange
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.rules.telling import MessageKind
from trafficedu.reaching.services.reminding import note_tomorrow

LEAP, NEW_YEAR = date(2028, 2, 29), date(2027, 1, 1)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return from_local(datetime.combine(day, time(hour, minute)))


def owed(session: Session, district: District, now: datetime) -> StudyTask:
    task = assign(session, make_violation(session, make_rider(session), district.a, now), SYSTEM, now)
    assert task is not None
    return task


def figure_is(session: Session, code: str, value: int) -> None:
    parameter = find_parameter(session, code)
    parameter.value = value
    session.flush()
    forget_configuration(session)


@pytest.mark.parametrize("day", [LEAP, NEW_YEAR])
def test_a_seat_of_an_odd_day_is_given_reminded_of_moved_and_given_up(
    session: Session, district: District, staff: Actor, day: date
) -> None:
    before = at(day - timedelta(days=10), 12)
    made = sessions.create_session(session, NewSession(course(session), district.at_a, at(day, 9), 1), staff, before)
    assert (made.starts_on, local_date(made.ends_utc)) == (day, day)
    task, waits = owed(session, district, before), owed(session, district, before)
    booking = live_booking(session, task.id)
    assert booking is not None
    assert booking.session == made
    assert waits.is_open
    for hour, reminded in ((16, 0), (17, 1), (23, 0)):
        assert note_tomorrow(session, at(day - timedelta(days=1), hour), 10) == reminded
    kinds = select(RiderMessage.kind).where(RiderMessage.booking_id == booking.id)
    assert MessageKind.DAY_BEFORE in session.scalars(kinds).all()
    with pytest.raises(Refusal) as refused:
        own_seat.give_up(session, task, VISITOR, at(day, 7, 1))
    assert f"could be changed until {day} 07:00" in translate(refused.value.text, "en")
    own_seat.give_up(session, task, VISITOR, at(day, 7))
    assert (task.is_open, waits.is_booked) == (True, True), "the next one has it while there is time to come"
    assert task.paused_until == min(day + timedelta(days=3), task.due_on)


def test_the_horizon_counts_the_29_of_february(session: Session, district: District) -> None:
    now = at(date(2028, 1, 31), 12)
    task = owed(session, district, now)
    task.due_on = date(2028, 1, 30)  # overdue: nothing but the horizon bounds it
    session.flush()
    beyond = make_session(session, district.at_a, at(date(2028, 3, 2), 9))
    assert seats.offer_seats(session, beyond.id, SYSTEM, now) == 0
    last = make_session(session, district.at_a, at(date(2028, 3, 1), 9))
    assert seats.offer_seats(session, last.id, SYSTEM, now) == 1


def test_a_seat_asked_for_at_midnight_is_of_the_new_year(session: Session, district: District) -> None:
    """Half past eleven on New Year's Eve is still that afternoon by UTC: days are those of the district."""
    eve, morning = at(date(2026, 12, 31), 23, 30), make_session(session, district.at_a, at(NEW_YEAR, 9))
    task = owed(session, district, eve)
    assert (task.opened_on, task.due_on) == (date(2026, 12, 31), date(2027, 1, 15))
    booking = live_booking(session, task.id)
    assert booking is not None
    assert booking.session == morning
    first = owed(session, district, at(NEW_YEAR, 0))
    assert (first.opened_on, first.due_on) == (NEW_YEAR, date(2027, 1, 16))


def test_a_session_may_end_at_midnight_and_not_after_it(session: Session, district: District, staff: Actor) -> None:
    figure_is(session, "education.closes_hour", 24)
    day, now = date(2026, 12, 31), at(date(2026, 12, 1), 9)
    minutes = course(session).on(day).minutes
    last = at(NEW_YEAR, 0) - timedelta(minutes=minutes)
    late = NewSession(course(session), district.at_a, last + timedelta(minutes=1), 5)
    with pytest.raises(Refusal, match="The station is open"):
        sessions.create_session(session, late, staff, now)
    held = sessions.create_session(session, NewSession(course(session), district.at_a, last, 5), staff, now)
    assert (held.starts_on, held.ends_utc) == (day, at(NEW_YEAR, 0))


def full(session: Session, district: District, now: datetime, taken: int, study: StudySession) -> None:
    for _ in range(taken):
        seats.move_booking(session, owed(session, district, now), study, SYSTEM, now)


def test_a_session_never_gets_smaller_than_those_who_are_booked(
    session: Session, district: District, staff: Actor
) -> None:
    now = at(date(2026, 12, 1), 9)
    study = make_session(session, district.at_a, at(date(2026, 12, 8), 9), capacity=3, extra_seats=1)
    full(session, district, now, 4, study)
    session.refresh(study)
    assert (study.seats_taken, study.capacity, study.extra_seats) == (4, 3, 1)
    for fewer in (0, 1, 2):
        change = SessionChange(study.starts_utc, fewer)
        with pytest.raises(Refusal), session.begin_nested():
            sessions.change_session(session, study, change, study.version, staff, now)
        session.refresh(study)
        assert (study.seats_taken, study.capacity) == (4, 3)
    same = SessionChange(study.starts_utc + timedelta(hours=1), 3, "李老师")
    sessions.change_session(session, study, same, study.version, staff, now)
    assert (study.seats_taken, study.lecturer) == (4, "李老师"), "what leaves the seats alone is possible"


def test_a_series_gets_smaller_as_a_whole_or_not_at_all(session: Session, district: District, staff: Actor) -> None:
    now, first = at(date(2026, 12, 1), 9), date(2026, 12, 8)
    begin = NewSession(course(session), district.at_a, at(first, 9), 5)
    held = series.create_series(session, NewSeries(begin, first + timedelta(days=14)), staff, now)
    full(session, district, now, 3, held[1])
    session.flush()
    session.expire_all()
    change = SessionChange(held[0].starts_utc, 2, held[0].lecturer)
    with pytest.raises(Refusal) as refused, session.begin_nested():
        series.change_series(session, held[0], change, Extent.ALL, held[0].version, staff, now)
    assert refused.value.field == "extent"
    assert str(held[1].starts_on) in translate(refused.value.text, "en")
    session.expire_all()
    assert [one.capacity for one in held] == [5, 5, 5]
