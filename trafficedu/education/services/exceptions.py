"""What is done by exception takes two people: one proposes with a reason, somebody else grants or refuses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Denied, Refusal
from trafficedu.core.orm import flush_or_refuse
from trafficedu.core.text import message
from trafficedu.education.models.exceptions import Proposal
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.rules.reckoning import require_reason
from trafficedu.education.rules.states import PROPOSAL_LIFE, ProposalAct, ProposalKind, TaskAct
from trafficedu.education.services.absence import lock_study
from trafficedu.education.services.assignment import waive
from trafficedu.education.services.seats import lock_riders
from trafficedu.education.services.signing import gaps_of, sign_off_by_exception
from trafficedu.education.services.study import attendance_of

PENDING = message("An exception has been proposed for this study task already and waits for a decision.")


def propose_sign_off(session: Session, booking: Booking, reason: str, by: Actor, now: datetime) -> Proposal:
    """Propose to sign a study off although something is missing.

    Raises
    ------
    Refusal
        The reason is too short (field ``reason``), nothing is missing, the rider is not studying, the session has not
        begun, or something is proposed already.
    Denied
        Without ``education:session:override``, or without a name.
    """
    by.require("education:session:override")
    _require_person(by)
    require_reason(reason)
    lock_study(session, booking)
    attendance_of(booking)
    if now < booking.session.starts_utc:
        raise Refusal(message("The session has not begun yet. Studies are signed off once it has."))
    if not gaps_of(booking, by.locale):
        raise Refusal(message("Nothing is missing. Sign the study off as usual."), field="reason")
    proposal = _new(booking.task, ProposalKind.SIGN_OFF, reason, by, now)
    proposal.booking_id, proposal.station_id = booking.id, booking.session.station_id
    return _add(session, proposal, by)


def propose_waiver(session: Session, task: StudyTask, reason: str, by: Actor, now: datetime) -> Proposal:
    """Propose to let a rider off an unfinished study.

    Raises
    ------
    Refusal
        The reason is too short (field ``reason``), the task is finished, or something is proposed already.
    Denied
        Without ``education:task:waive``, or without a name.
    """
    by.require("education:task:waive")
    _require_person(by)
    require_reason(reason)
    lock_riders(session, [task.rider_id])
    session.refresh(task)
    if not task.may(TaskAct.WAIVE):
        raise Refusal(message("This study task is finished and cannot be waived."), field="reason")
    proposal = _new(task, ProposalKind.WAIVER, reason, by, now)
    proposal.station_id = by.scope.station_id or task.station_id
    return _add(session, proposal, by)


def _require_person(by: Actor) -> None:
    if by.user_id is None:
        raise Denied(message("Only a person can sign off a study task."))


def _new(task: StudyTask, kind: ProposalKind, reason: str, by: Actor, now: datetime) -> Proposal:
    return Proposal(
        kind=kind,
        task_id=task.id,
        area_id=task.area_id,
        reason=reason.strip(),
        proposed_utc=now,
        proposed_by_id=by.user_id,
    )


def _add(session: Session, proposal: Proposal, by: Actor) -> Proposal:
    session.add(proposal)
    flush_or_refuse(session, {"study_proposal.task_id": Refusal(PENDING, field="reason")})
    audit.write(session, "education:exception:propose", by, subject=proposal, task=proposal.task_id, kind=proposal.kind)
    return proposal


def grant(session: Session, proposal: Proposal, by: Actor, now: datetime) -> None:
    """Do what was proposed: the certificate names both people and the reason, the waiver whoever granted it.

    Raises
    ------
    Denied
        Without ``education:exception:grant``.
    Refusal
        ``by`` proposed it.
    Stale
        It was decided or has lapsed.
    """
    _take(session, proposal, by, ProposalAct.GRANT, now)
    if proposal.kind == ProposalKind.WAIVER:
        waive(session, proposal.task, proposal.reason, by, now)
    else:
        assert proposal.booking is not None
        sign_off_by_exception(session, proposal.booking, proposal, by, now)


def refuse(session: Session, proposal: Proposal, decision: str, by: Actor, now: datetime) -> None:
    """Refuse what was proposed, and say why (Refusal at ``reason``); raises as :func:`grant`."""
    if not decision.strip():
        raise Refusal(message("Say why it is refused."), field="reason")
    _take(session, proposal, by, ProposalAct.REFUSE, now)
    proposal.decision = decision.strip()
    session.flush()


def _take(session: Session, proposal: Proposal, by: Actor, act: ProposalAct, now: datetime) -> None:
    by.require("education:exception:grant")
    lock_riders(session, [proposal.task.rider_id])
    session.refresh(proposal)
    if proposal.proposed_by_id == by.user_id:
        raise Refusal(message("You proposed this yourself. Somebody else has to decide."), field="reason")
    proposal.state = PROPOSAL_LIFE.after(act, proposal.state)
    proposal.decided_utc, proposal.decided_by_id = now, by.user_id
    session.flush()
    granted = act == ProposalAct.GRANT
    audit.write(session, "education:exception:grant", by, subject=proposal, task=proposal.task_id, granted=granted)
