"""Tables of courses, sessions, tasks, bookings, attendance and certificates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, event, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.orm import Base, Named, UTCDateTime, Versioned, is_among, one_of, partial_index, word
from trafficedu.core.states import StateIs
from trafficedu.education.rules import (
    FINISHED_FROM,
    NOT_BEGUN,
    TASK_LIFE,
    UNFINISHED,
    BookingState,
    ModuleKind,
    SessionState,
    TaskAct,
    TaskState,
    is_overdue,
    urgency,
)
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station
from trafficedu.violations.models import Violation


class Course(Named, Versioned, Base):
    """An ordered list of modules. ``rank`` orders courses from short to long; a task is only ever raised.

    ``from_violations`` is the repeat-offender rule: this course from that many violations in the configured
    window on.
    """

    __tablename__ = "course"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    rank: Mapped[int] = mapped_column(unique=True)
    from_violations: Mapped[int]
    pass_mark: Mapped[int] = mapped_column(default=80)
    active: Mapped[bool] = mapped_column(default=True)

    modules: Mapped[list[CourseModule]] = relationship(back_populates="course", order_by="CourseModule.position")


class CourseModule(Named, Base):
    """One part of a course with the minutes it lasts at least."""

    __tablename__ = "course_module"
    __table_args__ = (
        UniqueConstraint("course_id", "position"),
        one_of("kind", ModuleKind),
        CheckConstraint("minimum_minutes >= 0", "minutes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    position: Mapped[int]
    kind: Mapped[ModuleKind] = mapped_column(word(ModuleKind, 10))
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    minimum_minutes: Mapped[int]

    course: Mapped[Course] = relationship(back_populates="modules")

    @property
    def is_quiz(self) -> bool:
        """Whether it ends with a score."""
        return self.kind == ModuleKind.QUIZ


class StudySession(Versioned, Base):
    """A course at a station at a time (宣教场次).

    ``seats_taken`` is raised and lowered by conditional updates only, so that the last seat is given once;
    the check constraint is the second lock. ``series`` groups weekly sessions.
    """

    __tablename__ = "study_session"
    __table_args__ = (
        CheckConstraint("seats_taken >= 0 AND seats_taken <= capacity", "seats"),
        one_of("state", SessionState),
        Index("ix_study_session_course_id_starts_utc", "course_id", "starts_utc"),
        Index("ix_study_session_station_id_in_time", "station_id", "starts_on", "starts_utc", "id"),
        Index("ix_study_session_in_time", "starts_on", "starts_utc", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    station_id: Mapped[int] = mapped_column(ForeignKey("station.id"))
    starts_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    starts_on: Mapped[date]
    capacity: Mapped[int]
    seats_taken: Mapped[int] = mapped_column(default=0)
    lecturer: Mapped[str] = mapped_column(String(60), default="")
    state: Mapped[SessionState] = mapped_column(word(SessionState, 10), default=SessionState.SCHEDULED)
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")
    series: Mapped[str | None] = mapped_column(String(12), index=True)

    course: Mapped[Course] = relationship()
    station: Mapped[Station] = relationship()

    is_cancelled = StateIs(SessionState.CANCELLED)
    """Whether it does not take place."""
    takes_place = StateIs(SessionState.SCHEDULED)
    """Whether it was not cancelled."""


OPEN = f"state = '{TaskState.OPEN}'"
UNDER_WAY = f"state = '{TaskState.IN_PROGRESS}'"
"""What waits and what is under way, as indexes of tasks say it; queries say it by ``core.orm.among``."""


class StudyTask(Versioned, Base):
    """What a rider owes (学习任务). Overdue is derived from ``due_on``, never stored.

    At most one task of a rider is open or booked: a partial unique index holds it. ``area_id`` is the area of
    the violation that opened it: the task belongs to that area's figures.

    ``urgency`` is where it stands among tasks (``rules.urgency``): what is unfinished comes first, so each of its
    indexes begins with the unfinished tasks of an area, a company or a station. For these the task also says where its
    rider lives (``home_area_id``, kept with the rider's) and at which station its last seat is or was that nobody gave
    up (``station_id``, kept by who gives and takes seats).
    """

    __tablename__ = "study_task"
    __table_args__ = (
        one_of("state", TaskState),
        Index(
            "uq_study_task_rider_id_not_begun",
            "rider_id",
            unique=True,
            sqlite_where=text(is_among("state", NOT_BEGUN)),
            postgresql_where=text(is_among("state", NOT_BEGUN)),
        ),
        Index("ix_study_task_rider_id", "rider_id"),
        Index("ix_study_task_area_id_opened_on", "area_id", "opened_on"),
        Index("ix_study_task_state_due_on", "state", "due_on"),
        Index("ix_study_task_opened_on", "opened_on"),
        Index("ix_study_task_completed_on", "completed_on"),
        partial_index("ix_study_task_open_course_id_due_on", "course_id", "due_on", where=OPEN),
        partial_index("ix_study_task_under_way_station_id", "station_id", where=UNDER_WAY),
        CheckConstraint(f"({is_among('state', UNFINISHED)}) = (urgency < {FINISHED_FROM})", "urgency"),
        Index("ix_study_task_area_id_urgency", "area_id", "urgency", "id"),
        Index("ix_study_task_home_area_id_urgency", "home_area_id", "urgency", "id"),
        Index("ix_study_task_station_id_urgency", "station_id", "urgency", "id"),
        Index("ix_study_task_company_id_urgency", "company_id", "urgency", "id"),
        partial_index("ix_study_task_urgency", "urgency", "id", where="id > 0"),
        partial_index("ix_study_task_open_urgency", "urgency", "id", where=f"{OPEN} AND id > 0"),
        partial_index("ix_study_task_open_station_id_urgency", "station_id", "urgency", "id", where=OPEN),
        partial_index("ix_study_task_open_area_id_urgency", "area_id", "urgency", "id", where=OPEN),
        partial_index("ix_study_task_open_home_area_id_urgency", "home_area_id", "urgency", "id", where=OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    rider_id: Mapped[int] = mapped_column(ForeignKey("rider.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    home_area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.id"))
    opened_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    opened_on: Mapped[date]
    due_on: Mapped[date]
    urgency: Mapped[int]
    state: Mapped[TaskState] = mapped_column(word(TaskState, 12), default=TaskState.OPEN)
    completed_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    completed_on: Mapped[date | None]
    waived_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    waived_reason: Mapped[str] = mapped_column(String(500), default="")

    rider: Mapped[Rider] = relationship()
    course: Mapped[Course] = relationship()
    area: Mapped[Area] = relationship(foreign_keys=[area_id])
    company: Mapped[Company | None] = relationship()
    waived_by: Mapped[User | None] = relationship()
    violations: Mapped[list[Violation]] = relationship(secondary="task_violation", viewonly=True)
    bookings: Mapped[list[Booking]] = relationship(back_populates="task", order_by="Booking.id")

    def may(self, act: TaskAct) -> bool:
        """Tell whether ``act`` may happen to it as it stands."""
        return TASK_LIFE.may(act, self.state)

    def is_overdue(self, today: date) -> bool:
        """Tell whether it is unfinished and its due date is over."""
        return is_overdue(self.state, self.due_on, today)

    is_open = StateIs(TaskState.OPEN)
    """Whether it waits for a seat."""
    is_booked = StateIs(TaskState.BOOKED)
    """Whether it has a seat in a session that has not been attended."""
    is_in_progress = StateIs(TaskState.IN_PROGRESS)
    """Whether the rider is studying."""
    is_completed = StateIs(TaskState.COMPLETED)
    """Whether the study was signed off."""
    is_waived = StateIs(TaskState.WAIVED)
    """Whether the rider was let off."""
    is_withdrawn = StateIs(TaskState.WITHDRAWN)
    """Whether none of its violations counts any more."""


@event.listens_for(StudyTask, "before_insert")
@event.listens_for(StudyTask, "before_update")
def _settle(_mapper: Any, _connection: Any, task: StudyTask) -> None:
    """Put a task where it belongs in lists, whatever of it changed."""
    task.urgency = urgency(task.state or TaskState.OPEN, task.due_on)


class TaskViolation(Base):
    """Which violations a task answers for; a violation belongs to one task."""

    __tablename__ = "task_violation"

    violation_id: Mapped[int] = mapped_column(ForeignKey("violation.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("study_task.id"), index=True)


class Booking(Versioned, Base):
    """A seat for a task. At most one booking of a task is live (``booked``)."""

    __tablename__ = "booking"
    __table_args__ = (
        one_of("state", BookingState),
        Index(
            "uq_booking_task_id_live",
            "task_id",
            unique=True,
            sqlite_where=text(f"state = '{BookingState.BOOKED}'"),
            postgresql_where=text(f"state = '{BookingState.BOOKED}'"),
        ),
        Index("ix_booking_session_id_state", "session_id", "state"),
        Index("ix_booking_task_id", "task_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("study_task.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("study_session.id"))
    state: Mapped[BookingState] = mapped_column(word(BookingState, 10), default=BookingState.BOOKED)
    booked_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    booked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    task: Mapped[StudyTask] = relationship(back_populates="bookings")
    session: Mapped[StudySession] = relationship()
    attendance: Mapped[Attendance | None] = relationship(back_populates="booking")

    is_booked = StateIs(BookingState.BOOKED)
    """Whether the rider is expected."""

    @property
    def has_checked_in(self) -> bool:
        """Whether the rider came."""
        return self.state == BookingState.ATTENDED and self.attendance is not None

    @property
    def is_studying(self) -> bool:
        """Whether the rider is here and not signed off."""
        return self.state == BookingState.ATTENDED and self.task.is_in_progress


class Attendance(Versioned, Base):
    """A rider who came: check-in, quiz, sign-off. The signer is always named; an override needs a reason."""

    __tablename__ = "attendance"
    __table_args__ = (CheckConstraint("quiz_score BETWEEN 0 AND 100", "quiz_score"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), unique=True)
    checked_in_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    checked_in_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    quiz_score: Mapped[int | None]
    quiz_attempts: Mapped[int] = mapped_column(default=0)
    signed_off_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    signed_off_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    override_reason: Mapped[str] = mapped_column(String(500), default="")

    booking: Mapped[Booking] = relationship(back_populates="attendance")
    signer: Mapped[User | None] = relationship(foreign_keys=[signed_off_by_id])
    modules: Mapped[list[ModuleRecord]] = relationship(back_populates="attendance")


class ModuleRecord(Base):
    """One module of one attendance, with start and end."""

    __tablename__ = "module_record"
    __table_args__ = (
        UniqueConstraint("attendance_id", "module_id"),
        CheckConstraint("ended_utc IS NULL OR ended_utc >= started_utc", "times"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    attendance_id: Mapped[int] = mapped_column(ForeignKey("attendance.id"))
    module_id: Mapped[int] = mapped_column(ForeignKey("course_module.id"))
    started_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    attendance: Mapped[Attendance] = relationship(back_populates="modules")
    module: Mapped[CourseModule] = relationship()


class Certificate(Base):
    """Proof of a completed task; its number (``C...``) is verified on a public page."""

    __tablename__ = "certificate"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("study_task.id"), unique=True)
    attendance_id: Mapped[int | None] = mapped_column(ForeignKey("attendance.id"))
    issued_utc: Mapped[datetime] = mapped_column(UTCDateTime)

    task: Mapped[StudyTask] = relationship()
    attendance: Mapped[Attendance | None] = relationship()
