"""What a rider studied before leaving early, and until when it counts (``education.credit_days``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core.clock import local_date
from trafficedu.core.loading import loaded
from trafficedu.education.models.courses import CourseModule, CourseVersion
from trafficedu.education.models.tasks import Attendance, Booking, ModuleRecord
from trafficedu.education.rules.states import AttendanceState


def completed_earlier(session: Session, task_id: int, now: datetime) -> Sequence[ModuleRecord]:
    """Return what was studied for a task in sessions that the rider left, some days ago at most; the oldest first.

    The days count from when a module was really studied: leaving once more does not prolong what was credited before.
    """
    since = now - timedelta(days=figure(session, "education.credit_days"))
    query = (
        select(ModuleRecord)
        .join(ModuleRecord.attendance)
        .join(Attendance.booking)
        .where(
            Booking.task_id == task_id,
            Attendance.state.in_((AttendanceState.LEFT, AttendanceState.UNFINISHED)),
            ModuleRecord.started_utc >= since,
        )
        .options(loaded(ModuleRecord.attendance), loaded(ModuleRecord.module))
        .order_by(ModuleRecord.id)
    )
    return session.scalars(query).all()


def credited_for(module: CourseModule, plan: CourseVersion, earlier: Sequence[ModuleRecord]) -> ModuleRecord | None:
    """Return the latest of ``earlier`` that counts for a module: long enough for it, a quiz passed.

    Where the course has a new version meanwhile, what had the same kind and name is the same.
    """

    def same(record: ModuleRecord) -> bool:
        old = record.module
        return old.id == module.id or (old.kind, old.name_zh) == (module.kind, module.name_zh)

    def passed(record: ModuleRecord) -> bool:
        score = record.attendance.quiz_score
        return not module.is_quiz or (score is not None and score >= plan.pass_mark)

    found = [record for record in earlier if same(record) and (record.minutes or 0) >= module.minimum_minutes]
    return next((record for record in reversed(found) if record.ended_utc is not None and passed(record)), None)


def counts_until(session: Session, record: ModuleRecord) -> date:
    """Return the last day on which a module that was studied before leaving counts at another session."""
    return local_date(record.started_utc + timedelta(days=figure(session, "education.credit_days")))
