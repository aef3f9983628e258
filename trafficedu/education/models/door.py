"""The table of what was tapped at the door: each tap counts once, however often a device sends it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.core.orm import Base, UTCDateTime, one_of, word
from trafficedu.education.models.tasks import Booking
from trafficedu.education.rules.door import Outcome


class DoorTap(Base):
    """One tap of a device by which a rider is here, or was found to be here already.

    ``nonce`` is made on the device with the tap. ``tapped_utc`` is when it happened, by the server's clock;
    ``received_utc`` when it arrived: later, where the device had no network. What was refused is not kept: it is judged
    anew when it is sent again.
    """

    __tablename__ = "door_tap"
    __table_args__ = (
        one_of("outcome", Outcome),
        Index("ix_door_tap_booking_id", "booking_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(String(36), unique=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    outcome: Mapped[Outcome] = mapped_column(word(Outcome, 10))
    tapped_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    received_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    booking: Mapped[Booking] = relationship()
