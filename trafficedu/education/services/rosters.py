"""The roster of a session as a document: issued once everybody on it is signed off or was not there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.text import message
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries.documents import roster_document, roster_paper
from trafficedu.education.queries.sessions import list_roster
from trafficedu.issued.models import Document
from trafficedu.issued.queries.documents import valid_document
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services import issuing
from trafficedu.issued.services.issuing import NewDocument
from trafficedu.reports import roster as roster_report

OPEN = message("First sign off everyone who studied, and mark as absent those who did not come: then sign the roster.")


def is_settled(roster: Sequence[Booking]) -> bool:
    """Tell whether a roster can be signed: somebody was signed off, and nobody is expected or studying any more."""
    open_ones = any(booking.is_booked or booking.is_studying for booking in roster)
    signed = any(booking.attendance is not None and booking.attendance.signed_off_utc for booking in roster)
    return bool(signed) and not open_ones


def issue_roster(session: Session, study: StudySession, by: Actor, now: datetime) -> Document:
    """Issue the signed roster of a session; the second time it gives the first one again.

    Raises
    ------
    Refusal
        Somebody is expected or studying still, or nobody was signed off.
    """
    by.require("education:session:complete")
    held = valid_document(session, DocumentKind.ROSTER, study.number)
    if held is not None:
        return held
    if not is_settled(list_roster(session, study.id)):
        raise Refusal(OPEN)
    return issuing.issue(session, roster_document(session, study, now), by, now)


def render_roster(session: Session, study: StudySession, locale: str, now: datetime) -> bytes:
    """Return the roster as PDF: the signed one as it was issued, before that the sheet to sign at the door."""
    held = valid_document(session, DocumentKind.ROSTER, study.number)
    if held is not None:
        return issuing.hand_out(session, held, locale, now)
    return roster_report.render(roster_paper(session, study, locale, now), locale)


def _find(session: Session, number: str) -> StudySession:
    study = session.scalar(select(StudySession).where(StudySession.number == number))
    if study is None:
        raise Missing(message("There is no session with this number."))
    return study


def roster_now(session: Session, number: str, now: datetime) -> NewDocument:
    """Return what the signed roster of a session would say were it issued now; raise :class:`Missing`."""
    return roster_document(session, _find(session, number), now)


def render_any(session: Session, number: str, locale: str, now: datetime) -> bytes:
    """Return a roster by the number of its session; raise Missing. For the command line, which sees everything."""
    return render_roster(session, _find(session, number), locale, now)
