"""Reads of certificates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Load, Session

from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.orm import among
from trafficedu.core.text import message
from trafficedu.education.models.courses import Course, CourseVersion, StudySession
from trafficedu.education.models.tasks import Attendance, Booking, Certificate, StudyTask
from trafficedu.education.queries.tasks import visible_to
from trafficedu.education.rules.states import BookingState, CertificateState
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station


def _page() -> Sequence[Load]:
    """Return what is loaded with a certificate for all it says."""
    return (
        loaded(Certificate.task, StudyTask.rider, Rider.home_area),
        loaded(Certificate.task, StudyTask.course),
        loaded(Certificate.task, StudyTask.area),
        loaded(Certificate.attendance, Attendance.signer),
        loaded(Certificate.attendance, Attendance.granter),
        loaded(Certificate.attendance, Attendance.modules),
        loaded(Certificate.attendance, Attendance.booking, Booking.session, StudySession.station, Station.area),
        loaded(
            Certificate.attendance,
            Attendance.booking,
            Booking.session,
            StudySession.course,
            Course.versions,
            CourseVersion.modules,
        ),
    )


def find_certificate(session: Session, number: str) -> Certificate | None:
    """Return the certificate with ``number`` and all it says, or None; no scope: it proves itself in public."""
    return session.scalar(select(Certificate).where(Certificate.number == number).options(*_page()))


def find_certificate_for(session: Session, number: str, by: Actor) -> Certificate:
    """Return a certificate whose task ``by`` may see; raise :class:`Missing`."""
    certificate = session.scalar(
        select(Certificate).join(Certificate.task).where(Certificate.number == number, visible_to(by)).options(*_page())
    )
    if certificate is None:
        raise Missing(message("This certificate does not exist, or you do not have access to it."))
    return certificate


def certificate_of_task(session: Session, task_id: int) -> Certificate | None:
    """Return a task's certificate that is valid, or None while the study is not completed."""
    valid = among(Certificate.state, CertificateState.VALID)
    return session.scalar(select(Certificate).where(Certificate.task_id == task_id, valid).options(*_page()))


def list_of_session(session: Session, session_id: int) -> Sequence[Certificate]:
    """Return the certificates of a session that hold, by the names of their riders."""
    query = (
        select(Certificate)
        .join(Certificate.attendance)
        .join(Attendance.booking)
        .join(Certificate.task)
        .join(StudyTask.rider)
        .where(Booking.session_id == session_id, Booking.state == BookingState.ATTENDED)
        .where(Certificate.task_id == Booking.task_id)  # its index leads from the riders to their certificates
        .where(Certificate.state == CertificateState.VALID)
        .options(*_page())
    )
    return session.scalars(query.order_by(Rider.name, Certificate.id)).all()


def list_revoked(session: Session, task_id: int) -> Sequence[Certificate]:
    """Return the certificates of a task that were revoked, the latest first, with who revoked them."""
    query = select(Certificate).where(Certificate.task_id == task_id, Certificate.state == CertificateState.REVOKED)
    query = query.options(loaded(Certificate.revoked_by))
    return session.scalars(query.order_by(Certificate.id.desc())).all()


def list_undocumented(session: Session, most: int, since: datetime | None = None) -> Sequence[Certificate]:
    """Return certificates that are not kept as documents yet, those issued from ``since`` on."""
    query = select(Certificate).where(Certificate.documented_utc.is_(None)).order_by(Certificate.id).limit(most)
    if since is not None:
        query = query.where(Certificate.issued_utc >= since)
    return session.scalars(query.options(*_page())).all()
