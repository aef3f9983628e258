"""Use cases of notices: sent or held when a violation counts, told again when it was corrected, taken back, opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit, bulk
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.events import Event
from trafficedu.core.numbers import new_number
from trafficedu.core.tables import insert_unless_there, table_of
from trafficedu.core.text import message
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.policy import advice_for
from trafficedu.feedback.rules.notices import (
    HELD_FOR_COMPANY,
    NOTICE_LIFE,
    HeldReason,
    NoticeAct,
    NoticeState,
    urgency,
)
from trafficedu.feedback.rules.policy import MAXIMUM_DAYS, Receiver
from trafficedu.feedback.services.telling import tell_again, tell_corrected, tell_fewer, tell_withdrawn
from trafficedu.riders.events import EngagementsChanged, HomeVillageRecorded, LegalBasisRecorded
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.queries import engagements
from trafficedu.riders.rules import CompanyKnown
from trafficedu.violations.events import (
    CompanySettled,
    ReviewReopened,
    ToldApart,
    ViolationCorrected,
    ViolationEstablished,
    ViolationVoided,
)
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.doubles import waits_for_decision
from trafficedu.violations.rules.states import CorrectedField
from trafficedu.violations.services.companies import judge_again

UNTOLD = frozenset({CorrectedField.NOTE})
"""What a notice does not say."""


def queue_notice(session: Session, event: ViolationEstablished) -> None:
    """Tell whoever must educate the rider, or hold the notice and say why.

    The second time it does nothing, but for one that was taken back since its record had to wait for its review again.

    The receiver is the company that answers for the violation; without a legal basis on its engagement of the rider
    the notice is held (PIPL art. 23), and so it is where that company is still open. A rider of no company: the home
    village, held while unknown. What may be a second record of one offence is held until that is decided.
    """
    violation = session.get_one(Violation, event.violation_id)
    if violation.rider_id is None:
        return
    receiver = _receiver_of(session, violation, event.waits)
    held = receiver["held_reason"]
    sending: dict[str, Any] = {"state": NoticeState.HELD}
    if not held:
        sending = _sent(session, violation, receiver["company_id"], event.at_utc)
    place = urgency(sending["state"], sending.get("due_utc"), None, violation.id)
    notice_id = insert_unless_there(
        session,
        Notice,
        number=new_number("N"),
        violation_id=violation.id,
        rider_id=violation.rider_id,
        violation_area_id=violation.area_id,
        counted_area_id=receiver.get("area_id") or violation.area_id,
        urgency=place,
        **receiver,
        **sending,
    )
    if notice_id is not None:
        subject = (Notice, notice_id)
        audit.write(session, "feedback:notice:queue", event.by, subject=subject, state=sending["state"], held=held)
    else:
        _revive(session, event)


def _revive(session: Session, event: ViolationEstablished) -> None:
    """Send what was taken back with a confirmation, now that the record is confirmed again."""
    notice = _address(session, event, NoticeAct.REVIVE)
    if notice is not None and notice.is_sent:
        tell_again(session, notice, event)


def _receiver_of(session: Session, violation: Violation, waits: bool | None = None) -> dict[str, Any]:
    """Return who is to be told of a violation, by column, and why that has to wait ("" where it has not).

    ``waits``: whether it may be a second record of one offence, None where that has to be looked up.
    """
    receiver = _answering(session, violation)
    if not receiver["held_reason"] and (waits_for_decision(session, violation.id) if waits is None else waits):
        receiver["held_reason"] = HeldReason.DOUBLE
    return receiver


def _answering(session: Session, violation: Violation) -> dict[str, Any]:
    """Return who answers for a violation, by column, and what is missing before they may be told."""
    receiver: dict[str, Any] = {"receiver_kind": Receiver.COMPANY, "company_id": violation.company_id, "area_id": None}
    if violation.company_waits:
        named = violation.named_company_id if violation.company_known == CompanyKnown.NAMED else None
        return receiver | {"company_id": named, "held_reason": HELD_FOR_COMPANY[violation.company_known]}
    if violation.company_id is not None:
        reason = HeldReason.NONE if _has_legal_basis(session, violation) else HeldReason.NO_LEGAL_BASIS
        return receiver | {"held_reason": reason}
    home = session.connection().scalar(_HOME, {"rider_id": violation.rider_id})
    reason = HeldReason.NO_HOME_VILLAGE if home is None else HeldReason.NONE
    return {"receiver_kind": Receiver.VILLAGE, "company_id": None, "area_id": home, "held_reason": reason}


_RIDER = table_of(Rider).c
_HOME = select(_RIDER.home_area_id).where(_RIDER.id == bindparam("rider_id")).with_for_update(key_share=True)
"""The home, the rider held: whoever records one meanwhile comes after, and finds the notice to release."""


def _has_legal_basis(session: Session, violation: Violation) -> bool:
    """Tell whether an engagement with the violation's company on its day carries a legal basis."""
    assert violation.rider_id is not None
    assert violation.company_id is not None
    basis = engagements.legal_basis_of(session, violation.rider_id, violation.company_id, violation.occurred_on)
    return basis is not None


def _sent(session: Session, violation: Violation, company_id: int | None, now: datetime) -> dict[str, Any]:
    """Return what sending sets: the deadline runs from ``now``, and what is recommended now stays."""
    due = now + timedelta(hours=figure(session, "feedback.due_hours"))
    advice = advice_for(session, violation.rider_id, company_id, violation.occurred_utc).present.packed()
    return {"state": NoticeState.SENT, "sent_utc": now, "due_utc": due, "paper_due": True, "advice": advice}


def _standing(session: Session, violation_id: int) -> Notice | None:
    """Return the notice of a violation, held, unless there is none or it was taken back."""
    query = select(Notice).where(Notice.violation_id == violation_id, Notice.state != NoticeState.VOIDED)
    return session.scalar(query.with_for_update())


def withdraw_notice(session: Session, event: ViolationVoided | ReviewReopened) -> None:
    """Take the notice of a violation back: it needs no answer and leaves the rates; an answer given is kept.

    Raises Refusal where the review of a record is to be taken back after the notice was answered.
    """
    notice = _standing(session, event.violation_id)
    if notice is None:
        return
    if isinstance(event, ReviewReopened) and notice.answered_utc is not None:
        raise Refusal(message("The notice was answered already. Void the record instead, if it is wrong."))
    was_sent = notice.is_sent
    notice.state = NOTICE_LIFE.after(NoticeAct.WITHDRAW, notice.state)
    notice.held_reason, notice.voided_utc = HeldReason.NONE, event.at_utc
    session.flush()
    audit.write(session, "feedback:notice:withdraw", event.by, subject=notice)
    if was_sent:
        tell_withdrawn(session, notice, event)
    for later in _counted_with(session, notice):
        tell_fewer(session, later, notice.number, event)


def _counted_with(session: Session, withdrawn: Notice) -> Sequence[Notice]:
    """Return the notices of the same rider that went out and may have counted the stop of one that was withdrawn."""
    stop = withdrawn.violation
    query = (
        select(Notice)
        .join(Notice.violation)
        .where(
            Notice.rider_id == withdrawn.rider_id,
            Notice.state == NoticeState.SENT,
            Violation.occurred_utc >= stop.occurred_utc,
            Violation.occurred_on <= stop.occurred_on + timedelta(days=MAXIMUM_DAYS),
        )
        .order_by(Notice.id)
    )
    return session.scalars(query).all()


def follow_correction(session: Session, event: ViolationCorrected) -> None:
    """Let the notice of a corrected violation say where that happened by now; its receiver is told again.

    One that was taken back with a confirmation says it too: it may be sent again.
    """
    notice = session.scalar(select(Notice).where(Notice.violation_id == event.violation_id).with_for_update())
    if notice is None:
        return
    notice.violation_area_id = session.get_one(Violation, event.violation_id).area_id
    notice.counted_area_id = notice.area_id or notice.violation_area_id
    if not NOTICE_LIFE.may(NoticeAct.FOLLOW, notice.state):
        session.flush()
        return
    if notice.is_sent:
        notice.corrected_utc = event.at_utc
    session.flush()
    audit.write(session, "feedback:notice:follow", event.by, subject=notice, fields=sorted(event.fields))
    if notice.is_sent and event.fields - UNTOLD:
        tell_corrected(session, notice, event)


def release_held(session: Session, event: LegalBasisRecorded) -> None:
    """Send what was held although the company may be told now; the deadline runs from then."""
    engagement = session.get(Engagement, event.engagement_id)
    if engagement is None or not engagement.legal_basis:
        return
    query = (
        select(Notice)
        .join(Notice.violation)
        .where(
            Notice.rider_id == engagement.rider_id,
            Notice.state == NoticeState.HELD,
            Notice.held_reason == HeldReason.NO_LEGAL_BASIS,
            Notice.company_id == engagement.company_id,
            Violation.occurred_on.between(engagement.engaged_from, engagement.engaged_to or date.max),
        )
        .with_for_update(of=Notice)
    )
    for notice in session.scalars(query).all():
        _release(session, notice, event)


def look_again(session: Session, event: EngagementsChanged) -> None:
    """Ask once more who answers for what is not over yet, now that the days of engagements are others.

    That is what was held, and what was sent, not answered and is not due yet. What waits for a company to be confirmed
    or chosen is looked at by ``violations``; what was answered, or is late, stays as it was told.
    """
    not_due = and_(Notice.state == NoticeState.SENT, Notice.answered_utc.is_(None), Notice.due_utc > event.at_utc)
    for riders in bulk.batches(event.rider_ids):
        going_on = or_(Notice.state == NoticeState.HELD, not_due)
        query = select(Notice.violation_id).where(Notice.rider_id.in_(riders), going_on)
        judge_again(session, session.scalars(query).all(), event)


def readdress(session: Session, event: CompanySettled) -> None:
    """Send the notice of a violation to whoever answers for it now, or hold it again; the deadline runs from then.

    Whoever had it is told that it was withdrawn. What was answered stays with who answered.

    Raises
    ------
    Refusal
        A decision is to be taken back after whom it led to has answered.
    """
    _address(session, event, NoticeAct.READDRESS, event.taken_back)


def tell_apart(session: Session, event: ToldApart) -> None:
    """Send what was held since it might have been a second record of one offence, as :func:`readdress` does."""
    _address(session, event, NoticeAct.READDRESS)


def _address(
    session: Session,
    event: CompanySettled | ToldApart | ViolationEstablished,
    act: NoticeAct,
    taken_back: bool = False,
) -> Notice | None:
    """Send the notice of a violation to whoever answers now, or hold it; return it where ``act`` changed it."""
    notice = session.scalar(select(Notice).where(Notice.violation_id == event.violation_id).with_for_update())
    if notice is None or not NOTICE_LIFE.may(act, notice.state):
        return None
    violation = session.get_one(Violation, event.violation_id)
    receiver = _receiver_of(session, violation)
    held = receiver["held_reason"]
    same = all(getattr(notice, name) == receiver[name] for name in ("receiver_kind", "company_id", "area_id"))
    if notice.is_sent and same and not held:
        return None
    if notice.answered_utc is not None:
        if taken_back:
            raise Refusal(message("This notice was answered already. Who answers for the record stays as it is."))
        return None
    if notice.is_sent:
        tell_withdrawn(session, notice, event)
    notice.receiver_kind, notice.held_reason = receiver["receiver_kind"], held
    notice.company_id, notice.area_id = receiver["company_id"], receiver["area_id"]
    notice.counted_area_id = notice.area_id or notice.violation_area_id
    notice.opened_utc = notice.closed_utc = notice.corrected_utc = notice.voided_utc = None
    sending = (
        {"state": NoticeState.HELD, "sent_utc": None, "due_utc": None, "paper_due": False, "advice": None}
        if held
        else _sent(session, violation, receiver["company_id"], event.at_utc)
    )
    for name, value in sending.items():
        setattr(notice, name, value)
    session.flush()
    session.expire(notice, ["company", "area"])
    detail = {"state": notice.state, "held": held, "moved": not same}
    audit.write(session, "feedback:notice:readdress", event.by, subject=notice, **detail)
    return notice


def release_to_village(session: Session, event: HomeVillageRecorded) -> None:
    """Send what was held for want of a home village, now that the rider has one; the deadline runs from then."""
    rider = session.get(Rider, event.rider_id)
    if rider is None or rider.home_area_id is None:
        return
    query = select(Notice).where(
        Notice.rider_id == rider.id, Notice.state == NoticeState.HELD, Notice.held_reason == HeldReason.NO_HOME_VILLAGE
    )
    for notice in session.scalars(query.with_for_update()).all():
        notice.area_id = notice.counted_area_id = rider.home_area_id
        _release(session, notice, event)


def _release(session: Session, notice: Notice, event: Event) -> None:
    NOTICE_LIFE.require(NoticeAct.RELEASE, notice.state)
    if waits_for_decision(session, notice.violation_id):
        notice.held_reason = HeldReason.DOUBLE
        session.flush()
        return
    sending = _sent(session, notice.violation, notice.company_id, event.at_utc)
    notice.held_reason = HeldReason.NONE
    for name, value in sending.items():
        setattr(notice, name, value)
    session.flush()
    audit.write(session, "feedback:notice:release", event.by, subject=notice, receiver=notice.receiver_kind)


def note_opened(session: Session, notice_id: int, by: Actor, now: datetime) -> bool:
    """Stamp the first opening by the receiver; False when it was stamped before. A conditional update decides."""
    opened = session.scalar(
        update(Notice)
        .where(Notice.id == notice_id, Notice.opened_utc.is_(None))
        .values(opened_utc=now)
        .returning(Notice.id)
    )
    if opened is None:
        return False
    audit.write(session, "feedback:notice:open", by, subject=session.get_one(Notice, notice_id))
    return True
