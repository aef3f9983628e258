"""Riders who studied and were signed off, for tests of outcomes and of signatures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from tests.factories.education import District, course, make_rider, make_session, make_task, make_violation
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core.numbers import new_number
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance, Booking, Certificate, ModuleRecord, StudyTask
from trafficedu.issued.models import Document


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def held(session: Session, district: District, day: date, code: str = "basic", lecturer: str = "王") -> StudySession:
    return make_session(session, district.at_a, noon(day), capacity=200, code=code, lecturer=lecturer)


def studied(
    session: Session,
    study: StudySession,
    area: Area,
    *,
    signer: User | None = None,
    score: int | None = 90,
    reason: str = "",
    by_hand: str = "",
    phone: str | None = None,
    longer: int = 5,
    **rider: object,
) -> StudyTask:
    """Add a rider whose study was signed off in a session; every part lasted ``longer`` minutes than it must."""
    person = make_rider(session, area)
    for name, value in rider.items():
        setattr(person, name, value)
    at, day = study.ends_utc, study.starts_on
    values = {"completed_utc": at, "completed_on": day, "opened_on": day - timedelta(days=5), "state": "completed"}
    task = make_task(session, person, area, due_on=day, **values)
    task.course = study.course
    seat = Booking(task_id=task.id, session_id=study.id, state="attended", booked_utc=at)
    session.add(seat)
    session.flush()
    attendance = Attendance(
        booking_id=seat.id,
        state="signed",
        checked_in_utc=study.starts_utc,
        open_since_utc=study.starts_utc,
        quiz_score=score,
        signed_off_utc=at,
        signed_off_by_id=signer.id if signer else None,
        quiz_by_hand=by_hand,
        device=phone,
        override_reason=reason,
    )
    session.add(attendance)
    session.flush()
    for module in study.plan.modules:
        minutes = module.minimum_minutes + longer
        begun = {"started_utc": study.starts_utc, "ended_utc": study.starts_utc + timedelta(minutes=minutes)}
        session.add(ModuleRecord(attendance_id=attendance.id, module_id=module.id, minutes=minutes, **begun))
    session.flush()
    return task


def certified(session: Session, task: StudyTask, signer: User, *, revoked: bool = False) -> None:
    """Add the certificate of a study and the document of it, as the sign-off leaves them."""
    [seat], at = task.bookings, task.completed_utc
    assert at is not None
    assert seat.attendance is not None
    number = new_number("C")
    ended = {"state": "revoked", "revoked_utc": at} if revoked else {}
    session.add(Certificate(number=number, task_id=task.id, attendance_id=seat.attendance.id, issued_utc=at, **ended))
    session.add(
        Document(
            number=number,
            kind="certificate",
            subject=number,
            facts="x",
            facts_sha256="0" * 64,
            issued_utc=at,
            issued_by_id=signer.id,
        )
    )
    session.flush()


def offended(session: Session, task: StudyTask, area: Area, *days: date) -> None:
    for day in days:
        make_violation(session, task.rider, area, noon(day))


__all__ = ["certified", "course", "held", "noon", "offended", "studied"]
