"""What supervisors do to many records at once; each record by the service behind its own page."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.row_acts import Choosable, RowAct
from trafficedu.core.text import Message, message
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.records import find_violation
from trafficedu.violations.rules.states import VIOLATION_LIFE, ViolationAct, ViolationState
from trafficedu.violations.services import reviewing

LATE = message("The days for the review are over: confirm it on its own page, with a reason.")


def _may_review(violation: Violation, by: Actor, act: ViolationAct) -> Message | None:
    if not violation.may(act):
        return VIOLATION_LIFE.stale
    try:
        reviewing.require_other(violation, by)
    except Refusal as refusal:
        return refusal.text
    return None


def _confirm_fault(violation: Violation, by: Actor, day: date) -> Message | None:
    fault = _may_review(violation, by, ViolationAct.CONFIRM)
    return fault or (LATE if reviewing.is_late(violation, day) else None)


def _reject_fault(violation: Violation, by: Actor, _day: date) -> Message | None:
    return _may_review(violation, by, ViolationAct.REJECT)


def _void_fault(violation: Violation, _by: Actor, _day: date) -> Message | None:
    return None if violation.may(ViolationAct.VOID) else VIOLATION_LIFE.stale


def _confirm(session: Session, violation: Violation, _reason: str, by: Actor, now: datetime) -> None:
    reviewing.confirm(session, violation, by, now)


def _reject(session: Session, violation: Violation, reason: str, by: Actor, now: datetime) -> None:
    reviewing.reject(session, violation, reason, by, now)


def _void(session: Session, violation: Violation, reason: str, by: Actor, now: datetime) -> None:
    reviewing.void(session, violation, reason, by, now)


def _is_confirmed(violation: Violation, by: Actor, _reason: str) -> bool:
    return violation.state == ViolationState.CONFIRMED and violation.reviewed_by_id == by.user_id


def _is_rejected(violation: Violation, by: Actor, reason: str) -> bool:
    return violation.is_rejected and violation.reviewed_by_id == by.user_id and violation.state_reason == reason.strip()


def _is_voided(violation: Violation, by: Actor, reason: str) -> bool:
    is_void, own = violation.state == ViolationState.VOIDED, violation.voided_by_id == by.user_id
    return is_void and own and violation.state_reason == reason.strip()


AT_ONCE: Choosable[Violation] = Choosable(
    "violations.chosen",
    "violations.index",
    "violations.show",
    find_violation,
    [
        RowAct("confirm", message("Confirm"), "violations:violation:review", _confirm_fault, _confirm, _is_confirmed),
        RowAct("reject", message("Reject"), "violations:violation:review", _reject_fault, _reject, _is_rejected, True),
        RowAct("void", message("Void"), "violations:violation:void", _void_fault, _void, _is_voided, True, "danger"),
    ],
    as_file="violations:violation:export",
)
