"""The queue for the VR machines of a session: who rides, who was called, who waits, and about how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.education.models.courses import CourseModule, StudySession
from trafficedu.education.models.rooms import VrTurn
from trafficedu.education.models.tasks import Attendance, Booking, ModuleRecord
from trafficedu.education.queries.courses import plan_of
from trafficedu.education.queries.door import version_of as list_version
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.queries.rooms import rooms_of
from trafficedu.education.queries.sessions import list_roster
from trafficedu.education.rules import reckoning
from trafficedu.education.rules.rooms import expected_turns
from trafficedu.education.rules.states import ModuleKind
from trafficedu.stations.models import Room


@dataclass(frozen=True)
class InQueue:
    """One rider who has not ridden yet; ``number`` counts the riders of the session as they came.

    ``studies`` is the module that runs meanwhile, and ``busy_until`` when it may end: nobody is called before.
    """

    booking: Booking
    attendance: Attendance
    number: int
    module: CourseModule
    turn: VrTurn | None
    studies: CourseModule | None
    busy_until: datetime | None
    expected: datetime | None = None

    @property
    def is_called(self) -> bool:
        """Whether the rider was called and has neither begun nor been passed over since."""
        return self.turn is not None and self.turn.called_utc is not None

    @property
    def missed(self) -> int:
        """How often the rider was called and was not there."""
        return 0 if self.turn is None else self.turn.missed

    def may_come(self, now: datetime) -> bool:
        """Tell whether the rider is in no module that has to run on."""
        return self.busy_until is None or self.busy_until <= now


@dataclass(frozen=True)
class Riding:
    """One rider at a machine: since when, and from when the ride may end."""

    booking: Booking
    number: int
    module: CourseModule
    record: ModuleRecord

    @property
    def may_end_utc(self) -> datetime:
        """When it has run long enough."""
        return self.record.started_utc + timedelta(minutes=self.module.minimum_minutes)


@dataclass(frozen=True)
class VrQueue:
    """The queue of a session as it stands: who rides, who was called, who waits, in their order.

    ``room`` is None where no VR room is planned: one machine is supposed then. ``too_late``: how many would not have
    ridden when the session's hours close.
    """

    room: Room | None
    machines: int
    riding: Sequence[Riding]
    called: Sequence[InQueue]
    waiting: Sequence[InQueue]
    done: int
    closes: datetime
    too_late: int

    @property
    def free(self) -> int:
        """How many machines nobody uses or was called to."""
        return max(0, self.machines - len(self.riding) - len(self.called))

    def free_from(self, now: datetime) -> datetime:
        """Return when a machine can be free that is in use now; ``now`` where one is."""
        if len(self.riding) < self.machines:
            return now
        return max(now, min(one.may_end_utc for one in self.riding))

    def next_one(self, now: datetime) -> InQueue | None:
        """Return who is to be called next: the first who waits and may come."""
        return next((rider for rider in self.waiting if rider.may_come(now)), None)


def version_of(session: Session, study: StudySession, now: datetime, seconds: int = 60) -> str:
    """Return a mark of all that queue and boards of a session show; every so many ``seconds`` it is another one."""
    turns = select(func.count(), func.count(VrTurn.called_utc), func.sum(VrTurn.place), func.sum(VrTurn.missed))
    turns = turns.add_columns(func.max(VrTurn.called_utc)).join(VrTurn.attendance).join(Attendance.booking)
    told = session.execute(turns.where(Booking.session_id == study.id)).one()
    return list_version(session, study, now, *told, int(now.timestamp()) // seconds)


def numbers_of(roster: Sequence[Booking]) -> dict[int, int]:
    """Return by booking id the number of each rider who came: 1 for whose check-in arrived first.

    Not by the moment of the check-in: one that a tablet sends later would give others the number called so far.
    """
    came = [booking for booking in roster if booking.attendance is not None]
    came.sort(key=lambda booking: booking.attendance.id)  # type: ignore[union-attr]
    return {booking.id: place for place, booking in enumerate(came, 1)}


def queue_of(session: Session, study: StudySession, now: datetime) -> VrQueue:
    """Return the queue of a session as it stands ``now``."""
    roster = list_roster(session, study.id)
    numbers, plan = numbers_of(roster), study.plan
    room = rooms_of(session, study).get(ModuleKind.VR)
    turns = _turns(session, [booking.attendance.id for booking in roster if booking.attendance is not None])
    riding, queue, done = list[Riding](), list[InQueue](), 0
    rides = [module for module in plan.modules if module.kind == ModuleKind.VR]
    for booking in roster:
        attendance = booking.attendance
        if attendance is None or not attendance.is_studying:
            continue
        record = next((one for one in attendance.modules if one.ended_utc is None and one.module in rides), None)
        if record is not None:
            riding.append(Riding(booking, numbers[booking.id], record.module, record))
        elif (module := ride_due(attendance, rides)) is not None:
            queue.append(_in_queue(booking, attendance, numbers[booking.id], module, turns.get(attendance.id)))
        done += all(module.id in {one.module_id for one in attendance.modules if one.ended_utc} for module in rides)
    machines, closes = (room.places if room else 1), hours_of(session, study).closes
    queue = _expected([one for one in queue if _is_due(one)], riding, machines, now)
    return VrQueue(
        room,
        machines,
        sorted(riding, key=lambda one: one.record.started_utc),
        [one for one in queue if one.is_called],
        [one for one in queue if not one.is_called],
        done if rides else 0,
        closes,
        sum(one.expected is not None and one.expected + _lasts(one.module) > closes for one in queue),
    )


def ride_due(attendance: Attendance, rides: Sequence[CourseModule]) -> CourseModule | None:
    """Return the first ride that a rider has not begun."""
    begun = {record.module_id for record in attendance.modules}
    return next((module for module in rides if module.id not in begun), None)


def _turns(session: Session, attendance_ids: Sequence[int]) -> dict[int, VrTurn]:
    turns = select(VrTurn).where(VrTurn.attendance_id.in_(attendance_ids))
    found = session.scalars(turns.execution_options(populate_existing=True))
    return {turn.attendance_id: turn for turn in found}


def _in_queue(
    booking: Booking, attendance: Attendance, number: int, module: CourseModule, turn: VrTurn | None
) -> InQueue:
    running = next((record for record in attendance.modules if record.ended_utc is None), None)
    studies = None if running is None else running.module
    until = None if running is None else running.started_utc + _lasts(running.module)
    return InQueue(booking, attendance, number, module, turn, studies, until)


def _is_due(one: InQueue) -> bool:
    """Tell whether the ride is what the rider may do next: at once, or after the module that runs."""
    course = one.booking.session.plan
    times = [
        reckoning.ModuleTimes(record.module_id, record.started_utc, record.ended_utc or record.started_utc)
        for record in one.attendance.modules
    ]
    may = reckoning.modules_to_begin(plan_of(course, "en"), times, free_order=course.free_order)
    return one.module.id in {module.id for module in may}


def _lasts(module: CourseModule) -> timedelta:
    return timedelta(minutes=module.minimum_minutes)


def _expected(queue: list[InQueue], riding: Sequence[Riding], machines: int, now: datetime) -> list[InQueue]:
    """Return the queue in its order, those called first, each with when it may be its turn."""

    def place(one: InQueue) -> tuple[bool, float, datetime, int]:
        standing = inf if one.turn is None else one.turn.place
        return not one.is_called, standing, one.attendance.checked_in_utc, one.booking.id

    queue.sort(key=place)
    minutes = max((one.module.minimum_minutes for one in queue), default=0)
    since = [ride.record.started_utc for ride in riding]
    turns = expected_turns(now, since, machines, minutes, len(queue))
    return [replace(one, expected=max(turn, one.busy_until or turn)) for one, turn in zip(queue, turns, strict=True)]
