"""The table of what a rider had seen of a film at home when checking in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.core.orm import Base, UTCDateTime
from trafficedu.education.models.courses import CourseModule


class OnlineStudy(Base):
    """The minutes of a module that were seen at home before a check-in, and between when and when.

    They count at most up to what the module asks for. A check-in that is taken back takes them with it: what was seen
    stays with the task and counts at the next one.
    """

    __tablename__ = "online_study"
    __table_args__ = (CheckConstraint("minutes > 0", "minutes"),)

    attendance_id: Mapped[int] = mapped_column(ForeignKey("attendance.id", ondelete="CASCADE"), primary_key=True)
    module_id: Mapped[int] = mapped_column(ForeignKey("course_module.id"), primary_key=True)
    minutes: Mapped[int]
    seen_from_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_until_utc: Mapped[datetime] = mapped_column(UTCDateTime)

    module: Mapped[CourseModule] = relationship()
