"""Messages to riders: claimed, put into words, sent over the rider's channel, ended or put off.

As with pushes (ADR 15) the network is never asked inside a transaction: a message is claimed and committed first, sent,
and its end committed. What a stopped process leaves claimed is not sent again: it may have arrived, and whoever rings
up riders finds it on the list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core.clock import from_local, local
from trafficedu.core.orm import among
from trafficedu.core.services import services_of
from trafficedu.core.text import translate
from trafficedu.core.transactions import writing
from trafficedu.messages.queries import is_dry
from trafficedu.messages.rules import shortened
from trafficedu.messages.services.rounds import BATCH, attend, claimed
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.queries import contacts
from trafficedu.reaching.queries.gateway import gateway_of
from trafficedu.reaching.rules.gateway import Said
from trafficedu.reaching.rules.telling import (
    ACT_OF,
    DECLINABLE,
    MESSAGE_LIFE,
    UNDER_WAY,
    MessageAct,
    MessageChannel,
    MessageKind,
    MessageReason,
    MessageState,
    Outcome,
    Quiet,
    next_attempt,
    send_at,
)
from trafficedu.reaching.services.wording import TITLE, begins, text_of

LONGEST = 500
_UNDER_WAY = among(RiderMessage.state, *UNDER_WAY)


def deliver_due(session: Session, now: datetime) -> int:
    """Send what is due, the longest due first; returns how many were attended to. The worker's chore; commits."""
    with writing(session):
        _give_up_cut(session, now)
        due = select(RiderMessage.id).where(_UNDER_WAY, RiderMessage.state == MessageState.WAITING)
        due = due.where(RiderMessage.next_utc <= now).order_by(RiderMessage.next_utc, RiderMessage.id)
        ids = session.scalars(due.limit(BATCH)).all()
    return attend(ids, lambda message_id: deliver(session, message_id, now))


def deliver(session: Session, message_id: int, now: datetime) -> bool:
    """Make one attempt at a message that waits; False where it sleeps on, or somebody else claimed it. Commits."""
    row = session.get_one(RiderMessage, message_id, populate_existing=True)
    due = from_local(send_at(_quiet(session), local(now), _local(begins(session, row))))
    if due > now:
        with writing(session):
            wait = update(RiderMessage).where(RiderMessage.id == message_id, RiderMessage.state == MessageState.WAITING)
            session.execute(wait.values(next_utc=due))
        return False
    if not claimed(session, RiderMessage, message_id, MessageState.WAITING, MessageState.SENDING, now):
        return False
    outcome, plan = _attempt(session, session.get_one(RiderMessage, message_id, populate_existing=True), now)
    with writing(session):
        _settle(session.get_one(RiderMessage, message_id), outcome, plan, now)
    return True


def rehearse(session: Session, now: datetime) -> int:
    """Put all that waits into words where nothing is sent anyhow (a trial installation); returns how many."""
    if not is_dry(session):
        return 0
    waiting = session.scalars(select(RiderMessage).where(RiderMessage.state == MessageState.WAITING)).all()
    for row in waiting:
        row.state, row.attempts = MESSAGE_LIFE.after(MessageAct.CLAIM, row.state), 1
        _settle(row, *_attempt(session, row, now), now)
    session.flush()
    return len(waiting)


def _local(moment: datetime | None) -> datetime | None:
    return None if moment is None else local(moment)


def _quiet(session: Session) -> Quiet:
    return Quiet(figure(session, "reaching.quiet_from"), figure(session, "reaching.quiet_until"))


@dataclass(frozen=True)
class Plan:
    """What is going to be sent on which channel; ``further``: whether there is another one where that refuses."""

    text: str = ""
    channel: MessageChannel | None = None
    further: bool = False


def _attempt(session: Session, row: RiderMessage, now: datetime) -> tuple[Outcome, Plan]:
    """Return how an attempt ended, and what was sent; gives the transaction up before it asks the network."""
    contact = contacts.contact_of(session, row.rider, but=row.refused_on)
    if contact.declined and row.kind in DECLINABLE:
        return Outcome(MessageState.DECLINED), Plan()
    text = row.text or text_of(session, row, contact.language, now)
    if text is None:
        return Outcome(MessageState.DROPPED, MessageReason.OVER), Plan()
    if _is_covered(session, row):
        return Outcome(MessageState.DROPPED, MessageReason.COVERED), Plan()
    further = row.refused_on is None and contacts.contact_of(session, row.rider, contact.channel).channel is not None
    plan = Plan(shortened(text, LONGEST), contact.channel, further)
    if contact.channel is None:
        return Outcome(MessageState.NO_WAY), plan
    if is_dry(session):
        return Outcome(MessageState.DRY), plan
    send = _sender(session, contact, Said(contact.address, plan.text, row.number), now)
    session.rollback()
    return send(), plan


def _is_covered(session: Session, row: RiderMessage) -> bool:
    """Tell whether another message says it: of the session cancelled or missed that led to it, or of a later move."""
    if row.kind == MessageKind.MOVED:
        later = select(RiderMessage.id).where(RiderMessage.booking_id == row.booking_id, RiderMessage.id > row.id)
        return session.scalar(later.where(RiderMessage.kind == MessageKind.MOVED).limit(1)) is not None
    if row.kind != MessageKind.BOOKED:
        return False
    leading = (MessageKind.CANCELLED, MessageKind.MISSED)
    of_task = select(RiderMessage.id).where(RiderMessage.task_id == row.task_id, RiderMessage.kind.in_(leading))
    same = RiderMessage.created_utc == row.created_utc
    return session.scalar(of_task.where(same).limit(1)) is not None


def _sender(session: Session, contact: contacts.Reached, said: Said, now: datetime) -> Callable[[], Outcome]:
    """Return what asks the network, with all it needs from the database and the settings."""
    settings = services_of(session).settings
    title = translate(TITLE, contact.language)
    from trafficedu.reaching.services import gateway  # noqa: PLC0415 - apprise loads only where it is used

    if contact.channel == MessageChannel.SMS:
        try:
            known = gateway_of(settings)
        except ValueError:
            known = None
        if known is None:
            return lambda: Outcome(MessageState.WAITING, MessageReason.SETUP)
        return lambda: gateway.send_text(known, said, now)
    if contact.channel == MessageChannel.WECHAT:
        return lambda: gateway.send_wechat(settings.wechat_url, said.phone, title, said.text)
    return lambda: gateway.send_mail(said.phone, title, said.text, settings.mail_url)


def _settle(row: RiderMessage, outcome: Outcome, plan: Plan, now: datetime) -> None:
    """Write down how an attempt ended, and when the next one is.

    What a channel refuses for good, or cannot deliver in all its attempts, goes over the rider's next channel, once.
    What may have arrived does not: nobody is told twice.
    """
    row.text, row.channel, row.reason = plan.text or row.text, plan.channel or row.channel, outcome.reason
    state = outcome.state
    if state == MessageState.WAITING:
        later = next_attempt(row.attempts, now, outcome.after)
        if later is not None:
            row.state, row.next_utc = MESSAGE_LIFE.after(ACT_OF[state], row.state), later
            return
        state = MessageState.UNCLEAR if outcome.reason == MessageReason.SILENT else MessageState.FAILED
    if state == MessageState.FAILED and plan.further:
        row.refused_on, row.refused_why, row.reason, row.attempts, row.next_utc = row.channel, row.reason, "", 0, now
        state = MessageState.WAITING
        row.state = MESSAGE_LIFE.after(ACT_OF[state], row.state)
        return
    row.state, row.ended_utc = MESSAGE_LIFE.after(ACT_OF[state], row.state), now


def _give_up_cut(session: Session, now: datetime) -> None:
    """End what a process claimed and left: it may have arrived."""
    stale = update(RiderMessage).where(_UNDER_WAY, RiderMessage.state == MessageState.SENDING)
    stale = stale.where(RiderMessage.next_utc <= now)
    session.execute(stale.values(state=MessageState.UNCLEAR, reason=MessageReason.CUT, ended_utc=now))
