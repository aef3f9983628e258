"""Who arrives: a rider is checked in to a session, and a mistaken check-in is taken back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.text import message
from trafficedu.education.events import CheckedIn
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance, Booking, Certificate, StudyTask
from trafficedu.education.rules import states
from trafficedu.education.rules.states import (
    BOOKING_LIFE,
    TASK_LIFE,
    BookingAct,
    ProposalKind,
    TaskAct,
)
from trafficedu.education.services.absence import lock_study, require_one_place
from trafficedu.education.services.crediting import credit
from trafficedu.education.services.endings import lapse_proposals
from trafficedu.education.services.photos import withdraw_photos
from trafficedu.education.services.study import attendance_of, require_hours


@dataclass(frozen=True)
class Arrival:
    """What is known of a check-in beside rider and moment.

    ``identified``: whoever checks in compared the document with the rider. ``device``: the hash of the rider's own
    phone, where that checked in. ``received``: when it arrived here, where a tablet had no network.
    """

    identified: bool = False
    device: str | None = None
    received: datetime | None = None


NOTHING_MORE = Arrival()


def check_in(
    session: Session, booking: Booking, by: Actor, now: datetime, arrival: Arrival = NOTHING_MORE
) -> Attendance:
    """Note that a rider is here: the study begins. Twice gives the first check-in again.

    Parameters
    ----------
    now
        When the rider stood at the door; that is later than now nowhere, and earlier where a tablet had no network.

    Raises
    ------
    Refusal
        It is not the hour of the session (from the configured minutes before it until some after its begin), the
        session is cancelled, the seat is no longer the rider's, the rider studies elsewhere at that time, or the
        document has to be compared first.
    """
    lock_study(session, booking)
    if booking.has_checked_in and booking.attendance is not None:
        return booking.attendance
    if not (BOOKING_LIFE.may(BookingAct.CHECK_IN, booking.state) and booking.session.takes_place):
        raise Refusal(message("This seat no longer belongs to the rider. Check the roster again."))
    require_hours(session, booking.session, now)
    require_in_time(session, booking.session, now)
    if asks_for_document(session) and not arrival.identified and arrival.device is None:
        raise Refusal(message("Compare the last four characters of the document first, then check the rider in."))
    require_one_place(session, booking)
    booking.state = BOOKING_LIFE.after(BookingAct.CHECK_IN, booking.state)
    booking.task.state = TASK_LIFE.after(TaskAct.CHECK_IN, booking.task.state)
    attendance = Attendance(
        booking=booking,
        checked_in_utc=now,
        checked_in_by_id=by.user_id,
        received_utc=arrival.received,
        open_since_utc=now,
        device=arrival.device,
        phone_key=secrets.token_urlsafe(18),
    )
    if arrival.identified:
        attendance.identified_utc, attendance.identified_by_id = now, by.user_id
    session.add(attendance)
    session.flush()
    credit(session, attendance, now)
    audit.write(session, "education:session:check_in", by, subject=attendance, task=booking.task_id)
    publish(session, CheckedIn(now, by, booking.id, booking.task_id))
    return attendance


def require_in_time(session: Session, study: StudySession, now: datetime) -> None:
    """Raise Refusal when a session has been going on for too long to join it."""
    minutes = figure(session, "education.late_minutes")
    if now >= study.starts_utc + timedelta(minutes=minutes):
        raise Refusal(
            message(
                "The session began more than %(minutes)d minutes ago. Give the rider a seat in a later one.",
                minutes=minutes,
            )
        )


def asks_for_document(session: Session) -> bool:
    """Tell whether nobody is checked in by staff before the document was compared."""
    return figure(session, "education.identity_asked") == 1


def confirm_identity(session: Session, booking: Booking, by: Actor, now: datetime) -> Attendance:
    """Note that the document of a rider who is here was compared with the rider; the first who did stands.

    Raises
    ------
    Refusal
        The rider is not studying here now.
    """
    lock_study(session, booking)
    attendance = attendance_of(booking)
    if attendance.identified_utc is None:
        attendance.identified_utc, attendance.identified_by_id = now, by.user_id
        session.flush()
        audit.write(session, "education:session:check_in", by, subject=attendance, identified=True)
    return attendance


def undo_check_in(session: Session, booking: Booking, by: Actor, now: datetime) -> None:
    """Take a mistaken check-in back, as long as no module has begun.

    Raises
    ------
    Refusal
        A module has begun, the study is signed off, or the rider has the next task already.
    """
    lock_study(session, booking)
    attendance = attendance_of(booking)
    certified = select(Certificate.id).where(Certificate.attendance_id == attendance.id).limit(1)
    if any(not record.credited for record in attendance.modules) or session.scalar(certified) is not None:
        raise Refusal(message("The study task has begun, so the check-in can no longer be undone."))
    _require_no_next_task(session, booking.task)
    audit.write(session, "education:session:check_in", by, subject=attendance, task=booking.task_id, undone=True)
    lapse_proposals(session, booking.task_id, now, ProposalKind.SIGN_OFF)
    for record in attendance.modules:
        session.delete(record)
    session.flush()
    session.delete(attendance)
    booking.state = BOOKING_LIFE.after(BookingAct.UNDO_CHECK_IN, booking.state)
    booking.task.state = TASK_LIFE.after(TaskAct.UNDO_CHECK_IN, booking.task.state)
    session.flush()
    session.expire(booking, ["attendance"])
    withdraw_photos(session, booking, by, now)


def _require_no_next_task(session: Session, task: StudyTask) -> None:
    """Raise Refusal when the rider of a begun task has another one not begun: only one may be."""
    mine, not_begun = StudyTask.rider_id == task.rider_id, StudyTask.state.in_(states.NOT_BEGUN)
    if session.scalar(select(StudyTask.id).where(mine, not_begun, StudyTask.id != task.id)) is not None:
        raise Refusal(
            message(
                "A later violation has already opened the rider's next study task, so the check-in can no longer be "
                "undone. Note that the rider left early instead: both tasks then become one."
            )
        )
