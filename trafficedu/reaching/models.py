"""Tables of what riders are told, and of how a rider is reached beside the phone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.core.keys import encrypted
from trafficedu.core.orm import Base, UTCDateTime, Versioned, is_among, one_of, partial_index, word
from trafficedu.core.states import StateIs
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.reaching.rules.telling import (
    MESSAGE_LIFE,
    TO_CALL,
    UNDER_WAY,
    MessageAct,
    MessageChannel,
    MessageKind,
    MessageState,
)
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station

CALLED = f"{is_among('state', TO_CALL)} AND told_utc IS NULL"
"""What somebody has to ring up about, as its index says it."""


class RiderMessage(Versioned, Base):
    """What one rider is told, once: ``occasion`` names it and is unique.

    Written in the transaction of what it tells of. Channel, language and words are found when it is first sent, by how
    things are then; ``text`` keeps them from that moment on. ``was_utc``: when the session was to be that is moved,
    cancelled or was missed. ``refused_on``, ``refused_why``: the channel that refused it for good, before it went over
    another one. ``told_utc`` and ``told_by``: who told the rider by phone instead.
    """

    __tablename__ = "rider_message"
    __table_args__ = (
        one_of("kind", MessageKind),
        one_of("state", MessageState),
        one_of("channel", MessageChannel),
        one_of("refused_on", MessageChannel),
        CheckConstraint(f"(ended_utc IS NULL) = ({is_among('state', UNDER_WAY)})", "ended"),
        Index("ix_rider_message_station_id_id", "station_id", "id"),
        Index("ix_rider_message_station_id_created_utc", "station_id", "created_utc", "state"),
        Index("ix_rider_message_booking_id", "booking_id"),
        Index("ix_rider_message_task_id", "task_id"),
        Index("ix_rider_message_rider_id_id", "rider_id", "id"),
        partial_index("ix_rider_message_under_way", "next_utc", "id", where=is_among("state", UNDER_WAY)),
        partial_index("ix_rider_message_to_call", "station_id", "id", where=CALLED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    occasion: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[MessageKind] = mapped_column(word(MessageKind, 12))
    rider_id: Mapped[int] = mapped_column(ForeignKey("rider.id"))
    task_id: Mapped[int] = mapped_column(ForeignKey("study_task.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    station_id: Mapped[int] = mapped_column(ForeignKey("station.id"))
    was_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[MessageState] = mapped_column(word(MessageState, 10), default=MessageState.WAITING)
    channel: Mapped[MessageChannel | None] = mapped_column(word(MessageChannel, 10))
    text: Mapped[str] = mapped_column(String(500), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    next_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(String(20), default="")
    refused_on: Mapped[MessageChannel | None] = mapped_column(word(MessageChannel, 10))
    refused_why: Mapped[str] = mapped_column(String(20), default="")
    told_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    told_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    rider: Mapped[Rider] = relationship()
    task: Mapped[StudyTask] = relationship()
    booking: Mapped[Booking | None] = relationship()
    station: Mapped[Station] = relationship()
    told_by: Mapped[User | None] = relationship()

    is_waiting = StateIs(MessageState.WAITING)
    """Whether it waits for its first or next attempt."""
    needs_call = StateIs(*TO_CALL)
    """Whether the rider was not reached by it."""

    def may(self, act: MessageAct) -> bool:
        """Tell whether ``act`` may happen to it as it stands."""
        return MESSAGE_LIFE.may(act, self.state)


class RiderContact(Versioned, Base):
    """How a rider wants to be told: language, e-mail, WeChat, and whether reminders are declined.

    The addresses exist as ciphertext only. The phone is that of the rider's own row.
    """

    __tablename__ = "rider_contact"
    __table_args__ = (CheckConstraint("language IN ('zh', 'en')", "language"),)

    rider_id: Mapped[int] = mapped_column(ForeignKey("rider.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), default="zh")
    email_cipher: Mapped[str | None] = mapped_column(String(600), info=encrypted("rider_contact.email"))
    wechat_cipher: Mapped[str | None] = mapped_column(String(300), info=encrypted("rider_contact.wechat"))
    declined: Mapped[bool] = mapped_column(default=False)
    changed_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    rider: Mapped[Rider] = relationship()
    changed_by: Mapped[User | None] = relationship()
