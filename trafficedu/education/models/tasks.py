"""Tables of tasks, bookings, attendance and certificates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, event, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.orm import Base, UTCDateTime, Versioned, is_among, one_of, partial_index, word
from trafficedu.core.states import StateIs
from trafficedu.education.models.courses import Course, CourseModule, StudySession
from trafficedu.education.rules.reckoning import FINISHED_FROM, is_overdue, urgency
from trafficedu.education.rules.states import (
    ATTENDANCE_LIFE,
    BOOKING_LIFE,
    NOT_BEGUN,
    TASK_LIFE,
    UNFINISHED,
    AttendanceAct,
    AttendanceState,
    BookingAct,
    BookingState,
    CertificateState,
    TaskAct,
    TaskState,
)
from trafficedu.riders.models import Rider
from trafficedu.violations.models.records import Violation

OPEN = f"state = '{TaskState.OPEN}'"
AWAY = f"state = '{TaskState.AWAY}'"
UNDER_WAY = f"state = '{TaskState.IN_PROGRESS}'"
"""What waits, does not come, is under way, as indexes of tasks say it; queries say it by ``core.orm.among``."""


class StudyTask(Versioned, Base):
    """What a rider owes (学习任务). Overdue is derived from ``due_on``, never stored.

    At most one task of a rider has not begun: a partial unique index holds it. ``area_id`` is the area of
    the violation that opened it: the task belongs to that area's figures. ``absences`` counts the seats the rider did
    not come to. Until ``paused_until`` the rider gets no seat that nobody asked for: one was given up, or too many were
    missed; then the task stands in turn like any other (``queries.free.IN_TURN``).

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
        partial_index("ix_study_task_open_in_turn", "course_id", "due_on", "opened_utc", "id", where=OPEN),
        partial_index("ix_study_task_away_paused_until", "paused_until", "id", where=AWAY),
        partial_index("ix_study_task_under_way_station_id", "station_id", where=UNDER_WAY),
        CheckConstraint(f"({is_among('state', UNFINISHED)}) = (urgency < {FINISHED_FROM})", "urgency"),
        Index("ix_study_task_area_id_urgency", "area_id", "urgency", "id"),
        Index("ix_study_task_home_area_id_urgency", "home_area_id", "urgency", "id"),
        Index("ix_study_task_station_id_urgency", "station_id", "urgency", "id"),
        Index("ix_study_task_company_id_urgency", "company_id", "urgency", "id"),
        partial_index("ix_study_task_urgency", "urgency", "id", where="id > 0"),
        *[
            partial_index("_".join(["ix_study_task", name, *by]), *by, "id", where=f"{part}{rest}")
            for name, part in (("open", OPEN), ("away", AWAY))
            for by, rest in (
                (["urgency"], " AND id > 0"),
                *[([place, "urgency"], "") for place in ("station_id", "area_id", "home_area_id")],
            )
        ],
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
    absences: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[date | None]
    completed_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    completed_on: Mapped[date | None]
    waived_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    waived_reason: Mapped[str] = mapped_column(String(500), default="")

    rider: Mapped[Rider] = relationship()
    course: Mapped[Course] = relationship()
    area: Mapped[Area] = relationship(foreign_keys=[area_id])
    company: Mapped[Company | None] = relationship()
    waived_by: Mapped[User | None] = relationship()
    links: Mapped[list[TaskViolation]] = relationship(order_by="TaskViolation.violation_id", viewonly=True)
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
    is_away = StateIs(TaskState.AWAY)
    """Whether the rider missed so many seats that the next one is given by hand only."""
    is_in_progress = StateIs(TaskState.IN_PROGRESS)
    """Whether the rider is studying."""
    is_completed = StateIs(TaskState.COMPLETED)
    """Whether the study was signed off."""
    is_waived = StateIs(TaskState.WAIVED)
    """Whether the rider was let off."""
    is_withdrawn = StateIs(TaskState.WITHDRAWN)
    """Whether none of its violations counts any more."""
    is_joined = StateIs(TaskState.JOINED)
    """Whether its violations count for another task of the rider."""


@event.listens_for(StudyTask, "before_insert")
@event.listens_for(StudyTask, "before_update")
def _settle(_mapper: Any, _connection: Any, task: StudyTask) -> None:
    """Put a task where it belongs in lists, whatever of it changed."""
    task.urgency = urgency(task.state or TaskState.OPEN, task.due_on)


class TaskViolation(Base):
    """Which violations a task answers for; a violation belongs to one task.

    One that was voided stays, from ``left_utc`` on without consequence: what was studied for it remains to be read.
    """

    __tablename__ = "task_violation"

    violation_id: Mapped[int] = mapped_column(ForeignKey("violation.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("study_task.id"), index=True)
    left_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    violation: Mapped[Violation] = relationship()


EARLIER = f"state = '{BookingState.BOOKED}' AND earlier_ok"
CHOOSING = f"state = '{BookingState.BOOKED}' AND choose_until_utc IS NOT NULL"


class Booking(Versioned, Base):
    """A seat for a task. At most one booking of a task is live (``booked``).

    ``taken_back`` is why it was noted wrongly that the rider did not come, or left. ``earlier_ok``: the rider agreed to
    be moved to an earlier session when a seat becomes free there. ``choose_until_utc``: its session was moved, and
    until then the rider may choose another one; who says nothing keeps the seat.
    """

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
        partial_index("ix_booking_earlier_session_id", "session_id", where=EARLIER),
        partial_index("ix_booking_choosing_session_id", "session_id", where=CHOOSING),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("study_task.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("study_session.id"))
    state: Mapped[BookingState] = mapped_column(word(BookingState, 10), default=BookingState.BOOKED)
    booked_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    booked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    taken_back: Mapped[str] = mapped_column(String(500), default="")
    earlier_ok: Mapped[bool] = mapped_column(default=False)
    choose_until_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    task: Mapped[StudyTask] = relationship(back_populates="bookings")
    session: Mapped[StudySession] = relationship()
    attendance: Mapped[Attendance | None] = relationship(back_populates="booking")

    is_booked = StateIs(BookingState.BOOKED)
    """Whether the rider is expected."""
    has_checked_in = StateIs(BookingState.ATTENDED)
    """Whether the rider came."""
    is_absent = StateIs(BookingState.ABSENT)
    """Whether the rider never came."""

    def may(self, act: BookingAct) -> bool:
        """Tell whether ``act`` may happen to it as it stands."""
        return BOOKING_LIFE.may(act, self.state)

    def is_over(self, now: datetime) -> bool:
        """Tell whether its session has ended and nobody noted yet what became of it: no place to send a rider to."""
        return self.is_booked and self.session.ends_utc <= now

    def chooses(self, now: datetime) -> bool:
        """Tell whether its session was moved and the rider may still choose another one."""
        return self.is_booked and self.choose_until_utc is not None and now <= self.choose_until_utc

    @property
    def is_studying(self) -> bool:
        """Whether the rider came and is neither signed off nor gone."""
        return self.attendance is not None and self.attendance.is_studying


STUDYING = f"state = '{AttendanceState.STUDYING}'"


class Attendance(Versioned, Base):
    """A rider who came: check-in, quiz, sign-off. The signer is always named.

    By exception, something may be missing: then ``signer`` proposed it for ``override_reason``, and ``granter`` granted
    it.

    ``open_since_utc`` is when it was last opened (by check-in, or because a sign-off was taken back): what stays open
    too long is closed by rule. ``ended_utc``: when the rider left, or when it was closed without a sign-off.
    ``quiz_by_hand`` is why the score that counts was entered by somebody and not marked by the quiz, "" where it was.

    ``phone_key`` leads the rider's own phone to what belongs to this check-in (``/q/<phone_key>``). ``device`` is a
    keyed hash of the phone by which the rider checked in alone (then nobody did it for him): one phone for many riders
    shows. ``identified_utc``, ``identified_by_id``: who compared the document with the rider, and when.
    ``received_utc`` is set where a tablet was without a network at check-in.
    """

    __tablename__ = "attendance"
    __table_args__ = (
        CheckConstraint("quiz_score BETWEEN 0 AND 100", "quiz_score"),
        one_of("state", AttendanceState),
        partial_index("ix_attendance_studying_open_since_utc", "open_since_utc", where=STUDYING),
        partial_index("ix_attendance_device", "device", where="device IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), unique=True)
    state: Mapped[AttendanceState] = mapped_column(word(AttendanceState, 12), default=AttendanceState.STUDYING)
    checked_in_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    checked_in_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    received_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    identified_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    identified_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    device: Mapped[str | None] = mapped_column(String(60))
    phone_key: Mapped[str | None] = mapped_column(String(32), unique=True)
    open_since_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    quiz_score: Mapped[int | None]
    quiz_attempts: Mapped[int] = mapped_column(default=0)
    quiz_by_hand: Mapped[str] = mapped_column(String(500), default="")
    signed_off_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    signed_off_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    override_reason: Mapped[str] = mapped_column(String(500), default="")
    override_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    booking: Mapped[Booking] = relationship(back_populates="attendance")
    checked_in_by: Mapped[User | None] = relationship(foreign_keys=[checked_in_by_id])
    signer: Mapped[User | None] = relationship(foreign_keys=[signed_off_by_id])
    granter: Mapped[User | None] = relationship(foreign_keys=[override_by_id])
    modules: Mapped[list[ModuleRecord]] = relationship(back_populates="attendance", order_by="ModuleRecord.id")
    online: Mapped[list[OnlineStudy]] = relationship(viewonly=True)

    is_studying = StateIs(AttendanceState.STUDYING)
    """Whether the rider is neither signed off nor gone."""
    is_signed = StateIs(AttendanceState.SIGNED)
    """Whether the study was signed off."""
    has_left = StateIs(AttendanceState.LEFT)
    """Whether the rider left before the end."""

    def may(self, act: AttendanceAct) -> bool:
        """Tell whether ``act`` may happen to it as it stands."""
        return ATTENDANCE_LIFE.may(act, self.state)


class ModuleRecord(Base):
    """One module of one attendance, with start and end.

    ``minutes`` are those that count, once it has ended (``rules.counted_minutes``); ``credited``: it was studied on an
    earlier day, before the rider left that session, or as a film at home. ``online_minutes`` of them were seen at home.
    """

    __tablename__ = "module_record"
    __table_args__ = (
        UniqueConstraint("attendance_id", "module_id"),
        CheckConstraint("ended_utc IS NULL OR ended_utc >= started_utc", "times"),
        CheckConstraint("online_minutes >= 0", "online_minutes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    attendance_id: Mapped[int] = mapped_column(ForeignKey("attendance.id"))
    module_id: Mapped[int] = mapped_column(ForeignKey("course_module.id"))
    started_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    minutes: Mapped[int | None]
    credited: Mapped[bool] = mapped_column(default=False)
    online_minutes: Mapped[int] = mapped_column(default=0)

    attendance: Mapped[Attendance] = relationship(back_populates="modules")
    module: Mapped[CourseModule] = relationship()


class OnlineStudy(Base):
    """The minutes of a module that were seen at home before a check-in, and between when and when.

    They count at most up to what the module asks for. A check-in that is taken back takes them with it: what was seen
    stays with the task and counts at the next one.
    """

    __tablename__ = "online_study"
    __table_args__ = (CheckConstraint("minutes > 0", "minutes"),)

    attendance_id: Mapped[int] = mapped_column(ForeignKey("attendance.id", ondelete="CASCADE"), primary_key=True)
    module_id: Mapped[int] = mapped_column(ForeignKey("course_module.id"), primary_key=True)
    minutes: Mapped[int]
    seen_from_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_until_utc: Mapped[datetime] = mapped_column(UTCDateTime)

    module: Mapped[CourseModule] = relationship()


CERTIFIES = f"state = '{CertificateState.VALID}'"


class Certificate(Base):
    """Proof of a completed task; its number (``C...``) is verified on a public page. At most one of a task is valid."""

    __tablename__ = "certificate"
    __table_args__ = (
        one_of("state", CertificateState),
        CheckConstraint("(state = 'revoked') = (revoked_utc IS NOT NULL)", "revoked"),
        partial_index("uq_certificate_task_id_valid", "task_id", where=CERTIFIES, unique=True),
        partial_index("ix_certificate_undocumented", "id", where="documented_utc IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("study_task.id"), index=True)
    attendance_id: Mapped[int | None] = mapped_column(ForeignKey("attendance.id"))
    issued_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[CertificateState] = mapped_column(word(CertificateState, 10), default=CertificateState.VALID)
    revoked_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    revoked_reason: Mapped[str] = mapped_column(String(500), default="")
    documented_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When it was kept as a document: with the sign-off, or for those of before by the worker."""

    task: Mapped[StudyTask] = relationship()
    attendance: Mapped[Attendance | None] = relationship()
    revoked_by: Mapped[User | None] = relationship()

    is_revoked = StateIs(CertificateState.REVOKED)
    """Whether it proves nothing any more."""
