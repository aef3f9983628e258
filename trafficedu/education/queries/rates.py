"""The rates of study as the domain defines them: numerators and denominators, never a percentage."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, extract, func, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import within
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month
from trafficedu.education.models.tasks import Attendance, Certificate, StudyTask
from trafficedu.education.queries.tasks import responsible
from trafficedu.education.rules.states import LEFT_OUT, CertificateState, TaskState


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _completed(as_of: datetime) -> ColumnElement[bool]:
    return and_(StudyTask.state == TaskState.COMPLETED, StudyTask.completed_utc <= as_of)


def _due(start: date, end: date, as_of: datetime) -> ColumnElement[bool]:
    return and_(StudyTask.due_on >= start, StudyTask.due_on < end, StudyTask.due_on < local_date(as_of))


def _on_time(as_of: datetime) -> ColumnElement[bool]:
    return and_(_completed(as_of), StudyTask.completed_on <= StudyTask.due_on)


def _within(by: Actor, area_path: str | None) -> ColumnElement[bool]:
    return responsible(by) if area_path is None else responsible(by) & StudyTask.area_id.in_(within(area_path))


def count_due_by_area_and_month(
    session: Session, by: Actor, start: date, end: date, as_of: datetime, area_path: str | None = None
) -> list[tuple[str, Month, int, int]]:
    """Return path of the area, month, tasks due in it, and of those completed on time.

    What was completed later than ``as_of`` does not count, and a due date not over by then is not due. The period is
    half-open; cells without a task are left out.
    """
    year, month = extract("year", StudyTask.due_on), extract("month", StudyTask.due_on)
    counted = (
        select(
            StudyTask.area_id,
            year.label("y"),
            month.label("m"),
            func.count().label("due"),
            _sum(_on_time(as_of)).label("on_time"),
        )
        .where(_within(by, area_path), StudyTask.state.not_in(LEFT_OUT), _due(start, end, as_of))
        .group_by(StudyTask.area_id, year, month)
    )
    rows = counted.subquery()
    query = select(Area.path, rows.c.y, rows.c.m, rows.c.due, rows.c.on_time).join(rows, rows.c.area_id == Area.id)
    return [
        (path, Month(int(y), int(m)), int(due), int(on_time)) for path, y, m, due, on_time in session.execute(query)
    ]


def sum_marks(
    session: Session, start: date, end: date, as_of: datetime
) -> list[tuple[int, int | None, Month, int, int, int]]:
    """Return area id, company id, month, tasks due in it, those completed on time, and quiz scores.

    What was completed later than ``as_of`` does not count, and a due date not over by then is not due; the period is
    half-open. The last is the sum over the tasks completed by ``as_of``, late ones too: an unfinished task has no quiz.
    The quiz is that of the sign-off the certificate rests on.
    """
    year, month = extract("year", StudyTask.due_on), extract("month", StudyTask.due_on)
    # looked up for each task that was completed: joined, PostgreSQL reads every certificate for a month of tasks
    score = (
        select(Attendance.quiz_score)
        .join(Certificate, Certificate.attendance_id == Attendance.id)
        .where(Certificate.task_id == StudyTask.id, Certificate.state == CertificateState.VALID)
        .scalar_subquery()
    )
    quiz = case((_completed(as_of), func.coalesce(score, 0)), else_=0)
    query = (
        select(
            StudyTask.area_id,
            StudyTask.company_id,
            year,
            month,
            func.count(),
            _sum(_on_time(as_of)),
            func.sum(quiz),
        )
        .where(StudyTask.state.not_in(LEFT_OUT), _due(start, end, as_of))
        .group_by(StudyTask.area_id, StudyTask.company_id, year, month)
    )
    return [
        (area, company, Month(int(y), int(m)), int(due), int(on), int(quiz))
        for area, company, y, m, due, on, quiz in session.execute(query)
    ]
