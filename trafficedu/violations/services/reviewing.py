"""What becomes of a record: reviewed, its rider identified, voided. Flushes, never commits."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.events import publish
from trafficedu.core.orm import among
from trafficedu.core.text import message
from trafficedu.riders.models import Rider
from trafficedu.riders.queries import engagements
from trafficedu.riders.rules import age_on
from trafficedu.riders.services.people import NewRider, find_or_register
from trafficedu.violations.events import ViolationVoided
from trafficedu.violations.models.decisions import CorrectionRequest, Objection
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules import checks, states
from trafficedu.violations.rules.states import (
    OBJECTION_LIFE,
    REQUEST_LIFE,
    VIOLATION_LIFE,
    ObjectionAct,
    ObjectionState,
    Penalty,
    RequestAct,
    RequestState,
    ViolationAct,
)
from trafficedu.violations.services import doubles, plates, unnamed
from trafficedu.violations.services.recording import establish
from trafficedu.violations.services.telling import tell_asker


def needed(text: str, field: str) -> str:
    """Return ``text`` trimmed; raise Refusal at ``field`` where nothing is said."""
    if not text.strip():
        raise Refusal(message("Say why. This is kept with the record."), field=field)
    return text.strip()


def require_other(violation: Violation, by: Actor) -> None:
    """Raise Refusal where ``by`` recorded it: whoever recorded an offence does not decide on it."""
    if by.user_id is not None and violation.officer_id == by.user_id:
        raise Refusal(message("You recorded this yourself, so somebody else decides on it. You can skip it."))


def _require_other(violation: Violation, act: ViolationAct, by: Actor) -> None:
    VIOLATION_LIFE.require(act, violation.state)
    require_other(violation, by)


def is_late(violation: Violation, day: date) -> bool:
    """Tell whether the days for the review of a camera record are over on ``day``."""
    return violation.is_pending and violation.review_due_on is not None and day > violation.review_due_on


def confirm(session: Session, violation: Violation, by: Actor, now: datetime, late: str = "") -> None:
    """Accept a camera record as evidence: it counts from now on and publishes ViolationEstablished.

    ``late`` says why, once the days for the review are over. A record of a plate alone waits to be identified from now
    on. Raises Stale where it was decided already, Refusal where ``by`` recorded it, or at ``reason``.
    """
    _require_other(violation, ViolationAct.CONFIRM, by)
    if is_late(violation, local_date(now)):
        if not late.strip():
            text = message("The days for the review are over. Say why the record is confirmed all the same.")
            raise Refusal(text, field="reason")
        violation.late_reason = late.strip()
    _decide(violation, ViolationAct.CONFIRM, "", by, now)
    unnamed.want(violation)
    session.flush()
    late_for = str(violation.review_due_on) if violation.late_reason else None
    audit.write(session, "violations:violation:review", by, subject=violation, state=violation.state, late_for=late_for)
    establish(session, violation, by, now)


def reject(session: Session, violation: Violation, reason: str, by: Actor, now: datetime) -> None:
    """Refuse a camera record with a reason; it never counts. Raises Stale, Refusal at ``reason`` or as confirming."""
    _require_other(violation, ViolationAct.REJECT, by)
    _decide(violation, ViolationAct.REJECT, needed(reason, "reason"), by, now)
    session.flush()
    audit.write(session, "violations:violation:review", by, subject=violation, state=violation.state)
    plates.take_back(session, violation, by)
    doubles.leave(session, violation, by, now)
    drop_requests(session, violation, by, now)


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
        raise Stale(states.DECIDED)
    if isinstance(who, NewRider):
        who = find_or_register(session, unnamed.with_phone(session, violation, who), by, now)
    rider = who
    unnamed.named(violation)
    age = age_on(rider.birth_date, violation.occurred_on) if rider.birth_date else None
    found = engagements.responsible(session, rider.id, violation.occurred_on, violation.named_company_id)
    violation.rider, violation.company_id, violation.company_known = rider, found.company_id, found.known
    violation.minor = checks.is_minor(age, violation.offender, figure(session, "violations.rider_from_age"))
    if violation.penalty == Penalty.FINE and age is not None and age < figure(session, "violations.fine_from_age"):
        violation.penalty, violation.fine_yuan = Penalty.EDUCATION, None
    session.flush()
    audit.write(session, "violations:violation:identify", by, subject=violation, rider_id=rider.id)
    plates.note_or_list(session, violation, by)
    doubles.list_open(session, violation, by)
    establish(session, violation, by, now)
    return rider


def void(session: Session, violation: Violation, reason: str, by: Actor, now: datetime) -> None:
    """Take a record found wrong out of every figure, with a reason; it is never deleted.

    An objection or a correction that is still open ends with it: there is nothing left to decide. Publishes
    ViolationVoided: its task and its notice are taken back. Raises Stale, Refusal at ``reason``.
    """
    _void(session, violation, needed(reason, "reason"), by, now)


def void_as_double(session: Session, violation: Violation, by: Actor, now: datetime) -> None:
    """Void a record as the duplicate of another; why is said by the pair in which it was merged. As :func:`void`."""
    _void(session, violation, "", by, now)


def _void(session: Session, violation: Violation, reason: str, by: Actor, now: datetime) -> None:
    violation.state = VIOLATION_LIFE.after(ViolationAct.VOID, violation.state)
    violation.state_reason = reason
    violation.voided_by_id, violation.voided_utc = by.user_id, now
    unnamed.drop(violation)
    session.flush()
    audit.write(session, "violations:violation:void", by, subject=violation)
    _settle_objections(session, violation, by, now)
    drop_requests(session, violation, by, now)
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


def drop_requests(session: Session, violation: Violation, by: Actor, now: datetime) -> None:
    """Ask no more for a correction of a record that no longer stands; the record is held by the caller's change."""
    still_open = select(CorrectionRequest).where(
        CorrectionRequest.violation_id == violation.id, among(CorrectionRequest.state, RequestState.OPEN)
    )
    for asked in session.scalars(still_open.with_for_update()).all():
        asked.state = REQUEST_LIFE.after(RequestAct.DROP, asked.state)
        asked.decided_by_id, asked.decided_utc = by.user_id, now
        session.flush()
        audit.write(session, "violations:correction:drop", by, subject=asked)
        text = message("The record no longer stands, so that nothing is left to correct.")
        tell_asker(session, asked, text, by, now)
