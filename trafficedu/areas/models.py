"""Tables of areas and of registered e-bikes by area and month."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.areas.rules import OUTLINES_LIFE, Level, OutlinesAct, OutlinesState
from trafficedu.core.month import Month
from trafficedu.core.orm import Base, FirstOfMonth, UTCDateTime, Valid, Versioned, one_of, word
from trafficedu.core.positions import Datum

PROVINCE, CITY, DISTRICT, TOWN, VILLAGE = Level


BYTEWISE = String(120).with_variant(String(120, collation="C"), "postgresql")


class Area(Valid, Versioned, Base):
    """A province (省), a city (市), a district (区县), a town (镇街) or a village (村社).

    ``path`` lists the codes from the root, each followed by a slash (``330109/330109001/``), so that a subtree is
    a prefix, and a range where text is ordered byte by byte, as it is in this column on either database. Areas are
    never deleted: they end (``valid_to``, the last day) and name a successor.
    """

    __tablename__ = "area"
    __table_args__ = (
        one_of("level", Level),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", "validity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    level: Mapped[Level] = mapped_column(word(Level, 10))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    path: Mapped[str] = mapped_column(BYTEWISE, index=True)
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    evaluated: Mapped[bool] = mapped_column(default=True)

    parent: Mapped[Area | None] = relationship(remote_side="Area.id", foreign_keys=[parent_id])
    successor: Mapped[Area | None] = relationship(remote_side="Area.id", foreign_keys=[successor_id])

    @property
    def district(self) -> Area:
        """The district it lies in; of a city or a province, itself."""
        return self if self.parent is None or self.level.may_be_top else self.parent.district


class RegisteredEBikes(Versioned, Base):
    """E-bikes registered in an area in one month: the exposure behind every rate."""

    __tablename__ = "registered_ebikes"
    __table_args__ = (
        UniqueConstraint("area_id", "month"),
        CheckConstraint("ebikes >= 0", "not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    month: Mapped[Month] = mapped_column(FirstOfMonth)
    ebikes: Mapped[int]


class AreaExtent(Base):
    """The rectangle an area fills on the map, WGS-84 degrees: positions of records are held against it."""

    __tablename__ = "area_extent"
    __table_args__ = (CheckConstraint("south < north AND west < east", "sides"),)

    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    south: Mapped[float]
    west: Mapped[float]
    north: Mapped[float]
    east: Mapped[float]


class AreaBoundary(Base):
    """The outline of an area, for maps only: no record is placed by it.

    ``rings`` are closed rings of ``[longitude, latitude]`` in degrees, holes among them; the even-odd rule
    tells inside from outside.
    """

    __tablename__ = "area_boundary"

    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    rings: Mapped[list[list[list[float]]]] = mapped_column(JSON)
    imported_utc: Mapped[datetime] = mapped_column(UTCDateTime)


class OutlineImport(Versioned, Base):
    """A file of outlines: tried, so that it can be looked at before it is taken; taken; taken back.

    ``outlines`` are the areas that it names: ``area_id``, ``code``, ``rings``. ``left_out`` says of what else is in the
    file what it is called there, and why it is no area here. ``before`` is what the areas had when it was taken:
    ``area_id``, ``rings`` and ``extent``, either of them null; taking it back restores that.
    """

    __tablename__ = "outline_import"
    __table_args__ = (one_of("state", OutlinesState), one_of("datum", Datum))

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[OutlinesState] = mapped_column(word(OutlinesState, 10), default=OutlinesState.TRIED)
    file_name: Mapped[str] = mapped_column(String(200))
    datum: Mapped[Datum] = mapped_column(word(Datum, 10))
    outlines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    left_out: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    before: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    tried_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    taken_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def may(self, act: OutlinesAct) -> bool:
        """Tell whether ``act`` may be taken as it is now."""
        return OUTLINES_LIFE.may(act, self.state)
