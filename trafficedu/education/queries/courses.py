"""Reads of courses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Date, bindparam, func, not_, select
from sqlalchemy.orm import Session

from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.orm import holds_on
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.education.models.courses import Course, CourseVersion
from trafficedu.education.rules.reckoning import ModulePlan
from trafficedu.violations.models.decisions import ViolationPair
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import PairState, ViolationState

_PARTS = loaded(Course.versions, CourseVersion.modules)


def list_courses(session: Session, *, active_on: date | None = None) -> Sequence[Course]:
    """Return the courses from short to long with their versions, optionally those in use on a day only."""
    courses = session.scalars(select(Course).options(_PARTS).order_by(Course.rank)).all()
    return [course for course in courses if active_on is None or course.is_in_use(active_on)]


def find_course(session: Session, code: str) -> Course:
    """Return the course with ``code``; raise :class:`Missing`."""
    course = session.scalar(select(Course).where(Course.code == code).options(_PARTS))
    if course is None:
        raise Missing(message("This course does not exist."))
    return course


_VIOLATION, _COURSE, _TERMS = table_of(Violation).c, table_of(Course).c, table_of(CourseVersion).c
_FIRST = table_of(Violation).alias()
_PAIR = table_of(ViolationPair).c
_SECOND = (
    select(_PAIR.id)
    .join(_FIRST, _FIRST.c.id == _PAIR.first_id)
    .where(
        _PAIR.second_id == _VIOLATION.id,
        _PAIR.state == PairState.OPEN,
        _FIRST.c.rider_id == bindparam("rider_id"),
        _FIRST.c.state == ViolationState.CONFIRMED,
        _FIRST.c.occurred_on >= bindparam("since"),
        _FIRST.c.occurred_on <= bindparam("until"),
    )
    .exists()
)
"""It may be the second record of an offence that counts already."""
_COUNTING = (
    select(func.count())
    .where(
        _VIOLATION.rider_id == bindparam("rider_id"),
        _VIOLATION.state == ViolationState.CONFIRMED,
        _VIOLATION.occurred_on >= bindparam("since"),
        _VIOLATION.occurred_on <= bindparam("until"),
        not_(_SECOND),
    )
    .scalar_subquery()
)
COURSE_BY_RULE = (
    select(_COURSE.id)
    .join_from(table_of(Course), table_of(CourseVersion), _TERMS.course_id == _COURSE.id)
    .where(holds_on(_TERMS.valid_from, _TERMS.valid_to, bindparam("today", type_=Date)))
    .where(_TERMS.from_violations <= _COUNTING)
    .order_by(_TERMS.from_violations.desc(), _COURSE.rank.desc())
    .limit(1)
    .scalar_subquery()
)
"""The id of the longest course of ``today`` that the violations of ``rider_id`` from ``since`` to ``until`` call for.

What may be a second record of one offence counts once that is decided. NULL only where no course is in use for so few
violations.
"""


def plan_of(course: CourseVersion, locale: str) -> list[ModulePlan]:
    """Return the modules of a course's version in their order, for ``rules``."""
    return [
        ModulePlan(module.id, module.kind, module.name(locale), module.minimum_minutes, module.maximum_minutes)
        for module in course.modules
    ]
