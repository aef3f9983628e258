"""Tables of courses, their modules, and the sessions that hold them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.core.catalogue import Entry
from trafficedu.core.orm import Base, Named, UTCDateTime, Versioned, one_of, partial_index, word
from trafficedu.core.states import StateIs
from trafficedu.education.rules.states import (
    ModuleKind,
    SessionState,
)
from trafficedu.stations.models import Station


class Course(Named, Versioned, Base):
    """A course by its code; what it consists of is said by its versions, its name here is that of the newest.

    ``rank`` orders courses from short to long; a task is only ever raised.
    """

    __tablename__ = "course"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    rank: Mapped[int] = mapped_column(unique=True)

    versions: Mapped[list[CourseVersion]] = relationship(back_populates="course", order_by="CourseVersion.valid_from")

    def on(self, day: date) -> CourseVersion:
        """Return the version of a day; before the first and after the last one, the nearest."""
        begun = [version for version in self.versions if version.valid_from <= day]
        return begun[-1] if begun else self.versions[0]

    def is_in_use(self, day: date) -> bool:
        """Tell whether sessions of it are planned on ``day``."""
        return self.on(day).holds_on(day)


class CourseVersion(Entry, Base):
    """What a course consists of from a day on. A study keeps the version of its session's day.

    ``from_violations`` is the repeat-offender rule: this course from that many violations in the configured window on.
    ``free_order``: riders take the modules in any order, one at a time; else one after the other as they are listed.
    """

    __tablename__ = "course_version"
    __table_args__ = (
        UniqueConstraint("code", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", "days"),
        Index("ix_course_version_course_id", "course_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    from_violations: Mapped[int]
    pass_mark: Mapped[int] = mapped_column(default=80)
    free_order: Mapped[bool] = mapped_column(default=False)

    course: Mapped[Course] = relationship(back_populates="versions")
    modules: Mapped[list[CourseModule]] = relationship(back_populates="of", order_by="CourseModule.position")

    @property
    def minutes(self) -> int:
        """How long it lasts, each module for its minimum."""
        return sum(module.minimum_minutes for module in self.modules)


class CourseModule(Named, Base):
    """One part of a course with the minutes it lasts at least; more than the maximum never count.

    ``online``: what riders saw of the district's films at home counts for it. Films only.
    """

    __tablename__ = "course_module"
    __table_args__ = (
        UniqueConstraint("version_id", "position"),
        one_of("kind", ModuleKind),
        CheckConstraint("minimum_minutes >= 0 AND maximum_minutes >= minimum_minutes", "minutes"),
        CheckConstraint(f"NOT online OR kind = '{ModuleKind.FILM}'", "online"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    position: Mapped[int]
    kind: Mapped[ModuleKind] = mapped_column(word(ModuleKind, 10))
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    minimum_minutes: Mapped[int]
    maximum_minutes: Mapped[int]
    online: Mapped[bool] = mapped_column(default=False)

    of: Mapped[CourseVersion] = relationship(back_populates="modules")

    @property
    def is_quiz(self) -> bool:
        """Whether it ends with a score."""
        return self.kind == ModuleKind.QUIZ


class StudySession(Versioned, Base):
    """A course at a station at a time (宣教场次).

    ``seats_taken`` is raised and lowered by conditional updates only, so that the last seat is given once;
    the check constraint is the second lock. ``ends_utc`` is when its modules end that are studied for their minimum of
    minutes. ``series`` groups the sessions of one plan. ``extra_seats`` are given beyond the capacity, for some riders
    do not come (``rules.overbooking``); ``extra_on``: the day on which they were worked out last.
    """

    __tablename__ = "study_session"
    __table_args__ = (
        CheckConstraint("seats_taken >= 0 AND seats_taken <= capacity + extra_seats", "seats"),
        CheckConstraint("extra_seats >= 0", "extra_seats"),
        one_of("state", SessionState),
        Index("ix_study_session_course_id_starts_utc", "course_id", "starts_utc"),
        Index("ix_study_session_station_id_in_time", "station_id", "starts_on", "starts_utc", "id"),
        Index("ix_study_session_in_time", "starts_on", "starts_utc", "id"),
        partial_index("ix_study_session_lecturer", "lecturer", "starts_on", where="lecturer <> ''"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    station_id: Mapped[int] = mapped_column(ForeignKey("station.id"))
    starts_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    starts_on: Mapped[date]
    ends_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    capacity: Mapped[int]
    extra_seats: Mapped[int] = mapped_column(default=0)
    extra_on: Mapped[date | None]
    seats_taken: Mapped[int] = mapped_column(default=0)
    lecturer: Mapped[str] = mapped_column(String(60), default="")
    state: Mapped[SessionState] = mapped_column(word(SessionState, 10), default=SessionState.SCHEDULED)
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")
    series: Mapped[str | None] = mapped_column(String(12), index=True)

    course: Mapped[Course] = relationship()
    station: Mapped[Station] = relationship()

    @property
    def plan(self) -> CourseVersion:
        """What is studied in it: the course's version of its day."""
        return self.course.on(self.starts_on)

    @property
    def seats_free(self) -> int:
        """How many seats can still be given."""
        return max(0, self.capacity + self.extra_seats - self.seats_taken)

    is_cancelled = StateIs(SessionState.CANCELLED)
    """Whether it does not take place."""
    takes_place = StateIs(SessionState.SCHEDULED)
    """Whether it was not cancelled."""


class CalendarFeed(Base):
    """A private address under which the sessions of a station, or of a lecturer there, are read by a calendar.

    Its token is made of ``id`` and ``generation``; a renewed one ends all addresses of before. ``lecturer`` is "" where
    the feed holds the sessions of the whole station.
    """

    __tablename__ = "calendar_feed"
    __table_args__ = (UniqueConstraint("station_id", "lecturer"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[int] = mapped_column(ForeignKey("station.id"))
    lecturer: Mapped[str] = mapped_column(String(60), default="")
    generation: Mapped[int] = mapped_column(default=1)

    station: Mapped[Station] = relationship()
