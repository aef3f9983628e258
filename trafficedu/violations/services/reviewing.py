"""What becomes of a record: reviewed, its rider identified, voided. Flushes, never commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.events import publish
from trafficedu.core.orm import among
from trafficedu.core.text import message
from trafficedu.riders.models import Rider
from trafficedu.riders.queries import engagements
from trafficedu.riders.rules import age_on
from trafficedu.riders.services.people import NewRider, find_or_register
from trafficedu.violations import rules
from trafficedu.violations.events import ViolationVoided
from trafficedu.violations.models import Objection, Violation
from trafficedu.violations.rules import (
    OBJECTION_LIFE,
    VIOLATION_LIFE,
    ObjectionAct,
    ObjectionState,
    Penalty,
    ViolationAct,
)
from trafficedu.violations.services import plates, unnamed
from trafficedu.violations.services.recording import establish


def needed(text: str, field: str) -> str:
    """Return ``text`` trimmed; raise Refusal at ``field`` where nothing is said."""
    if not text.strip():
        raise Refusal(message("Say why. This is kept with the record."), field=field)
    return text.strip()


def confirm(session: Session, violation: Violation, by: Actor, now: datetime) -> None:
    """Accept a camera record as evidence: it counts from now on and publishes ViolationEstablished.

    Raises Stale where it was decided already.
    """
    _decide(violation, ViolationAct.CONFIRM, "", by, now)
    session.flush()
    audit.write(session, "violations:violation:review", by, subject=violation, state=violation.state)
    establish(session, violation, by, now)


def reject(session: Session, violation: Violation, reason: str, by: Actor, now: datetime) -> None:
    """Refuse a camera record with a reason; it never counts. Raises Stale, Refusal at ``reason``."""
    _decide(violation, ViolationAct.REJECT, needed(reason, "reason"), by, now)
    session.flush()
    audit.write(session, "violations:violation:review", by, subject=violation, state=violation.state)
    plates.take_back(session, violation, by)


def _decide(violation: Violation, act: ViolationAct, reason: str, by: Actor, now: datetime) -> None:
    violation.state = VIOLATION_LIFE.after(act, violation.state)
    violation.state_reason = reason
    violation.reviewed_by_id, violation.reviewed_utc = by.user_id, now


def identify_rider(session: Session, violation: Violation, who: NewRider | Rider, by: Actor, now: datetime) -> Rider:
    """Say who the rider of a record with a plate alone was, or somebody who showed no papers.

    The company is the one that answers by ``riders.rules.responsible``. A fine becomes education where the rider turns
    out to be under the age for fines. Publishes ViolationEstablished if the record counts.

    Raises
    ------
    Stale
        The rider is known already, or the record no longer stands.
    """
    if violation.rider_id is not None or not violation.may(ViolationAct.IDENTIFY):
        raise Stale(rules.DECIDED)
    if isinstance(who, NewRider):
        who = find_or_register(session, unnamed.with_phone(session, violation, who), by, now)
    rider = who
    unnamed.named(violation)
    age = age_on(rider.birth_date, violation.occurred_on) if rider.birth_date else None
    found = engagements.responsible(session, rider.id, violation.occurred_on, violation.named_company_id)
    violation.rider, violation.company_id, violation.company_known = rider, found.company_id, found.known
    violation.minor = rules.is_minor(age, violation.offender, figure(session, "violations.rider_from_age"))
    if violation.penalty == Penalty.FINE and age is not None and age < figure(session, "violations.fine_from_age"):
        violation.penalty, violation.fine_yuan = Penalty.EDUCATION, None
    session.flush()
    audit.write(session, "violations:violation:identify", by, subject=violation, rider_id=rider.id)
    plates.note_or_list(session, violation, by)
    establish(session, violation, by, now)
    return rider


def void(session: Session, violation: Violation, reason: str, by: Actor, now: datetime) -> None:
    """Take a record found wrong out of every figure, with a reason; it is never deleted.

    An objection that is still open is settled with it: there is nothing left to decide. Publishes ViolationVoided: its
    task and its notice are taken back. Raises Stale, Refusal at ``reason``.
    """
    reason = needed(reason, "reason")
    violation.state = VIOLATION_LIFE.after(ViolationAct.VOID, violation.state)
    violation.state_reason = reason
    violation.voided_by_id, violation.voided_utc = by.user_id, now
    unnamed.drop(violation)
    session.flush()
    audit.write(session, "violations:violation:void", by, subject=violation)
    _settle_objections(session, violation, by, now)
    publish(session, ViolationVoided(now, by, violation.id))


def _settle_objections(session: Session, violation: Violation, by: Actor, now: datetime) -> None:
    """End what is open against a record that no longer stands; the record is held by the caller's change of it."""
    still_open = select(Objection).where(
        Objection.violation_id == violation.id, among(Objection.state, ObjectionState.OPEN)
    )
    for objection in session.scalars(still_open.with_for_update()).all():
        objection.state = OBJECTION_LIFE.after(ObjectionAct.SETTLE, objection.state)
        objection.decided_by_id, objection.decided_utc = by.user_id, now
        session.flush()
        audit.write(session, "violations:objection:settle", by, subject=objection)
