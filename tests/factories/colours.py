"""A district of three towns whose scores and colours ``tests/evaluation/test_colours.py`` works out by hand."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories import accidents, education, helmets
from tests.factories.evaluation import NOW, noon
from tests.factories.points import expect
from trafficedu.areas.models import Area, RegisteredEBikes
from trafficedu.core.month import Month
from trafficedu.core.numbers import new_number
from trafficedu.education.models.tasks import Attendance, Booking, Certificate, StudyTask
from trafficedu.points.models import PointActivity, PointEntry

MONTH = Month(2026, 10)
DAY = date(2026, 10, 12)


@pytest.fixture
def towns(session: Session) -> dict[str, Area]:
    return three_towns(session)


def three_towns(session: Session) -> dict[str, Area]:
    """Return the towns A, B and C of a district of their own, all of their records in October 2026."""
    session.execute(update(Area).values(evaluated=False))
    root = education.make_area(session, "district", name="三镇区")
    towns = {name: education.make_area(session, "town", root, name) for name in "ABC"}
    a, b, c = towns.values()
    for town, ebikes in ((a, 1000), (b, 2000), (c, 3000)):
        session.add(RegisteredEBikes(area_id=town.id, month=MONTH, ebikes=ebikes))
    for town, number in ((a, 10), (b, 20), (c, 30)):
        for _ in range(number):
            education.make_violation(session, None, town, noon(DAY))
    expect(session, "town", 100)
    for town, points in ((a, 90), (b, 50), (c, 100)):
        add_points(session, town, points)
    add_tasks(session, a, [(True, 90)] * 5)
    add_tasks(session, b, [(True, 80), (True, 100), (False, 90), (False, None), (False, None)])
    add_tasks(session, c, [(True, 100)] * 4)
    for town, helmeted, bare in ((a, 92, 8), (b, 99, 0), (c, 190, 10)):
        helmets.make_survey(session, helmets.make_site(session, town), helmeted, bare, when=noon(DAY))
    accidents.make_fatal(session, c, noon(DAY), responsibility="equal")
    session.flush()
    return towns


def add_points(session: Session, town: Area, points: int) -> None:
    activity = session.scalars(select(PointActivity).where(PointActivity.code == "publicity")).one()
    session.add(
        PointEntry(
            number=new_number("P"),
            area_id=town.id,
            occurred_on=DAY,
            activity_id=activity.id,
            points=points,
            source="page",
            recorded_utc=NOW,
        )
    )


def add_tasks(session: Session, town: Area, done: Sequence[tuple[bool, int | None]], due: date = DAY) -> None:
    """Add tasks due in the month: completed on time or two days late, with a quiz; without one they stay open."""
    study = education.make_session(session, education.make_station(session, town), noon(due), capacity=50)
    for on_time, quiz in done:
        day = due if on_time else due + timedelta(days=2)
        when: datetime | None = noon(day) if quiz is not None else None
        task = StudyTask(
            number=new_number("T"),
            rider_id=education.make_rider(session).id,
            course_id=study.course_id,
            area_id=town.id,
            opened_utc=noon(due - timedelta(days=15)),
            opened_on=due - timedelta(days=15),
            due_on=due,
            state="completed" if when else "open",
            completed_utc=when,
            completed_on=day if when else None,
        )
        session.add(task)
        session.flush()
        if when is None:
            continue
        booking = Booking(task_id=task.id, session_id=study.id, state="attended", booked_utc=when)
        session.add(booking)
        session.flush()
        attendance = Attendance(
            booking_id=booking.id,
            state="signed",
            checked_in_utc=when,
            open_since_utc=when,
            quiz_score=quiz,
            signed_off_utc=when,
        )
        session.add(attendance)
        session.flush()
        number = f"C{secrets.token_hex(5).upper()}"
        session.add(Certificate(number=number, task_id=task.id, attendance_id=attendance.id, issued_utc=when))
    session.flush()
