"""Tables of stations and of their rooms."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.areas.models import Area
from trafficedu.core.orm import Base, Named, Versioned, one_of, word
from trafficedu.stations.rules import RoomKind


class Station(Versioned, Base):
    """A station in a village or a town; ``seats`` is the usual capacity of a session there, its position in WGS-84."""

    __tablename__ = "station"
    __table_args__ = (
        CheckConstraint("seats > 0", "seats"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    address: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    seats: Mapped[int] = mapped_column(default=30)
    active: Mapped[bool] = mapped_column(default=True)

    area: Mapped[Area] = relationship()


class Room(Named, Versioned, Base):
    """A room of a station, never deleted: after ``ended_on`` no session is planned in it.

    ``capacity`` riders fit in; in a VR room as many ride at once as there are ``machines``, the others wait there.
    """

    __tablename__ = "room"
    __table_args__ = (
        one_of("kind", RoomKind),
        CheckConstraint("capacity > 0", "capacity"),
        CheckConstraint("(kind = 'vr') = (machines > 0)", "machines"),
        Index("ix_room_station_id", "station_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    station_id: Mapped[int] = mapped_column(ForeignKey("station.id"))
    kind: Mapped[RoomKind] = mapped_column(word(RoomKind, 10))
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    capacity: Mapped[int]
    machines: Mapped[int] = mapped_column(default=0)
    ended_on: Mapped[date | None]

    station: Mapped[Station] = relationship()

    @property
    def places(self) -> int:
        """How many riders can study in it at once."""
        return self.machines or self.capacity

    def is_in_use(self, day: date) -> bool:
        """Tell whether sessions are held in it on ``day``."""
        return self.ended_on is None or day <= self.ended_on
