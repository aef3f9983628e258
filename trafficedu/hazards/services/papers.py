"""The sheet "one road, one plan" as a document: issued when a plan is agreed, changed or verified, revoked with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.transactions import writing
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.queries.records import find_hazard
from trafficedu.hazards.queries.sheet import plan_document
from trafficedu.hazards.rules import HazardAct, HazardState
from trafficedu.issued.queries.documents import last_document, valid_document
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services import issuing
from trafficedu.issued.services.earlier import Earlier, keep_earlier
from trafficedu.issued.services.issuing import NewDocument
from trafficedu.reports.proof import DRAFT

ISSUED_BY = (HazardAct.PLANNED, HazardAct.REVISED, HazardAct.VERIFIED)
"""What makes the sheet a document: the plan in four parts, another plan, the proof that it was carried out."""
ENDED_BY = (HazardAct.CLOSED, HazardAct.VOIDED)


def follow(session: Session, hazard: Hazard, step: HazardAct, by: Actor, now: datetime, note: str) -> None:
    """Issue, replace or revoke the sheet of a hazard, as a step of its life asks for."""
    if step in ENDED_BY:
        issuing.withdraw(session, DocumentKind.HAZARD, hazard.number, note, by, now)
    elif step in ISSUED_BY or step == HazardAct.CORRECTED:
        session.expire(hazard, ["fixed_by", "verified_by"])
        new = issuing.prepared(plan_document(session, hazard, now))  # it is compared with what was issued, then kept
        issuing.renew(session, new, by, now, first=step in ISSUED_BY)


def plan_now(session: Session, number: str, now: datetime) -> NewDocument:
    """Return what the sheet of a hazard would say were it issued now; raise Missing."""
    return plan_document(session, find_hazard(session, number, SYSTEM), now)


def render_plan(session: Session, hazard: Hazard, locale: str, now: datetime) -> bytes:
    """Return the sheet of a hazard as PDF: as it was issued, or where more has happened since, a draft that says so."""
    held, new = valid_document(session, DocumentKind.HAZARD, hazard.number), plan_document(session, hazard, now)
    agreed = hazard.deadline_on is not None and hazard.state not in {HazardState.CLOSED, HazardState.VOIDED}
    if agreed and last_document(session, DocumentKind.HAZARD, hazard.number) is None:
        with writing(session):
            keep_earlier(session, [_earlier(hazard, new)], carried_over=True)
        held = valid_document(session, DocumentKind.HAZARD, hazard.number)
    if held is not None and issuing.is_the_same(session, held, new):
        return issuing.hand_out(session, held, locale, now)
    return issuing.draft(session, new, locale, DRAFT)


def _earlier(hazard: Hazard, new: NewDocument) -> Earlier:
    """Return the sheet of a plan that was agreed before sheets were kept, as of its last step."""
    return Earlier(new, "", hazard.verified_utc or hazard.fixed_utc or hazard.reported_utc, None)


def render_any(session: Session, number: str, locale: str, now: datetime) -> bytes:
    """Return the sheet of a hazard by number; raise Missing. For the command line, which sees everything."""
    return render_plan(session, find_hazard(session, number, SYSTEM), locale, now)
