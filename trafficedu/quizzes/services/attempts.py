"""A rider takes the quiz: begins, answers, hands in; the clock ends what nobody hands in. Flushes, never commits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from random import Random, SystemRandom

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.orm import among
from trafficedu.core.text import message
from trafficedu.education.models.courses import CourseModule
from trafficedu.education.models.tasks import Attendance, Booking, ModuleRecord
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.rules import reckoning
from trafficedu.education.rules.states import AttendanceState, ModuleKind
from trafficedu.education.services import study
from trafficedu.education.services.absence import lock_study
from trafficedu.quizzes.models import Attempt, AttemptItem
from trafficedu.quizzes.queries import attempts as queries
from trafficedu.quizzes.rules import marking
from trafficedu.quizzes.rules.drawing import draw
from trafficedu.quizzes.rules.words import ATTEMPT_LIFE, AttemptAct, AttemptState, Device
from trafficedu.quizzes.services.tallying import count_first

TAKE = "quizzes:attempt:take"
TOO_LATE = message("Time was up. This answer came too late and does not count; those given before do.")


def begin(
    session: Session, booking: Booking, device: Device, by: Actor, now: datetime, chance: Random | None = None
) -> Attempt:
    """Begin an attempt, and with it the quiz module of the course; one that runs is given again.

    Its questions, their order and that of their options are drawn once and stay, so that a reload or another device
    shows the same.

    Raises
    ------
    Refusal
        The rider does not study here now, the course has no quiz, another module is due first, the session is over,
        the retry rule says no, or the bank has no question for the course.
    """
    lock_study(session, booking)
    standing = queries.standing_of(session, booking, now)
    if standing.running is not None:
        return standing.running
    if standing.why_not is not None:
        raise Refusal(standing.why_not)
    attendance = study.attendance_of(booking)
    _begin_module(session, booking, by, now)
    plan, task = booking.session.plan, booking.task
    drawn = draw(
        queries.candidates(session, plan.code),
        queries.own_kinds(session, task.id),
        queries.asked_before(session, task.id),
        standing.questions,
        figure(session, "quizzes.own_share"),
        chance or SystemRandom(),
    )
    if not drawn:
        raise Refusal(message("The question bank has no question for this course. Tell the station staff."))
    attempt = Attempt(
        attendance_id=attendance.id,
        number=len(standing.ended) + 1,
        device=device,
        begun_utc=now,
        ends_utc=now + timedelta(minutes=standing.minutes),
        pass_mark=plan.pass_mark,
        is_first=not queries.has_tried_before(session, task.rider_id),
        items=[
            AttemptItem(position=place, version_id=each.version_id, options_order=marking.written_in_order(each.order))
            for place, each in enumerate(drawn, start=1)
        ],
    )
    session.add(attempt)
    session.flush()
    audit.write(session, TAKE, by, subject=attempt, attendance=attendance.id, act="begin", device=device.value)
    return attempt


def answer(session: Session, booking: Booking, item_id: int, chosen: Collection[int], now: datetime) -> AttemptItem:
    """Keep the answer to a question of the running attempt; the same again changes nothing, another one replaces it.

    Raises
    ------
    Stale
        The attempt has been handed in.
    Refusal
        Time is up, the question is none of this attempt, or the answer is none of the question's.
    """
    lock_study(session, booking)
    item = session.get(AttemptItem, item_id, populate_existing=True)
    attendance = booking.attendance
    if item is None or attendance is None or item.attempt.attendance_id != attendance.id:
        raise Refusal(message("This question does not belong to this quiz. Open the quiz again."))
    attempt = item.attempt
    if item.answer == marking.written(chosen):
        return item
    if attempt.is_running and attempt.is_over(now):
        raise Refusal(TOO_LATE)
    ATTEMPT_LIFE.require(AttemptAct.ANSWER, attempt.state)
    _require_options(item, chosen)
    item.answer, item.answered_utc = marking.written(chosen), now
    session.flush()
    return item


def _require_options(item: AttemptItem, chosen: Collection[int]) -> None:
    offered = set(range(len(item.version.options)))
    if not chosen:
        raise Refusal(message("Choose an answer first."), field="choice")
    if not set(chosen) <= offered:
        raise Refusal(message("This answer does not belong to the question. Open the quiz again."), field="choice")
    if len(set(chosen)) > 1 and not item.version.takes_several:
        raise Refusal(message("Choose one answer only."), field="choice")


def hand_in(session: Session, booking: Booking, by: Actor, now: datetime) -> Attempt:
    """End the running attempt and mark it into the study; without one, return the attempt that ended last.

    Questions without an answer count as wrong. After the time limit it ends as of the limit. Raises Missing where there
    is no attempt at all.
    """
    lock_study(session, booking)
    standing = queries.standing_of(session, booking, now)
    if standing.running is None:
        if standing.last is None:
            raise Missing(message("No quiz has begun."))
        return standing.last
    _end(session, standing.running, booking, by, now)
    return standing.running


def close_overdue(session: Session, now: datetime, _most: int) -> int:
    """End the attempt whose time has been up longest and that nobody handed in; returns 0 where there is none.

    The worker's chore, one attempt a transaction: riders and tallies are locked in that order by everybody, and never
    a second rider after tallies.
    """
    attempt = session.scalar(
        select(Attempt)
        .where(among(Attempt.state, AttemptState.RUNNING), Attempt.ends_utc <= now)
        .order_by(Attempt.ends_utc, Attempt.id)
        .limit(1)
    )
    if attempt is None:
        return 0
    booking = attempt.attendance.booking
    lock_study(session, booking)
    session.refresh(attempt)
    if attempt.is_running:
        _end(session, attempt, booking, SYSTEM, now)
    return 1


def end_passed_modules(session: Session, now: datetime, _most: int) -> int:
    """End a quiz module that runs on after the quiz was passed, once it lasted its minimum; returns 0 without one.

    A quiz may be done sooner than its module lasts at least: then nobody has to come back to press a key.
    """
    running = session.scalars(
        select(ModuleRecord)
        .join(ModuleRecord.attendance)
        .join(ModuleRecord.module)
        .join(Attempt, Attempt.attendance_id == Attendance.id)
        .where(
            among(Attendance.state, AttendanceState.STUDYING),
            CourseModule.kind == ModuleKind.QUIZ,
            ModuleRecord.ended_utc.is_(None),
            Attempt.score >= Attempt.pass_mark,
        )
        .order_by(ModuleRecord.id)
    ).unique()
    return int(
        any(_end_module(session, record.attendance.booking, record.module_id, SYSTEM, now) for record in running)
    )


def _end(session: Session, attempt: Attempt, booking: Booking, by: Actor, now: datetime) -> None:
    """Mark an attempt and note the score in the study, where that still runs."""
    late = attempt.is_over(now)
    right = {item.id: marking.is_right(item.chosen, item.version.right) for item in attempt.items}
    score = marking.score_of(list(right.values()))
    for item in attempt.items:
        item.right = right[item.id]
    act = AttemptAct.TIME_OUT if late else AttemptAct.HAND_IN
    attempt.state, attempt.score = ATTEMPT_LIFE.after(act, attempt.state), score
    attempt.ended_utc = min(now, attempt.ends_utc)
    session.flush()
    if attempt.is_first:
        count_first(session, attempt)
    audit.write(session, TAKE, by, subject=attempt, act="end", score=score, late=late)
    if not booking.is_studying:
        return
    study.record_quiz(session, booking, score, by, now)
    if attempt.passed:
        _end_module(session, booking, _quiz_of(booking).id, by, now)


def _quiz_of(booking: Booking) -> CourseModule:
    return next(module for module in booking.session.plan.modules if module.is_quiz)


def _begin_module(session: Session, booking: Booking, by: Actor, now: datetime) -> None:
    """Begin the quiz module unless it has begun, or ended, in this study."""
    module = _quiz_of(booking)
    records = study.attendance_of(booking).modules
    if not any(record.module_id == module.id for record in records):
        study.start_module(session, booking, module.id, by, now)
        session.expire(study.attendance_of(booking), ["modules"])


def _end_module(session: Session, booking: Booking, module_id: int, by: Actor, now: datetime) -> bool:
    """End the quiz module where it lasted its minimum, or the session is over; tell whether it did."""
    attendance = study.attendance_of(booking)
    record = next((each for each in attendance.modules if each.module_id == module_id), None)
    if record is None or record.ended_utc is not None:
        return False
    plan = reckoning.ModulePlan(module_id, record.module.kind, "", record.module.minimum_minutes, 0)
    short = reckoning.minutes_missing(plan, record.started_utc, now)
    if short and now < hours_of(session, booking.session).closes:
        return False
    study.end_module(session, booking, module_id, by, now)
    return True
