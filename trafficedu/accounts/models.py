"""The table of users."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.orm import Base, UTCDateTime, Versioned
from trafficedu.stations.models import Station


class User(Versioned, Base):
    """A person with an account and one post: an area, a station or a company.

    ``session_stamp`` changes with the password and on deactivation; a session that carries another one ends.
    """

    __tablename__ = "user_account"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN area_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN station_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN company_id IS NULL THEN 0 ELSE 1 END) <= 1",
            "one_post",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(40), unique=True)
    display_name: Mapped[str] = mapped_column(String(60))
    badge: Mapped[str] = mapped_column(String(20), default="")
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(200))
    session_stamp: Mapped[str] = mapped_column(String(32))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str] = mapped_column(String(5), default="zh")
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    active: Mapped[bool] = mapped_column(default=True)
    last_sign_in_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    area: Mapped[Area | None] = relationship()
    station: Mapped[Station | None] = relationship()
    company: Mapped[Company | None] = relationship()
