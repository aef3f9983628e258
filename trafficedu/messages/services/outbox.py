"""Pushes: queued once for each user and occasion, read in the inbox."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.numbers import new_number
from trafficedu.core.tables import insert_unless_there
from trafficedu.core.text import Message
from trafficedu.messages.models import Channel, Delivery, Push
from trafficedu.messages.rules import DeliveryState, packed


@dataclass(frozen=True)
class NewPush:
    """What is to be said.

    Parameters
    ----------
    key
        Names the occasion, at most 120 characters, such as ``hazard:H…:overdue:2026-11-30``; said to each user once.
    title, body
        Sentences without anything personal: areas, counts, dates, public numbers.
    path
        The page of the service that says more, ``/hazards/H…``; whoever opens it needs the permission as ever.
    """

    key: str
    title: Message
    body: Message
    path: str


def push(session: Session, new: NewPush, users: Iterable[int], by: Actor, now: datetime) -> int:
    """Tell ``users`` (ids), each once for ``new.key``, in the inbox and on every channel they have.

    Nothing is sent here: the worker does, after the transaction is committed.

    Returns
    -------
    How many were not told before. Inactive and unknown users are passed over.

    Raises
    ------
    ValueError
        The path leads outside the service, or a sentence holds a phone or identity number.
    """
    if not new.path.startswith("/") or new.path.startswith("//"):
        raise ValueError("a push leads to a page of the service")
    title, body = packed(new.title), packed(new.body)
    wanted = set(users)
    known = session.scalars(select(User.id).where(User.id.in_(wanted), User.active.is_(True)).order_by(User.id)).all()
    told = set(session.scalars(select(Push.user_id).where(Push.key == new.key, Push.user_id.in_(wanted))))
    fresh: dict[int, int] = {}
    for user_id in known:
        if user_id in told:
            continue
        values = {"title": title, "body": body, "path": new.path, "created_utc": now}
        push_id = insert_unless_there(
            session, Push, number=new_number("M"), key=new.key, user_id=user_id, read_utc=None, **values
        )
        if push_id is not None:
            fresh[user_id] = push_id
    _queue(session, fresh, now)
    if fresh:
        audit.write(session, "messages:push:queue", by, key=new.key, users=sorted(fresh))
    return len(fresh)


def _queue(session: Session, pushes: dict[int, int], now: datetime) -> None:
    """Put the pushes (by user) on every channel of theirs."""
    query = select(Channel).where(Channel.user_id.in_(pushes), Channel.removed_utc.is_(None))
    for channel in session.scalars(query.order_by(Channel.id)):
        session.add(waiting(pushes[channel.user_id], channel.id, now))
    session.flush()


def waiting(push_id: int, channel_id: int, now: datetime) -> Delivery:
    """Return a delivery that is due at once."""
    return Delivery(push_id=push_id, channel_id=channel_id, state=DeliveryState.WAITING, next_utc=now, created_utc=now)


def mark_read(session: Session, push: Push, now: datetime) -> None:
    """Note that its receiver opened a push; the first time counts."""
    if push.read_utc is None:
        push.read_utc = now
        session.flush()


def mark_all_read(session: Session, by: Actor, now: datetime) -> int:
    """Mark every push to oneself as read; returns how many were not."""
    unread = update(Push).where(Push.user_id == by.user_id, Push.read_utc.is_(None)).values(read_utc=now)
    result: Any = session.execute(unread)
    return int(result.rowcount)
