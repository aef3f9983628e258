"""The arithmetic of study: which course, due when, what is missing before somebody may sign off. Pure.

The figures (days, pass mark, thresholds) are configured; they are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum, auto

from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import Message, message


class ModuleKind(Word):
    """What is done in a part of a course; a quiz has a score."""

    LECTURE = "lecture", message("lecture")
    FILM = "film", message("film")
    VR = "vr", message("VR")
    QUIZ = "quiz", message("quiz")


class SessionState(Word):
    """Whether a session takes place."""

    SCHEDULED = "scheduled", message("seats available"), "open"
    CANCELLED = "cancelled", message("cancelled"), "problem"


class TaskState(Word):
    """What a rider owes: open waits for a seat. Overdue is derived, never stored."""

    OPEN = "open", message("waiting for a seat"), "open"
    BOOKED = "booked", message("booked")
    IN_PROGRESS = "in_progress", message("in progress")
    COMPLETED = "completed", message("completed"), "done"
    WAIVED = "waived", message("waived")
    WITHDRAWN = "withdrawn", message("withdrawn")


class BookingState(Word):
    """What became of a seat."""

    BOOKED = "booked", message("booked")
    ATTENDED = "attended", message("attended"), "done"
    ABSENT = "absent", message("absent"), "problem"
    CANCELLED = "cancelled", message("cancelled")


class ModuleState(Word):
    """How far a rider is with one module of a course."""

    DONE = "done", message("finished"), "done"
    RUNNING = "running", message("under way"), "open"
    NEXT = "next", message("not begun")
    LATER = "later", message("not begun")


class RosterState(Word):
    """How a rider stands at the door; the check-in list begins with the expected and ends with those who are done."""

    BOOKED = "booked", message("booked")
    READY = "ready", message("ready to sign off"), "open"
    STUDYING = "studying", message("present"), "done"
    ATTENDED = "attended", message("present"), "done"
    SIGNED = "signed", message("signed off"), "done"
    ABSENT = "absent", message("absent"), "problem"


NOT_BEGUN = (TaskState.OPEN, TaskState.BOOKED)
UNFINISHED = (*NOT_BEGUN, TaskState.IN_PROGRESS)
LEFT_OUT = (TaskState.WAIVED, TaskState.WITHDRAWN)
"""States of tasks that no rate counts."""


class TaskAct(StrEnum):
    """What happens to a task."""

    SEAT = auto()
    UNSEAT = auto()
    CHECK_IN = auto()
    UNDO_CHECK_IN = auto()
    MISS = auto()
    COMPLETE = auto()
    WAIVE = auto()
    WITHDRAW = auto()


TASK_LIFE = Transitions(
    {
        TaskAct.SEAT: (NOT_BEGUN, TaskState.BOOKED),
        TaskAct.UNSEAT: (NOT_BEGUN, TaskState.OPEN),
        TaskAct.CHECK_IN: ((TaskState.BOOKED,), TaskState.IN_PROGRESS),
        TaskAct.UNDO_CHECK_IN: ((TaskState.IN_PROGRESS,), TaskState.BOOKED),
        TaskAct.MISS: ((TaskState.BOOKED, TaskState.IN_PROGRESS), TaskState.OPEN),
        TaskAct.COMPLETE: ((TaskState.IN_PROGRESS,), TaskState.COMPLETED),
        TaskAct.WAIVE: (UNFINISHED, TaskState.WAIVED),
        TaskAct.WITHDRAW: (UNFINISHED, TaskState.WITHDRAWN),
    }
)


class BookingAct(StrEnum):
    """What happens to a seat."""

    CHECK_IN = auto()
    UNDO_CHECK_IN = auto()
    MISS = auto()
    GIVE_UP = auto()


BOOKING_LIFE = Transitions(
    {
        BookingAct.CHECK_IN: ((BookingState.BOOKED,), BookingState.ATTENDED),
        BookingAct.UNDO_CHECK_IN: ((BookingState.ATTENDED,), BookingState.BOOKED),
        BookingAct.MISS: ((BookingState.BOOKED, BookingState.ATTENDED), BookingState.ABSENT),
        BookingAct.GIVE_UP: ((BookingState.BOOKED,), BookingState.CANCELLED),
    }
)


class SessionAct(StrEnum):
    """What is done to a session after it was announced."""

    CHANGE = auto()
    CANCEL = auto()


SESSION_LIFE = Transitions(
    {
        SessionAct.CHANGE: ((SessionState.SCHEDULED,), None),
        SessionAct.CANCEL: ((SessionState.SCHEDULED,), SessionState.CANCELLED),
    }
)

MAXIMUM_WEEKS = 104
VILLAGE, TOWN, DISTRICT, ABOVE = 0, 1, 2, 3
"""How near a station is: in the same village, the same town, the same district, or the city's (province's) own."""


@dataclass(frozen=True)
class ModulePlan:
    """One module of a course as it has to be studied."""

    id: int
    kind: str
    name: str
    minimum_minutes: int


@dataclass(frozen=True)
class ModuleTimes:
    """When a rider began and ended one module; ``ended`` is None while it runs."""

    module_id: int
    started: datetime
    ended: datetime | None

    def minutes(self, now: datetime) -> int:
        """Return the whole minutes studied so far."""
        return int(((self.ended or now) - self.started).total_seconds() // 60)


@dataclass(frozen=True)
class CompletionCounts:
    """Numerators and denominators of the two completion rates (docs: domain, "Rates").

    Completion rate = ``completed / opened`` with ``not_yet_due`` beside it; on-time rate =
    ``completed_on_time / due``.
    """

    opened: int
    completed: int
    not_yet_due: int
    due: int
    completed_on_time: int


@dataclass(frozen=True)
class ReoffenceCounts:
    """Re-offence rate = ``reoffended / observed``; ``not_yet_observed`` completed too lately to be judged."""

    observed: int
    reoffended: int
    not_yet_observed: int


def due_date(opened_on: date, days: int) -> date:
    """Return the last day on which a task opened on ``opened_on`` is completed in time (calendar days)."""
    return opened_on + timedelta(days=days)


FINISHED_FROM, LATEST = 10**7, 10**7 + date.max.toordinal()
"""Where the finished tasks begin in the order of lists, and the last place of all."""


def urgency(state: TaskState, due_on: date) -> int:
    """Return where a task stands in lists: the unfinished by their last day, then the rest, the latest first."""
    return due_on.toordinal() if state in UNFINISHED else LATEST - due_on.toordinal()


def is_overdue(state: TaskState, due_on: date, today: date) -> bool:
    """Tell whether an unfinished task's due date is over."""
    return state in UNFINISHED and due_on < today


def window_start(last: date, days: int) -> date:
    """Return the first day whose violations count for the repeat-offender rule, ``last`` being the latest offence."""
    return last - timedelta(days=days - 1)


def latest_start(due_on: date, today: date) -> date | None:
    """Return the last day a seat may be booked on by itself: the due date, or None (any day) once it is over."""
    return due_on if due_on >= today else None


def next_module(plan: Sequence[ModulePlan], studied: Iterable[ModuleTimes]) -> ModulePlan | None:
    """Return the module to be studied now (the running one, else the first not begun), or None after the last."""
    ended = {times.module_id for times in studied if times.ended is not None}
    return next((module for module in plan if module.id not in ended), None)


def minutes_missing(module: ModulePlan, times: ModuleTimes, now: datetime) -> int:
    """Return how many more minutes ``module`` must run, rounded up; 0 when it may end."""
    left = timedelta(minutes=module.minimum_minutes) - ((times.ended or now) - times.started)
    return max(0, -(-int(left.total_seconds()) // 60))


def gaps(
    plan: Sequence[ModulePlan], studied: Iterable[ModuleTimes], score: int | None, pass_mark: int
) -> list[Message]:
    """Return what still stands between a rider and the sign-off; empty when nothing does.

    Every module has to be ended after its minimum of minutes, and the quiz, where the course has one, passed.
    """
    times = {record.module_id: record for record in studied}
    texts: list[Message] = []
    for module in plan:
        record = times.get(module.id)
        if record is None:
            texts.append(message("%(module)s has not begun.", module=module.name))
        elif record.ended is None:
            texts.append(message("%(module)s has not ended.", module=module.name))
        elif (short := minutes_missing(module, record, record.ended)) > 0:
            texts.append(message("%(module)s was %(minutes)d minutes too short.", module=module.name, minutes=short))
    if any(module.kind == ModuleKind.QUIZ for module in plan):
        if score is None:
            texts.append(message("There is no quiz score yet."))
        elif score < pass_mark:
            texts.append(
                message("The quiz score is %(score)d; at least %(mark)d is needed.", score=score, mark=pass_mark)
            )
    return texts


@dataclass(frozen=True)
class WeeklyDay:
    """One day of a weekly series; a public holiday is passed over."""

    day: date
    holiday: bool


def weekly_days(first: date, until: date, is_holiday: Callable[[date], bool]) -> list[WeeklyDay]:
    """Return the days a weekly series falls on, from ``first`` to ``until``, at most two years of them."""
    weeks = range(min((until - first).days // 7 + 1, MAXIMUM_WEEKS))
    days = [first + timedelta(weeks=week) for week in weeks]
    return [WeeklyDay(day, is_holiday(day)) for day in days]
