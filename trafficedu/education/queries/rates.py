"""The rates of study as the domain defines them: numerators and denominators, never a percentage."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, extract, func, or_, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries import within
from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month
from trafficedu.education.models import Attendance, Certificate, StudyTask
from trafficedu.education.queries.tasks import responsible
from trafficedu.education.rules import LEFT_OUT, CompletionCounts, ReoffenceCounts, TaskState
from trafficedu.violations.models import Violation
from trafficedu.violations.rules import ViolationState


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


def count_completion(
    session: Session, by: Actor, start: date, end: date, as_of: datetime, area_path: str | None = None
) -> CompletionCounts:
    """Count tasks opened, and tasks due, in the half-open period ``start`` <= day < ``end``.

    Parameters
    ----------
    as_of
        What was completed later does not count yet, and a due date not over by then is not due.
    area_path
        Narrows to a subtree inside what ``by`` answers for.

    Returns
    -------
    CompletionCounts
        ``opened``: opened in the period, waived and withdrawn ones out; ``completed``: of those, completed by
        ``as_of``; ``not_yet_due``: of those, unfinished with a due date not over; ``due``: due date in the
        period and over by ``as_of``; ``completed_on_time``: of those, completed by their due date.
    """
    opened = and_(StudyTask.opened_on >= start, StudyTask.opened_on < end, StudyTask.opened_utc <= as_of)
    due = _due(start, end, as_of)
    unfinished = or_(StudyTask.state != TaskState.COMPLETED, StudyTask.completed_utc > as_of)
    query = select(
        _sum(opened),
        _sum(and_(opened, _completed(as_of))),
        _sum(and_(opened, StudyTask.due_on >= local_date(as_of), unfinished)),
        _sum(due),
        _sum(and_(due, _on_time(as_of))),
    ).where(_within(by, area_path), StudyTask.state.not_in(LEFT_OUT), opened | due)
    return CompletionCounts(*(int(value) for value in session.execute(query).one()))


def count_due_by_area_and_month(
    session: Session, by: Actor, start: date, end: date, as_of: datetime, area_path: str | None = None
) -> list[tuple[str, Month, int, int]]:
    """Return path of the area, month, tasks due in it, and of those completed on time.

    The same reading as :func:`count_completion`, half-open period, cells without a task left out.
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


def sum_marks(session: Session, start: date, end: date, as_of: datetime) -> list[tuple[int, int | None, int, int, int]]:
    """Return area id, company id, tasks due in the half-open period, those completed on time, and quiz scores.

    The same reading as :func:`count_completion`. The last is the sum over the tasks completed by ``as_of``, late
    ones too: an unfinished task has no quiz. The quiz is that of the sign-off the certificate rests on.
    """
    quiz = case((_completed(as_of), func.coalesce(Attendance.quiz_score, 0)), else_=0)
    query = (
        select(
            StudyTask.area_id,
            StudyTask.company_id,
            func.count(),
            _sum(_on_time(as_of)),
            func.sum(quiz),
        )
        .outerjoin(Certificate, Certificate.task_id == StudyTask.id)
        .outerjoin(Attendance, Attendance.id == Certificate.attendance_id)
        .where(StudyTask.state.not_in(LEFT_OUT), _due(start, end, as_of))
        .group_by(StudyTask.area_id, StudyTask.company_id)
    )
    return [(area, company, int(due), int(on), int(quiz)) for area, company, due, on, quiz in session.execute(query)]


def count_reoffence(
    session: Session, by: Actor, start: date, end: date, as_of: datetime, area_path: str | None = None
) -> ReoffenceCounts:
    """Count riders who completed in the half-open period, and those with a new violation afterwards.

    A rider counts once, with the first completion in the period. A violation is new when it happened after
    the day of completion and within ``education.reoffence_days`` of it, wherever it happened. Riders whose
    days are not over by ``as_of`` are ``not_yet_observed``, whether or not they offended already.
    """
    days = timedelta(days=figure(session, "education.reoffence_days"))
    first = (
        select(StudyTask.rider_id, func.min(StudyTask.completed_on).label("day"))
        .where(
            _within(by, area_path),
            _completed(as_of),
            StudyTask.completed_on >= start,
            StudyTask.completed_on < end,
        )
        .group_by(StudyTask.rider_id)
    )
    completed = first.subquery()
    rows = session.execute(
        select(completed.c.day, func.min(Violation.occurred_on))
        .select_from(completed)
        .outerjoin(
            Violation,
            (Violation.rider_id == completed.c.rider_id)
            & (Violation.state == ViolationState.CONFIRMED)
            & (Violation.occurred_on > completed.c.day),
        )
        .group_by(completed.c.rider_id, completed.c.day)
    ).all()
    today = local_date(as_of)
    observed = [row for row in rows if row[0] + days < today]
    again = [row for row in observed if row[1] is not None and row[1] <= row[0] + days]
    return ReoffenceCounts(len(observed), len(again), len(rows) - len(observed))
