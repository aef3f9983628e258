"""The table of patrols."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core.once import MadeByForm
from trafficedu.core.orm import Base, UTCDateTime, Versioned
from trafficedu.patrols.rules import PatrolState

RUNNING = "ended_utc IS NULL AND voided_utc IS NULL"


class Patrol(MadeByForm, Versioned, Base):
    """One officer's patrol in an area. It counts once it has ended; ``started_on`` is its day.

    ``stops`` is None while nobody counted any: a patrol without stops counted is not one of zero stops. ``minutes`` is
    its length, stored so that sums need no arithmetic on times. An officer has at most one running patrol. Void, never
    deleted. ``client_reference`` makes a form sent twice begin one patrol.
    """

    __tablename__ = "patrol"
    __table_args__ = (
        CheckConstraint("stops IS NULL OR stops >= 0", "stops"),
        CheckConstraint("(ended_utc IS NULL) = (minutes IS NULL)", "ended"),
        CheckConstraint("minutes IS NULL OR minutes >= 0", "minutes"),
        CheckConstraint("(voided_utc IS NULL) = (void_reason = '')", "voided"),
        Index(
            "uq_patrol_officer_id_running",
            "officer_id",
            unique=True,
            sqlite_where=text(RUNNING),
            postgresql_where=text(RUNNING),
        ),
        Index("ix_patrol_area_id_in_time", "area_id", "started_on", "started_utc", "id"),
        Index("ix_patrol_in_time", "started_on", "started_utc", "id"),
        Index("ix_patrol_officer_id_started_utc", "officer_id", "started_utc"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    client_reference: Mapped[str | None] = mapped_column(String(60), unique=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    started_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    started_on: Mapped[date]
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    minutes: Mapped[int | None]
    stops: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    voided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    voided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    void_reason: Mapped[str] = mapped_column(String(200), default="")

    officer: Mapped[User] = relationship(foreign_keys=[officer_id])
    voided_by: Mapped[User | None] = relationship(foreign_keys=[voided_by_id])

    @property
    def state(self) -> PatrolState:
        """How it stands."""
        if self.voided_utc is not None:
            return PatrolState.VOIDED
        return PatrolState.RUNNING if self.ended_utc is None else PatrolState.ENDED

    area: Mapped[Area] = relationship()
