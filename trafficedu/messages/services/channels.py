"""Use cases of one's own channels: add, try, remove."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import flush_or_refuse
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.transactions import PART
from trafficedu.messages.models import Channel, Delivery, Push
from trafficedu.messages.queries import ADDRESS, address_of, list_kinds
from trafficedu.messages.rules import ChannelKind, packed, read_address, read_origins
from trafficedu.messages.services.outbox import waiting

MOST_CHANNELS = 5
MOST_TESTS, TEST_WINDOW = 5, timedelta(minutes=10)


def add_channel(session: Session, kind: str, typed: str, secret: str, by: Actor, now: datetime) -> Channel:
    """Add a way on which ``by`` wants pushes from now on.

    Raises
    ------
    Refusal
        At ``kind``, ``address`` or ``secret``; five channels are enough, and each address once.
    """
    if kind not in list_kinds(session):
        raise Refusal(message("This channel is not available on this installation."), field="kind")
    address = read_address(kind, typed, secret, read_origins(services_of(session).settings.push_servers))
    keyring, identity = services_of(session).keyring, f"{kind}\n{address.origin}\n{address.token}"
    own = select(Channel.address_hash).where(Channel.user_id == by.user_id, Channel.removed_utc.is_(None))
    kept = set(session.scalars(own))
    twice = Refusal(message("You already have this channel."), field="address")
    if kept & set(keyring.lookup_hashes(identity, ADDRESS)):
        raise twice
    if len(kept) >= MOST_CHANNELS:
        raise Refusal(message("At most %(count)d channels. Remove one first.", count=MOST_CHANNELS))
    channel = Channel(number=new_number("L"), user_id=by.user_id, kind=ChannelKind(kind), created_utc=now)
    channel.address_cipher = keyring.encrypt(address.text, ADDRESS)
    channel.address_hash = keyring.lookup_hash(identity, ADDRESS)
    session.add(channel)
    flush_or_refuse(session, {"push_channel.user_id": twice, "push_channel_user_id_address_hash": twice})
    audit.write(session, "messages:channel:manage", by, subject=channel, kind=kind, verb="add")
    return channel


def remove_channel(session: Session, channel: Channel, by: Actor, now: datetime) -> None:
    """Remove a channel: its address is forgotten, the log of what went over it stays, what waits is given up."""
    channel.removed_utc, channel.address_cipher, channel.address_hash = now, None, None
    session.flush()
    audit.write(session, "messages:channel:manage", by, subject=channel, kind=channel.kind, verb="remove")


def send_test(session: Session, channel: Channel, by: Actor, now: datetime) -> Delivery:
    """Queue a message to oneself on one channel only; raise :class:`Refusal` after five in ten minutes."""
    recent = select(func.count()).select_from(Push)
    recent = recent.where(
        Push.user_id == by.user_id, Push.key.startswith("test:"), Push.created_utc > now - TEST_WINDOW
    )
    if (session.scalar(recent) or 0) >= MOST_TESTS:
        raise Refusal(message("You have sent too many tests. Wait ten minutes."))
    number = new_number("M")
    test = Push(
        number=number,
        key=f"test:{number}",
        user_id=channel.user_id,
        title=packed(message("Test message")),
        body=packed(message("This channel works. Messages about your area will arrive here.")),
        path="/messages/channels",
        created_utc=now,
        read_utc=now,
    )
    session.add(test)
    session.flush()
    delivery = waiting(test.id, channel.id, now)
    session.add(delivery)
    session.flush()
    audit.write(session, "messages:channel:manage", by, subject=channel, kind=channel.kind, verb="test")
    return delivery


def reencrypt(session: Session, _now: datetime, batch: int = PART) -> int:
    """Bring up to ``batch`` addresses that lie under another than the current key under it: the worker's chore."""
    keyring = services_of(session).keyring
    stale = Channel.removed_utc.is_(None) & ~Channel.address_cipher.startswith(f"{keyring.current}.", autoescape=True)
    found = session.scalars(select(Channel).where(stale).limit(batch).with_for_update(skip_locked=True)).all()
    for channel in found:
        address = address_of(session, channel)
        if address is not None:
            identity = f"{channel.kind}\n{address.origin}\n{address.token}"
            channel.address_cipher = keyring.encrypt(address.text, ADDRESS)
            channel.address_hash = keyring.lookup_hash(identity, ADDRESS)
    session.flush()
    if found:
        audit.write(session, "messages:channel:reencrypt", SYSTEM, channels=len(found))
    return len(found)
