"""Tables of campaigns, of their areas and of the kinds of violation they aim at."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.areas.models import Area
from trafficedu.campaigns.rules import CampaignState, state_on
from trafficedu.core.orm import Base, UTCDateTime, Versioned


class Campaign(Versioned, Base):
    """One campaign. Never deleted: it ends earlier (``last_day``), or is cancelled with a reason.

    ``effort_hours`` is what was planned, in hours of officers; None where nobody said.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("last_day >= first_day", "days"),
        CheckConstraint("effort_hours IS NULL OR effort_hours > 0", "effort"),
        CheckConstraint("(cancelled_utc IS NULL) = (cancel_reason = '')", "cancelled"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    first_day: Mapped[date] = mapped_column(index=True)
    last_day: Mapped[date]
    effort_hours: Mapped[int | None]
    notes: Mapped[str] = mapped_column(String(1000), default="")
    cancelled_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_utc: Mapped[datetime] = mapped_column(UTCDateTime)

    areas: Mapped[list[Area]] = relationship(secondary="campaign_area", order_by="Area.path")
    kinds: Mapped[list[CampaignKind]] = relationship(order_by="CampaignKind.kind_code", cascade="all, delete-orphan")

    def state_on(self, day: date) -> CampaignState:
        """Return where it stands on ``day``."""
        return state_on(self.first_day, self.last_day, self.cancelled_utc is not None, day)

    @property
    def kind_codes(self) -> list[str]:
        """Codes of the kinds aimed at; empty means every kind."""
        return [kind.kind_code for kind in self.kinds]


class CampaignArea(Base):
    """An area of a campaign, with all below it."""

    __tablename__ = "campaign_area"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True, index=True)


class CampaignKind(Base):
    """A kind of violation aimed at, by its code: the campaign outlives versions of a kind."""

    __tablename__ = "campaign_kind"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    kind_code: Mapped[str] = mapped_column(String(20), primary_key=True)
