"""Who is where in a session, for the board on the wall: names as a wall may show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.text import Message, message
from trafficedu.education.models.courses import CourseModule, StudySession
from trafficedu.education.models.tasks import Attendance, Booking
from trafficedu.education.queries.courses import plan_of
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.queries.queueing import VrQueue, numbers_of, queue_of
from trafficedu.education.queries.rooms import kinds_of, rooms_of
from trafficedu.education.queries.sessions import list_of_today, list_roster
from trafficedu.education.rules import reckoning
from trafficedu.education.rules.states import ModuleKind
from trafficedu.riders.rules import mask_name
from trafficedu.stations.models import Room

LEADS_TO = {
    ModuleKind.LECTURE: message("→ lecture"),
    ModuleKind.FILM: message("→ film"),
    ModuleKind.VR: message("→ VR"),
    ModuleKind.QUIZ: message("→ quiz"),
}
"""Where somebody goes next, in as few characters as a column of the wall has room for."""


@dataclass(frozen=True)
class OnBoard:
    """One rider on the wall. ``minutes`` of at least ``least`` in the module that runs; ``following`` comes next."""

    number: int
    name: str
    minutes: int = 0
    least: int = 0
    following: ModuleKind | None = None
    is_called: bool = False

    @property
    def leads_to(self) -> Message | None:
        """Where the rider goes next, for whoever may go now."""
        may_go = self.minutes >= self.least
        return LEADS_TO[self.following] if may_go and self.following is not None else None


@dataclass
class BoardColumn:
    """A room, or a place between rooms, with those who are there; ``parts`` are the kinds of modules held there."""

    room: Room | None
    label: Message | None
    parts: Sequence[ModuleKind] = ()
    riders: list[OnBoard] = field(default_factory=list)


@dataclass(frozen=True)
class Board:
    """The board of a session: its columns, and how many riders are expected, here and gone."""

    columns: Sequence[BoardColumn]
    expected: int
    here: int
    signed: int
    left: int
    queue: VrQueue | None


def board_of(session: Session, study: StudySession, now: datetime) -> Board:
    """Return who is where in a session ``now``: a column a room, then those between rooms and those who are done."""
    roster, rooms = list_roster(session, study.id), rooms_of(session, study)
    numbers = numbers_of(roster)
    columns = _columns(study, rooms)
    between, done = BoardColumn(None, message("On the way")), BoardColumn(None, message("All done"))
    has_rides = any(module.kind == ModuleKind.VR for module in study.plan.modules)
    queue = queue_of(session, study, now) if has_rides else None
    called = {one.booking.id for one in queue.called} if queue else set()
    for booking in roster:
        attendance = booking.attendance
        if attendance is None or not attendance.is_studying:
            continue
        running, following = _standing(attendance, study)
        rider = _on_board(booking, attendance, numbers[booking.id], running, following, booking.id in called, now)
        if running is not None:
            columns[running.kind].riders.append(rider)
        else:
            (done if following is None else between).riders.append(rider)
    shown = list({id(column): column for column in columns.values()}.values())
    for column in (*shown, between, done):
        column.riders.sort(key=lambda rider: rider.number)
    states = [booking.attendance for booking in roster if booking.attendance is not None]
    return Board(
        [*shown, between, done],
        sum(booking.is_booked for booking in roster),
        sum(one.is_studying for one in states),
        sum(one.is_signed for one in states),
        sum(one.has_left for one in states),
        queue,
    )


def _columns(study: StudySession, rooms: dict[ModuleKind, Room]) -> dict[ModuleKind, BoardColumn]:
    """Return the column of each kind of module; kinds that share a room share its column."""
    by_room: dict[int, BoardColumn] = {}
    columns = {}
    for kind in kinds_of(study):
        room = rooms.get(kind)
        column = BoardColumn(None, kind.label) if room is None else by_room.setdefault(room.id, BoardColumn(room, None))
        column.parts = [*column.parts, kind]
        columns[kind] = column
    return columns


def _standing(attendance: Attendance, study: StudySession) -> tuple[CourseModule | None, ModuleKind | None]:
    """Return the module that runs, and the kind of the next one after it."""
    record = next((one for one in attendance.modules if one.ended_utc is None), None)
    begun = {one.module_id for one in attendance.modules}
    plan = plan_of(study.plan, "en")
    left = [module for module in plan if module.id not in begun]
    running = None if record is None else record.module
    return running, ModuleKind(left[0].kind) if left else None


def _on_board(
    booking: Booking,
    attendance: Attendance,
    number: int,
    running: CourseModule | None,
    following: ModuleKind | None,
    is_called: bool,
    now: datetime,
) -> OnBoard:
    name = mask_name(booking.task.rider.name)
    record = next((one for one in attendance.modules if one.ended_utc is None), None)
    if running is None or record is None:
        return OnBoard(number, name, following=following, is_called=is_called)
    planned = reckoning.ModulePlan(running.id, running.kind, "", running.minimum_minutes, running.maximum_minutes)
    minutes = reckoning.counted_minutes(planned, record.started_utc, now, now, record.online_minutes)
    return OnBoard(number, name, minutes, running.minimum_minutes, following, is_called)


def present_session(session: Session, by: Actor, now: datetime) -> StudySession | None:
    """Return the session a wall shows now: the last one that has begun and is not over, else the next of today."""
    on = [study for study in list_of_today(session, by, now) if hours_of(session, study).closes > now]
    begun = [study for study in on if study.starts_utc <= now]
    return begun[-1] if begun else next(iter(on), None)
