"""Notices as documents: kept once they are sent, issued anew when corrected, revoked when withdrawn.

The worker keeps them soon after they were sent, as of then; whoever opens or prints one earlier has it issued at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.errors import Missing
from trafficedu.core.text import LOCALES, message, translate
from trafficedu.core.transactions import writing
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.display import notice_document
from trafficedu.feedback.queries.notices import find_notice, notice_of_violation
from trafficedu.issued.models import Document
from trafficedu.issued.queries.documents import last_document, valid_document
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services import issuing
from trafficedu.issued.services.earlier import keep_as_of
from trafficedu.issued.services.issuing import NewDocument
from trafficedu.violations.events import (
    CompanySettled,
    ReviewReopened,
    ViolationCorrected,
    ViolationSigned,
    ViolationVoided,
)

NOT_SENT = message("This notice has not been sent, so there is no document yet.")
REVIEWED_AGAIN = message("The record waits for its review once more.")
WITHDRAWN = message("The violation was recorded in error and has been voided.")
BATCH = 20
"""Notices kept in one transaction: others write between two of them."""
READDRESSED = message("Somebody else answers for the rider, or it is open who does.")


def issue_notice(session: Session, notice: Notice, by: Actor, now: datetime) -> Document:
    """Keep what a notice says when it leaves the house; what was kept before stays."""
    held = valid_document(session, DocumentKind.NOTICE, notice.number)
    return held or issuing.issue(session, notice_document(session, notice, now), by, now)


def document_of(session: Session, notice: Notice, by: Actor, now: datetime) -> Document:
    """Return the document of a notice, issued now where nobody has opened or printed it yet; raise :class:`Missing`.

    One that was taken back from an earlier receiver is not the present one's.
    """
    if notice.is_sent:
        held = valid_document(session, DocumentKind.NOTICE, notice.number)
        if held is not None:
            return held
        with writing(session):
            session.refresh(notice, ["state", "version"], with_for_update=True)  # the worker may be about to keep it
            return issue_notice(session, notice, by, now)
    document = last_document(session, DocumentKind.NOTICE, notice.number)
    if document is None:
        raise Missing(NOT_SENT)
    return document


def keep_sent(session: Session, now: datetime, limit: int) -> int:
    """Keep what notices say that were sent since the last round, as of when they were; returns how many. A chore."""
    query = select(Notice).where(*Notice.owes_paper()).order_by(Notice.id).limit(min(limit, BATCH))
    sent = session.scalars(query.with_for_update(skip_locked=True, of=Notice)).all()
    keep_notices(session, sent, now)
    return len(sent)


def keep_notices(session: Session, sent: Sequence[Notice], now: datetime) -> None:
    """Keep what notices say that were sent, each as of when it was; those that are kept already stay as they are."""
    keep_as_of(
        session,
        DocumentKind.NOTICE,
        sent,
        lambda notice: notice.sent_utc or now,
        lambda notice, moment: notice_document(session, notice, moment),
    )
    session.execute(update(Notice).where(Notice.id.in_([notice.id for notice in sent])).values(paper_due=False))


def reissue_notice(session: Session, event: ViolationCorrected | ViolationSigned) -> None:
    """Replace the document of a notice whose violation was corrected or signed, where it has left the house."""
    notice = notice_of_violation(session, event.violation_id)
    if notice is not None and notice.is_sent:
        issuing.renew(session, notice_document(session, notice, event.at_utc), event.by, event.at_utc, first=False)


def revoke_notice(session: Session, event: ViolationVoided | ReviewReopened) -> None:
    """Revoke the document of a notice that was taken back with its violation."""
    notice = notice_of_violation(session, event.violation_id)
    if notice is not None:
        why = REVIEWED_AGAIN if isinstance(event, ReviewReopened) else WITHDRAWN
        reason = " ".join(translate(why, locale) for locale in LOCALES)
        issuing.withdraw(session, DocumentKind.NOTICE, notice.number, reason, event.by, event.at_utc)


def revoke_of_earlier_receiver(session: Session, event: CompanySettled) -> None:
    """Revoke the document that somebody has who no longer answers; the present receiver's is one of its own."""
    notice = notice_of_violation(session, event.violation_id)
    held = valid_document(session, DocumentKind.NOTICE, notice.number) if notice is not None else None
    if notice is None or held is None or (notice.sent_utc is not None and notice.sent_utc <= held.issued_utc):
        return
    reason = " ".join(translate(READDRESSED, locale) for locale in LOCALES)
    issuing.withdraw(session, DocumentKind.NOTICE, notice.number, reason, event.by, event.at_utc)


def notice_now(session: Session, number: str, now: datetime) -> NewDocument:
    """Return what a notice would say were it issued now; raise :class:`Missing`."""
    notice = find_notice(session, number, SYSTEM)
    if not notice.is_sent:
        raise Missing(NOT_SENT)
    return notice_document(session, notice, now)


def render_notice(session: Session, number: str, locale: str, now: datetime) -> bytes:
    """Return a notice as PDF: for the command line, which sees everything. Raises Missing, Refusal."""
    document = document_of(session, find_notice(session, number, SYSTEM), SYSTEM, now)
    return issuing.hand_out(session, document, locale, now)
