"""Booking seats, cancelling bookings, and offering what became free to those who wait.

A seat is reserved by one conditional update (``seats_taken < capacity``): the last one is given once, whoever
asks at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.bulk import batches
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.tables import insert_row, table_of
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.education.events import SeatGiven, SeatMoved
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries import seats as queries
from trafficedu.education.queries.forward import tasks_to_bring_forward
from trafficedu.education.queries.free import has_free_seat
from trafficedu.education.queries.hours import find_overlapping, hours_of
from trafficedu.education.queries.seats import Seeker
from trafficedu.education.rules import states
from trafficedu.education.rules.states import BOOKING_LIFE, TASK_LIFE, BookingAct, TaskAct
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station

PART = 10
"""How many who wait are given seats in one transaction: each takes a search."""
ROUNDS = 5
"""How often the ranking is asked anew after every candidate turned out full."""
FULL = message("This session has just become full. Choose another one.")
NOT_OFFERED = message("This session cannot be chosen for this study task. Choose another one.")


def lock_riders(session: Session, rider_ids: Iterable[int]) -> None:
    """Hold riders for this transaction: whatever changes a rider's unfinished task does this first.

    The weaker kind of lock (``FOR NO KEY UPDATE``): a transaction that has just inserted a violation of the
    rider holds a key share of the row, and two of those must not wait for each other.
    """
    session.execute(
        select(Rider.id).where(Rider.id.in_(set(rider_ids))).order_by(Rider.id).with_for_update(key_share=True)
    )


def lock_task(session: Session, task: StudyTask) -> None:
    """Hold the rider of a task, then read the task as it is now."""
    lock_riders(session, [task.rider_id])
    session.refresh(task)


_SESSIONS = table_of(StudySession)
_RESERVE_ANY = (
    update(_SESSIONS)
    .where(_SESSIONS.c.state == states.SessionState.SCHEDULED, has_free_seat(_SESSIONS.c))
    .values(seats_taken=_SESSIONS.c.seats_taken + 1)
    .returning(_SESSIONS.c.id, _SESSIONS.c.station_id)
)
_RESERVE = _RESERVE_ANY.where(_SESSIONS.c.id == bindparam("session_id"))
_RESERVE_BEST = _RESERVE_ANY.where(_SESSIONS.c.id == queries.BEST_CANDIDATE)


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat that was reserved: in which session, at which station."""

    session_id: int
    station_id: int


def reserve_seat(session: Session, session_id: int) -> Seat | None:
    """Reserve one seat if the session takes place and has one free; None where it has not."""
    row = session.connection().execute(_RESERVE, {"session_id": session_id}).one_or_none()
    _expire_count(session, session_id)
    return None if row is None else Seat(*row)


def release_seat(session: Session, session_id: int) -> None:
    """Give one seat back."""
    session.execute(
        update(StudySession)
        .where(StudySession.id == session_id, StudySession.seats_taken > 0)
        .values(seats_taken=StudySession.seats_taken - 1),
        execution_options={"synchronize_session": False},
    )
    _expire_count(session, session_id)


def _expire_count(session: Session, session_id: int) -> None:
    study = session.identity_map.get(identity_key(StudySession, session_id))
    if study is not None:
        session.expire(study, ["seats_taken"])


def book_best_seat(
    session: Session, task: StudyTask, path: str, by: Actor, now: datetime, *, left_session_id: int | None = None
) -> Booking | None:
    """Book the best session for a task whose rider is held and who has no seat; None when there is none.

    The task becomes booked, or stays open, which is what waiting means. ``left_session_id``: where it had a seat until
    now. Publishes what :func:`add_booking` does.
    """
    seat = reserve_best_seat(session, seeker_of(task, path), now)
    if seat is not None:
        return _book_reserved(session, task, seat, by, now, left_session_id)
    task.state = TASK_LIFE.after(TaskAct.UNSEAT, task.state)
    session.flush()
    return None


def seeker_of(task: StudyTask, path: str) -> Seeker:
    """Return what is looked for when a seat is looked for a task."""
    return Seeker(task.rider_id, task.course_id, task.due_on, path)


def reserve_best_seat(session: Session, seeker: Seeker, now: datetime) -> Seat | None:
    """Reserve a seat in the best session for who looks for one; None where there is none.

    Mostly one statement finds the best session and reserves the seat. Where that got none, there is no session, or
    the best one filled up in between: then the ranking is asked for, and a candidate that is full costs one more
    update.
    """
    parameters = queries.search_parameters(session, seeker, now)
    best = session.connection().execute(_RESERVE_BEST, parameters).one_or_none()
    if best is not None:
        _expire_count(session, best.id)
        return Seat(*best)
    for _ in range(ROUNDS):
        candidates = queries.candidates(session, seeker, now)
        for session_id in candidates:
            if seat := reserve_seat(session, session_id):
                return seat
        if not candidates:
            break
    return None


def _book_reserved(
    session: Session, task: StudyTask, seat: Seat, by: Actor, now: datetime, left_session_id: int | None = None
) -> Booking:
    task.state, task.paused_until = TASK_LIFE.after(TaskAct.SEAT, task.state), None
    task.station_id = seat.station_id
    session.flush()
    booking_id = add_booking(session, task.id, seat.session_id, by, now, left_session_id)
    session.expire(task, ["bookings"])
    return session.get_one(Booking, booking_id)


def add_booking(
    session: Session, task_id: int, session_id: int, by: Actor, now: datetime, left_session_id: int | None = None
) -> int:
    """Write down for a booked task the seat that :func:`reserve_seat` got for it; returns the booking's id.

    Publishes :class:`SeatMoved` where it had another one until now, else :class:`SeatGiven`.
    """
    booking_id = insert_row(
        session, Booking, task_id=task_id, session_id=session_id, booked_utc=now, booked_by_id=by.user_id
    )
    subject = (Booking, booking_id)
    audit.write(session, "education:seat:book", by, subject=subject, task=task_id, study_session=session_id)
    if left_session_id is None:
        publish(session, SeatGiven(now, by, booking_id, task_id))
    else:
        publish(session, SeatMoved(now, by, booking_id, task_id, left_session_id))
    return booking_id


def cancel_booking(session: Session, task: StudyTask, by: Actor) -> int | None:
    """Cancel the live booking of a task whose rider is held; returns the session whose seat is free, or None.

    The caller decides what the task becomes, and offers the seat (:func:`offer_seats`).
    """
    booking = queries.live_booking(session, task.id)
    if booking is None:
        return None
    booking.state = BOOKING_LIFE.after(BookingAct.GIVE_UP, booking.state)
    session.flush()
    task.station_id = queries.last_station(session, task.id)
    release_seat(session, booking.session_id)
    audit.write(session, "education:seat:leave", by, subject=booking, task=task.id, study_session=booking.session_id)
    return booking.session_id


def book(session: Session, task: StudyTask, by: Actor, now: datetime) -> Booking | None:
    """Give a waiting task the best seat there is.

    Returns
    -------
    Booking or None
        The seat it holds (the present one if it has one already), or None: it goes on waiting.

    Raises
    ------
    Refusal
        The task is begun or finished.
    """
    lock_task(session, task)
    _require_not_begun(task)
    present = queries.live_booking(session, task.id)
    return present or book_best_seat(session, task, queries.origin_path(session, task), by, now)


def _require_not_begun(task: StudyTask) -> None:
    if not task.may(TaskAct.SEAT):
        raise Refusal(message("The study task has begun or is finished, so its seat can no longer be changed."))


def move_booking(
    session: Session,
    task: StudyTask,
    study_session: StudySession,
    by: Actor,
    now: datetime,
    *,
    at: datetime | None = None,
) -> Booking:
    """Give a task the seat that somebody chose; the old one goes to the next who waits.

    At the desk of their station, staff may still seat somebody who comes to a session that goes on. ``at``: when the
    rider stood there, where that is told later; what becomes free is offered as of now.

    Raises
    ------
    Refusal
        The task is begun or finished, the session has another course, is over, cancelled or full, its station does not
        serve the rider, or the rider studies elsewhere at that time.
    """
    lock_task(session, task)
    _require_not_begun(task)
    present = queries.live_booking(session, task.id)
    if present is not None and present.session_id == study_session.id:
        return present
    _require_suitable(session, task, study_session, by, at or now)
    lock_sessions(session, [study_session.id, *([present.session_id] if present else [])])
    seat = reserve_seat(session, study_session.id)
    if seat is None:
        raise Refusal(FULL, field="session")
    freed = cancel_booking(session, task, by)
    booking = _book_reserved(session, task, seat, by, now, freed)
    if freed is not None:
        offer_seats(session, freed, by, now)
    return booking


def reseat_elsewhere(session: Session, task: StudyTask, present: Booking, by: Actor, now: datetime) -> Booking | None:
    """Give a task whose rider is held the best seat in another session than its own; None where there is none.

    The seat it leaves is free then; the caller offers it.
    """
    seeker = seeker_of(task, queries.origin_path(session, task))
    for session_id in queries.candidates(session, seeker, now):
        if session_id == present.session_id:
            continue
        if seat := reserve_seat(session, session_id):
            freed = cancel_booking(session, task, by)
            return _book_reserved(session, task, seat, by, now, freed)
    return None


def lock_sessions(session: Session, session_ids: Iterable[int]) -> None:
    """Lock sessions by id before two of them change, so that two opposite moves do not wait for each other."""
    session.execute(
        select(StudySession.id)
        .where(StudySession.id.in_(set(session_ids)))
        .order_by(StudySession.id)
        .with_for_update(key_share=True)
    )


def lock_for_move(session: Session, task: StudyTask, path: str, now: datetime) -> None:
    """Lock the session a task leaves and those it may go to, in one order, before the seat changes hands."""
    present = queries.live_booking(session, task.id)
    if present is not None:
        candidates = queries.candidates(session, seeker_of(task, path), now)
        lock_sessions(session, [present.session_id, *candidates])


def _require_suitable(session: Session, task: StudyTask, study: StudySession, by: Actor, now: datetime) -> None:
    if study.course_id != task.course_id:
        raise Refusal(message("This session is for a different course."), field="session")
    if not study.takes_place:
        raise Refusal(message("This session has been cancelled. Choose another one."), field="session")
    at_the_desk = by.may("education:session:check_in") and by.scope.station_id == study.station_id
    if study.starts_utc <= now and not (at_the_desk and hours_of(session, study).are_on(now)):
        raise Refusal(message("This session has already begun. Choose a later one."), field="session")
    if find_overlapping(session, task.rider_id, study, task.id) is not None:
        raise Refusal(message("The rider is studying in another session at this time."), field="session")
    if not queries.is_in_reach(session, task, study.station_id):
        raise Refusal(NOT_OFFERED, field="session")


def offer_seats(session: Session, session_id: int, by: Actor, now: datetime, *, forward: bool = True) -> int:
    """Give a session's free seats to waiting tasks, the most urgent first; returns how many were booked.

    What is left then goes to riders with a later seat who agreed to come earlier, or whose seat is too far
    (``queries.forward``), unless ``forward`` is False.

    Called when a session appears, grows, or a seat becomes free. A session within the lead time gives
    nothing away by itself: nobody would know in time; nor does one beyond the horizon, which nobody should wait for.
    """
    study = session.scalar(
        select(StudySession)
        .join(Station, StudySession.station_id == Station.id)
        .where(StudySession.id == session_id, Station.active)
        .execution_options(populate_existing=True)
    )
    lead = timedelta(minutes=figure(session, "education.booking_lead_minutes"))
    if study is None or not study.takes_place or study.starts_utc <= now + lead:
        return 0
    if study.starts_on > queries.last_day(session, date.max, now):
        return 0
    free = study.seats_free
    if free <= 0:
        return 0
    reach = study.station.area.district.path
    waiting = session.scalars(queries.tasks_waiting_for(study, reach, now).limit(free)).all()
    booked = 0
    for task in waiting:
        seat = reserve_seat(session, session_id)
        if seat is None:
            break
        _book_reserved(session, task, seat, by, now)
        booked += 1
    if forward and free > len(waiting):
        _bring_forward(session, study, free - len(waiting), by, now)
    return booked


def _bring_forward(session: Session, study: StudySession, free: int, by: Actor, now: datetime) -> None:
    """Give free seats of a session to riders whom they serve better than their later ones, which go to who waits."""
    for task in tasks_to_bring_forward(session, study, now, free):
        present = queries.live_booking(session, task.id)
        if present is None:
            continue
        lock_sessions(session, [study.id, present.session_id])
        seat = reserve_seat(session, study.id)
        if seat is None:
            return
        freed = cancel_booking(session, task, by)
        _book_reserved(session, task, seat, by, now, freed).earlier_ok = present.earlier_ok
        session.flush()
        if freed is not None:
            offer_seats(session, freed, by, now, forward=False)


def book_waiting(session: Session, now: datetime, by: Actor = SYSTEM, limit: int = 500) -> int:
    """Try again for every task without a seat; returns how many got one. The worker's chore.

    It looks reading, and books some at a time, all of whose riders are held before the first seat changes hands: others
    write in between.

    Needed beside :func:`offer_seats` because a due date that passes widens what a task may take.
    """
    waiting = [(task.rider_id, task.id) for task in queries.list_bookable(session, now, limit)]
    booked = 0
    for some in batches(waiting, PART):
        with writing(session):
            lock_riders(session, [rider_id for rider_id, _ in some])
            for _rider_id, task_id in some:
                task = session.get(StudyTask, task_id)
                if task is not None and task.is_open and book(session, task, by, now) is not None:
                    booked += 1
    return booked
