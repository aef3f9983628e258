"""The table of stations."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.areas.models import Area
from trafficedu.core.orm import Base, Versioned


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
