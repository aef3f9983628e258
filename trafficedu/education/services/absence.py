"""Who did not come, who left early, what nobody signed off; how each is taken back; what the worker notes of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, inspect, select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.loading import loaded
from trafficedu.core.orm import among
from trafficedu.core.text import message
from trafficedu.education.events import RiderAbsent
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask
from trafficedu.education.queries.hours import find_overlapping, hours_of
from trafficedu.education.queries.seats import origin_path
from trafficedu.education.rules.seating import pause_after_absences
from trafficedu.education.rules.states import (
    ATTENDANCE_LIFE,
    BOOKING_LIFE,
    NOT_BEGUN,
    TASK_LIFE,
    AttendanceAct,
    AttendanceState,
    BookingAct,
    BookingState,
    SessionState,
    TaskAct,
)
from trafficedu.education.services.endings import end_study, reopen
from trafficedu.education.services.seats import book_best_seat, cancel_booking, lock_riders, offer_seats
from trafficedu.riders.models import Rider

CHECK_IN = "education:session:check_in"


def lock_study(session: Session, booking: Booking) -> None:
    """Hold the rider of a booking, then read it, its task and its attendance as they are now, in one statement."""
    identity = inspect(booking).identity  # asking the booking itself would read it once more
    assert identity is not None
    booking_id = identity[0]
    rider = select(StudyTask.rider_id).join(Booking, Booking.task_id == StudyTask.id).where(Booking.id == booking_id)
    session.execute(select(Rider.id).where(Rider.id == rider.scalar_subquery()).with_for_update(key_share=True))
    session.scalars(
        select(Booking)
        .where(Booking.id == booking_id)
        .options(loaded(Booking.task), loaded(Booking.session), loaded(Booking.attendance))
        .execution_options(populate_existing=True)
    ).one()


def mark_absent(session: Session, booking: Booking, by: Actor, now: datetime) -> Booking | None:
    """Note that a rider did not come.

    The task gets the next seat; after ``education.most_absences`` it is away: seated by hand only, until its pause is
    over (``services.pausing``).

    Returns
    -------
    Booking or None
        The new seat, or None: the task waits, or is away.

    Raises
    ------
    Refusal
        The session has not begun.
    Stale
        The rider checked in, was noted already or has no seat here any more.
    """
    lock_study(session, booking)
    task = booking.task
    BOOKING_LIFE.require(BookingAct.MISS, booking.state)
    if booking.session.starts_utc > now:
        raise Refusal(message("The session has not begun yet. You can mark riders as absent once it begins."))
    booking.state = BOOKING_LIFE.after(BookingAct.MISS, booking.state)
    task.absences += 1
    again = task.absences >= figure(session, "education.most_absences")
    if again:
        days, final = figure(session, "education.away_days"), figure(session, "education.final_absences")
        task.paused_until = pause_after_absences(local_date(now), days, task.absences, final)
    task.state = TASK_LIFE.after(TaskAct.MISS_AGAIN if again else TaskAct.MISS, task.state)
    session.flush()
    audit.write(session, CHECK_IN, by, subject=booking, task=task.id, absent=True)
    publish(session, RiderAbsent(now, by, booking.id, task.id))
    return None if again else book_best_seat(session, task, origin_path(session, task), by, now)


def take_back_absence(session: Session, booking: Booking, reason: str, by: Actor, now: datetime) -> Booking | None:
    """Take back that a rider did not come.

    While the session lasts, the rider has the seat again; a seat given since goes to the next who waits. Later the
    absence only counts no more: a task that was away waits again, and gets the next seat.

    Returns
    -------
    Booking or None
        The seat the task holds now, if it holds one.

    Raises
    ------
    Refusal
        No reason (field ``reason``).
    Stale
        The rider is not noted as absent any more.
    """
    _require_reason(reason)
    lock_study(session, booking)
    task = booking.task
    BOOKING_LIFE.require(BookingAct.EXCUSE, booking.state)
    task.absences -= 1
    booking.taken_back = reason.strip()
    again = task.state in NOT_BEGUN and booking.session.takes_place and _lasts(session, booking.session, now)
    if again:
        reinstate(session, booking, by, now)
    else:
        booking.state = BOOKING_LIFE.after(BookingAct.EXCUSE, booking.state)
        if task.is_away:
            task.state = TASK_LIFE.after(TaskAct.EXCUSE, task.state)
            session.flush()
            book_best_seat(session, task, origin_path(session, task), by, now)
    session.flush()
    audit.write(session, CHECK_IN, by, subject=booking, task=task.id, absent=False, seat=again)
    return booking if again else None


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Refusal(message("Say why this is being taken back."), field="reason")


def _lasts(session: Session, study: StudySession, now: datetime) -> bool:
    return now < hours_of(session, study).closes


def reinstate(session: Session, booking: Booking, by: Actor, now: datetime) -> None:
    """Give the seat back that was kept for the rider all the time; another one is given up for it."""
    task = booking.task
    freed = cancel_booking(session, task, by)
    booking.state = BOOKING_LIFE.after(BookingAct.REINSTATE, booking.state)
    task.state = TASK_LIFE.after(TaskAct.SEAT, task.state)
    task.station_id = booking.session.station_id
    session.flush()
    if freed is not None:
        offer_seats(session, freed, by, now)


def leave_early(session: Session, booking: Booking, by: Actor, now: datetime) -> Booking | None:
    """Note that a rider who came left before the end: the task opens again and gets the next seat.

    What was studied stays; modules that were completed count at the next session (``education.credit_days``).

    Raises
    ------
    Refusal
        The session has not begun: the check-in is undone instead.
    Stale
        The rider is signed off or gone already.
    """
    lock_study(session, booking)
    if booking.attendance is None:
        raise Refusal(message("This rider is not studying here now. Check the rider in first, or check the roster."))
    ATTENDANCE_LIFE.require(AttendanceAct.LEAVE, booking.attendance.state)
    if booking.session.starts_utc > now:
        raise Refusal(message("The session has not begun yet. Undo the check-in instead."))
    end_study(session, booking.attendance, AttendanceAct.LEAVE, now)
    audit.write(session, CHECK_IN, by, subject=booking.attendance, task=booking.task_id, left=True)
    return reopen(session, booking.task, TaskAct.LEAVE, by, now)


def come_back(session: Session, booking: Booking, reason: str, by: Actor, now: datetime) -> None:
    """Take back that a rider left: the study goes on where it was; a seat given since goes to the next who waits.

    Raises
    ------
    Refusal
        No reason (field ``reason``), or the rider sits in another session at that time.
    Stale
        The rider has not left, or has begun or finished the study elsewhere.
    """
    _require_reason(reason)
    lock_study(session, booking)
    attendance, task = booking.attendance, booking.task
    if attendance is None:
        raise Refusal(message("This rider is not studying here now. Check the rider in first, or check the roster."))
    left = attendance.ended_utc
    attendance.state = ATTENDANCE_LIFE.after(AttendanceAct.COME_BACK, attendance.state)
    TASK_LIFE.require(TaskAct.COME_BACK, task.state)
    require_one_place(session, booking)
    freed = cancel_booking(session, task, by)
    task.state = TASK_LIFE.after(TaskAct.COME_BACK, task.state)
    task.station_id = booking.session.station_id
    attendance.ended_utc, attendance.open_since_utc = None, now
    for record in attendance.modules:
        if record.ended_utc == left:
            record.ended_utc = record.minutes = None
    booking.taken_back = reason.strip()
    session.flush()
    audit.write(session, CHECK_IN, by, subject=attendance, task=task.id, left=False)
    if freed is not None:
        offer_seats(session, freed, by, now)


def require_one_place(session: Session, booking: Booking) -> None:
    """Raise Refusal where the rider, who is held, studies in another session at the same time."""
    other = find_overlapping(session, booking.task.rider_id, booking.session, booking.task_id)
    if other is not None:
        text = message("The rider is studying in another session at this time: %(number)s.", number=other.number)
        raise Refusal(text, field="session")


def note_absent(session: Session, now: datetime, limit: int) -> int:
    """Note who did not come to sessions that are over since the configured hours; returns how many. A chore."""
    over = now - timedelta(hours=figure(session, "education.no_show_hours"))
    query = (
        select(Booking.id, StudyTask.rider_id)
        .join(Booking.session)
        .join(Booking.task)
        .where(
            among(Booking.state, BookingState.BOOKED),
            StudySession.ends_utc < over,
            StudySession.state == SessionState.SCHEDULED,
        )
    )
    missed = _held(session, query.order_by(Booking.id), limit)
    for booking in missed:
        if booking.may(BookingAct.MISS):
            mark_absent(session, booking, SYSTEM, now)
    return len(missed)


def close_unsigned(session: Session, now: datetime, limit: int) -> int:
    """Close studies as not completed that nobody signed off in the configured days; returns how many. A chore.

    Their tasks open again, and get the next seat.
    """
    since = now - timedelta(days=figure(session, "education.unsigned_days"))
    studying = among(Attendance.state, AttendanceState.STUDYING)
    query = select(Booking.id, StudyTask.rider_id).join(Booking.attendance).join(Booking.task)
    query = query.where(studying, Attendance.open_since_utc < since).order_by(Attendance.open_since_utc)
    left_open = _held(session, query, limit)
    for booking in left_open:
        lock_study(session, booking)
        attendance = booking.attendance
        if attendance is not None and attendance.may(AttendanceAct.LAPSE):
            end_study(session, attendance, AttendanceAct.LAPSE, now)
            audit.write(session, CHECK_IN, SYSTEM, subject=attendance, task=booking.task_id, closed=True)
            reopen(session, booking.task, TaskAct.LEAVE, SYSTEM, now)
    return len(left_open)


def _held(session: Session, query: Select[tuple[int, int]], limit: int) -> Sequence[Booking]:
    """Return bookings with all their riders held, in one order: seats change hands only after that."""
    found = session.execute(query.limit(limit)).all()
    lock_riders(session, [rider_id for _, rider_id in found])
    bookings = select(Booking).where(Booking.id.in_([booking_id for booking_id, _ in found])).order_by(Booking.id)
    return session.scalars(bookings.execution_options(populate_existing=True)).all()
