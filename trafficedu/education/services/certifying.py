"""Certificates as documents: issued with the sign-off, handed out as they were, carried over from earlier days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.education.models.tasks import Certificate
from trafficedu.education.queries.certificates import find_certificate, list_undocumented
from trafficedu.education.queries.documents import certificate_document
from trafficedu.issued.models import Document
from trafficedu.issued.queries.documents import find_document, last_document, valid_document
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services import issuing
from trafficedu.issued.services.earlier import Earlier, keep_earlier
from trafficedu.issued.services.issuing import NewDocument

BATCH = 500
NONE = message("There is no certificate with this number. One is issued when a study task is signed off.")


def issue_certificate(session: Session, certificate: Certificate, by: Actor, now: datetime) -> Document:
    """Issue the certificate of a study that was signed off just now."""
    certificate.documented_utc = now
    return issuing.issue(session, certificate_document(session, certificate), by, now, number=certificate.number)


def carry_over_certificates(session: Session, now: datetime, batch: int) -> int:
    """Keep up to ``batch`` certificates that were handed out before documents were kept; returns how many.

    They say what the records say today and are marked as carried over: for the worker, a part of it in each round.
    """
    certificates = list_undocumented(session, batch)
    _keep(session, certificates, now, carried_over=True)
    return len(certificates)


def keep_certificates(session: Session, since: datetime, now: datetime) -> int:
    """Keep the certificates issued from ``since`` on as what they are, for the demo district; returns how many."""
    count = 0
    while certificates := list_undocumented(session, BATCH, since):
        count += len(certificates)
        _keep(session, certificates, now, carried_over=False)
        session.flush()
        session.expire_all()
    return count


def _keep(session: Session, certificates: Sequence[Certificate], now: datetime, *, carried_over: bool) -> None:
    earlier = [
        Earlier(
            certificate_document(session, certificate),
            certificate.number,
            certificate.issued_utc,
            certificate.attendance.signed_off_by_id,
        )
        for certificate in certificates
        if certificate.attendance is not None and certificate.attendance.signer is not None
    ]
    for certificate in certificates:
        certificate.documented_utc = now
    if earlier:
        keep_earlier(session, earlier, carried_over=carried_over)


def document_of(session: Session, certificate: Certificate) -> Document | None:
    """Return the document of a certificate: the one that holds, else the last one, else None.

    One that was handed out before documents were kept is carried over here before the worker comes to it.
    """
    held = valid_document(session, DocumentKind.CERTIFICATE, certificate.number)
    if held is None and (held := last_document(session, DocumentKind.CERTIFICATE, certificate.number)) is None:
        with writing(session):
            _keep(session, [certificate], certificate.issued_utc, carried_over=True)
        held = valid_document(session, DocumentKind.CERTIFICATE, certificate.number)
    return held


def find_certificate_document(session: Session, number: str) -> Document | None:
    """Return the document with the number of a certificate or of one that replaced it, or None."""
    found = find_document(session, number)
    if found is None and (certificate := find_certificate(session, number)) is not None:
        return document_of(session, certificate)
    return found


def render_certificate(session: Session, number: str, locale: str, now: datetime) -> bytes:
    """Return the file of the certificate that holds for ``number``, as it was handed out the first time.

    Raises
    ------
    Missing
        A number nobody was given. An unfinished task has no certificate, hence no number to ask with.
    Refusal
        It was revoked.
    """
    found = find_certificate_document(session, number)
    if found is None or found.kind != DocumentKind.CERTIFICATE:
        raise Missing(NONE)
    held = valid_document(session, DocumentKind.CERTIFICATE, found.subject) or found
    return issuing.hand_out(session, held, locale, now)


def revoke_certificate(session: Session, certificate: Certificate, reason: str, by: Actor, now: datetime) -> None:
    """Revoke the document of a certificate that holds, if one does; see :func:`issuing.revoke`."""
    if certificate.documented_utc is None:
        _keep(session, [certificate], now, carried_over=True)
    held = valid_document(session, DocumentKind.CERTIFICATE, certificate.number)
    if held is not None:
        issuing.revoke(session, held, reason, by, now)


def revoked_at(session: Session, number: str) -> str:
    """Return the page on which a certificate is revoked: it goes with its sign-off, which is taken back there.

    Raises
    ------
    Missing
        There is no such certificate, or its study is not kept.
    """
    certificate = find_certificate(session, number)
    if certificate is None or certificate.attendance is None:
        raise Missing(NONE)
    study = certificate.attendance.booking.session
    return f"/sessions/{study.number}/riders/{certificate.task.number}/sign-off/take-back"


def certificate_now(session: Session, number: str, _now: datetime) -> NewDocument:
    """Return what the certificate with ``number`` would say were it issued now; raise :class:`Missing`."""
    certificate = find_certificate(session, number)
    if certificate is None:
        raise Missing(NONE)
    return certificate_document(session, certificate)
