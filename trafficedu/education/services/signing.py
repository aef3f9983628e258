"""Signing a study off, and taking a sign-off back. Every sign-off names its signer.

Signing off somebody who did not study is a named offence in the comparable rules for drivers; hence the
modules with start and end, and the override that needs a reason and a permission of its own.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Denied, Refusal
from trafficedu.core.events import publish
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import among
from trafficedu.core.text import Message, message
from trafficedu.education.events import CompletionTakenBack
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, Certificate
from trafficedu.education.queries.courses import plan_of
from trafficedu.education.rules import reckoning
from trafficedu.education.rules.states import ATTENDANCE_LIFE, TASK_LIFE, AttendanceAct, CertificateState, TaskAct
from trafficedu.education.services.absence import lock_study
from trafficedu.education.services.certifying import issue_certificate, revoke_certificate
from trafficedu.education.services.study import GroupResult, attendance_of, studying_in, times_of


def gaps_of(booking: Booking, locale: str) -> list[Message]:
    """Return what still stands between a checked-in rider and the sign-off, module names in ``locale``."""
    if booking.attendance is None:
        return [message("The rider has not checked in.")]
    course = booking.session.course
    return reckoning.gaps(
        plan_of(course, locale), times_of(booking.attendance), booking.attendance.quiz_score, course.pass_mark
    )


def sign_off(session: Session, booking: Booking, by: Actor, now: datetime, override_reason: str = "") -> Certificate:
    """Complete the task in the signer's name and issue the certificate. Twice gives the first one again.

    With something missing (a module, minutes, the pass mark) it needs a reason and the permission
    ``education:session:override``.

    Raises
    ------
    Refusal
        Something is missing and no reason is given (field ``reason``; the sentence names the first gap), the rider is
        not checked in, or the session has not begun.
    Denied
        A reason is given without the permission, or the actor has no name (the system signs nothing off).
    """
    by.require("education:session:complete")
    if by.user_id is None:
        raise Denied(message("Only a person can sign off a study task."))
    lock_study(session, booking)
    if booking.attendance is not None and booking.attendance.is_signed:
        return session.scalars(_valid_of(booking.task_id)).one()
    attendance = attendance_of(booking)
    if now < booking.session.starts_utc:
        raise Refusal(message("The session has not begun yet. Studies are signed off once it has."))
    attendance.override_reason = _override_reason(booking, override_reason.strip(), by)
    attendance.state = ATTENDANCE_LIFE.after(AttendanceAct.SIGN_OFF, attendance.state)
    attendance.signed_off_utc, attendance.signed_off_by_id = now, by.user_id
    task = booking.task
    task.state = TASK_LIFE.after(TaskAct.COMPLETE, task.state)
    task.completed_utc, task.completed_on = now, local_date(now)
    certificate = Certificate(number=new_number("C"), task_id=task.id, attendance_id=attendance.id, issued_utc=now)
    session.add(certificate)
    session.flush()
    issue_certificate(session, certificate, by, now)
    action = "education:session:override" if attendance.override_reason else "education:session:complete"
    audit.write(session, action, by, subject=attendance, task=task.id, certificate=certificate.id)
    return certificate


def _override_reason(booking: Booking, reason: str, by: Actor) -> str:
    """Return the reason under which a study is signed off with something missing, "" for a whole one."""
    missing = gaps_of(booking, by.locale)
    if not missing:
        return ""
    if not reason:
        text = message("Not ready for sign-off: %(gap)s To sign off anyway, give a reason.", gap=missing[0])
        raise Refusal(text, field="reason")
    by.require("education:session:override")
    return reason


def _valid_of(task_id: int) -> Select[tuple[Certificate]]:
    return select(Certificate).where(Certificate.task_id == task_id, among(Certificate.state, CertificateState.VALID))


def take_back_sign_off(session: Session, booking: Booking, reason: str, by: Actor, now: datetime) -> None:
    """Take a sign-off back: the study goes on, or is closed by rule; its certificate is revoked with the reason.

    Publishes :class:`CompletionTakenBack`.

    Raises
    ------
    Refusal
        The reason is too short (field ``reason``).
    Stale
        The study is not signed off (any more).
    Denied
        Without the permission ``education:session:take_back``.
    """
    by.require("education:session:take_back")
    reckoning.require_reason(reason)
    lock_study(session, booking)
    attendance, task = booking.attendance, booking.task
    if attendance is None:
        raise Refusal(message("This rider is not studying here now. Check the rider in first, or check the roster."))
    attendance.state = ATTENDANCE_LIFE.after(AttendanceAct.TAKE_BACK, attendance.state)
    task.state = TASK_LIFE.after(TaskAct.TAKE_BACK, task.state)
    task.completed_utc = task.completed_on = None
    attendance.signed_off_utc = attendance.signed_off_by_id = None
    attendance.override_reason, attendance.open_since_utc = "", now
    for certificate in session.scalars(_valid_of(task.id)):
        revoke_certificate(session, certificate, reason, by, now)
        certificate.state, certificate.revoked_utc = CertificateState.REVOKED, now
        certificate.revoked_by_id, certificate.revoked_reason = by.user_id, reason.strip()
    session.flush()
    audit.write(session, "education:session:take_back", by, subject=attendance, task=task.id)
    publish(session, CompletionTakenBack(now, by, task.id, reason.strip()))


def sign_off_ready(session: Session, study: StudySession, by: Actor, now: datetime) -> GroupResult:
    """Sign off every rider of a session for whom nothing is missing, each in the signer's name."""
    studying = studying_in(session, study)
    ready = [booking for booking in studying if not gaps_of(booking, by.locale)]
    for booking in ready:
        sign_off(session, booking, by, now)
    return GroupResult(len(ready), len(studying) - len(ready))
