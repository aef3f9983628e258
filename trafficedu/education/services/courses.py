"""Courses: the shipped ones, new ones, new versions from a day on, ends. Nothing is ever deleted or overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.orm import Session, aliased

from trafficedu.core.actors import Actor
from trafficedu.core.catalogue import Catalogue, add_missing, lock, shipped
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import flush_or_refuse
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.education.models.courses import Course, CourseModule, CourseVersion, StudySession
from trafficedu.education.models.tasks import Attendance, Booking
from trafficedu.education.rules.states import ModuleKind, SessionState
from trafficedu.education.services.planning import require_free_time

SINCE = date(2000, 1, 1)
"""From when the shipped courses hold: as far back as anybody imports."""


@dataclass(frozen=True)
class ModuleInput:
    """One module of a course, in its place."""

    kind: ModuleKind
    name_zh: str
    name_en: str
    minimum_minutes: int
    maximum_minutes: int
    online: bool = False


@dataclass(frozen=True)
class CourseInput:
    """What a course consists of from a day on."""

    name_zh: str
    name_en: str
    from_violations: int
    pass_mark: int
    valid_from: date
    modules: Sequence[ModuleInput]
    free_order: bool = False


def load_courses(session: Session, now: datetime) -> int:
    """Add the shipped courses that the installation does not have yet; never changes one. Returns how many."""
    rows = {row["code"]: row for row in shipped("courses.csv", CourseVersion)}
    names = ("code", "name_zh", "name_en")
    given = [{name: row[name] for name in names} | {"rank": int(row["rank"])} for row in rows.values()]
    fresh = {course.code: course for course in add_missing(session, Course, given)}
    for course in fresh.values():
        row = {name: value for name, value in rows[course.code].items() if name != "rank"}
        course.versions.append(CourseVersion(valid_from=SINCE, **row))
    for row in shipped("course_modules.csv", CourseModule):
        added = fresh.get(row.pop("course"))
        if added is not None:
            added.versions[0].modules.append(CourseModule(**row))
    session.flush()
    return len(fresh)


def add_course(session: Session, code: str, rank: int, new: CourseInput, by: Actor) -> Course:
    """Add a course. Raises Refusal at ``code`` or ``rank`` where it is in use, at ``modules`` where there are none."""
    version = _version(code, new)
    course = Course(code=code, name_zh=new.name_zh, name_en=new.name_en, rank=rank)
    taken = Refusal(message("Another course has this place in the order."), field="rank")
    code_taken = Refusal(_COURSES.taken, field="code")
    session.add(course)
    flush_or_refuse(session, {"course.rank": taken, "course.code": code_taken})
    version.course_id = course.id
    _COURSES.add(session, version, by)
    session.expire(course, ["versions"])
    return course


def renew_course(session: Session, course: Course, new: CourseInput, version: int, by: Actor) -> CourseVersion:
    """Make a new version of a course; the present one ends the day before, and studies begun keep theirs.

    Sessions from that day on last as long as the new version does.

    Raises
    ------
    Stale
        Somebody else changed the present version meanwhile.
    Refusal
        At ``valid_from``: not after the present version's first day, somebody has begun to study from that day on, or a
        session planned from then on would run into another one in its room, or of its lecturer;
        at ``from_violations``: no course would be left for a first violation; at ``modules`` where there are none.
    """
    _require_first(session, course, new.from_violations, new.valid_from)
    following = _version(course.code, new)
    following.course_id = course.id
    renewed = _COURSES.renew(session, course.versions[-1], following, version, by)
    course.name_zh, course.name_en = new.name_zh, new.name_en
    sessions = select(StudySession.id, StudySession.starts_utc).where(
        StudySession.course_id == course.id, StudySession.starts_on >= new.valid_from
    )
    lasts = timedelta(minutes=renewed.minutes)
    if ends := [{"session_id": row.id, "ends": row.starts_utc + lasts} for row in session.execute(sessions)]:
        session.connection().execute(_ENDS, ends)
        session.expire_all()
        _require_still_free(session, course, new.valid_from)
    session.flush()
    session.expire(course, ["versions"])
    return renewed


def _require_still_free(session: Session, course: Course, day: date) -> None:
    """Refuse where sessions of a course collide with others, now that they last as long as from ``day`` on."""
    other = aliased(StudySession)
    same_lecturer = and_(StudySession.lecturer != "", other.lecturer == StudySession.lecturer)
    overlapping = (
        select(StudySession)
        .join(other, or_(other.station_id == StudySession.station_id, same_lecturer))
        .where(
            StudySession.course_id == course.id,
            StudySession.starts_on >= day,
            other.starts_on >= day,
            *(each.state == SessionState.SCHEDULED for each in (StudySession, other)),
            other.id != StudySession.id,
            other.starts_utc < StudySession.ends_utc,
            other.ends_utc > StudySession.starts_utc,
        )
        .distinct()
        .order_by(StudySession.starts_utc, StudySession.id)
    )
    for study in session.scalars(overlapping):
        try:
            require_free_time(session, course, study.station, study.starts_utc, study.lecturer, but=study)
        except Refusal as refusal:
            text = message(
                "From %(day)s on this course would last too long for what is planned: %(why)s Choose a later day, or "
                "have that session moved first.",
                day=day.isoformat(),
                why=refusal.text,
            )
            raise Refusal(text, field="valid_from") from refusal


_SESSIONS = table_of(StudySession)
_ENDS = (
    update(_SESSIONS)
    .where(_SESSIONS.c.id == bindparam("session_id"))
    .values(ends_utc=bindparam("ends"), version=_SESSIONS.c.version + 1)
)


def end_course(session: Session, course: Course, last_day: date, version: int, by: Actor) -> None:
    """Let a course end with ``last_day``: no task gets it after that. Raises Stale, Refusal at ``last_day``."""
    if not _first_of_others(session, course, last_day + timedelta(days=1)):
        raise Refusal(message("One active course must apply from the first violation."), field="last_day")
    _COURSES.end(session, course.versions[-1], last_day, version, by)


def _version(code: str, new: CourseInput) -> CourseVersion:
    if not new.modules:
        raise Refusal(message("Enter at least one module."), field="modules")
    if any(module.online and module.kind != ModuleKind.FILM for module in new.modules):
        raise Refusal(message("Only a film can be watched at home."), field="modules")
    modules = [CourseModule(position=place, **vars(module)) for place, module in enumerate(new.modules, 1)]
    return CourseVersion(
        code=code,
        name_zh=new.name_zh,
        name_en=new.name_en,
        from_violations=new.from_violations,
        pass_mark=new.pass_mark,
        valid_from=new.valid_from,
        free_order=new.free_order,
        modules=modules,
    )


def _first_of_others(session: Session, course: Course, day: date) -> bool:
    lock(session, CourseVersion)
    others = select(CourseVersion.id).where(CourseVersion.course_id != course.id, CourseVersion.from_violations == 1)
    return session.scalar(others.where(CourseVersion.holds_on(day)).limit(1)) is not None


def _require_first(session: Session, course: Course, from_violations: int, day: date) -> None:
    if from_violations != 1 and not _first_of_others(session, course, day):
        raise Refusal(message("One active course must apply from the first violation."), field="from_violations")


def _refuse_used(session: Session, version: CourseVersion, day: date, field: str) -> None:
    used = (
        select(Attendance.id)
        .join(Attendance.booking)
        .join(Booking.session)
        .where(StudySession.course_id == version.course_id, StudySession.starts_on >= day)
    )
    if session.scalar(used.limit(1)) is not None:
        text = message("Riders have begun to study this course on or after %(day)s. Choose a later day.", day=str(day))
        raise Refusal(text, field=field)


_COURSES = Catalogue(
    CourseVersion,
    "education:course:manage",
    message("This code is in use. Open that course and make a new version of it."),
    _refuse_used,
)
