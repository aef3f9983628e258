"""The table of replays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core.month import Month
from trafficedu.core.orm import Base, UTCDateTime


class PolicyReplay(Base):
    """What two policies would have recommended because of the stops of some months in an area.

    ``first`` and ``second`` are the policies as they were then: names, lines and what is asked of companies; ``first``
    without lines is whatever was in force at the time. ``result`` is what ``services.replaying`` worked out: counts,
    no persons. It never changes; who wants to know of other records asks again.
    """

    __tablename__ = "policy_replay"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    first_month: Mapped[str] = mapped_column(String(7))
    last_month: Mapped[str] = mapped_column(String(7))
    first: Mapped[dict[str, Any]] = mapped_column(JSON)
    second: Mapped[dict[str, Any]] = mapped_column(JSON)
    asked_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    computed_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    area: Mapped[Area] = relationship()
    asked_by: Mapped[User | None] = relationship()

    @property
    def months(self) -> list[Month]:
        """The months it goes through."""
        return Month.range(Month.parse(self.first_month), Month.parse(self.last_month))
