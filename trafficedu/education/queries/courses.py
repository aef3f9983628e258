"""Reads of courses."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, selectinload

from trafficedu.core.errors import Missing
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.education.models.courses import Course
from trafficedu.education.rules.reckoning import ModulePlan
from trafficedu.violations.models import Violation
from trafficedu.violations.rules import ViolationState


def list_courses(session: Session, *, active: bool = False) -> Sequence[Course]:
    """Return the courses from short to long with their modules, optionally the active ones only."""
    query = select(Course).options(selectinload(Course.modules)).order_by(Course.rank)
    return session.scalars(query.where(Course.active) if active else query).all()


def find_course(session: Session, code: str) -> Course:
    """Return the course with ``code``; raise :class:`Missing`."""
    course = session.scalar(select(Course).where(Course.code == code).options(selectinload(Course.modules)))
    if course is None:
        raise Missing(message("This course does not exist."))
    return course


_VIOLATION, _COURSE = table_of(Violation).c, table_of(Course).c
_COUNTING = (
    select(func.count())
    .where(
        _VIOLATION.rider_id == bindparam("rider_id"),
        _VIOLATION.state == ViolationState.CONFIRMED,
        _VIOLATION.occurred_on >= bindparam("since"),
        _VIOLATION.occurred_on <= bindparam("until"),
    )
    .scalar_subquery()
)
COURSE_BY_RULE = (
    select(_COURSE.id)
    .where(_COURSE.active, _COURSE.from_violations <= _COUNTING)
    .order_by(_COURSE.from_violations.desc(), _COURSE.rank.desc())
    .limit(1)
    .scalar_subquery()
)
"""The id of the longest active course that the violations of ``rider_id`` from ``since`` to ``until`` call for.

NULL only where no course is active for so few violations.
"""


def plan_of(course: Course, locale: str) -> list[ModulePlan]:
    """Return the course's modules in their order, for ``rules``."""
    return [
        ModulePlan(module.id, module.kind, module.name(locale), module.minimum_minutes, module.maximum_minutes)
        for module in course.modules
    ]
