"""Reads of pushes, channels and deliveries. A user sees the own ones; the delivery log shows no address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, selectinload

from trafficedu.accounts.models import User
from trafficedu.configuration.queries import is_demo
from trafficedu.core.actors import Actor
from trafficedu.core.clock import day_bounds
from trafficedu.core.errors import Missing
from trafficedu.core.keys import field_of
from trafficedu.core.loading import loaded
from trafficedu.core.paging import BEGINNING, Page, Place, paginate
from trafficedu.core.reach import Reach
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.messages.models import Channel, Delivery, Push
from trafficedu.messages.rules import Address, ChannelKind, address_from

ADDRESS = field_of(Channel.address_cipher)
"""The field that addresses are encrypted as."""


@dataclass(frozen=True)
class DeliveryFilter:
    """What the delivery log is narrowed to; the days are those on which a push was queued."""

    state: str = ""
    kind: str = ""
    words: str = ""
    since: date | None = None
    until: date | None = None


def is_dry(session: Session) -> bool:
    """Tell whether nothing is to be sent: as the setting says, else in a demo installation."""
    told = services_of(session).settings.push_dry_run
    return told if told is not None else is_demo(session)


def list_kinds(session: Session) -> list[ChannelKind]:
    """Return the kinds of channel a user may choose: mail only where there is a mail server, or nothing is sent."""
    mail = bool(services_of(session).settings.mail_url) or is_dry(session)
    return [kind for kind in ChannelKind if kind != ChannelKind.EMAIL or mail]


def address_of(session: Session, channel: Channel) -> Address | None:
    """Return a channel's address in clear, for sending and masking; None once it is removed."""
    if channel.address_cipher is None:
        return None
    return address_from(channel.kind, services_of(session).keyring.decrypt(channel.address_cipher, ADDRESS))


def find_channel(session: Session, number: str, by: Actor) -> Channel:
    """Return a channel of one's own that is not removed; raise :class:`Missing`."""
    query = select(Channel).where(
        Channel.number == number, Channel.user_id == by.user_id, Channel.removed_utc.is_(None)
    )
    found = session.scalar(query)
    if found is None:
        raise Missing(message("This channel does not exist."))
    return found


def list_channels(session: Session, by: Actor) -> list[tuple[Channel, str, Delivery | None]]:
    """Return one's own channels, each with its masked address and its latest delivery."""
    own = select(Channel).where(Channel.user_id == by.user_id, Channel.removed_utc.is_(None)).order_by(Channel.id)
    channels = session.scalars(own).all()
    latest = (
        select(func.max(Delivery.id))
        .where(Delivery.channel_id.in_([channel.id for channel in channels]))
        .group_by(Delivery.channel_id)
    )
    last = {row.channel_id: row for row in session.scalars(select(Delivery).where(Delivery.id.in_(latest)))}
    found = []
    for channel in channels:
        address = address_of(session, channel)
        found.append((channel, address.masked if address else "", last.get(channel.id)))
    return found


def find_push(session: Session, number: str, by: Actor) -> Push:
    """Return a push to oneself; raise :class:`Missing`."""
    found = session.scalar(select(Push).where(Push.number == number, Push.user_id == by.user_id))
    if found is None:
        raise Missing(message("This message does not exist."))
    return found


_LATEST = [Push.id.desc()]


def _inbox(by: Actor, *, unread: bool) -> Reach:
    conditions = [Push.read_utc.is_(None)] if unread else []
    return Reach(conditions, Push.user_id.expression, [by.user_id])


def list_inbox(session: Session, by: Actor, place: Place = BEGINNING, *, unread: bool = False) -> Page[Push]:
    """Return the pushes to oneself, the latest first."""
    query = select(Push).where(Push.user_id == by.user_id)
    reach = _inbox(by, unread=unread)
    return paginate(session, query.where(*reach.conditions), _LATEST, place, reach=reach)


def list_recent(session: Session, by: Actor, limit: int) -> Sequence[Push]:
    """Return the latest pushes to oneself."""
    return session.scalars(select(Push).where(Push.user_id == by.user_id).order_by(Push.id.desc()).limit(limit)).all()


def count_unread(session: Session, by: Actor) -> int:
    """Return how many pushes to oneself are not read, capped."""
    return _inbox(by, unread=True).count(session, _LATEST)


def list_deliveries(session: Session, wanted: DeliveryFilter, place: Place = BEGINNING) -> Page[Delivery]:
    """Return deliveries with push, channel and user, the latest first; ``words`` are of the user's names."""
    rest = _of_deliveries(wanted)
    # few deliveries of many messages: PostgreSQL would walk through all messages in their order, up to these
    message_of = selectinload(Delivery.push).options(loaded(Push.user))
    query = select(Delivery).where(*rest).options(loaded(Delivery.channel), message_of)
    return paginate(session, query, [Delivery.id.desc()], place, reach=Reach(rest=rest))


def _of_deliveries(wanted: DeliveryFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter, on columns of a delivery."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.state:
        conditions.append(Delivery.state == wanted.state)
    if wanted.kind:
        conditions.append(Delivery.channel_id.in_(select(Channel.id).where(Channel.kind == wanted.kind)))
    if wanted.words:
        named = func.lower(User.username).contains(wanted.words.lower(), autoescape=True)
        users = select(User.id).where(or_(named, User.display_name.contains(wanted.words, autoescape=True)))
        conditions.append(Delivery.channel_id.in_(select(Channel.id).where(Channel.user_id.in_(users))))
    if wanted.since:
        conditions.append(Delivery.created_utc >= day_bounds(wanted.since)[0])
    if wanted.until:
        conditions.append(Delivery.created_utc < day_bounds(wanted.until)[1])
    return conditions
