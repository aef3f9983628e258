"""The table of results that took a fit: so that a page answers at once, and says of when its figures are."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trafficedu.core.orm import Base, UTCDateTime

EFFECT, ALARMS = "effect", "alarms"


class AnalysisResult(Base):
    """What was computed of one subject up to a day, with the digest of what went in.

    ``kind`` is a series or ``alarms`` (``subject_id`` is the area whose parts were looked at together), or
    ``effect`` (``subject_id`` is a campaign). The result holds as long as ``fingerprint`` is that of today's inputs;
    the worker looks every night (docs/adr/0010-results-of-fits.md).
    """

    __tablename__ = "analysis_result"
    __table_args__ = (UniqueConstraint("kind", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[int]
    upto: Mapped[date]
    fingerprint: Mapped[str] = mapped_column(String(64))
    computed_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    checked_utc: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
