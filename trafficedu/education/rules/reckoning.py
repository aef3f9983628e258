"""The arithmetic of study: which course, due when, what is missing before somebody may sign off. Pure.

The figures (days, pass mark, thresholds) are configured; they are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trafficedu.core.errors import Refusal
from trafficedu.core.text import Message, message
from trafficedu.education.rules.states import UNFINISHED, ModuleKind, TaskState

VILLAGE, TOWN, DISTRICT, ABOVE = 0, 1, 2, 3
"""How near a station is: in the same village, the same town, the same district, or the city's (province's) own."""


@dataclass(frozen=True)
class ModulePlan:
    """One module of a course as it has to be studied; more than ``maximum_minutes`` of it never count."""

    id: int
    kind: str
    name: str
    minimum_minutes: int
    maximum_minutes: int


@dataclass(frozen=True)
class Hours:
    """When riders check in to a session (from ``opens``), when it begins and ends, until when study in it counts."""

    opens: datetime
    starts: datetime
    ends: datetime
    closes: datetime

    def are_on(self, now: datetime) -> bool:
        """Tell whether riders check in and study now."""
        return self.opens <= now < self.closes


@dataclass(frozen=True)
class ModuleTimes:
    """When a rider began and ended one module; ``ended`` is None while it runs. ``counted``: minutes that count.

    ``online`` minutes were seen at home before it began here.
    """

    module_id: int
    started: datetime
    ended: datetime | None
    counted: int | None = None
    online: int = 0


def counted_minutes(module: ModulePlan, started: datetime, until: datetime, closes: datetime, online: int = 0) -> int:
    """Return the whole minutes of a module that count: to the end of the session's hours and at most its maximum.

    ``online`` minutes were seen at home before.
    """
    studied = int((min(until, closes) - started).total_seconds() // 60)
    return max(0, min(max(0, studied) + online, module.maximum_minutes))


def minutes_online(modules: Iterable[ModulePlan], seen: int) -> dict[int, int]:
    """Return how many of the ``seen`` minutes count for each module, by its id.

    One after the other gets its minimum; a module for which none are left is not in it.
    """
    counted: dict[int, int] = {}
    for module in modules:
        minutes = min(seen, module.minimum_minutes)
        if minutes > 0:
            counted[module.id] = minutes
            seen -= minutes
    return counted


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


def latest_start(due_on: date, today: date, horizon_days: int) -> date:
    """Return the last day a seat may be booked on by itself: the due date unless it is over, within the horizon."""
    horizon = today + timedelta(days=horizon_days)
    return min(due_on, horizon) if due_on >= today else horizon


def next_module(plan: Sequence[ModulePlan], studied: Iterable[ModuleTimes]) -> ModulePlan | None:
    """Return the module to be studied now (the running one, else the first not begun), or None after the last."""
    times = {record.module_id: record for record in studied}
    running = next((module for module in plan if module.id in times and times[module.id].ended is None), None)
    return running or next((module for module in plan if module.id not in times), None)


def modules_to_begin(
    plan: Sequence[ModulePlan], studied: Iterable[ModuleTimes], *, free_order: bool
) -> list[ModulePlan]:
    """Return the modules that a rider may begin now: none while one runs, for nobody is in two rooms at once.

    In a free order any that has not begun, else the first of them.
    """
    times = list(studied)
    if any(record.ended is None for record in times):
        return []
    begun = {record.module_id for record in times}
    left = [module for module in plan if module.id not in begun]
    return left if free_order else left[:1]


def minutes_missing(module: ModulePlan, started: datetime, until: datetime, online: int = 0) -> int:
    """Return how many more minutes ``module`` must run, rounded up; 0 when it may end.

    ``online`` minutes were seen at home before.
    """
    left = timedelta(minutes=module.minimum_minutes - online) - (until - started)
    return max(0, -(-int(left.total_seconds()) // 60))


def gaps(
    plan: Sequence[ModulePlan], studied: Iterable[ModuleTimes], score: int | None, pass_mark: int
) -> list[Message]:
    """Return what still stands between a rider and the sign-off; empty when nothing does.

    Every module has to be ended with its minimum of minutes that count, and the quiz, where there is one, passed.
    """
    times = {record.module_id: record for record in studied}
    texts: list[Message] = []
    for module in plan:
        record = times.get(module.id)
        if record is None:
            texts.append(message("%(module)s has not begun.", module=module.name))
        elif record.ended is None:
            texts.append(message("%(module)s has not ended.", module=module.name))
        elif (short := module.minimum_minutes - (record.counted or 0)) > 0:
            texts.append(message("%(module)s was %(minutes)d minutes too short.", module=module.name, minutes=short))
    if any(module.kind == ModuleKind.QUIZ for module in plan):
        if score is None:
            texts.append(message("There is no quiz score yet."))
        elif score < pass_mark:
            texts.append(
                message("The quiz score is %(score)d; at least %(mark)d is needed.", score=score, mark=pass_mark)
            )
    return texts


SHORTEST_REASON = 10
"""Characters of a reason for what is done by exception, or takes back what was certified."""


def require_reason(reason: str) -> None:
    """Raise Refusal at ``reason`` for one that is too short to say anything."""
    if len(reason.strip()) < SHORTEST_REASON:
        text = message("Give the reason in at least %(least)d characters.", least=SHORTEST_REASON)
        raise Refusal(text, field="reason")
