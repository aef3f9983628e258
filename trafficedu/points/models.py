"""Tables of activities, of the ledger's entries, and of what is expected a month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.catalogue import Entry
from trafficedu.core.keys import EVIDENCE
from trafficedu.core.month import Month
from trafficedu.core.once import MadeByForm
from trafficedu.core.orm import Base, FirstOfMonth, Referenced, UTCDateTime, Versioned, one_of, reference_key, word
from trafficedu.core.text import Message
from trafficedu.points.rules import COMPANY, KINDS, Direction, EntryMark, EntryOrigin, signed

PAGE, FILE, EVENT = "page", "file", "event"


class PointActivity(Entry, Base):
    """What earns or costs points, valid from a day to a day (both included).

    A change is a new row of the same code with a later ``valid_from``; entries keep the row they were made under.
    ``points`` is what one entry usually counts, without its sign. ``automatic``: entered by events only.
    """

    __tablename__ = "point_activity"
    __table_args__ = (
        UniqueConstraint("code", "valid_from"),
        one_of("direction", Direction),
        CheckConstraint("points > 0", "points"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", "validity"),
    )

    code: Mapped[str] = mapped_column(String(30), index=True)
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(80))
    direction: Mapped[Direction] = mapped_column(word(Direction, 6))
    points: Mapped[int]
    for_district: Mapped[bool] = mapped_column(default=False)
    for_town: Mapped[bool] = mapped_column(default=False)
    for_village: Mapped[bool] = mapped_column(default=False)
    for_company: Mapped[bool] = mapped_column(default=False)
    automatic: Mapped[bool] = mapped_column(default=False)

    @property
    def signed(self) -> int:
        """What one entry usually counts, with its sign."""
        return signed(self.direction, self.points)

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of target it is for."""
        return [kind for kind in KINDS if getattr(self, f"for_{kind}")]

    @kinds.setter
    def kinds(self, kinds: Sequence[str]) -> None:
        for kind in KINDS:
            setattr(self, f"for_{kind}", kind in kinds)


class PointEntry(MadeByForm, Referenced, Base):
    """One line of the ledger: an area or a company, a day, an activity, signed points.

    Never changed or deleted, which the database itself refuses (migration 0005). A mistake is met by a
    counter-entry: the opposite points on the same day (so that the month it belongs to is put right), the reason in
    ``note``, ``counters_id`` naming what it takes back. ``once_key`` makes an event, or a form sent twice, count once;
    ``reference`` is the key of imports. ``evidence_key`` names a file in ``core.storage``.
    """

    __tablename__ = "point_entry"
    __table_args__ = (
        reference_key("point_entry"),
        CheckConstraint("(area_id IS NULL) <> (company_id IS NULL)", "one_target"),
        CheckConstraint("points <> 0", "points"),
        CheckConstraint("source IN ('page', 'file', 'event')", "source"),
        CheckConstraint("counters_id IS NULL OR note <> ''", "why"),
        Index("ix_point_entry_area_id_in_time", "area_id", "occurred_on", "id"),
        Index("ix_point_entry_company_id_in_time", "company_id", "occurred_on", "id"),
        Index("ix_point_entry_in_time", "occurred_on", "id"),
        Index(
            "ix_point_entry_counters_id",
            "counters_id",
            sqlite_where=text("counters_id IS NOT NULL"),
            postgresql_where=text("counters_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str | None] = mapped_column(String(60))
    number: Mapped[str] = mapped_column(String(12), unique=True)
    once_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    occurred_on: Mapped[date]
    activity_id: Mapped[int] = mapped_column(ForeignKey("point_activity.id"), index=True)
    points: Mapped[int]
    note: Mapped[str] = mapped_column(String(500), default="")
    evidence_key: Mapped[str | None] = mapped_column(String(64), info={EVIDENCE: True})
    source: Mapped[str] = mapped_column(String(5))
    counters_id: Mapped[int | None] = mapped_column(ForeignKey("point_entry.id"), unique=True)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_utc: Mapped[datetime] = mapped_column(UTCDateTime)

    area: Mapped[Area | None] = relationship()
    company: Mapped[Company | None] = relationship()
    activity: Mapped[PointActivity] = relationship()
    recorded_by: Mapped[User | None] = relationship()
    counters: Mapped[PointEntry | None] = relationship(remote_side="PointEntry.id", back_populates="countered_by")
    countered_by: Mapped[PointEntry | None] = relationship(back_populates="counters", uselist=False)

    @property
    def kind(self) -> str:
        """The kind of target: an area's level, or ``company``."""
        return self.area.level if self.area is not None else COMPANY

    @property
    def target_code(self) -> str:
        """The code of the area or the company."""
        target = self.area or self.company
        assert target is not None
        return target.code

    @property
    def target_name(self) -> str:
        """The name of the area or the company."""
        target = self.area or self.company
        assert target is not None
        return target.name

    @property
    def is_by_hand(self) -> bool:
        """Whether somebody entered it on a page, and no counter-entry."""
        return self.origin == EntryOrigin.PAGE

    @property
    def origin(self) -> EntryOrigin:
        """How it came into the ledger."""
        return EntryOrigin.COUNTER if self.counters_id is not None else EntryOrigin(self.source)

    @property
    def mark(self) -> EntryMark | None:
        """What became of it, where it is not simply an entry."""
        if self.counters_id is not None:
            return EntryMark.COUNTER
        return EntryMark.TAKEN_BACK if self.countered_by is not None else None

    @property
    def remark(self) -> Message | str:
        """What was noted; what the system noted itself is a sentence in both languages."""
        return Message(self.note) if self.note and self.source == EVENT else self.note


class PointExpectation(Versioned, Base):
    """Points expected a month from the month ``valid_from`` on: of a level, or of one target.

    Without area and company it is the level's figure. ``points`` None ends it: of a level nothing is expected from
    then, of a target the level's figure holds again.
    """

    __tablename__ = "point_expectation"
    __table_args__ = (
        CheckConstraint("target_kind IN ('town', 'village', 'company')", "target_kind"),
        CheckConstraint("points IS NULL OR points > 0", "points"),
        CheckConstraint("area_id IS NULL OR (company_id IS NULL AND target_kind <> 'company')", "area"),
        CheckConstraint("company_id IS NULL OR target_kind = 'company'", "company"),
        Index(
            "uq_point_expectation_level",
            "target_kind",
            "valid_from",
            unique=True,
            sqlite_where=text("area_id IS NULL AND company_id IS NULL"),
            postgresql_where=text("area_id IS NULL AND company_id IS NULL"),
        ),
        UniqueConstraint("area_id", "valid_from"),
        UniqueConstraint("company_id", "valid_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    target_kind: Mapped[str] = mapped_column(String(10))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    valid_from: Mapped[Month] = mapped_column(FirstOfMonth)
    points: Mapped[int | None]

    area: Mapped[Area | None] = relationship()
    company: Mapped[Company | None] = relationship()
