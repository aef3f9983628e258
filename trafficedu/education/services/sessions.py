"""Holding sessions: one or weekly, changed, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import corrections
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import from_local, local, local_date
from trafficedu.core.errors import Missing, Refusal, Stale
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import message
from trafficedu.core.workdays import is_public_holiday
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.seats import last_station, origin_path
from trafficedu.education.rules import reckoning
from trafficedu.education.rules.states import (
    BOOKING_LIFE,
    SESSION_LIFE,
    TASK_LIFE,
    BookingAct,
    BookingState,
    SessionAct,
    SessionState,
    TaskAct,
)
from trafficedu.education.services.seats import book_best_seat, lock_riders, lock_sessions, offer_seats
from trafficedu.stations.models import Station

TOO_SMALL = message("More seats than that are already taken. Move some riders first, or choose a larger number.")


@dataclass(frozen=True)
class NewSession:
    """A course at a station at a time; ``at_night``: whoever plans it says that it is meant to be at night."""

    course: Course
    station: Station
    starts_utc: datetime
    capacity: int
    lecturer: str = ""
    at_night: bool = False


@dataclass(frozen=True)
class NewSeries:
    """The same session every week on the weekday and at the hour of the ``first``, to ``until`` (included)."""

    first: NewSession
    until: date


@dataclass(frozen=True)
class SessionChange:
    """What can be changed of a session that has not begun."""

    starts_utc: datetime
    capacity: int
    lecturer: str = ""
    at_night: bool = False


def _require_own(station: Station, by: Actor) -> None:
    if by.scope.everything or by.scope.station_id == station.id:
        return
    raise Missing(message("This station does not exist, or you do not have access to it."))


def create_session(
    session: Session, new: NewSession, by: Actor, now: datetime, *, series: str | None = None
) -> StudySession:
    """Put a session on the calendar and give its seats to those who wait.

    Raises
    ------
    Missing
        The station is not the actor's.
    Refusal
        It begins in the past or years ahead (field ``starts_utc``), at night without that being said (field
        ``at_night``), or the station has a session at that very time.
    """
    _require_own(new.station, by)
    _require_usual_time(new.starts_utc, new.at_night, now)
    _require_free_time(session, new.station.id, new.starts_utc)
    study = StudySession(
        number=new_number("S"),
        course=new.course,
        station=new.station,
        starts_utc=new.starts_utc,
        starts_on=local_date(new.starts_utc),
        ends_utc=_end_of(new.course, new.starts_utc),
        capacity=new.capacity,
        lecturer=new.lecturer,
        series=series,
    )
    session.add(study)
    session.flush()
    audit.write(session, "education:session:manage", by, subject=study, capacity=new.capacity, series=series)
    offer_seats(session, study.id, by, now)
    return study


def _end_of(course: Course, starts_utc: datetime) -> datetime:
    """Return when the modules of a course end that begins at a time, each after its minimum of minutes."""
    return starts_utc + timedelta(minutes=course.on(local_date(starts_utc)).minutes)


def _require_usual_time(starts_utc: datetime, at_night: bool, now: datetime) -> None:
    if starts_utc <= now:
        raise Refusal(message("The session must begin in the future. Check the date and time."), field="starts_utc")
    if starts_utc > now + timedelta(days=reckoning.MOST_DAYS_AHEAD):
        raise Refusal(message("The session would begin more than two years ahead. Check the year."), field="starts_utc")
    if reckoning.is_at_night(local(starts_utc).time()) and not at_night:
        text = message("The session would begin at %(time)s, at night.", time=local(starts_utc).strftime("%H:%M"))
        raise Refusal(text, field="at_night")


def _require_free_time(session: Session, station_id: int, starts_utc: datetime, own_id: int = 0) -> None:
    other = session.scalar(
        select(StudySession.number).where(
            StudySession.station_id == station_id,
            StudySession.starts_utc == starts_utc,
            StudySession.state == SessionState.SCHEDULED,
            StudySession.id != own_id,
        )
    )
    if other is not None:
        text = message("The station already has a session at this time: %(number)s.", number=other)
        raise Refusal(text, field="starts_utc")


def series_days(session: Session, new: NewSeries) -> list[reckoning.WeeklyDay]:
    """Return the days a series would fall on, public holidays marked, for the preview before it is made."""
    calendar = corrections(session)
    return reckoning.weekly_days(
        local_date(new.first.starts_utc), new.until, lambda day: is_public_holiday(day, calendar)
    )


def create_series(session: Session, new: NewSeries, by: Actor, now: datetime) -> Sequence[StudySession]:
    """Make the sessions of a weekly series, public holidays passed over; all of them or none.

    Raises
    ------
    Refusal
        No day is left (field ``until``), or one of them is refused by :func:`create_session`.
    """
    days = [planned.day for planned in series_days(session, new) if not planned.holiday]
    if not days:
        raise Refusal(message("There are no days left in this period. Choose a later end date."), field="until")
    series, hour = new_number("W"), local(new.first.starts_utc).time()
    starts = [from_local(datetime.combine(day, hour)) for day in days]
    return [create_session(session, replace(new.first, starts_utc=at), by, now, series=series) for at in starts]


def change_session(
    session: Session, study: StudySession, new: SessionChange, version: int, by: Actor, now: datetime
) -> int:
    """Change time, capacity or lecturer of a session that has not begun; riders keep their seats.

    Returns
    -------
    int
        How many waiting tasks got one of the new seats.

    Raises
    ------
    Stale
        Somebody else changed it meanwhile.
    Refusal
        It has begun or is cancelled, somebody has checked in and it would begin at another time, it would begin in the
        past, years ahead or at night without that being said, or has more seats taken than the new capacity.
    """
    _require_own(study.station, by)
    expect_version(study, version)
    if not SESSION_LIFE.may(SessionAct.CHANGE, study.state) or study.starts_utc <= now:
        raise Refusal(message("This session has begun or been cancelled, so it can no longer be changed."))
    if new.starts_utc != study.starts_utc:
        _require_movable(session, study)
        _require_usual_time(new.starts_utc, new.at_night, now)
    _require_free_time(session, study.station_id, new.starts_utc, own_id=study.id)
    if new.capacity < study.seats_taken:
        raise Refusal(TOO_SMALL, field="capacity")
    study.starts_utc, study.starts_on = new.starts_utc, local_date(new.starts_utc)
    study.ends_utc = _end_of(study.course, new.starts_utc)
    study.capacity, study.lecturer = new.capacity, new.lecturer
    flush_or_refuse(session, {"ck_study_session_seats": Refusal(TOO_SMALL, field="capacity")})
    audit.write(session, "education:session:manage", by, subject=study, capacity=new.capacity)
    return offer_seats(session, study.id, by, now)


@dataclass(frozen=True)
class Cancelled:
    """What became of the riders of a cancelled session."""

    moved: int
    waiting: int


def cancel_session(
    session: Session, study: StudySession, reason: str, version: int, expected: int, by: Actor, now: datetime
) -> Cancelled:
    """Cancel a session nobody has checked in to; its riders get the next seat, or wait.

    Parameters
    ----------
    expected
        How many bookings the page said would be moved; another number now is told before anything happens.

    Raises
    ------
    Stale
        The session or the number of its bookings changed meanwhile.
    Refusal
        No reason (field ``reason``), somebody has checked in, or it is cancelled already.
    """
    _require_own(study.station, by)
    expect_version(study, version)
    if not reason.strip():
        raise Refusal(message("Say why the session is being cancelled."), field="reason")
    seen = _live(session, study.id)
    lock_riders(session, [task.rider_id for _, task in seen])
    lock_sessions(session, [study.id])
    session.refresh(study)
    live = _live(session, study.id)
    if len(live) != expected or {booking.id for booking, _ in seen} != {booking.id for booking, _ in live}:
        raise Stale(message("The bookings for this session have just changed. Check the number again."))
    _require_cancellable(session, study)
    study.state = SESSION_LIFE.after(SessionAct.CANCEL, study.state)
    study.cancel_reason, study.seats_taken = reason.strip(), 0
    for booking, task in live:
        booking.state = BOOKING_LIFE.after(BookingAct.GIVE_UP, booking.state)
        task.state = TASK_LIFE.after(TaskAct.UNSEAT, task.state)
    session.flush()
    for _, task in live:
        task.station_id = last_station(session, task.id)
    audit.write(session, "education:session:cancel", by, subject=study, bookings=len(live))
    by_urgency = sorted((task for _, task in live), key=lambda task: (task.due_on, task.id))
    moved = sum(book_best_seat(session, task, origin_path(session, task), by, now) is not None for task in by_urgency)
    return Cancelled(moved, len(live) - moved)


def _has_been_used(session: Session, study: StudySession) -> bool:
    """Tell whether somebody checked in to a session, or was noted as absent: its day and its place are facts then."""
    happened = (BookingState.ATTENDED, BookingState.ABSENT, BookingState.EXCUSED)
    used = select(Booking.id).where(Booking.session_id == study.id, Booking.state.in_(happened)).limit(1)
    return session.scalar(used) is not None


def _require_movable(session: Session, study: StudySession) -> None:
    session.execute(select(StudySession.id).where(StudySession.id == study.id).with_for_update())
    if _has_been_used(session, study):
        text = message("Riders have checked in, so this session keeps its day and time. Plan another session.")
        raise Refusal(text, field="starts_utc")


def _require_cancellable(session: Session, study: StudySession) -> None:
    if not SESSION_LIFE.may(SessionAct.CANCEL, study.state) or _has_been_used(session, study):
        raise Refusal(message("This session has been cancelled, or riders have checked in, so it stays as it is."))


def _live(session: Session, session_id: int) -> list[tuple[Booking, StudyTask]]:
    rows = session.execute(
        select(Booking, StudyTask)
        .join(StudyTask, Booking.task_id == StudyTask.id)
        .where(Booking.session_id == session_id, Booking.state == BookingState.BOOKED)
        .execution_options(populate_existing=True)
    )
    return [(row[0], row[1]) for row in rows]
