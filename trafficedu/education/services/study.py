"""The study itself: check-in, modules, quiz, sign-off. Every sign-off names its signer.

Signing off somebody who did not study is a named offence in the comparable rules for drivers; hence the
modules with start and end, and the override that needs a reason and a permission of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Denied, Refusal
from trafficedu.core.loading import loaded
from trafficedu.core.numbers import new_number
from trafficedu.core.text import Message, message
from trafficedu.education import rules
from trafficedu.education.models import (
    Attendance,
    Booking,
    Certificate,
    CourseModule,
    ModuleRecord,
    StudySession,
    StudyTask,
)
from trafficedu.education.queries.courses import plan_of
from trafficedu.education.queries.sessions import list_roster
from trafficedu.education.rules import BOOKING_LIFE, TASK_LIFE, BookingAct, BookingState, TaskAct
from trafficedu.education.services.certifying import issue_certificate
from trafficedu.education.services.seats import lock_riders, require_no_next_task
from trafficedu.riders.models import Rider


@dataclass(frozen=True)
class GroupResult:
    """What an act for a whole session did: how many riders it was for, and how many it passed over."""

    served: int
    passed_over: int


def check_in(session: Session, booking: Booking, by: Actor, now: datetime) -> Attendance:
    """Note that a rider is here: the study begins. Twice gives the first check-in again.

    Raises
    ------
    Refusal
        It is not the day of the session, the session is cancelled, or the seat is no longer the rider's.
    """
    _lock_study(session, booking)
    if booking.state == BookingState.ATTENDED and booking.attendance is not None:
        return booking.attendance
    if not (BOOKING_LIFE.may(BookingAct.CHECK_IN, booking.state) and booking.session.takes_place):
        raise Refusal(message("This seat no longer belongs to the rider. Check the roster again."))
    if booking.session.starts_on != local_date(now):
        raise Refusal(message("Riders check in on the day of the session."))
    booking.state = BOOKING_LIFE.after(BookingAct.CHECK_IN, booking.state)
    booking.task.state = TASK_LIFE.after(TaskAct.CHECK_IN, booking.task.state)
    attendance = Attendance(booking=booking, checked_in_utc=now, checked_in_by_id=by.user_id, quiz_attempts=0)
    session.add(attendance)
    session.flush()
    audit.write(session, "education:session:check_in", by, subject=attendance, task=booking.task_id)
    return attendance


def undo_check_in(session: Session, booking: Booking, by: Actor) -> None:
    """Take a mistaken check-in back, as long as no module has begun.

    Raises
    ------
    Refusal
        A module has begun, the study is signed off, or the rider has the next task already.
    """
    _lock_study(session, booking)
    attendance = _attendance(booking)
    if attendance.modules or attendance.quiz_score is not None:
        raise Refusal(message("The study task has begun, so the check-in can no longer be undone."))
    require_no_next_task(session, booking.task)
    audit.write(session, "education:session:check_in", by, subject=attendance, task=booking.task_id, undone=True)
    session.delete(attendance)
    booking.state = BOOKING_LIFE.after(BookingAct.UNDO_CHECK_IN, booking.state)
    booking.task.state = TASK_LIFE.after(TaskAct.UNDO_CHECK_IN, booking.task.state)
    session.flush()
    session.expire(booking, ["attendance"])


def _lock_study(session: Session, booking: Booking) -> None:
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


def _attendance(booking: Booking) -> Attendance:
    """Return the running study of a booking; raise Refusal where there is none (any more)."""
    if booking.attendance is None or not booking.is_studying:
        raise Refusal(message("This rider is not studying here now. Check the rider in first, or check the roster."))
    return booking.attendance


def _module(attendance: Attendance, module_id: int) -> CourseModule:
    course = attendance.booking.session.course
    module = next((module for module in course.modules if module.id == module_id), None)
    if module is None:
        raise Refusal(message("This module does not belong to the course."))
    return module


def _record_of(attendance: Attendance, module_id: int) -> ModuleRecord | None:
    return next((record for record in attendance.modules if record.module_id == module_id), None)


def times_of(attendance: Attendance) -> list[rules.ModuleTimes]:
    """Return the modules of a study with start and end, for ``rules``."""
    return [rules.ModuleTimes(record.module_id, record.started_utc, record.ended_utc) for record in attendance.modules]


def start_module(session: Session, booking: Booking, module_id: int, by: Actor, now: datetime) -> ModuleRecord:
    """Begin a module; the one before has to be ended. Beginning the running one again changes nothing.

    Raises
    ------
    Refusal
        Another module is due first, or this one is ended.
    """
    _lock_study(session, booking)
    attendance = _attendance(booking)
    module = _module(attendance, module_id)
    running = _record_of(attendance, module.id)
    if running is not None and running.ended_utc is None:
        return running
    due = rules.next_module(plan_of(booking.session.course, "en"), times_of(attendance))
    if due is None or due.id != module.id:
        raise Refusal(message("Modules must be done in order. End the previous one first."))
    record = ModuleRecord(attendance=attendance, module_id=module.id, started_utc=now)
    session.add(record)
    session.flush()
    audit.write(session, "education:session:study", by, subject=attendance, module=module.id, step="start")
    return record


def end_module(session: Session, booking: Booking, module_id: int, by: Actor, now: datetime) -> ModuleRecord:
    """End a running module after its minimum of minutes.

    Raises
    ------
    Refusal
        It is not running, or needs more minutes (says how many).
    """
    _lock_study(session, booking)
    attendance = _attendance(booking)
    module = _module(attendance, module_id)
    record = _record_of(attendance, module.id)
    if record is None:
        raise Refusal(message("This module has not begun."))
    if record.ended_utc is not None:
        return record
    short = _minutes_short(module, record, now)
    if short:
        raise Refusal(message("This module must run for %(minutes)d more minutes.", minutes=short))
    record.ended_utc = now
    session.flush()
    audit.write(session, "education:session:study", by, subject=attendance, module=module.id, step="end")
    return record


def _minutes_short(module: CourseModule, record: ModuleRecord, now: datetime) -> int:
    plan = rules.ModulePlan(module.id, module.kind, "", module.minimum_minutes)
    return rules.minutes_missing(plan, rules.ModuleTimes(module.id, record.started_utc, None), now)


def record_quiz(session: Session, booking: Booking, score: int, by: Actor, now: datetime) -> None:
    """Note the score of a quiz; each entry is an attempt, the latest counts, so that a slip can be mended.

    Raises
    ------
    Refusal
        The score is not between 0 and 100, or the quiz has not begun (field ``score``).
    """
    if not 0 <= score <= 100:
        raise Refusal(message("The score must be between 0 and 100."), field="score")
    _lock_study(session, booking)
    attendance = _attendance(booking)
    if not any(record.module.is_quiz for record in attendance.modules):
        raise Refusal(message("The quiz has not begun. Begin it first."), field="score")
    attendance.quiz_score, attendance.quiz_attempts = score, attendance.quiz_attempts + 1
    session.flush()
    audit.write(session, "education:session:study", by, subject=attendance, score=score, at=now.isoformat())


def gaps_of(booking: Booking, locale: str) -> list[Message]:
    """Return what still stands between a checked-in rider and the sign-off, module names in ``locale``."""
    if booking.attendance is None:
        return [message("The rider has not checked in.")]
    course = booking.session.course
    return rules.gaps(
        plan_of(course, locale), times_of(booking.attendance), booking.attendance.quiz_score, course.pass_mark
    )


def sign_off(session: Session, booking: Booking, by: Actor, now: datetime, override_reason: str = "") -> Certificate:
    """Complete the task in the signer's name and issue the certificate. Twice gives the first one again.

    With something missing (a module, minutes, the pass mark) it needs a reason and the permission
    ``education:session:override``.

    Raises
    ------
    Refusal
        Something is missing and no reason is given (field ``reason``; the sentence names the first gap), or
        the rider is not checked in.
    Denied
        A reason is given without the permission, or the actor has no name (the system signs nothing off).
    """
    by.require("education:session:complete")
    if by.user_id is None:
        raise Denied(message("Only a person can sign off a study task."))
    _lock_study(session, booking)
    if booking.attendance is not None and booking.attendance.signed_off_utc is not None:
        return session.scalars(select(Certificate).where(Certificate.task_id == booking.task_id)).one()
    attendance = _attendance(booking)
    attendance.override_reason = _override_reason(booking, override_reason.strip(), by)
    attendance.signed_off_utc, attendance.signed_off_by_id = now, by.user_id
    task = booking.task
    task.state = TASK_LIFE.after(TaskAct.COMPLETE, task.state)
    task.completed_utc, task.completed_on = now, local_date(now)
    certificate = Certificate(number=new_number("C"), task_id=task.id, attendance_id=attendance.id, issued_utc=now)
    session.add(certificate)
    session.flush()
    issue_certificate(session, certificate, by, now)
    action = "education:session:override" if attendance.override_reason else "education:session:complete"
    audit.write(session, action, by, subject=attendance, task=task.id, certificate=certificate.id)
    return certificate


def _override_reason(booking: Booking, reason: str, by: Actor) -> str:
    """Return the reason under which a study is signed off with something missing, "" for a whole one."""
    missing = gaps_of(booking, by.locale)
    if not missing:
        return ""
    if not reason:
        text = message("Not ready for sign-off: %(gap)s To sign off anyway, give a reason.", gap=missing[0])
        raise Refusal(text, field="reason")
    by.require("education:session:override")
    return reason


def _studying(session: Session, study: StudySession) -> Sequence[Booking]:
    """Return the studies that run in a session, their riders locked in one go."""
    roster = [booking for booking in list_roster(session, study.id) if booking.task.is_in_progress]
    lock_riders(session, [booking.task.rider_id for booking in roster])
    fresh = list_roster(session, study.id)
    return [booking for booking in fresh if booking.is_studying and booking.attendance]


def start_module_for_all(
    session: Session, study: StudySession, module_id: int, by: Actor, now: datetime
) -> GroupResult:
    """Begin a module for every rider of a session whose turn it is: that is how a lecture works."""
    plan = plan_of(study.course, "en")

    def is_due(attendance: Attendance) -> bool:
        due = rules.next_module(plan, times_of(attendance))
        return due is not None and due.id == module_id and _record_of(attendance, module_id) is None

    studying = _studying(session, study)
    ready = [booking for booking in studying if is_due(_attendance(booking))]
    for booking in ready:
        start_module(session, booking, module_id, by, now)
    return GroupResult(len(ready), len(studying) - len(ready))


def end_module_for_all(session: Session, study: StudySession, module_id: int, by: Actor, now: datetime) -> GroupResult:
    """End a module for every rider of a session for whom it runs and has run long enough."""

    def is_over(attendance: Attendance) -> bool:
        record = _record_of(attendance, module_id)
        if record is None or record.ended_utc is not None:
            return False
        return not _minutes_short(_module(attendance, module_id), record, now)

    studying = _studying(session, study)
    ready = [booking for booking in studying if is_over(_attendance(booking))]
    for booking in ready:
        end_module(session, booking, module_id, by, now)
    return GroupResult(len(ready), len(studying) - len(ready))


def sign_off_ready(session: Session, study: StudySession, by: Actor, now: datetime) -> GroupResult:
    """Sign off every rider of a session for whom nothing is missing, each in the signer's name."""
    studying = _studying(session, study)
    ready = [booking for booking in studying if not gaps_of(booking, by.locale)]
    for booking in ready:
        sign_off(session, booking, by, now)
    return GroupResult(len(ready), len(studying) - len(ready))
