"""What riders do with their own seat, until a configured hour before the session: choose another, or give it up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local, local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.orm import among
from trafficedu.core.text import message
from trafficedu.education.events import SeatGivenUp
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.rules import seating
from trafficedu.education.rules.states import TASK_LIFE, BookingState, TaskAct
from trafficedu.education.services.seats import cancel_booking, lock_riders, move_booking, offer_seats

OVERDUE = message("This study is overdue, so its seat cannot be given up. Choose another session instead.")


def last_change(session: Session, study: StudySession) -> datetime:
    """Return until when riders move or give up their seats in a session, as it is configured now."""
    return seating.last_change(study.starts_utc, figure(session, "education.change_hours"))


def may_change(session: Session, booking: Booking | None, now: datetime) -> bool:
    """Tell whether a rider may still leave a seat; without any, or of a session that is over, always."""
    if booking is None or booking.session.ends_utc <= now:
        return True
    return now <= last_change(session, booking.session)


def let_choose(session: Session, study: StudySession, choose: bool, now: datetime) -> None:
    """Let the riders of a session that was moved choose another one until a day and an hour, or take that back."""
    days, hour = figure(session, "education.choose_days"), figure(session, "education.choose_hour")
    ends = seating.choice_ends(local(now), days, hour, local(last_change(session, study))) if choose else None
    live = update(Booking).where(Booking.session_id == study.id, among(Booking.state, BookingState.BOOKED))
    session.execute(live.values(choose_until_utc=ends), execution_options={"synchronize_session": "fetch"})


def keep_seat(session: Session, task: StudyTask, by: Actor, now: datetime) -> None:
    """Note that a rider whose session was moved keeps the seat.

    Raises
    ------
    Refusal
        The rider has no seat to choose about (any more).
    """
    lock_riders(session, [task.rider_id])
    booking = live_booking(session, task.id)
    if booking is None or not booking.chooses(now):
        raise Refusal(message("There is nothing to choose any more. Look at the seat again."))
    booking.choose_until_utc = None
    session.flush()
    audit.write(session, "education:seat:keep", by, subject=booking, task=task.id)


def _require_in_time(session: Session, booking: Booking, now: datetime) -> None:
    if not may_change(session, booking, now):
        until = local(last_change(session, booking.session)).strftime("%Y-%m-%d %H:%M")
        text = message("Your seat could be changed until %(until)s. Please come, or call the station.", until=until)
        raise Refusal(text, field="session")


def choose_own(
    session: Session, task: StudyTask, study: StudySession, earlier_ok: bool, by: Actor, now: datetime
) -> Booking:
    """Give a rider the seat the rider chose; ``earlier_ok``: the rider agrees to be moved to an earlier one.

    Raises
    ------
    Refusal
        It is too late to leave the present seat (field ``session``), or what :func:`move_booking` refuses.
    """
    lock_riders(session, [task.rider_id])
    present = live_booking(session, task.id)
    if present is not None and present.session_id != study.id:
        _require_in_time(session, present, now)
    booking = move_booking(session, task, study, by, now)
    booking.earlier_ok = earlier_ok
    session.flush()
    return booking


def give_up(session: Session, task: StudyTask, by: Actor, now: datetime) -> None:
    """Give up a rider's seat; the rider chooses another, or gets one by itself again after some days.

    Until the due date at the latest: whoever is overdue moves the seat and never gives it up.

    Raises
    ------
    Refusal
        There is no seat (any more), it is too late, or the study is overdue.
    """
    lock_riders(session, [task.rider_id])
    session.refresh(task)
    booking = live_booking(session, task.id)
    if booking is None:
        raise Refusal(message("You have no seat any more. Choose a session."))
    _require_in_time(session, booking, now)
    today = local_date(now)
    if task.due_on < today:
        raise Refusal(OVERDUE)
    freed = cancel_booking(session, task, by)
    task.state = TASK_LIFE.after(TaskAct.UNSEAT, task.state)
    task.paused_until = seating.pause_after_giving_up(today, figure(session, "education.cancel_days"), task.due_on)
    session.flush()
    audit.write(session, "education:seat:give_up", by, subject=task, until=task.paused_until.isoformat())
    publish(session, SeatGivenUp(now, by, booking.id, task.id))
    if freed is not None:
        offer_seats(session, freed, by, now)
