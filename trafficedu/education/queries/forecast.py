"""Reads of the forecast: who waits until when, how many come newly or once more, which seats are free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import within
from trafficedu.configuration.queries import figure
from trafficedu.core.clock import local_date
from trafficedu.core.orm import among
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask
from trafficedu.education.queries.courses import list_courses
from trafficedu.education.rules import forecast as rules
from trafficedu.education.rules.states import AttendanceState, BookingState, SessionState, TaskState
from trafficedu.stations.models import Station

WEEKS_AHEAD, WEEKS_MEASURED = 6, 8


@dataclass(frozen=True)
class CourseForecast:
    """The coming weeks of one course; ``inflow`` and ``again`` are None where too little was measured."""

    course: Course
    waiting: int
    inflow: rules.Inflow | None
    again: rules.Again | None
    weeks: Sequence[date]
    needs: Sequence[rules.Need]

    @property
    def rows(self) -> list[tuple[date, rules.Need]]:
        """Each week, by its Monday, with what it needs."""
        return list(zip(self.weeks, self.needs, strict=True))


def forecast(session: Session, path: str, now: datetime) -> list[CourseForecast]:
    """Return the forecast of each course held now, for the stations and the tasks at and below ``path``.

    The first week is the present one, from today on. A task that is overdue is due in it. A new task needs a seat
    before its due date: from the week on in which that ends.
    """
    today = local_date(now)
    monday = today - timedelta(days=today.weekday())
    weeks = [monday + timedelta(weeks=place) for place in range(WEEKS_AHEAD)]
    due, held, came = _due(session, path), _seats(session, path, now, weeks), _came(session, path, monday)
    once_more = _again(session, path, monday)
    from_week = figure(session, "education.due_days") // 7
    found = []
    for course in list_courses(session, active_on=today):
        by_week = [0] * WEEKS_AHEAD
        for day, count in due.get(course.id, {}).items():
            place = max(0, (day - monday).days // 7)
            if place < WEEKS_AHEAD:
                by_week[place] += count
        new, again = rules.inflow(came.get(course.id, [0] * WEEKS_MEASURED)), once_more.get(course.id)
        seats = [held.get(course.id, {}).get(week, (0, 0)) for week in weeks]
        planned = [rules.Week(count, *of_week) for count, of_week in zip(by_week, seats, strict=True)]
        needed = rules.needs(planned, new or rules.Inflow(0.0, 0.0, 0.0), from_week, again or rules.NOT_MEASURED)
        found.append(CourseForecast(course, sum(due.get(course.id, {}).values()), new, again, weeks, needed))
    return found


def _due(session: Session, path: str) -> Mapping[int, dict[date, int]]:
    """Return how many tasks without a seat are due on which day, by course."""
    query = (
        select(StudyTask.course_id, StudyTask.due_on, func.count())
        .where(among(StudyTask.state, TaskState.OPEN), StudyTask.area_id.in_(within(path)))
        .group_by(StudyTask.course_id, StudyTask.due_on)
    )
    found: dict[int, dict[date, int]] = {}
    for course_id, due_on, count in session.execute(query):
        found.setdefault(course_id, {})[due_on] = count
    return found


def _seats(
    session: Session, path: str, now: datetime, weeks: Sequence[date]
) -> Mapping[int, dict[date, tuple[int, int]]]:
    """Return how many seats are free and how many are taken in each week, by course."""
    stations = select(Station.id).where(Station.area_id.in_(within(path)), Station.active)
    free = func.sum(StudySession.capacity + StudySession.extra_seats - StudySession.seats_taken)
    query = (
        select(StudySession.course_id, StudySession.starts_on, free, func.sum(StudySession.seats_taken))
        .where(
            StudySession.starts_on.between(local_date(now), weeks[-1] + timedelta(days=6)),
            StudySession.starts_utc > now,
            StudySession.state == SessionState.SCHEDULED,
            StudySession.station_id.in_(stations),
        )
        .group_by(StudySession.course_id, StudySession.starts_on)
    )
    found: dict[int, dict[date, tuple[int, int]]] = {}
    for course_id, day, some, taken in session.execute(query):
        monday = day - timedelta(days=day.weekday())
        of_course = found.setdefault(course_id, {})
        before = of_course.get(monday, (0, 0))
        of_course[monday] = (before[0] + int(some), before[1] + int(taken))
    return found


def _again(session: Session, path: str, monday: date) -> Mapping[int, rules.Again]:
    """Return which share of the seats of the last full weeks is needed once more, by course, where enough are known.

    These are seats whose rider did not come, left early or did not complete; those whose end is open are left out, and
    so are absences that were taken back. Of many, the seats of the latest sessions are read (``rules.latest_of``).
    """
    from trafficedu.analysis.proportions import wilson  # noqa: PLC0415 - numpy loads only where it is used

    of_session = _latest_sessions(session, path, monday)
    # looked up seat by seat: joined, PostgreSQL would rather read the attendances of all years
    state = select(Attendance.state).where(Attendance.booking_id == Booking.id).correlate(Booking).scalar_subquery()
    seat = (
        select(Booking.session_id, func.coalesce(state, AttendanceState.UNFINISHED).label("ended"))
        .where(
            Booking.session_id.in_(of_session),
            Booking.state.in_((BookingState.ATTENDED, BookingState.ABSENT)),
        )
        .subquery()
    ).c
    query = (
        select(seat.session_id, seat.ended, func.count())
        .where(seat.ended != AttendanceState.STUDYING)
        .group_by(seat.session_id, seat.ended)
    )
    counts: dict[int, Counter[str]] = {}
    for session_id, state, count in session.execute(query):
        counts.setdefault(of_session[session_id], Counter())[state] += count
    found = {}
    for course_id, by_state in counts.items():
        seats = by_state.total()
        needed = seats - by_state[AttendanceState.SIGNED]
        if seats >= rules.LEAST_SEATS:
            low, high = wilson(needed, seats)
            found[course_id] = rules.Again(seats, needed / seats, low, high)
    return found


def _latest_sessions(session: Session, path: str, monday: date) -> Mapping[int, int]:
    """Return session id -> course of the latest sessions of the last full weeks, as many as are read of a course."""
    query = (
        select(StudySession.course_id, StudySession.id, StudySession.seats_taken)
        .where(
            StudySession.starts_on.between(monday - timedelta(weeks=WEEKS_MEASURED), monday - timedelta(days=1)),
            StudySession.station_id.in_(select(Station.id).where(Station.area_id.in_(within(path)))),
            StudySession.state != SessionState.CANCELLED,
        )
        .order_by(StudySession.starts_on.desc(), StudySession.id.desc())
    )
    taken: dict[int, dict[int, int]] = {}
    for course_id, session_id, seats in session.execute(query):
        taken.setdefault(course_id, {})[session_id] = seats
    return {session_id: course_id for course_id, seats in taken.items() for session_id in rules.latest_of(seats)}


def _came(session: Session, path: str, monday: date) -> Mapping[int, list[int]]:
    """Return how many tasks were opened in each of the last full weeks, by course, the earliest week first."""
    first = monday - timedelta(weeks=WEEKS_MEASURED)
    query = (
        select(StudyTask.course_id, StudyTask.opened_on, func.count())
        .where(
            StudyTask.opened_on >= first,
            StudyTask.opened_on < monday,
            StudyTask.area_id.in_(within(path)),
            StudyTask.state.not_in((TaskState.WITHDRAWN, TaskState.JOINED)),
        )
        .group_by(StudyTask.course_id, StudyTask.opened_on)
    )
    found: dict[int, list[int]] = {}
    for course_id, day, count in session.execute(query):
        found.setdefault(course_id, [0] * WEEKS_MEASURED)[(day - first).days // 7] += count
    return found
