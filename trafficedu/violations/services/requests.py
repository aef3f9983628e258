"""Corrections that an officer asks for once the minutes of correcting alone are over. Flushes, never commits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Denied, Refusal, Stale
from trafficedu.core.orm import occurred_columns
from trafficedu.core.text import message
from trafficedu.violations.models.decisions import CorrectionRequest
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.records import VOID
from trafficedu.violations.queries.requests import find_open
from trafficedu.violations.rules.states import DECIDED, REQUEST_LIFE, CorrectedField, RequestAct, ViolationAct
from trafficedu.violations.services import correcting
from trafficedu.violations.services.correcting import CorrectedFacts
from trafficedu.violations.services.reviewing import needed, require_other, void
from trafficedu.violations.services.telling import tell_asker

FIELDS = {
    CorrectedField.KIND: "kind_code",
    CorrectedField.OCCURRED: "occurred",
    CorrectedField.AREA: "area_code",
    CorrectedField.PLACE: "place",
    CorrectedField.PENALTY: "penalty",
    CorrectedField.FINE: "fine_yuan",
    CorrectedField.NOTE: "note",
}
"""What of a record is asked for -> what the corrected record says of it."""


def may_ask(violation: Violation, by: Actor) -> bool:
    """Tell whether ``by`` recorded it and may ask a supervisor to put it right; who may void it needs no asking."""
    own = violation.officer_id is not None and violation.officer_id == by.user_id
    return own and violation.may(ViolationAct.CORRECT) and not by.may(VOID)


def ask(
    session: Session, violation: Violation, facts: CorrectedFacts | None, reason: str, by: Actor, now: datetime
) -> CorrectionRequest:
    """Ask that a record says ``facts``, or is voided where there are none; a supervisor decides.

    Every rule of correcting is asked at once, so that what is granted is possible.

    Raises
    ------
    Denied
        Somebody else recorded it.
    Stale
        It no longer stands.
    Refusal
        One is asked for already, no reason, nothing is another, or a rule says no; at its field.
    """
    session.refresh(violation, with_for_update={"of": Violation})
    if not violation.may(ViolationAct.CORRECT):
        raise Stale(DECIDED)
    if not may_ask(violation, by) or by.user_id is None:
        raise Denied(message("Only who recorded it asks for a correction."))
    reason = needed(reason, "reason")
    if find_open(session, violation.id) is not None:
        raise Refusal(message("A correction of this record is asked for already. It waits for a supervisor."))
    changed = frozenset[CorrectedField]()
    if facts is not None:
        _, changed = correcting.weigh(session, violation, facts, by, now)
    wanted = facts or CorrectedFacts.of(violation)
    asked = CorrectionRequest(
        violation=violation,
        area_id=violation.area_id,
        asked_by_id=by.user_id,
        asked_utc=now,
        reason=reason,
        fields=" ".join(sorted(changed)),
        kind_code=wanted.kind_code,
        village_code=wanted.area_code,
        place=wanted.place,
        penalty=wanted.penalty,
        fine_yuan=wanted.fine_yuan,
        note=wanted.note,
        **occurred_columns(wanted.occurred),
    )
    session.add(asked)
    session.flush()
    audit.write(session, "violations:correction:ask", by, subject=asked, fields=sorted(changed), void=facts is None)
    return asked


def grant(session: Session, asked: CorrectionRequest, by: Actor, now: datetime) -> None:
    """Correct a record as it was asked for, or void it; what else was corrected meanwhile stays.

    Raises Stale where it was decided, Refusal where ``by`` recorded it or a rule of correcting says no by now.
    """
    session.refresh(asked, with_for_update={"of": CorrectionRequest})
    violation = asked.violation
    REQUEST_LIFE.require(RequestAct.GRANT, asked.state)
    require_other(violation, by)
    _decide(session, asked, RequestAct.GRANT, "", by, now)
    if not asked.changes:
        void(session, violation, asked.reason, by, now)
    else:
        correcting.correct(session, violation, _overlaid(asked), asked.reason, violation.version, by, now)
    tell_asker(session, asked, message("The record was put right as you asked."), by, now)


def _overlaid(asked: CorrectionRequest) -> CorrectedFacts:
    """Return what the record says now, with what was asked for over it."""
    wanted = CorrectedFacts(
        asked.kind_code,
        asked.occurred,
        asked.village_code,
        asked.place,
        asked.penalty,
        asked.fine_yuan,
        asked.note,
    )
    over = {FIELDS[name]: getattr(wanted, FIELDS[name]) for name in asked.changes}
    if {CorrectedField.PENALTY, CorrectedField.FINE} & asked.changes:  # each says nothing without the other
        over |= {"penalty": wanted.penalty, "fine_yuan": wanted.fine_yuan}
    return replace(CorrectedFacts.of(asked.violation), **over)


def refuse(session: Session, asked: CorrectionRequest, why: str, by: Actor, now: datetime) -> None:
    """Leave a record as it is, and say why. Raises Stale where it was decided, Refusal at ``reason``."""
    session.refresh(asked, with_for_update={"of": CorrectionRequest})
    REQUEST_LIFE.require(RequestAct.REFUSE, asked.state)
    require_other(asked.violation, by)
    _decide(session, asked, RequestAct.REFUSE, needed(why, "reason"), by, now)
    tell_asker(session, asked, message("The record stays as it is. Its page says why."), by, now)


def _decide(
    session: Session, asked: CorrectionRequest, act: RequestAct, decision: str, by: Actor, now: datetime
) -> None:
    asked.state, asked.decision = REQUEST_LIFE.after(act, asked.state), decision
    asked.decided_by_id, asked.decided_utc = by.user_id, now
    session.flush()
    audit.write(session, "violations:correction:decide", by, subject=asked, state=asked.state)
