"""Holding one session: planned, changed, moved, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.events import publish
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import message
from trafficedu.education.events import SessionCancelled, SessionHeld, SessionMoved
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.free import turn
from trafficedu.education.queries.hours import find_overlapping
from trafficedu.education.queries.seats import last_station, origin_path
from trafficedu.education.rules.planning import RidersChoice
from trafficedu.education.rules.states import (
    BOOKING_LIFE,
    SESSION_LIFE,
    TASK_LIFE,
    BookingAct,
    BookingState,
    SessionAct,
    TaskAct,
)
from trafficedu.education.services.own_seat import let_choose
from trafficedu.education.services.planning import end_of, require_free_time, require_own, require_usual_time
from trafficedu.education.services.seats import (
    book_best_seat,
    cancel_booking,
    lock_riders,
    lock_sessions,
    offer_seats,
    reseat_elsewhere,
)
from trafficedu.stations.models import Station

TOO_SMALL = message("More seats than that are already taken. Move some riders first, or choose a larger number.")


@dataclass(frozen=True)
class NewSession:
    """A course at a station at a time."""

    course: Course
    station: Station
    starts_utc: datetime
    capacity: int
    lecturer: str = ""


@dataclass(frozen=True)
class SessionChange:
    """What can be changed of a session that has not begun; ``riders``: what becomes of them where it moves."""

    starts_utc: datetime
    capacity: int
    lecturer: str = ""
    riders: RidersChoice = RidersChoice.KEEP


def create_session(
    session: Session, new: NewSession, by: Actor, now: datetime, *, series: str | None = None
) -> StudySession:
    """Put a session on the calendar and give its seats to those who wait.

    Raises
    ------
    Missing
        The station is not the actor's.
    Refusal
        It begins in the past, too far ahead or outside the station's hours, or the station has a session at that time
        (field ``starts_utc``).
    """
    require_own(new.station, by)
    require_possible(session, new, now)
    study = StudySession(
        number=new_number("S"),
        course=new.course,
        station=new.station,
        starts_utc=new.starts_utc,
        starts_on=local_date(new.starts_utc),
        ends_utc=end_of(new.course, new.starts_utc),
        capacity=new.capacity,
        lecturer=new.lecturer,
        series=series,
    )
    session.add(study)
    session.flush()
    audit.write(session, "education:session:manage", by, subject=study, capacity=new.capacity, series=series)
    publish(session, SessionHeld(now, by, study.id))
    offer_seats(session, study.id, by, now)
    return study


def require_possible(session: Session, new: NewSession, now: datetime) -> None:
    """Raise Refusal where a session could not be planned; nothing is written."""
    require_usual_time(session, new.course, new.starts_utc, now)
    require_free_time(session, new.course, new.station, new.starts_utc, new.lecturer)


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
        It has begun or is cancelled, somebody has checked in and it would begin at another time, that time cannot be
        meant or is taken, or more seats are taken than the new capacity.
    """
    require_own(study.station, by)
    expect_version(study, version)
    if not SESSION_LIFE.may(SessionAct.CHANGE, study.state) or study.starts_utc <= now:
        raise Refusal(message("This session has begun or been cancelled, so it can no longer be changed."))
    before = study.starts_utc
    if new.starts_utc != before:
        _require_movable(session, study)
        require_usual_time(session, study.course, new.starts_utc, now)
    if (new.starts_utc, new.lecturer) != (before, study.lecturer):
        require_free_time(session, study.course, study.station, new.starts_utc, new.lecturer, but=study)
    if new.capacity < min(study.capacity, study.seats_taken):
        raise Refusal(TOO_SMALL, field="capacity")
    study.starts_utc, study.starts_on = new.starts_utc, local_date(new.starts_utc)
    study.ends_utc = end_of(study.course, new.starts_utc)
    study.capacity, study.lecturer = new.capacity, new.lecturer
    flush_or_refuse(session, {"ck_study_session_seats": Refusal(TOO_SMALL, field="capacity")})
    audit.write(session, "education:session:manage", by, subject=study, capacity=new.capacity)
    if study.starts_utc != before:
        _tell_riders(session, study, before, new.riders, by, now)
    return offer_seats(session, study.id, by, now)


def _tell_riders(
    session: Session, study: StudySession, before: datetime, riders: RidersChoice, by: Actor, now: datetime
) -> None:
    """Let the riders of a session that was moved keep their seats, or get others; publishes :class:`SessionMoved`.

    Who studies in another session at the new time never keeps the seat: one rider has one place at one time.
    """
    for booking, task in _live(session, study.id):
        collides = find_overlapping(session, task.rider_id, study, task.id) is not None
        if not collides and riders is not RidersChoice.MOVE:
            continue
        moved = reseat_elsewhere(session, task, booking, by, now)
        if collides and moved is None:
            cancel_booking(session, task, by)
            task.state = TASK_LIFE.after(TaskAct.UNSEAT, task.state)
            session.flush()
    let_choose(session, study, riders is RidersChoice.CHOOSE, now)
    publish(session, SessionMoved(now, by, study.id, before, riders is RidersChoice.CHOOSE))


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
    require_own(study.station, by)
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
    moved = _seat_elsewhere(session, [task for _, task in live], study.id, by, now)
    waiting = tuple(task.id for _, task in live if task.is_open)
    publish(session, SessionCancelled(now, by, study.id, study.cancel_reason, waiting))
    return Cancelled(moved, len(live) - moved)


def _seat_elsewhere(session: Session, tasks: Sequence[StudyTask], left: int, by: Actor, now: datetime) -> int:
    """Give tasks whose session was cancelled another seat, in turn; returns how many got one."""
    seats = [
        book_best_seat(session, task, origin_path(session, task), by, now, left_session_id=left)
        for task in sorted(tasks, key=turn)
    ]
    return sum(seat is not None for seat in seats)


def _has_been_used(session: Session, study: StudySession) -> bool:
    """Tell whether somebody checked in to a session, or was noted as absent: its day and its place are facts then."""
    happened = (BookingState.ATTENDED, BookingState.ABSENT, BookingState.EXCUSED)
    used = select(Booking.id).where(Booking.session_id == study.id, Booking.state.in_(happened)).limit(1)
    return session.scalar(used) is not None


def _require_movable(session: Session, study: StudySession) -> None:
    lock_riders(session, [task.rider_id for _, task in _live(session, study.id)])
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
