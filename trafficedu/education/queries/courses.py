"""Reads of courses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, selectinload

from trafficedu.core.errors import Missing
from trafficedu.core.text import message
from trafficedu.education.models import Course
from trafficedu.education.rules import ModulePlan
from trafficedu.violations.models import CONFIRMED, Violation


def list_courses(session: Session, *, active: bool = False) -> Sequence[Course]:
    """Return the courses from short to long with their modules, optionally the active ones only."""
    query = select(Course).options(selectinload(Course.modules)).order_by(Course.rank)
    return session.scalars(query.where(Course.active) if active else query).all()


def find_course(session: Session, code: str) -> Course:
    """Return the course with ``code``; raise :class:`Missing`."""
    course = session.scalar(select(Course).where(Course.code == code).options(selectinload(Course.modules)))
    if course is None:
        raise Missing(message("There is no such course."))
    return course


_COUNTING = (
    select(func.count())
    .select_from(Violation)
    .where(
        Violation.rider_id == bindparam("rider_id"),
        Violation.state == CONFIRMED,
        Violation.occurred_on >= bindparam("since"),
        Violation.occurred_on <= bindparam("until"),
    )
    .scalar_subquery()
)
_COURSE_BY_RULE = (
    select(Course)
    .where(Course.active, Course.from_violations <= _COUNTING)
    .order_by(Course.from_violations.desc(), Course.rank.desc())
    .limit(1)
    .execution_options(autoflush=False)
)


def course_by_rule(session: Session, rider_id: int, since: date, until: date) -> Course | None:
    """Return the longest active course that the rider's counting violations between two days call for.

    One statement: the count is a subquery. None only where no course is active for so few violations.
    """
    return session.scalar(_COURSE_BY_RULE, {"rider_id": rider_id, "since": since, "until": until})


def plan_of(course: Course, locale: str) -> list[ModulePlan]:
    """Return the course's modules in their order, for ``rules``."""
    return [
        ModulePlan(module.id, module.kind, module.name(locale), module.minimum_minutes) for module in course.modules
    ]
