"""The riders of a session as its pages show them: where each stands, what can be done for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.web import locale
from trafficedu.education.models.courses import CourseModule, StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries import sessions
from trafficedu.education.queries.courses import plan_of
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.rules import reckoning
from trafficedu.education.rules.states import ModuleState, RosterState
from trafficedu.education.services.signing import gaps_of
from trafficedu.education.services.study import times_of

CHECK_IN = "education:session:check_in"


def facts_of(booking: Booking) -> list[Any]:
    """Return what a button beside a rider rests on: seat, task, check-in, and every module."""
    attendance = booking.attendance
    return [booking, booking.task, attendance, [] if attendance is None else list(attendance.modules)]


@dataclass(frozen=True)
class ModuleProgress:
    """How far a rider is with one module, for the study card."""

    module: CourseModule
    state: ModuleState
    minutes: int = 0
    missing: int = 0
    credited: bool = False
    online: int = 0
    """Minutes of it that were seen at home."""

    @property
    def is_next(self) -> bool:
        """Whether it is the one to begin now."""
        return self.state == ModuleState.NEXT

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.state == ModuleState.RUNNING

    @property
    def has_begun(self) -> bool:
        """Whether it is running or ended."""
        return self.is_running or self.state == ModuleState.DONE


def progress_of(booking: Booking) -> list[ModuleProgress]:
    """Return how far a rider is with every module of the course."""
    now, course, closes = utc_now(), booking.session.plan, hours_of(session(), booking.session).closes
    studied = {} if booking.attendance is None else {times.module_id: times for times in times_of(booking.attendance)}
    records = [] if booking.attendance is None else booking.attendance.modules
    credited = {record.module_id for record in records if record.credited and not record.online_minutes}
    online = {} if booking.attendance is None else {each.module_id: each.minutes for each in booking.attendance.online}
    plan = plan_of(course, locale())
    due = reckoning.modules_to_begin(plan, studied.values(), free_order=course.free_order)
    progress = []
    for module, planned in zip(course.modules, plan, strict=True):
        times = studied.get(module.id)
        if times is None:
            state = ModuleState.NEXT if planned in due else ModuleState.LATER
            progress.append(ModuleProgress(module, state, online=online.get(module.id, 0)))
        else:
            state = ModuleState.RUNNING if times.ended is None else ModuleState.DONE
            counted = reckoning.counted_minutes(planned, times.started, now, closes, times.online)
            short = reckoning.minutes_missing(planned, times.started, now, times.online)
            missing = short if now < closes else 0
            minutes = counted if times.counted is None else times.counted
            seen = online.get(module.id, 0)
            progress.append(ModuleProgress(module, state, minutes, missing, module.id in credited, seen))
    return progress


@dataclass(frozen=True)
class RosterEntry:
    """One rider of a session on the check-in list; ``current`` is the module to begin or to end.

    ``may_begin``: the ids of the modules that may begin now; in a free order there are several.
    """

    booking: Booking
    state: RosterState
    current: ModuleProgress | None = None
    may_begin: Sequence[int] = ()

    @property
    def facts(self) -> list[Any]:
        """What its buttons rest on."""
        return facts_of(self.booking)

    @property
    def may_undo(self) -> bool:
        """Whether the check-in can be taken back: no module has begun."""
        attendance = self.booking.attendance
        if attendance is None or not attendance.is_studying:
            return False
        return all(record.credited for record in attendance.modules)


def roster_entry(booking: Booking) -> RosterEntry:
    """Return how one rider stands for a list of the session."""
    if booking.attendance is None:
        return RosterEntry(booking, RosterState(booking.state))
    if not booking.is_studying:
        return RosterEntry(booking, RosterState(booking.attendance.state))
    progress = progress_of(booking)
    current = next((module for module in progress if module.is_running or module.is_next), None)
    state = RosterState.STUDYING if gaps_of(booking, locale()) else RosterState.READY
    return RosterEntry(booking, state, current, [part.module.id for part in progress if part.is_next])


def entries_of(study: StudySession) -> list[RosterEntry]:
    """Return the riders of a session as the list at the door has them."""
    return [roster_entry(booking) for booking in sessions.list_roster(session(), study.id)]


def ready_of(entries: Sequence[RosterEntry]) -> list[int]:
    """Return the bookings that can be signed off, which is what the button for all of them rests on."""
    return sorted(entry.booking.id for entry in entries if entry.state == RosterState.READY)


def situation_of(study: StudySession) -> dict[str, Any]:
    """Return how a session stands to the present, for its pages."""
    hours, now = hours_of(session(), study), utc_now()
    return {"hours": hours, "is_open": study.takes_place and hours.are_on(now), "begun": study.starts_utc <= now}
