"""Decisions taken back at once by who took them. Flushes, never commits.

Confirming sends notices and seats, which are taken back with it where nobody has acted on them; voiding withdraws them,
and is not taken back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.text import message
from trafficedu.violations.events import ReviewReopened
from trafficedu.violations.models.decisions import CorrectionRequest, Objection
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.objections import list_objections_of
from trafficedu.violations.queries.requests import find_open
from trafficedu.violations.rules.states import (
    OBJECTION_LIFE,
    REQUEST_LIFE,
    VIOLATION_LIFE,
    ObjectionAct,
    RequestAct,
    ViolationAct,
    ViolationState,
)
from trafficedu.violations.services import doubles, plates, unnamed
from trafficedu.violations.services.telling import tell_asker


def undo_ends(session: Session, decided: datetime) -> datetime:
    """Return until when a decision may be taken back."""
    return decided + timedelta(minutes=figure(session, "violations.own_change_minutes"))


def _require_own(session: Session, decided_by: int | None, decided: datetime | None, by: Actor, now: datetime) -> None:
    if decided is None or decided_by != by.user_id or now > undo_ends(session, decided):
        raise Refusal(message("This can no longer be taken back here."))


def reopen_review(session: Session, violation: Violation, by: Actor, now: datetime) -> None:
    """Let a record that ``by`` just rejected or confirmed wait for its review again.

    Publishes ReviewReopened where it was confirmed. Raises Stale, Refusal also where somebody has acted on it.
    """
    session.refresh(violation, with_for_update={"of": Violation})
    state = VIOLATION_LIFE.after(ViolationAct.REOPEN, violation.state)
    _require_own(session, violation.reviewed_by_id, violation.reviewed_utc, by, now)
    if any(objection.is_open for objection in list_objections_of(session, violation.id)):
        raise Refusal(message("The rider has objected meanwhile. Decide on the objection instead."))
    was_confirmed = violation.state == ViolationState.CONFIRMED
    violation.state, violation.state_reason, violation.late_reason = state, "", ""
    violation.reviewed_by_id = violation.reviewed_utc = None
    unnamed.want_no_more(violation)
    session.flush()
    audit.write(session, "violations:violation:reopen", by, subject=violation)
    if was_confirmed:
        publish(session, ReviewReopened(now, by, violation.id))
        return
    plates.note_or_list(session, violation, by)
    doubles.list_open(session, violation, by)


def reopen_objection(session: Session, objection: Objection, by: Actor, now: datetime) -> None:
    """Let an objection that ``by`` just dismissed wait for a decision again.

    Raises Stale, also where its record no longer stands, Refusal.
    """
    session.refresh(objection.violation, with_for_update={"of": Violation})
    session.refresh(objection)
    VIOLATION_LIFE.require(ViolationAct.OBJECT, objection.violation.state)
    state = OBJECTION_LIFE.after(ObjectionAct.REOPEN, objection.state)
    _require_own(session, objection.decided_by_id, objection.decided_utc, by, now)
    objection.state, objection.decision = state, ""
    objection.decided_by_id = objection.decided_utc = None
    session.flush()
    audit.write(session, "violations:objection:reopen", by, subject=objection)


def reopen_request(session: Session, asked: CorrectionRequest, by: Actor, now: datetime) -> None:
    """Let a correction that ``by`` just refused wait for a decision again, and tell who asked.

    Raises Stale, also where its record no longer stands, Refusal.
    """
    session.refresh(asked.violation, with_for_update={"of": Violation})
    session.refresh(asked)
    VIOLATION_LIFE.require(ViolationAct.CORRECT, asked.violation.state)
    state = REQUEST_LIFE.after(RequestAct.REOPEN, asked.state)
    _require_own(session, asked.decided_by_id, asked.decided_utc, by, now)
    if find_open(session, asked.violation_id) is not None:
        raise Refusal(message("A correction of this record is asked for already. It waits for a supervisor."))
    asked.state, asked.decision = state, ""
    asked.decided_by_id = asked.decided_utc = None
    session.flush()
    audit.write(session, "violations:correction:reopen", by, subject=asked)
    tell_asker(session, asked, message("The refusal was taken back. It waits for a supervisor again."), by, now)
