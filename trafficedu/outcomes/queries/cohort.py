"""Who studied in some months of an area, alike in what, and what came after: some hundred riders at a time."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, islice
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import within
from trafficedu.core.month import Period
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask
from trafficedu.education.rules.states import LEFT_OUT, AttendanceState, TaskState
from trafficedu.outcomes import rules
from trafficedu.riders.models import Rider
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.rules.states import ViolationState

RIDERS_AT_ONCE = 500
MOST_RIDERS = 20_000
"""Of more, every second, third ... is taken: the limits are narrow by then."""


@dataclass(frozen=True)
class Subject:
    """A rider who is watched: the levels of what riders are made alike in, how long, and whether there was another.

    ``of`` are the levels by which outcomes are told apart; ``treated`` is what is asked about.
    """

    of: dict[str, str]
    alike: dict[str, str]
    watched: rules.Watched
    observed: bool
    treated: bool


@dataclass(frozen=True)
class Cohort:
    """Everybody of some months: ``total`` riders, of whom ``subjects`` are taken; ``too_late`` cannot be watched yet.

    ``before`` are those who offended before the watching began.
    """

    subjects: Sequence[Subject]
    total: int
    step: int
    too_late: int
    before: int = 0


@dataclass(frozen=True)
class Asked:
    """Of which area and months, watched for how long and up to which day."""

    path: str
    period: Period
    days: int
    through: date


def studied(session: Session, asked: Asked, tell: Callable[[int], Any]) -> Cohort:
    """Return who completed a study, each with the first one of the months in the area; watched from the day after.

    That is whom the plain rate counts (``education.queries.reoffence``). ``treated`` is whoever took another course
    than the shortest.
    """
    signed = (
        select(Booking.task_id, StudySession.station_id, StudySession.lecturer, Attendance.quiz_score)
        .join(Attendance, Attendance.booking_id == Booking.id)
        .join(StudySession, StudySession.id == Booking.session_id)
        .where(Attendance.state == AttendanceState.SIGNED)
        .subquery()
    )
    query = (
        select(
            StudyTask.rider_id,
            StudyTask.completed_on.label("day"),
            StudyTask.company_id,
            Course.code.label("course"),
            Course.rank,
            Rider.birth_date,
            *signed.c,
        )
        .join(Course, Course.id == StudyTask.course_id)
        .join(Rider, Rider.id == StudyTask.rider_id)
        .outerjoin(signed, signed.c.task_id == StudyTask.id)
        .where(
            StudyTask.state == TaskState.COMPLETED,
            StudyTask.completed_on.between(asked.period.first_day, min(asked.period.last_day, asked.through)),
            StudyTask.area_id.in_(within(asked.path)),
        )
        .order_by(StudyTask.rider_id, StudyTask.completed_on, StudyTask.id)
    )
    shortest = session.scalar(select(func.min(Course.rank))) or 0
    return _followed(session, query, asked, lambda row: _Beginning(row.day, row.rank > shortest), tell)


def educated(session: Session, asked: Asked, landmark: int, tell: Callable[[int], Any]) -> Cohort:
    """Return whose study was opened, each with the first task of the months in the area; watched from a landmark on.

    ``treated`` is whoever had studied ``landmark`` days after it was opened. Who offended again before that day is left
    out (Anderson, Cain and Gelber, J. Clin. Oncol. 1983;1:710): whoever studied late had to be without an offence
    until then, which would look like the effect of studying.
    """
    last = min(asked.period.last_day, asked.through - timedelta(days=landmark + 1))
    query = (
        select(
            StudyTask.rider_id,
            StudyTask.opened_on.label("day"),
            StudyTask.completed_on,
            StudyTask.company_id,
            Course.code.label("course"),
            Rider.birth_date,
        )
        .join(Course, Course.id == StudyTask.course_id)
        .join(Rider, Rider.id == StudyTask.rider_id)
        .where(
            StudyTask.state.not_in(LEFT_OUT),
            StudyTask.opened_on.between(asked.period.first_day, last),
            StudyTask.area_id.in_(within(asked.path)),
        )
        .order_by(StudyTask.rider_id, StudyTask.opened_on, StudyTask.id)
    )

    def begins(row: Any) -> _Beginning:
        start = row.day + timedelta(days=landmark)
        return _Beginning(start, row.completed_on is not None and row.completed_on <= start)

    return _followed(session, query, asked, begins, tell)


@dataclass(frozen=True)
class _Beginning:
    start: date
    treated: bool


def _followed(
    session: Session, query: Select[Any], asked: Asked, begins: Callable[[Any], _Beginning], tell: Callable[[int], Any]
) -> Cohort:
    inner = query.order_by(None).subquery()
    total = session.scalar(select(func.count(func.distinct(inner.c.rider_id)))) or 0
    step = -(-total // MOST_RIDERS) or 1
    if step > 1:
        query = query.where(StudyTask.rider_id % step == 0)
    kinds = dict(session.execute(select(ViolationKind.id, ViolationKind.code)).tuples().all())
    rows = session.execute(query.execution_options(yield_per=RIDERS_AT_ONCE))
    firsts = iter([next(of_rider) for _, of_rider in groupby(rows, key=lambda row: row.rider_id)])
    subjects, too_late, before = [], 0, 0
    for batch in _batches(firsts):
        offences = _offences(session, [row.rider_id for row in batch], asked)
        for row in batch:
            days, of_kind = offences[row.rider_id]
            begun = begins(row)
            if any(row.day < day <= begun.start for day in days):
                before += 1
                continue
            seen = rules.watched(days, begun.start, asked.through, asked.days)
            if seen is None:
                too_late += 1
                continue
            place = bisect_right(days, row.day)
            kind = kinds.get(of_kind[place - 1], rules.UNKNOWN) if place else rules.UNKNOWN
            observed = begun.start + timedelta(days=asked.days) <= asked.through
            subjects.append(Subject(_of(row), _alike(row, days, kind), seen, observed, begun.treated))
        tell(len(batch))
    return Cohort(subjects, total, step, too_late, before)


def _batches(firsts: Iterator[Any]) -> Iterator[tuple[Any, ...]]:
    while batch := tuple(islice(firsts, RIDERS_AT_ONCE)):
        yield batch


def _of(row: Any) -> dict[str, str]:
    found = {rules.COURSE: str(row.course)}
    if hasattr(row, "station_id"):
        found[rules.STATION] = str(row.station_id) if row.station_id else rules.UNKNOWN
        found[rules.LECTURER] = row.lecturer or rules.UNKNOWN
        found[rules.SCORE] = rules.score_level(row.quiz_score)
    return found


def _alike(row: Any, days: Sequence[date], kind: str) -> dict[str, str]:
    return {
        rules.FORMER: rules.former_level(days, row.day),
        rules.AGE: rules.age_level(row.birth_date, row.day),
        rules.KIND: kind,
        rules.WORK: "company" if row.company_id is not None else "private",
    }


def _offences(session: Session, riders: Sequence[int], asked: Asked) -> dict[int, tuple[list[date], list[int]]]:
    """Return days and kinds of the riders' offences, the earliest first, since a year before the months."""
    query = (
        select(Violation.rider_id, Violation.occurred_on, Violation.kind_id)
        .where(
            Violation.rider_id.in_(riders),
            Violation.state == ViolationState.CONFIRMED,
            Violation.occurred_on.between(asked.period.first_day - rules.YEAR, asked.through),
        )
        .order_by(Violation.rider_id, Violation.occurred_on, Violation.id)
    )
    found: dict[int, tuple[list[date], list[int]]] = defaultdict(lambda: ([], []))
    for rider, day, kind in session.execute(query):
        found[rider][0].append(day)
        found[rider][1].append(kind)
    return found
