"""Tables of where the modules of a session are held, and of the queue in front of its VR machines."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.core.orm import Base, UTCDateTime, one_of, word
from trafficedu.education.models.tasks import Attendance
from trafficedu.education.rules.states import ModuleKind
from trafficedu.stations.models import Room


class SessionRoom(Base):
    """The room in which the modules of one kind are held in a session; the room is the session's all the time."""

    __tablename__ = "session_room"
    __table_args__ = (one_of("kind", ModuleKind), Index("ix_session_room_room_id", "room_id"))

    session_id: Mapped[int] = mapped_column(ForeignKey("study_session.id"), primary_key=True)
    kind: Mapped[ModuleKind] = mapped_column(word(ModuleKind, 10), primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))

    room: Mapped[Room] = relationship()


class VrTurn(Base):
    """Where a rider stands in the queue for the VR machines: by ``place``, and called since ``called_utc``.

    ``missed``: how often the rider was called and was not there. Who has no turn yet stands behind all who have one.
    A check-in that is taken back takes its turn with it.
    """

    __tablename__ = "vr_turn"

    id: Mapped[int] = mapped_column(primary_key=True)
    attendance_id: Mapped[int] = mapped_column(ForeignKey("attendance.id", ondelete="CASCADE"), unique=True)
    place: Mapped[int]
    called_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    missed: Mapped[int] = mapped_column(default=0)

    attendance: Mapped[Attendance] = relationship()
