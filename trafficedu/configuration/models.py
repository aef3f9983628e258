"""Tables of configured figures and words, corrections of the calendar, and the log of runs (imports, worker)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from trafficedu.core.orm import Base, Named, UTCDateTime, Versioned


class Parameter(Named, Versioned, Base):
    """One configurable figure; the shipped default comes from ``reference/parameters.csv``."""

    __tablename__ = "parameter"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    value: Mapped[int]
    minimum: Mapped[int]
    maximum: Mapped[int]
    unit: Mapped[str] = mapped_column(String(20))
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))


class Wording(Named, Versioned, Base):
    """One configurable text; the shipped default comes from ``reference/wordings.csv``.

    ``pattern`` says what it may be, as a whole; the hints say that in words.
    """

    __tablename__ = "wording"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    value: Mapped[str] = mapped_column(String(60), default="")
    pattern: Mapped[str] = mapped_column(String(120))
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    hint_zh: Mapped[str] = mapped_column(String(200))
    hint_en: Mapped[str] = mapped_column(String(200))

    def hint(self, locale: str) -> str:
        """Return in ``zh`` or ``en`` what it may be and what it does."""
        return self.hint_en if locale == "en" else self.hint_zh


class CalendarDay(Versioned, Base):
    """A day on which the district works although the published calendar rests, or the other way round."""

    __tablename__ = "calendar_day"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(unique=True)
    works: Mapped[bool]
    note: Mapped[str] = mapped_column(String(120), default="")


class Run(Base):
    """One run of an import or of the worker: what, when, by whom, with which result (counts only)."""

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    started_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    succeeded: Mapped[bool] = mapped_column(default=False)
    by_user_id: Mapped[int | None]
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
