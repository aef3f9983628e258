"""From a violation to a study task with a seat, and back when the violation is voided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.configuration.queries import figure
from trafficedu.core import audit, clock
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.loading import loaded
from trafficedu.core.numbers import new_number
from trafficedu.core.tables import insert_row, table_of
from trafficedu.core.text import message
from trafficedu.education.models.courses import Course
from trafficedu.education.models.tasks import StudyTask, TaskViolation
from trafficedu.education.queries.courses import COURSE_BY_RULE
from trafficedu.education.queries.seats import Seeker, origin_path
from trafficedu.education.rules import reckoning, states
from trafficedu.education.rules.states import TASK_LIFE, TaskAct, TaskState
from trafficedu.education.services.endings import end_task, owes_nothing, reopen
from trafficedu.education.services.seats import (
    add_booking,
    book_best_seat,
    cancel_booking,
    lock_for_move,
    lock_riders,
    offer_seats,
    reserve_best_seat,
)
from trafficedu.riders.events import HomeVillageRecorded
from trafficedu.riders.models import Rider
from trafficedu.violations.events import (
    CompanySettled,
    ReviewReopened,
    ToldApart,
    ViolationCorrected,
    ViolationEstablished,
    ViolationVoided,
)
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import CorrectedField, ViolationState


def assign_for_violation(session: Session, event: ViolationEstablished) -> None:
    """Open the rider's one task not begun, or let a further violation join it; give it a seat.

    A further violation may raise the course (never lower it) and leaves the due date; the seat then moves to
    a session of that course. With the task begun already, the next one opens. The same violation twice does it
    once, but for one that left its task in between; one that does not count, has no known rider or is history does
    nothing.

    Raises
    ------
    Refusal
        No course is active for the number of violations: the configuration lacks one.
    """
    violation, by, now = session.get(Violation, event.violation_id), event.by, event.at_utc
    if violation is None or violation.rider_id is None or violation.historic:
        return
    if violation.state != ViolationState.CONFIRMED:
        return
    path, home_id = _lock_rider(session, violation)
    known = _look_up_task(session, violation, violation.rider_id, now)
    if known.task_id is not None:
        return
    if known.left:
        session.delete(session.get_one(TaskViolation, violation.id))
        session.flush()
    if known.course_id is None:
        raise _no_course()
    if known.unbegun_id is None:
        _open(session, violation, _Beginning(known.course_id, path, home_id), by, now)
        return
    task = session.get_one(StudyTask, known.unbegun_id, populate_existing=True, options=[loaded(StudyTask.course)])
    _extend(session, task, violation, session.get_one(Course, known.course_id), path, by, now)


def _extend(
    session: Session, task: StudyTask, violation: Violation, course: Course, path: str, by: Actor, now: datetime
) -> None:
    """Let a further violation join a task not begun."""
    session.add(TaskViolation(violation_id=violation.id, task_id=task.id))
    raised = course.rank > task.course.rank
    audit.write(session, "education:task:extend", by, subject=task, violation=violation.id, raised=raised)
    if raised:
        _change_course(session, task, course, path, by, now)
    elif task.is_open:
        book_best_seat(session, task, path, by, now)
    session.flush()


_RIDER, _HOME, _SCENE = table_of(Rider), table_of(Area).alias(), table_of(Area).alias()
_LOCK_RIDER = (
    select(func.coalesce(_HOME.c.path, _SCENE.c.path), _RIDER.c.home_area_id)
    .select_from(_RIDER)
    .join(_SCENE, _SCENE.c.id == bindparam("area_id"))
    .outerjoin(_HOME, _RIDER.c.home_area_id == _HOME.c.id)
    .where(_RIDER.c.id == bindparam("rider_id"))
    .with_for_update(of=_RIDER, key_share=True)
)


def _lock_rider(session: Session, violation: Violation) -> tuple[str, int | None]:
    """Lock the rider (as ``lock_riders`` does); return where the way to a station begins, and the home, in one go."""
    parameters = {"rider_id": violation.rider_id, "area_id": violation.area_id}
    path, home_id = session.connection().execute(_LOCK_RIDER, parameters).one()
    return path, home_id


@dataclass(frozen=True)
class _TaskLookup:
    """Ids of the task that holds the violation already, of the rider's task not begun, of the course by rule.

    ``left``: whether the violation was in a task and left it, since its confirmation was taken back.
    """

    task_id: int | None
    left: bool
    unbegun_id: int | None
    course_id: int | None


_TASK, _LINK = table_of(StudyTask).c, table_of(TaskViolation).c
_UNBEGUN = select(_TASK.id).where(_TASK.rider_id == bindparam("rider_id"), _TASK.state.in_(states.NOT_BEGUN))
_OWN_LINK = _LINK.violation_id == bindparam("violation_id")
_TASK_LOOKUP = select(
    select(_LINK.task_id).where(_OWN_LINK, _LINK.left_utc.is_(None)).scalar_subquery(),
    exists().where(_OWN_LINK, _LINK.left_utc.is_not(None)),
    _UNBEGUN.scalar_subquery(),
    COURSE_BY_RULE,
)
_COURSE_ID = select(COURSE_BY_RULE)


def _look_up_task(session: Session, violation: Violation, rider_id: int, now: datetime) -> _TaskLookup:
    """Return the rider's tasks and course, in one statement after the lock: it sees what the one before left."""
    parameters = {"violation_id": violation.id, **_window(session, rider_id, violation.occurred_on, now)}
    return _TaskLookup(*session.connection().execute(_TASK_LOOKUP, parameters).one())


def _window(session: Session, rider_id: int, last: date, now: datetime) -> dict[str, Any]:
    """Return whose violations count, from when to when; what ``COURSE_BY_RULE`` is given."""
    since = reckoning.window_start(last, figure(session, "education.repeat_window_days"))
    return {"rider_id": rider_id, "since": since, "until": last, "today": clock.local_date(now)}


def _no_course() -> Refusal:
    return Refusal(message("No course is active for this number of violations. Ask the administrator."))


@dataclass(frozen=True)
class _Beginning:
    """What a new task is given: its course, where the way to a station begins, where the rider lives."""

    course_id: int
    path: str
    home_id: int | None


def _open(session: Session, violation: Violation, begins: _Beginning, by: Actor, now: datetime) -> None:
    """Open a task and book its seat; the seat is reserved first, so that the task is written once, in its state."""
    today = clock.local_date(now)
    due_on = reckoning.due_date(today, figure(session, "education.due_days"))
    assert violation.rider_id is not None
    seat = reserve_best_seat(session, Seeker(violation.rider_id, begins.course_id, due_on, begins.path), now)
    task_id = insert_row(
        session,
        StudyTask,
        number=new_number("T"),
        rider_id=violation.rider_id,
        course_id=begins.course_id,
        area_id=violation.area_id,
        home_area_id=begins.home_id,
        company_id=violation.company_id,
        station_id=None if seat is None else seat.station_id,
        opened_utc=now,
        opened_on=today,
        due_on=due_on,
        urgency=reckoning.urgency(TaskState.OPEN, due_on),
        state=TaskState.OPEN if seat is None else TaskState.BOOKED,
    )
    insert_row(session, TaskViolation, violation_id=violation.id, task_id=task_id)
    subject = (StudyTask, task_id)
    audit.write(session, "education:task:open", by, subject=subject, violation=violation.id, course=begins.course_id)
    if seat is not None:
        add_booking(session, task_id, seat.session_id, by, now)


def _change_course(session: Session, task: StudyTask, course: Course, path: str, by: Actor, now: datetime) -> None:
    """Give a task not begun another course, and a seat in a session of it; its old seat goes to the next.

    Who does not come gets none by itself.
    """
    before, task.course = task.course_id, course
    session.flush()
    if task.is_away:
        audit.write(session, "education:task:course", by, subject=task, before=before, after=course.id)
        return
    lock_for_move(session, task, path, now)
    freed = cancel_booking(session, task, by)
    audit.write(session, "education:task:course", by, subject=task, before=before, after=course.id)
    book_best_seat(session, task, path, by, now, left_session_id=freed)
    if freed is not None:
        offer_seats(session, freed, by, now)


def withdraw_violation(session: Session, event: ViolationVoided | ReviewReopened) -> None:
    """Take a violation that does not count any more out of its task; each remains to be read with the other.

    A task left without violations that count is withdrawn, its seat goes to the next who waits. What is completed stays
    completed (the study took place and its certificate stays true), what is waived stays waived. The course
    of the rider's task not begun is computed anew, and may fall, since one violation less counts.
    """
    violation = session.get(Violation, event.violation_id)
    if violation is None or violation.rider_id is None:
        return
    lock_riders(session, [violation.rider_id])
    link = session.get(TaskViolation, violation.id, populate_existing=True)
    if link is None or link.left_utc is not None:
        return
    task = session.get_one(StudyTask, link.task_id, populate_existing=True)
    link.left_utc = event.at_utc
    session.flush()
    session.expire(task, ["links"])
    audit.write(session, "education:task:reduce", event.by, subject=task, violation=violation.id)
    if task.may(TaskAct.WITHDRAW) and owes_nothing(session, task):
        end_task(session, task, TaskAct.WITHDRAW, event.by, event.at_utc)
    _recompute(session, violation.rider_id, event.by, event.at_utc)


def follow_correction(session: Session, event: ViolationCorrected) -> None:
    """Let the task of a corrected violation say where that happened, and judge its course by the day it has now."""
    violation = session.get_one(Violation, event.violation_id)
    link = session.get(TaskViolation, violation.id)
    if link is None or violation.rider_id is None:
        return
    lock_riders(session, [violation.rider_id])
    task = session.get_one(StudyTask, link.task_id, populate_existing=True)
    if CorrectedField.AREA in event.fields and _first_of(session, task) == violation.id:
        task.area_id = violation.area_id
        session.flush()
        audit.write(session, "education:task:move", event.by, subject=task, area=violation.area_id)
    if CorrectedField.OCCURRED in event.fields:
        _recompute(session, violation.rider_id, event.by, event.at_utc)


def tell_apart(session: Session, event: ToldApart) -> None:
    """Judge the course of a rider anew, now that a record counts that might have been a second one of an offence."""
    violation = session.get_one(Violation, event.violation_id)
    if violation.rider_id is not None:
        lock_riders(session, [violation.rider_id])
        _recompute(session, violation.rider_id, event.by, event.at_utc)


def _first_of(session: Session, task: StudyTask) -> int | None:
    """Return the id of the violation that opened a task: where it happened is where the task counts."""
    return session.scalar(select(func.min(TaskViolation.violation_id)).where(TaskViolation.task_id == task.id))


def _days_of(session: Session, task: StudyTask) -> Sequence[date]:
    return session.scalars(
        select(Violation.occurred_on)
        .join(TaskViolation, TaskViolation.violation_id == Violation.id)
        .where(TaskViolation.task_id == task.id, TaskViolation.left_utc.is_(None))
    ).all()


def follow_home(session: Session, event: HomeVillageRecorded) -> None:
    """Let the tasks of a rider say where the rider lives now; the rider is held by who recorded it."""
    home = select(Rider.home_area_id).where(Rider.id == event.rider_id).scalar_subquery()
    tasks = update(StudyTask).where(StudyTask.rider_id == event.rider_id).values(home_area_id=home)
    session.execute(tasks, execution_options={"synchronize_session": False})
    for task in session.identity_map.values():
        if isinstance(task, StudyTask) and task.rider_id == event.rider_id:
            session.expire(task, ["home_area_id"])


def follow_company(session: Session, event: CompanySettled) -> None:
    """Let the task that a violation opened, its first one, say which company answers now."""
    link = session.get(TaskViolation, event.violation_id)
    if link is None:
        return
    first = select(func.min(TaskViolation.violation_id)).where(TaskViolation.task_id == link.task_id)
    if session.scalar(first) == event.violation_id:
        task = session.get_one(StudyTask, link.task_id)
        task.company_id = session.get_one(Violation, event.violation_id).company_id
        session.flush()


def _recompute(session: Session, rider_id: int, by: Actor, now: datetime) -> None:
    task = session.scalar(
        select(StudyTask).where(StudyTask.rider_id == rider_id, StudyTask.state.in_(states.NOT_BEGUN))
    )
    if task is None:
        return
    course_id = session.connection().scalar(_COURSE_ID, _window(session, rider_id, max(_days_of(session, task)), now))
    if course_id is None:
        raise _no_course()
    if course_id != task.course_id:
        course = session.get_one(Course, course_id)
        _change_course(session, task, course, origin_path(session, task), by, now)


def waive(session: Session, task: StudyTask, reason: str, by: Actor, now: datetime) -> None:
    """Let a rider, who is held, off an unfinished task as it was proposed; no rate counts it any more.

    ``by`` granted it (``exceptions.grant``). Raises Stale where the task is finished.
    """
    TASK_LIFE.require(TaskAct.WAIVE, task.state)
    task.waived_by_id, task.waived_reason = by.user_id, reason
    end_task(session, task, TaskAct.WAIVE, by, now)


def resume(session: Session, task: StudyTask, reason: str, by: Actor, now: datetime) -> None:
    """Take a waiver back: the rider owes the study again, and gets the next seat, or waits.

    Raises
    ------
    Denied
        Without ``education:exception:grant``.
    Refusal
        The reason is too short (field ``reason``), or every violation of the task was voided.
    Stale
        The task is not waived (any more).
    """
    by.require("education:exception:grant")
    reckoning.require_reason(reason)
    lock_riders(session, [task.rider_id])
    session.refresh(task)
    if owes_nothing(session, task):
        raise Refusal(message("Every violation of this task was voided, so there is nothing to study for."))
    reopen(session, task, TaskAct.RESUME, by, now)
    task.waived_by_id, task.waived_reason = None, ""
    session.flush()
    audit.write(session, "education:task:resume", by, subject=task)
