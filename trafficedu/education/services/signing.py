"""Signing a study off, and taking a sign-off back. Every sign-off names its signer.

Signing off somebody who did not study is a named offence in the comparable rules for drivers; hence the
modules with start and end, and the exception that one person proposes and another one grants.
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
from trafficedu.education.events import CertificateIssued, CompletionTakenBack
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.exceptions import Proposal
from trafficedu.education.models.tasks import Booking, Certificate
from trafficedu.education.queries.courses import plan_of
from trafficedu.education.rules import reckoning
from trafficedu.education.rules.states import ATTENDANCE_LIFE, TASK_LIFE, AttendanceAct, CertificateState, TaskAct
from trafficedu.education.services.absence import lock_study
from trafficedu.education.services.certifying import issue_certificate, revoke_certificate
from trafficedu.education.services.endings import end_task, lapse_proposals, owes_nothing
from trafficedu.education.services.study import GroupResult, attendance_of, studying_in, times_of


def gaps_of(booking: Booking, locale: str) -> list[Message]:
    """Return what still stands between a checked-in rider and the sign-off, module names in ``locale``."""
    if booking.attendance is None:
        return [message("The rider has not checked in.")]
    course = booking.session.plan
    return reckoning.gaps(
        plan_of(course, locale), times_of(booking.attendance), booking.attendance.quiz_score, course.pass_mark
    )


def sign_off(session: Session, booking: Booking, by: Actor, now: datetime) -> Certificate:
    """Complete the task in the signer's name and issue the certificate. Twice gives the first one again.

    Raises
    ------
    Refusal
        Something is missing (the sentence names the first gap), the rider is not checked in, or the session has not
        begun.
    Denied
        Without ``education:session:complete``, or the actor has no name (the system signs nothing off).
    """
    by.require("education:session:complete")
    if by.user_id is None:
        raise Denied(message("Only a person can sign off a study task."))
    lock_study(session, booking)
    if booking.attendance is not None and booking.attendance.is_signed:
        return session.scalars(_valid_of(booking.task_id)).one()
    attendance_of(booking)
    if now < booking.session.starts_utc:
        raise Refusal(message("The session has not begun yet. Studies are signed off once it has."))
    if missing := gaps_of(booking, by.locale):
        raise Refusal(message("Not ready for sign-off: %(gap)s", gap=missing[0]))
    certificate = _complete(session, booking, by.user_id, by, now)
    audit.write(session, "education:session:complete", by, subject=booking.attendance, certificate=certificate.id)
    return certificate


def sign_off_by_exception(
    session: Session, booking: Booking, proposal: Proposal, by: Actor, now: datetime
) -> Certificate:
    """Complete a task although something is missing, in the name of who proposed it; ``by`` granted it.

    The certificate is marked with the reason and with who granted it.
    """
    lock_study(session, booking)
    attendance = attendance_of(booking)
    attendance.override_reason, attendance.override_by_id = proposal.reason, by.user_id
    certificate = _complete(session, booking, proposal.proposed_by_id, by, now)
    audit.write(session, "education:session:override", by, subject=attendance, certificate=certificate.id)
    return certificate


def _complete(session: Session, booking: Booking, signer_id: int | None, by: Actor, now: datetime) -> Certificate:
    attendance, task = attendance_of(booking), booking.task
    attendance.state = ATTENDANCE_LIFE.after(AttendanceAct.SIGN_OFF, attendance.state)
    attendance.signed_off_utc, attendance.signed_off_by_id = now, signer_id
    task.state = TASK_LIFE.after(TaskAct.COMPLETE, task.state)
    task.completed_utc, task.completed_on = now, local_date(now)
    certificate = Certificate(number=new_number("C"), task_id=task.id, attendance_id=attendance.id, issued_utc=now)
    session.add(certificate)
    session.flush()
    session.expire(attendance, ["signer", "granter"])
    lapse_proposals(session, task.id, now)
    issue_certificate(session, certificate, by, now)
    publish(session, CertificateIssued(now, by, certificate.id, task.id))
    return certificate


def _valid_of(task_id: int) -> Select[tuple[Certificate]]:
    return select(Certificate).where(Certificate.task_id == task_id, among(Certificate.state, CertificateState.VALID))


def take_back_sign_off(session: Session, booking: Booking, reason: str, by: Actor, now: datetime) -> None:
    """Take a sign-off back: the study goes on, or is closed by rule; its certificate is revoked with the reason.

    Where every violation of the task was voided meanwhile, the task is withdrawn instead. Publishes
    :class:`CompletionTakenBack`.

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
    attendance.override_reason, attendance.override_by_id, attendance.open_since_utc = "", None, now
    for certificate in session.scalars(_valid_of(task.id)):
        revoke_certificate(session, certificate, reason, by, now)
        certificate.state, certificate.revoked_utc = CertificateState.REVOKED, now
        certificate.revoked_by_id, certificate.revoked_reason = by.user_id, reason.strip()
    session.flush()
    audit.write(session, "education:session:take_back", by, subject=attendance, task=task.id)
    publish(session, CompletionTakenBack(now, by, task.id, reason.strip()))
    if owes_nothing(session, task):
        end_task(session, task, TaskAct.WITHDRAW, by, now)


def sign_off_ready(session: Session, study: StudySession, by: Actor, now: datetime) -> GroupResult:
    """Sign off every rider of a session for whom nothing is missing, each in the signer's name."""
    studying = studying_in(session, study)
    ready = [booking for booking in studying if not gaps_of(booking, by.locale)]
    for booking in ready:
        sign_off(session, booking, by, now)
    return GroupResult(len(ready), len(studying) - len(ready))
