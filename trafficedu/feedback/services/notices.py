"""Use cases of notices: sent or held when a violation counts, told again when it was corrected, taken back, opened."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.events import Event
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import holds_on
from trafficedu.core.tables import insert_unless_there, table_of
from trafficedu.feedback import rules
from trafficedu.feedback.models import Notice
from trafficedu.feedback.rules import NOTICE_LIFE, HeldReason, NoticeAct, NoticeState, Receiver
from trafficedu.feedback.services.telling import tell_corrected, tell_withdrawn
from trafficedu.riders.events import HomeVillageRecorded, LegalBasisRecorded
from trafficedu.riders.models import Engagement, Rider
from trafficedu.violations.events import ViolationCorrected, ViolationEstablished, ViolationVoided
from trafficedu.violations.models import Violation
from trafficedu.violations.rules import CorrectedField

UNTOLD = frozenset({CorrectedField.NOTE})
"""What a notice does not say."""


def queue_notice(session: Session, event: ViolationEstablished) -> None:
    """Tell whoever must educate the rider, or hold the notice and say why. The second time it does nothing.

    The receiver is the company that engaged the rider on the day of the violation; without a legal basis on
    the engagement the notice is held (PIPL art. 23). A rider of no company: the home village, held while unknown.
    """
    violation = session.get_one(Violation, event.violation_id)
    if violation.rider_id is None:
        return
    receiver = _receiver_of(session, violation)
    held = receiver["held_reason"]
    sending: dict[str, Any] = {"state": NoticeState.HELD} if held else _sent(session, event.at_utc)
    urgency = rules.urgency(sending["state"], sending.get("due_utc"), None, violation.id)
    notice_id = insert_unless_there(
        session,
        Notice,
        number=new_number("N"),
        violation_id=violation.id,
        rider_id=violation.rider_id,
        violation_area_id=violation.area_id,
        counted_area_id=receiver.get("area_id") or violation.area_id,
        urgency=urgency,
        **receiver,
        **sending,
    )
    if notice_id is not None:
        subject = (Notice, notice_id)
        audit.write(session, "feedback:notice:queue", event.by, subject=subject, state=sending["state"], held=held)


def _receiver_of(session: Session, violation: Violation) -> dict[str, Any]:
    """Return who is to be told of a violation, and why that has to wait ("" where it has not)."""
    if violation.company_id is not None:
        reason = HeldReason.NONE if _has_legal_basis(session, violation) else HeldReason.NO_LEGAL_BASIS
        return {"receiver_kind": Receiver.COMPANY, "company_id": violation.company_id, "held_reason": reason}
    home = session.connection().scalar(_HOME, {"rider_id": violation.rider_id})
    reason = HeldReason.NO_HOME_VILLAGE if home is None else HeldReason.NONE
    return {"receiver_kind": Receiver.VILLAGE, "area_id": home, "held_reason": reason}


_RIDER, _ENGAGED = table_of(Rider).c, table_of(Engagement).c
_HOME = select(_RIDER.home_area_id).where(_RIDER.id == bindparam("rider_id")).with_for_update(key_share=True)
"""The home, the rider held: whoever records one meanwhile comes after, and finds the notice to release."""
_LEGAL_BASIS = (
    select(_ENGAGED.id)
    .where(
        _ENGAGED.rider_id == bindparam("rider_id"),
        _ENGAGED.company_id == bindparam("company_id"),
        holds_on(_ENGAGED.engaged_from, _ENGAGED.engaged_to, bindparam("day")),
        _ENGAGED.legal_basis.is_not(None),
        _ENGAGED.legal_basis != "",
    )
    .limit(1)
)


def _has_legal_basis(session: Session, violation: Violation) -> bool:
    """Tell whether an engagement with the violation's company on its day carries a legal basis."""
    parameters = {"rider_id": violation.rider_id, "company_id": violation.company_id, "day": violation.occurred_on}
    return session.connection().scalar(_LEGAL_BASIS, parameters) is not None


def _sent(session: Session, now: datetime) -> dict[str, Any]:
    """Return what sending sets; the deadline runs from ``now``."""
    due = now + timedelta(hours=figure(session, "feedback.due_hours"))
    return {"state": NoticeState.SENT, "sent_utc": now, "due_utc": due}


def withdraw_notice(session: Session, event: ViolationVoided) -> None:
    """Take the notice of a voided violation back: it needs no answer and leaves the rates; an answer given is kept."""
    notice = session.scalar(
        select(Notice)
        .where(Notice.violation_id == event.violation_id, Notice.state != NoticeState.VOIDED)
        .with_for_update()
    )
    if notice is None:
        return
    was_sent = notice.is_sent
    notice.state = NOTICE_LIFE.after(NoticeAct.WITHDRAW, notice.state)
    notice.held_reason, notice.voided_utc = HeldReason.NONE, event.at_utc
    session.flush()
    audit.write(session, "feedback:notice:withdraw", event.by, subject=notice)
    if was_sent:
        tell_withdrawn(session, notice, event)


def follow_correction(session: Session, event: ViolationCorrected) -> None:
    """Let the notice of a corrected violation say where that happened by now; its receiver is told again."""
    notice = session.scalar(
        select(Notice)
        .where(Notice.violation_id == event.violation_id, Notice.state != NoticeState.VOIDED)
        .with_for_update()
    )
    if notice is None:
        return
    NOTICE_LIFE.require(NoticeAct.FOLLOW, notice.state)
    notice.violation_area_id = session.get_one(Violation, event.violation_id).area_id
    notice.counted_area_id = notice.area_id or notice.violation_area_id
    if notice.is_sent:
        notice.corrected_utc = event.at_utc
    session.flush()
    audit.write(session, "feedback:notice:follow", event.by, subject=notice, fields=sorted(event.fields))
    if notice.is_sent and event.fields - UNTOLD:
        tell_corrected(session, notice, event)


def release_held(session: Session, event: LegalBasisRecorded) -> None:
    """Send what was held although the company may be told now; the deadline runs from then.

    A notice held for want of a village goes to the company too, when it turns out that the rider worked for one.
    """
    engagement = session.get(Engagement, event.engagement_id)
    if engagement is None or not engagement.legal_basis:
        return
    query = (
        select(Notice)
        .join(Notice.violation)
        .where(
            Notice.rider_id == engagement.rider_id,
            Notice.state == NoticeState.HELD,
            or_(Notice.company_id.is_(None), Notice.company_id == engagement.company_id),
            Violation.occurred_on.between(engagement.engaged_from, engagement.engaged_to or date.max),
        )
        .with_for_update(of=Notice)
    )
    for notice in session.scalars(query).all():
        notice.receiver_kind, notice.company_id = Receiver.COMPANY, engagement.company_id
        _release(session, notice, event)


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
    notice.held_reason = HeldReason.NONE
    for name, value in _sent(session, event.at_utc).items():
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
