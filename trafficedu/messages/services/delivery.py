"""Deliveries: claimed, sent in the receiver's language, ended or put off.

The network is never asked inside a transaction, so this module commits, as the worker's frame does (ADR 15): a
delivery is claimed and committed first, sent, and its end committed. What a stopped process leaves claimed is
never sent again: it may have arrived.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from trafficedu.core.orm import among
from trafficedu.core.services import services_of
from trafficedu.core.text import message, translate, unpacked
from trafficedu.core.transactions import writing
from trafficedu.messages.models import Delivery
from trafficedu.messages.queries import address_of, is_dry
from trafficedu.messages.rules import (
    LONGEST_BODY,
    LONGEST_TITLE,
    UNDER_WAY,
    DeliveryReason,
    DeliveryState,
    next_attempt,
    shortened,
)
from trafficedu.messages.services.rounds import BATCH, attend, claimed

_UNDER_WAY = among(Delivery.state, *UNDER_WAY)
"""What has not ended, as its index knows it."""


def deliver_due(session: Session, now: datetime) -> int:
    """Send what is due, the longest due first; returns how many attempts were made. The worker's chore; commits."""
    with writing(session):
        _give_up_cut(session, now)
        due = select(Delivery.id).where(_UNDER_WAY, Delivery.state == DeliveryState.WAITING, Delivery.next_utc <= now)
        ids = session.scalars(due.order_by(Delivery.next_utc, Delivery.id).limit(BATCH)).all()
    return attend(ids, lambda delivery_id: deliver(session, delivery_id, now))


def deliver(session: Session, delivery_id: int, now: datetime) -> bool:
    """Make one attempt at a delivery that waits; False where somebody else claimed it. Commits."""
    if not claimed(session, Delivery, delivery_id, DeliveryState.WAITING, DeliveryState.SENDING, now):
        return False
    state, reason = _attempt(session, session.get_one(Delivery, delivery_id, populate_existing=True))
    with writing(session):
        _settle(session.get_one(Delivery, delivery_id), state, reason, now)
    return True


def _attempt(session: Session, delivery: Delivery) -> tuple[DeliveryState, str]:
    """Return how an attempt ended; gives the transaction up before it asks the network."""
    channel, user = delivery.channel, delivery.push.user
    address = address_of(session, channel)
    if address is None:
        return DeliveryState.FAILED, DeliveryReason.REMOVED
    if not user.active:
        return DeliveryState.FAILED, DeliveryReason.INACTIVE
    if is_dry(session):
        return DeliveryState.DRY, ""
    title, body = words_of(session, delivery)
    mail_url = services_of(session).settings.mail_url
    session.rollback()
    from trafficedu.messages.services import sending  # noqa: PLC0415 - apprise loads only where it is used

    outcome = sending.send(address, title, body, mail_url)
    return outcome.state, outcome.reason


def words_of(session: Session, delivery: Delivery) -> tuple[str, str]:
    """Return title and body in the receiver's language, the body with the link into the service if it has an address.

    The service's name leads the title: robots that admit messages by a keyword are given it.
    """
    push = delivery.push
    locale = push.user.locale
    title = translate(message("[交治通] %(title)s", title=unpacked(push.title)), locale)
    body = shortened(translate(unpacked(push.body), locale), LONGEST_BODY)
    address = services_of(session).settings.address
    link = f"\n{address}/messages/{push.number}" if address else ""
    return shortened(title, LONGEST_TITLE), f"{body}{link}"


def _settle(delivery: Delivery, state: DeliveryState, reason: str, now: datetime) -> None:
    """Write down how an attempt ended, and when the next one is."""
    later = next_attempt(delivery.attempts, now) if state == DeliveryState.WAITING else None
    delivery.reason = reason
    if later is not None:
        delivery.state, delivery.next_utc = DeliveryState.WAITING, later
    else:
        delivery.state, delivery.ended_utc = (DeliveryState.FAILED if state == DeliveryState.WAITING else state), now


def _give_up_cut(session: Session, now: datetime) -> None:
    """End what a process claimed and left: it may have arrived, and the inbox holds it anyway."""
    stale = update(Delivery).where(_UNDER_WAY, Delivery.state == DeliveryState.SENDING, Delivery.next_utc <= now)
    session.execute(stale.values(state=DeliveryState.UNCLEAR, reason=DeliveryReason.CUT, ended_utc=now))
