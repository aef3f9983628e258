"""What became of the study that a violation led to: also of one that was voided after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.queries import names_of
from trafficedu.core.actors import Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import local
from trafficedu.core.loading import loaded
from trafficedu.core.passages import Passage, audited
from trafficedu.core.row_acts import Consequence
from trafficedu.core.text import Message, message
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.education.models.tasks import (
    Attendance,
    Booking,
    Certificate,
    ModuleRecord,
    StudyTask,
    TaskViolation,
)
from trafficedu.education.queries.tasks import is_visible, task_of_violation
from trafficedu.education.rules.states import UNFINISHED, BookingState

READ = "education:task:read"
CHECK_IN = "education:session:check_in"
OPEN, BOOK, COURSE = "education:task:open", "education:seat:book", "education:task:course"
ACTS: Mapping[str, Message] = {
    "education:task:extend": message("Another violation joined the study task"),
    COURSE: message("The course of the study task changed"),
    "education:task:join": message("The study task took in the rider's next one"),
    "education:task:waived": message("The study was waived"),
    "education:task:withdrawn": message("The study task was withdrawn"),
    "education:task:resume": message("The waiver was taken back"),
    "education:task:remind": message("Those who look after the rider were reminded"),
    "education:seat:leave": message("The seat was given up"),
    "education:session:take_back": message("The sign-off was taken back"),
}
OF_CHECK_IN: Mapping[str, tuple[Message, Message]] = {
    "absent": (message("The rider did not come"), message("That the rider did not come was taken back")),
    "left": (message("The rider left before the end"), message("That the rider left was taken back")),
}
UNDONE, CLOSED = message("The check-in was taken back"), message("Closed without a sign-off")
QUIZ = message("Quiz: %(score)s points")
Rows = Sequence[AuditEntry]


def of_violation(session: Session, by: Actor, locale: str, violation_id: int) -> Iterator[Passage]:
    """Yield what became of the task that answers, or answered, for a violation, to those who read of tasks."""
    task = task_of_violation(session, violation_id) if by.may(READ) else None
    if task is None:
        return
    link = session.get_one(TaskViolation, violation_id)
    page, values = "education.task" if is_visible(session, task, by) else "", {"number": task.number}
    bookings = _bookings(session, task)
    rows = _rows(session, task, bookings)
    written = {(row.subject_kind, row.subject_id): row.id for row in rows if row.action in (OPEN, BOOK)}
    course = _course_then(session, task, rows).name(locale)
    opened = message("Study task opened: %(course)s, due %(day)s", course=course, day=task.due_on.isoformat())
    of_opening = written.get((StudyTask.__tablename__, task.id), 0)
    yield Passage(task.opened_utc, opened, page=page, values=values, written=of_opening)
    if link.left_utc is not None:
        yield Passage(link.left_utc, message("This violation left the study task"), page=page, values=values)
    names = names_of(session, [each for each in _people(bookings, rows) if each is not None])
    for number, booking in enumerate(bookings):
        of_booking = written.get((Booking.__tablename__, booking.id), 0)
        yield _booked(booking, again=number > 0, names=names, written=of_booking)
    attendances = [booking.attendance for booking in bookings if booking.attendance is not None]
    for attendance in attendances:
        yield from _attended(attendance, names, locale)
    yield from (passage for row in rows for passage in _done(row, names))
    yield from (_signed(attendance, names) for attendance in attendances if attendance.signed_off_utc is not None)
    yield from _certificates(session, task)


def _bookings(session: Session, task: StudyTask) -> Sequence[Booking]:
    query = select(Booking).where(Booking.task_id == task.id).order_by(Booking.id)
    return session.scalars(
        query.options(
            loaded(Booking.session, StudySession.station),
            loaded(Booking.attendance, Attendance.modules, ModuleRecord.module),
        )
    ).all()


def _rows(session: Session, task: StudyTask, bookings: Sequence[Booking]) -> Rows:
    attendances = [booking.attendance.id for booking in bookings if booking.attendance is not None]
    subjects = {StudyTask: [task.id], Booking: [booking.id for booking in bookings], Attendance: attendances}
    return audited(session, subjects, [*ACTS, OPEN, BOOK, CHECK_IN, "education:session:study"])


def _course_then(session: Session, task: StudyTask, rows: Rows) -> Course:
    """Return the course a task was opened with: it may have another one since."""
    said = {OPEN: "course", COURSE: "before"}
    given = (row.detail.get(said[row.action]) for row in rows if row.action in said)
    return session.get(Course, next((course_id for course_id in given if course_id), task.course_id)) or task.course


def _people(bookings: Sequence[Booking], rows: Rows) -> Iterator[int | None]:
    yield from (row.actor_id for row in rows)
    for booking in bookings:
        yield booking.booked_by_id
        if booking.attendance is not None:
            yield from (booking.attendance.checked_in_by_id, booking.attendance.signed_off_by_id)


def _booked(booking: Booking, *, again: bool, names: Mapping[int, str], written: int) -> Passage:
    what = message("Seat moved: %(station)s, %(when)s") if again else message("Seat booked: %(station)s, %(when)s")
    study = booking.session
    when = f"{local(study.starts_utc):%Y-%m-%d %H:%M}"
    who = names.get(booking.booked_by_id or 0, "")
    return Passage(booking.booked_utc, what.filled(station=study.station.name, when=when), who, written=written)


def _attended(attendance: Attendance, names: Mapping[int, str], locale: str) -> Iterator[Passage]:
    """Yield that the rider came, and what was studied."""
    yield Passage(
        attendance.checked_in_utc, message("Present: checked in"), names.get(attendance.checked_in_by_id or 0, "")
    )
    for record in attendance.modules:
        if record.ended_utc is not None:
            name = record.module.name(locale)
            studied = message("Studied: %(module)s, %(minutes)s min", module=name, minutes=record.minutes or 0)
            yield Passage(record.ended_utc, studied)


def _signed(attendance: Attendance, names: Mapping[int, str]) -> Passage:
    who = names.get(attendance.signed_off_by_id or 0, "")
    at = attendance.signed_off_utc or attendance.checked_in_utc
    return Passage(at, message("Study signed off"), who, attendance.override_reason)


def _done(row: AuditEntry, names: Mapping[int, str]) -> Iterator[Passage]:
    """Yield what a row of the audit trail says that no column keeps."""
    who, detail = names.get(row.actor_id or 0, ""), row.detail
    if row.action in ACTS:
        yield Passage(row.at_utc, ACTS[row.action], who, written=row.id)
    elif "score" in detail:
        at = datetime.fromisoformat(detail["at"]) if "at" in detail else row.at_utc
        yield Passage(at, QUIZ.filled(score=detail["score"]), who)
    elif detail.get("undone") or detail.get("closed"):
        yield Passage(row.at_utc, UNDONE if detail.get("undone") else CLOSED, who, written=row.id)
    for mark, (noted, taken_back) in OF_CHECK_IN.items():
        if mark in detail:
            yield Passage(row.at_utc, noted if detail[mark] else taken_back, who, written=row.id)


def _certificates(session: Session, task: StudyTask) -> Iterator[Passage]:
    query = select(Certificate).where(Certificate.task_id == task.id).options(loaded(Certificate.revoked_by))
    for certificate in session.scalars(query.order_by(Certificate.id)):
        values = {"number": certificate.number}
        issued = message("Certificate %(number)s issued", number=certificate.number)
        yield Passage(certificate.issued_utc, issued, page="education.certificate", values=values)
        if certificate.revoked_utc is not None:
            revoked = message("Certificate %(number)s revoked", number=certificate.number)
            who = certificate.revoked_by.display_name if certificate.revoked_by else ""
            yield Passage(certificate.revoked_utc, revoked, who, certificate.revoked_reason)


LEAVES, WITHDRAWN = message("leaves its study task, which stays"), message("study task withdrawn")
SEAT = message("seat given up")


def after_voiding(session: Session, ids: Sequence[int]) -> dict[int, list[Consequence]]:
    """Return what would follow for studies if these violations were voided, all of them."""
    links = session.scalars(
        select(TaskViolation).where(TaskViolation.violation_id.in_(ids), TaskViolation.left_utc.is_(None))
    ).all()
    tasks = {link.task_id for link in links}
    others = select(TaskViolation.task_id).where(
        TaskViolation.task_id.in_(tasks), TaskViolation.left_utc.is_(None), TaskViolation.violation_id.not_in(ids)
    )
    kept = set(session.scalars(others))
    finished = set(
        session.scalars(select(StudyTask.id).where(StudyTask.id.in_(tasks), StudyTask.state.not_in(UNFINISHED)))
    )
    seats = session.scalars(
        select(Booking)
        .where(Booking.task_id.in_(tasks), Booking.state == BookingState.BOOKED)
        .options(loaded(Booking.session, StudySession.station))
    ).all()
    seat_of = {
        seat.task_id: f"{seat.session.station.name} {local(seat.session.starts_utc):%Y-%m-%d %H:%M}" for seat in seats
    }
    found: dict[int, list[Consequence]] = {}
    for link in links:
        ends = link.task_id not in kept | finished
        found[link.violation_id] = [Consequence(WITHDRAWN if ends else LEAVES)]
        if ends and link.task_id in seat_of:
            found[link.violation_id].append(Consequence(SEAT, seat_of[link.task_id]))
    return found
