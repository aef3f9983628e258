"""Objections (异议): raised by a rider, decided by a supervisor; an upheld one voids the record at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import corrections, figure
from trafficedu.core import audit, numbers
from trafficedu.core.actors import VISITOR, Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.workdays import add_workdays
from trafficedu.riders.rules import Purpose
from trafficedu.violations.events import ObjectionDecided
from trafficedu.violations.models.decisions import Objection
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries import objections
from trafficedu.violations.rules.checks import check_may_still_object
from trafficedu.violations.rules.states import OBJECTION_LIFE, VIOLATION_LIFE, ObjectionAct, ViolationAct
from trafficedu.violations.services.reviewing import needed, require_other, void

CONTACT_LENGTH = 30


def raise_objection(
    session: Session, violation: Violation, statement: str, contact: str, now: datetime, by: Actor = VISITOR
) -> Objection:
    """Take a rider's objection, or that of the company ``by`` works for; one is open at a time.

    ``contact`` (optional) is kept encrypted.

    Raises
    ------
    Refusal
        No statement, or the one of an earlier objection, too long a contact, the record does not stand, an objection is
        open already, the days for objecting are over, or the record was objected to as often as it may be.
    """
    if not statement.strip():
        raise Refusal(message("Say what is wrong with the record."), field="statement")
    if len(contact.strip()) > CONTACT_LENGTH:
        raise Refusal(message("At most %(max)d characters.", max=CONTACT_LENGTH), field="contact")
    state = session.scalar(select(Violation.state).where(Violation.id == violation.id).with_for_update())
    if state is None or not VIOLATION_LIFE.may(ViolationAct.OBJECT, state):
        raise Refusal(message("This record is not in force, so there is nothing to object to."))
    earlier = objections.list_objections_of(session, violation.id)
    if any(objection.is_open for objection in earlier):
        raise Refusal(message("An objection to this record is already being reviewed."))
    check_may_still_object(
        violation.counts_from_utc,
        len(earlier),
        now,
        figure(session, "violations.objection_days"),
        figure(session, "violations.objections_most"),
    )
    if any(_plain(each.statement) == _plain(statement) for each in earlier):
        text = message("This is what was said before, and it was decided. Say what is new.")
        raise Refusal(text, field="statement")
    workdays = figure(session, "violations.objection_workdays")
    contact = contact.strip()
    objection = Objection(
        number=numbers.new_number("O"),
        violation=violation,
        area_id=violation.area_id,
        raised_utc=now,
        due_on=add_workdays(local_date(now), workdays, corrections(session)),
        statement=statement.strip(),
        company_id=by.scope.company_id,
        contact_cipher=services_of(session).keyring.encrypt(contact, objections.CONTACT) if contact else None,
    )
    session.add(objection)
    session.flush()
    audit.write(session, "violations:objection:raise", by, subject=objection, violation_id=violation.id)
    return objection


def _plain(statement: str) -> str:
    return "".join(sign for sign in statement if sign.isalnum()).casefold()


def decide_objection(
    session: Session, objection: Objection, upheld: bool, decision: str, by: Actor, now: datetime
) -> None:
    """Decide an objection with reasons; an upheld one voids the violation in the same transaction.

    The record is held first, as whoever voids it does. Raises Stale where the objection was decided already or its
    record no longer stands, Refusal at ``decision`` without reasons, or where ``by`` made the record.
    """
    session.refresh(objection.violation, with_for_update={"of": Violation})
    session.refresh(objection)
    state = OBJECTION_LIFE.after(ObjectionAct.UPHOLD if upheld else ObjectionAct.DISMISS, objection.state)
    require_other(objection.violation, by)
    objection.decision = needed(decision, "decision")
    objection.state = state
    objection.decided_by_id, objection.decided_utc = by.user_id, now
    session.flush()
    audit.write(session, "violations:objection:decide", by, subject=objection, state=objection.state)
    if upheld:
        void(session, objection.violation, objection.decision, by, now)
    publish(session, ObjectionDecided(now, by, objection.id))


def unmask_contact(session: Session, objection: Objection, by: Actor) -> str:
    """Return the phone that the rider left, audited; raises Denied."""
    by.require("riders:identity:unmask")
    audit.write(session, "violations:objection:unmask", by, subject=objection, purpose=Purpose.OBJECTION)
    session.flush()
    return objections.contact_of(session, objection)
