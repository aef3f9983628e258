"""Reads of attempts: those of a study, the questions that may be drawn for a rider, how somebody stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core.loading import loaded
from trafficedu.core.text import Message, message
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask, TaskViolation
from trafficedu.education.queries.hours import hours_of
from trafficedu.quizzes.models import Attempt, AttemptItem, Question, QuestionVersion
from trafficedu.quizzes.rules import marking
from trafficedu.quizzes.rules.drawing import Candidate
from trafficedu.quizzes.rules.words import QuestionForm, QuestionState
from trafficedu.violations.models.records import Violation, ViolationKind


def list_attempts(session: Session, attendance: Attendance) -> Sequence[Attempt]:
    """Return the attempts of a study, the first one first, with what was asked and answered."""
    return session.scalars(
        select(Attempt)
        .where(Attempt.attendance_id == attendance.id)
        .options(loaded(Attempt.items, AttemptItem.version))
        .order_by(Attempt.number)
        .execution_options(populate_existing=True)
    ).all()


def tried(attempts: Sequence[Attempt]) -> list[marking.Tried]:
    """Return the ended ones for ``rules``."""
    return [
        marking.Tried(attempt.score, attempt.pass_mark, attempt.ended_utc)
        for attempt in attempts
        if attempt.score is not None and attempt.ended_utc is not None
    ]


def retry_rule(session: Session) -> marking.RetryRule:
    """Return the configured rule of trying again."""
    return marking.RetryRule(figure(session, "quizzes.attempts"), figure(session, "quizzes.retry_minutes"))


@dataclass(frozen=True)
class Standing:
    """How a rider stands with the quiz: the running attempt, those that ended, and why none may begin now.

    ``questions`` and ``minutes`` are what the next one will have.
    """

    booking: Booking
    running: Attempt | None
    ended: Sequence[Attempt]
    why_not: Message | None
    questions: int
    minutes: int

    @property
    def last(self) -> Attempt | None:
        """The attempt that ended last."""
        return self.ended[-1] if self.ended else None

    @property
    def passed(self) -> bool:
        """Whether one of them was passed."""
        return any(attempt.passed for attempt in self.ended)


def standing_of(session: Session, booking: Booking, now: datetime) -> Standing:
    """Return how the rider of a seat stands with its quiz."""
    attendance = booking.attendance
    attempts = [] if attendance is None else list(list_attempts(session, attendance))
    running = next((attempt for attempt in attempts if attempt.is_running), None)
    ended = [attempt for attempt in attempts if not attempt.is_running]
    why = why_not(session, booking, now) or marking.why_not_again(tried(ended), retry_rule(session), now)
    number, minutes = figure(session, "quizzes.questions"), figure(session, "quizzes.minutes")
    return Standing(booking, running, ended, why, number, minutes)


def why_not(session: Session, booking: Booking, now: datetime) -> Message | None:
    """Return why nobody may take a quiz for this seat now, None where the rider may: course, state and hours."""
    if not any(module.is_quiz for module in booking.session.plan.modules):
        return message("This course has no quiz.")
    if booking.attendance is None or not booking.is_studying:
        return message("This study is not under way. Check in with the station staff first.")
    score = booking.attendance.quiz_score
    if score is not None and score >= booking.session.plan.pass_mark:
        return marking.PASSED
    if now >= hours_of(session, booking.session).closes:
        return message("This session is over. Speak to the station staff.")
    return None


def own_kinds(session: Session, task_id: int) -> set[str]:
    """Return the codes of the kinds of violation that a study task answers for."""
    query = (
        select(ViolationKind.code)
        .join(Violation, Violation.kind_id == ViolationKind.id)
        .join(TaskViolation, TaskViolation.violation_id == Violation.id)
        .where(TaskViolation.task_id == task_id, TaskViolation.left_utc.is_(None))
    )
    return set(session.scalars(query))


def candidates(session: Session, course_code: str) -> list[Candidate]:
    """Return the questions in use as they may be drawn in a course."""
    columns = (
        QuestionVersion.id,
        QuestionVersion.question_id,
        QuestionVersion.kinds,
        QuestionVersion.weights,
        QuestionVersion.options,
        QuestionVersion.form,
    )
    query = (
        select(*columns)
        .join(QuestionVersion.question)
        .where(Question.state == QuestionState.IN_USE, QuestionVersion.number == Question.newest)
        .order_by(QuestionVersion.id)
    )
    return [
        Candidate(
            version_id,
            question_id,
            frozenset(kinds.split()),
            weights.get(course_code, 1),
            len(options),
            form == QuestionForm.TRUE_FALSE,
        )
        for version_id, question_id, kinds, weights, options, form in session.execute(query)
    ]


def asked_before(session: Session, task_id: int) -> set[int]:
    """Return the questions, by id, that a rider was asked for a task already."""
    query = (
        select(QuestionVersion.question_id)
        .join(AttemptItem, AttemptItem.version_id == QuestionVersion.id)
        .join(AttemptItem.attempt)
        .join(Attempt.attendance)
        .join(Attendance.booking)
        .where(Booking.task_id == task_id)
    )
    return set(session.scalars(query))


def has_tried_before(session: Session, rider_id: int) -> bool:
    """Tell whether a rider has taken a quiz at any time."""
    query = (
        select(Attempt.id)
        .join(Attempt.attendance)
        .join(Attendance.booking)
        .join(Booking.task)
        .where(StudyTask.rider_id == rider_id)
        .limit(1)
    )
    return session.scalar(query) is not None


def find_by_phone(session: Session, key: str) -> Booking | None:
    """Return the seat whose check-in has the key of a phone; None for a key that there is none of."""
    return session.scalar(select(Booking).join(Booking.attendance).where(Attendance.phone_key == key))
