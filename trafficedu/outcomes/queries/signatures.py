"""What was signed off in some months of an area, by whom, and what of it may have to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import within
from trafficedu.core.month import Period
from trafficedu.education.models.courses import CourseModule, StudySession
from trafficedu.education.models.tasks import Attendance, Booking, Certificate, ModuleRecord, StudyTask
from trafficedu.education.rules.states import AttendanceState, CertificateState, ModuleKind
from trafficedu.issued.models import Document
from trafficedu.issued.rules import DocumentKind


@dataclass(frozen=True)
class Signed:
    """A study that was signed off: by whom, in which session, and what of it stands out.

    ``at_minimum``: no part of it lasted longer than its minimum; None where no part has one. ``no_quiz``: there is no
    score though the course has a quiz; ``by_hand``: somebody entered the score, and the quiz did not mark it.
    ``phone`` is the phone by which ``rider`` checked in alone, None where somebody did it.
    """

    signer: int
    session: str
    task: str
    at_minimum: bool | None
    no_quiz: bool | None
    by_hand: bool
    rider: int
    phone: str | None
    by_exception: bool


@dataclass(frozen=True)
class TakenBack:
    """A certificate that somebody's sign-off brought, and whether it was revoked."""

    signer: int
    task: str
    revoked: bool


def list_signed(session: Session, path: str, period: Period) -> Sequence[Signed]:
    """Return the signed studies of tasks of an area, by the day of their session."""
    timed = and_(
        CourseModule.kind != ModuleKind.QUIZ,
        CourseModule.minimum_minutes > 0,
        ModuleRecord.credited.is_(False),
        ModuleRecord.online_minutes == 0,
        ModuleRecord.minutes.is_not(None),
    )
    longer = case((and_(timed, ModuleRecord.minutes > CourseModule.minimum_minutes), 1), else_=0)
    quiz = case((CourseModule.kind == ModuleKind.QUIZ, 1), else_=0)
    columns = (Attendance.id, Attendance.signed_off_by_id, StudySession.number, StudyTask.number)
    more = (
        Attendance.quiz_score,
        Attendance.quiz_by_hand,
        Attendance.override_reason,
        StudyTask.rider_id,
        Attendance.device,
    )
    query = (
        select(*columns, *more, func.sum(case((timed, 1), else_=0)), func.sum(longer), func.max(quiz))
        .join(Booking, Booking.id == Attendance.booking_id)
        .join(StudySession, StudySession.id == Booking.session_id)
        .join(StudyTask, StudyTask.id == Booking.task_id)
        .outerjoin(ModuleRecord, ModuleRecord.attendance_id == Attendance.id)
        .outerjoin(CourseModule, CourseModule.id == ModuleRecord.module_id)
        .where(
            Attendance.state == AttendanceState.SIGNED,
            Attendance.signed_off_by_id.is_not(None),
            *_held_in(path, period),
        )
        .group_by(*columns, *more)
        .order_by(Attendance.id)
    )
    return [_signed(*row) for row in session.execute(query)]


def _signed(
    _id: int,
    signer: int,
    held: str,
    task: str,
    score: int | None,
    by_hand: str,
    reason: str,
    rider: int,
    phone: str | None,
    timed: int,
    longer: int,
    quiz: Any,
) -> Signed:
    return Signed(
        signer,
        held,
        task,
        at_minimum=longer == 0 if timed else None,
        no_quiz=score is None if quiz or score is not None else None,
        by_exception=bool(reason),
        by_hand=bool(by_hand),
        rider=rider,
        phone=phone,
    )


def list_taken_back(session: Session, path: str, period: Period) -> Sequence[TakenBack]:
    """Return the certificates of tasks of an area by who issued them, by the day of their session."""
    query = (
        select(Document.issued_by_id, StudyTask.number, Certificate.state)
        .join(Certificate, Certificate.number == Document.number)
        .join(Attendance, Attendance.id == Certificate.attendance_id)
        .join(Booking, Booking.id == Attendance.booking_id)
        .join(StudySession, StudySession.id == Booking.session_id)
        .join(StudyTask, StudyTask.id == Certificate.task_id)
        .where(
            Document.kind == DocumentKind.CERTIFICATE,
            Document.issued_by_id.is_not(None),
            Document.carried_over.is_(False),
            *_held_in(path, period),
        )
        .order_by(Certificate.id)
    )
    return [
        TakenBack(signer, task, state == CertificateState.REVOKED)
        for signer, task, state in session.execute(query)
        if signer is not None
    ]


def _held_in(path: str, period: Period) -> tuple[ColumnElement[bool], ...]:
    days = StudySession.starts_on.between(period.first_day, period.last_day)
    return days, StudyTask.area_id.in_(within(path))
