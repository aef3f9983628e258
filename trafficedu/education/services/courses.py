"""Courses: the shipped ones, and what the administrator changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.catalogue import add_missing, shipped
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import expect_version
from trafficedu.core.text import message
from trafficedu.education.models.courses import Course, CourseModule


@dataclass(frozen=True)
class ModuleInput:
    """What can be changed of a module: names and minutes. Its kind and place stay."""

    id: int
    name_zh: str
    name_en: str
    minimum_minutes: int


@dataclass(frozen=True)
class CourseInput:
    """What can be changed of a course."""

    name_zh: str
    name_en: str
    from_violations: int
    pass_mark: int
    active: bool
    modules: Sequence[ModuleInput]


def load_courses(session: Session, now: datetime) -> int:
    """Add the shipped courses that the installation does not have yet; never changes one. Returns how many."""
    fresh = {course.code: course for course in add_missing(session, Course, shipped("courses.csv", Course))}
    for row in shipped("course_modules.csv", CourseModule):
        course = fresh.get(row.pop("course"))
        if course is not None:
            course.modules.append(CourseModule(**row))
    session.flush()
    return len(fresh)


def update_course(session: Session, course: Course, new: CourseInput, version: int, by: Actor) -> None:
    """Change a course; studies already ended keep what they were signed off with.

    Raises
    ------
    Stale
        Somebody else changed it meanwhile.
    Refusal
        No active course would be left for a first violation (field ``from_violations``).
    """
    expect_version(course, version)
    others = session.scalars(select(Course.from_violations).where(Course.active, Course.id != course.id)).all()
    if 1 not in others and not (new.active and new.from_violations == 1):
        raise Refusal(message("One active course must apply from the first violation."), field="from_violations")
    course.name_zh, course.name_en = new.name_zh, new.name_en
    course.from_violations, course.pass_mark, course.active = new.from_violations, new.pass_mark, new.active
    modules = {module.id: module for module in course.modules}
    for change in new.modules:
        module = modules[change.id]
        module.name_zh, module.name_en = change.name_zh, change.name_en
        module.minimum_minutes = change.minimum_minutes
        module.maximum_minutes = max(module.maximum_minutes, change.minimum_minutes)
    flag_modified(course, "name_zh")  # a change of modules alone raises the version too
    session.flush()
    audit.write(
        session,
        "education:course:manage",
        by,
        subject=course,
        from_violations=new.from_violations,
        pass_mark=new.pass_mark,
        active=new.active,
        minutes=[module.minimum_minutes for module in new.modules],
    )
