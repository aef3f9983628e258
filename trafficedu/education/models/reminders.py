"""The table of reminders: that a rider who does not come to study was asked after, when, by whom."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.core.orm import Base, UTCDateTime


class Reminder(Base):
    """Somebody had those who look after a rider told of a study not begun; ``told`` is how many of them. Once a day."""

    __tablename__ = "study_reminder"
    __table_args__ = (UniqueConstraint("task_id", "reminded_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("study_task.id"))
    reminded_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    reminded_on: Mapped[date]
    reminded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    told: Mapped[int]

    reminded_by: Mapped[User | None] = relationship()
