"""Tables of the red-yellow-black list of villages, its entries, and the protests against them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.areas.models import Area
from trafficedu.core.month import Month
from trafficedu.core.orm import Base, FirstOfMonth, UTCDateTime, Versioned, one_of, partial_index, word
from trafficedu.core.states import StateIs
from trafficedu.overview.rules import LIST_LIFE, ListAct, ListReason, ListState, ObjectionOutcome, Shade


class VillageList(Versioned, Base):
    """The list of one month: frozen first, so that villages can protest; published once that time is over.

    It names the evaluation it was read off (``run_id``), and all whose colours it looked at (``read_runs``): once a
    later version of one of them is published it has to be read again, ``changes`` saying what that changed, before it
    can be published. ``protest_until`` is the last day on which a protest is taken.
    """

    __tablename__ = "village_list"
    __table_args__ = (
        one_of("state", ListState),
        CheckConstraint(f"(state = '{ListState.PUBLISHED}') = (published_utc IS NOT NULL)", "published"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[Month] = mapped_column(FirstOfMonth, unique=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("evaluation_run.id"))
    state: Mapped[ListState] = mapped_column(word(ListState, 10), default=ListState.FROZEN)
    protest_until: Mapped[date]
    frozen_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    frozen_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    read_runs: Mapped[list[int]] = mapped_column(JSON, default=list)
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    corrected_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    entries: Mapped[list[ListEntry]] = relationship(back_populates="village_list", order_by="ListEntry.place")

    def may(self, act: ListAct) -> bool:
        """Tell whether ``act`` may be done to it as it stands."""
        return LIST_LIFE.may(act, self.state)

    is_published = StateIs(ListState.PUBLISHED)
    """Whether everybody sees it, and it is not changed any more."""


class ListEntry(Base):
    """One village on a list. ``place`` orders the entries of a list from 1.

    An entry found wrong stays, taken off with the reason; it is never deleted.
    """

    __tablename__ = "village_list_entry"
    __table_args__ = (
        UniqueConstraint("list_id", "area_id"),
        one_of("shade", (Shade.RED, Shade.YELLOW, Shade.BLACK)),
        CheckConstraint("taken_off = (taken_off_reason <> '')", "taken_off"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("village_list.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    shade: Mapped[Shade] = mapped_column(word(Shade, 6))
    place: Mapped[int]
    why: Mapped[ListReason] = mapped_column(word(ListReason, 20))
    colour: Mapped[str] = mapped_column(String(6))
    score: Mapped[float | None] = mapped_column(Numeric(5, 2, asdecimal=False))
    taken_off: Mapped[bool] = mapped_column(default=False)
    taken_off_reason: Mapped[str] = mapped_column(String(300), default="")

    area: Mapped[Area] = relationship()
    village_list: Mapped[VillageList] = relationship(back_populates="entries")
    protest: Mapped[ListProtest | None] = relationship(back_populates="entry")


class ListProtest(Base):
    """What a village, or its town, says against its entry; one an entry, decided by somebody else."""

    __tablename__ = "village_list_protest"
    __table_args__ = (
        one_of("decision", ObjectionOutcome),
        CheckConstraint("(decision = '') = (decided_utc IS NULL)", "decided"),
        partial_index("ix_village_list_protest_open", "entry_id", where="decision = ''"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("village_list_entry.id"), unique=True)
    text: Mapped[str] = mapped_column(String(500))
    made_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decision: Mapped[ObjectionOutcome] = mapped_column(word(ObjectionOutcome, 10), default=ObjectionOutcome.NONE)
    reason: Mapped[str] = mapped_column(String(300), default="")
    decided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    entry: Mapped[ListEntry] = relationship(back_populates="protest")
