"""The study itself: modules, quiz, within the hours of its session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.text import message
from trafficedu.education.models.courses import CourseModule, StudySession
from trafficedu.education.models.tasks import Attendance, Booking, ModuleRecord
from trafficedu.education.queries.courses import plan_of
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.queries.online import online_minutes
from trafficedu.education.queries.sessions import list_roster
from trafficedu.education.rules import reckoning
from trafficedu.education.services.absence import lock_study
from trafficedu.education.services.rooms import places_for_all, require_place
from trafficedu.education.services.seats import lock_riders


@dataclass(frozen=True)
class GroupResult:
    """What an act for a room did: how many riders it was for, and how many it passed over.

    ``no_place``: how many of those passed over would have begun, had the room been larger.
    """

    served: int
    passed_over: int
    no_place: int = 0


def require_hours(session: Session, study: StudySession, now: datetime) -> None:
    """Raise Refusal unless riders check in to a session, and study in it, now."""
    hours = hours_of(session, study)
    if now < hours.opens:
        minutes = int((hours.starts - hours.opens).total_seconds() // 60)
        raise Refusal(message("Riders check in from %(minutes)d minutes before the session on.", minutes=minutes))
    if now >= hours.closes:
        raise Refusal(message("This session is over. Choose a later one for the rider."))


def attendance_of(booking: Booking) -> Attendance:
    """Return the running study of a booking; raise Refusal where there is none (any more)."""
    if booking.attendance is None or not booking.is_studying:
        raise Refusal(message("This rider is not studying here now. Check the rider in first, or check the roster."))
    return booking.attendance


def _module(attendance: Attendance, module_id: int) -> CourseModule:
    course = attendance.booking.session.plan
    module = next((module for module in course.modules if module.id == module_id), None)
    if module is None:
        raise Refusal(message("This module does not belong to the course."))
    return module


def _record_of(attendance: Attendance, module_id: int) -> ModuleRecord | None:
    return next((record for record in attendance.modules if record.module_id == module_id), None)


def times_of(attendance: Attendance) -> list[reckoning.ModuleTimes]:
    """Return the modules of a study with start and end, for ``rules``."""
    return [
        reckoning.ModuleTimes(
            record.module_id, record.started_utc, record.ended_utc, record.minutes, record.online_minutes
        )
        for record in attendance.modules
    ]


def start_module(session: Session, booking: Booking, module_id: int, by: Actor, now: datetime) -> ModuleRecord:
    """Begin a module in the order of the course. Beginning the running one again changes nothing.

    Raises
    ------
    Refusal
        Another module runs or is due first, this one is ended, its room is full, or the session is over.
    """
    lock_study(session, booking)
    attendance = attendance_of(booking)
    module = _module(attendance, module_id)
    running = _record_of(attendance, module.id)
    if running is not None and running.ended_utc is None:
        return running
    require_hours(session, booking.session, now)
    if module.id not in to_begin(attendance):
        raise _wrong_order(attendance, module)
    require_place(session, booking.session, module)
    online = online_minutes(session, attendance.id, module.id)
    record = ModuleRecord(attendance=attendance, module_id=module.id, started_utc=now, online_minutes=online)
    session.add(record)
    session.flush()
    audit.write(session, "education:session:study", by, subject=attendance, module=module.id, step="start")
    return record


def to_begin(attendance: Attendance) -> list[int]:
    """Return the ids of the modules that a rider may begin now."""
    course = attendance.booking.session.plan
    modules = reckoning.modules_to_begin(plan_of(course, "en"), times_of(attendance), free_order=course.free_order)
    return [module.id for module in modules]


def _wrong_order(attendance: Attendance, module: CourseModule) -> Refusal:
    if _record_of(attendance, module.id) is not None:
        return Refusal(message("This module has ended already."))
    running = next((record for record in attendance.modules if record.ended_utc is None), None)
    if running is not None and attendance.booking.session.plan.free_order:
        return Refusal(message("The rider is in another module. End that one first."))
    return Refusal(message("Modules must be done in order. End the previous one first."))


def end_module(session: Session, booking: Booking, module_id: int, by: Actor, now: datetime) -> ModuleRecord:
    """End a running module after its minimum of minutes, or, once the session is over, as it was then.

    Raises
    ------
    Refusal
        It is not running, or needs more minutes (says how many).
    """
    lock_study(session, booking)
    attendance = attendance_of(booking)
    module = _module(attendance, module_id)
    record = _record_of(attendance, module.id)
    if record is None:
        raise Refusal(message("This module has not begun."))
    if record.ended_utc is not None:
        return record
    closes, plan = hours_of(session, booking.session).closes, _plan(module)
    short = reckoning.minutes_missing(plan, record.started_utc, now, record.online_minutes)
    if short and now < closes:
        raise Refusal(message("This module must run for %(minutes)d more minutes.", minutes=short))
    record.ended_utc = now
    record.minutes = reckoning.counted_minutes(plan, record.started_utc, now, closes, record.online_minutes)
    session.flush()
    audit.write(session, "education:session:study", by, subject=attendance, module=module.id, step="end")
    return record


def _plan(module: CourseModule) -> reckoning.ModulePlan:
    return reckoning.ModulePlan(module.id, module.kind, "", module.minimum_minutes, module.maximum_minutes)


def record_quiz(session: Session, booking: Booking, score: int, by: Actor, now: datetime) -> None:
    """Note the score of a quiz; each entry is an attempt, the latest counts, so that a slip can be mended.

    Raises
    ------
    Refusal
        The score is not between 0 and 100, or the quiz has not begun (field ``score``).
    """
    if not 0 <= score <= 100:
        raise Refusal(message("The score must be between 0 and 100."), field="score")
    lock_study(session, booking)
    attendance = attendance_of(booking)
    if not any(record.module.is_quiz for record in attendance.modules):
        raise Refusal(message("The quiz has not begun. Begin it first."), field="score")
    attendance.quiz_score, attendance.quiz_attempts = score, attendance.quiz_attempts + 1
    attendance.quiz_by_hand = ""
    session.flush()
    audit.write(session, "education:session:study", by, subject=attendance, score=score, at=now.isoformat())


def studying_in(session: Session, study: StudySession) -> Sequence[Booking]:
    """Return the studies that run in a session, their riders locked in one go."""
    roster = [booking for booking in list_roster(session, study.id) if booking.task.is_in_progress]
    lock_riders(session, [booking.task.rider_id for booking in roster])
    fresh = list_roster(session, study.id)
    return [booking for booking in fresh if booking.is_studying and booking.attendance]


def start_module_for_all(
    session: Session, study: StudySession, module_id: int, by: Actor, now: datetime
) -> GroupResult:
    """Begin a module for every rider of a session who may begin it, as far as its room has places.

    Who checked in first gets a place first.

    Raises
    ------
    Refusal
        It is a ride, and more riders are due than there are machines free: they are called one by one instead.
    """
    studying = studying_in(session, study)
    ready = [booking for booking in studying if module_id in to_begin(attendance_of(booking))]
    ready.sort(key=lambda booking: (attendance_of(booking).checked_in_utc, booking.id))
    module = next((module for module in study.plan.modules if module.id == module_id), None)
    places = len(ready) if module is None else places_for_all(session, study, module, len(ready))
    for booking in ready[:places]:
        start_module(session, booking, module_id, by, now)
    served = min(places, len(ready))
    return GroupResult(served, len(studying) - served, len(ready) - served)


def end_module_for_all(session: Session, study: StudySession, module_id: int, by: Actor, now: datetime) -> GroupResult:
    """End a module for every rider of a session for whom it runs and has run long enough."""
    closes = hours_of(session, study).closes

    def is_over(attendance: Attendance) -> bool:
        record = _record_of(attendance, module_id)
        if record is None or record.ended_utc is not None:
            return False
        plan = _plan(_module(attendance, module_id))
        return now >= closes or not reckoning.minutes_missing(plan, record.started_utc, now, record.online_minutes)

    studying = studying_in(session, study)
    ready = [booking for booking in studying if is_over(attendance_of(booking))]
    for booking in ready:
        end_module(session, booking, module_id, by, now)
    return GroupResult(len(ready), len(studying) - len(ready))
