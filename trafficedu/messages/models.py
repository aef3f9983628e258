"""Tables of pushes, of the channels users chose, and of each push's way over a channel."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.core.keys import encrypted
from trafficedu.core.orm import Base, UTCDateTime, Versioned, is_among, one_of, partial_index, word
from trafficedu.core.states import StateIs
from trafficedu.messages.rules import UNDER_WAY, ChannelKind, DeliveryState


class Push(Base):
    """What one user is told, once: ``key`` names the occasion, and (key, user) is unique.

    ``title`` and ``body`` are sentences with parameters (``rules.packed``), put into words when they are read or
    delivered. They hold nothing personal. ``path`` is the page of the service that the push leads to.
    """

    __tablename__ = "push"
    __table_args__ = (
        UniqueConstraint("key", "user_id"),
        CheckConstraint("substr(path, 1, 1) = '/' AND substr(path, 1, 2) <> '//'", "path"),
        Index("ix_push_inbox", "user_id", "id"),
        partial_index("ix_push_unread", "user_id", "id", where="read_utc IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    key: Mapped[str] = mapped_column(String(120))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    title: Mapped[dict[str, Any]] = mapped_column(JSON)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    path: Mapped[str] = mapped_column(String(200))
    created_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    read_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    user: Mapped[User] = relationship()


class Channel(Versioned, Base):
    """A way on which a user wants pushes. The address exists as ciphertext only, and is forgotten on removal.

    ``address_hash`` keeps a user from entering the same address twice.
    """

    __tablename__ = "push_channel"
    __table_args__ = (
        one_of("kind", ChannelKind),
        CheckConstraint("(removed_utc IS NULL) = (address_cipher IS NOT NULL)", "removed"),
        UniqueConstraint("user_id", "address_hash"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[ChannelKind] = mapped_column(word(ChannelKind, 10))
    address_cipher: Mapped[str | None] = mapped_column(String(1200), info=encrypted("push_channel.address"))
    address_hash: Mapped[str | None] = mapped_column(String(50))
    created_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    removed_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    user: Mapped[User] = relationship()


class Delivery(Base):
    """One push on one channel, at most once: (push, channel) is unique.

    ``reason`` is a code (``rules.DeliveryReason``), some with a number, never what the receiver wrote.
    """

    __tablename__ = "push_delivery"
    __table_args__ = (
        UniqueConstraint("push_id", "channel_id"),
        one_of("state", DeliveryState),
        CheckConstraint(f"(ended_utc IS NULL) = ({is_among('state', UNDER_WAY)})", "ended"),
        partial_index("ix_push_delivery_under_way", "next_utc", "id", where=is_among("state", UNDER_WAY)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    push_id: Mapped[int] = mapped_column(ForeignKey("push.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("push_channel.id"), index=True)
    state: Mapped[DeliveryState] = mapped_column(word(DeliveryState, 10))
    attempts: Mapped[int] = mapped_column(default=0)
    next_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    created_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(String(20), default="")

    push: Mapped[Push] = relationship()

    is_waiting = StateIs(DeliveryState.WAITING)
    """Whether it waits for its first or next attempt."""

    channel: Mapped[Channel] = relationship()
