"""Tables of hazards: what was found, its photos, every step of its life, kinds; and the areas under rolling check."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core.keys import EVIDENCE
from trafficedu.core.once import MadeByForm
from trafficedu.core.orm import Base, Named, UTCDateTime, Versioned, is_among, one_of, partial_index, word
from trafficedu.core.phones import minutes_fast
from trafficedu.core.tables import table_of
from trafficedu.core.terms import keep_terms
from trafficedu.hazards.rules import HAZARD_LIFE, OPEN, HazardAct, HazardState, PhotoTime, Risk, is_overdue


class HazardKind(Named, Versioned, Base):
    """One kind of hazard. It ends (``active`` false) and stays on the records that name it."""

    __tablename__ = "hazard_kind"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name_zh: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)


WAITING = is_among("state", OPEN)
LISTED = "ended_utc IS NULL"
ALL = "id > 0"
"""What waits for somebody, what is under check and what only a list of all asks for, as indexes say it."""


class Hazard(MadeByForm, Versioned, Base):
    """One hazard at one place, with its plan in four parts (``goal``, ``measures``, ``responsible``, ``deadline_on``).

    ``missed_on`` is the first deadline that passed while it was not fixed: a deadline moved afterwards does not make
    it on time. ``overdue_told_on`` and ``soon_told_on`` are the deadlines about which the reminder went out.
    ``fixed_*`` is emptied when a fix is rejected. ``sorted_on`` is the deadline as lists sort by it: the last of all
    days while there is none. ``client_reference`` makes a repeated submit give the first record. What was kept on a
    phone without a network has ``noticed_utc``, when it was filled in by the phone's clock, put right, and by how many
    seconds that clock was ahead; ``reported_utc`` is when it arrived, for nobody could plan before.
    """

    __tablename__ = "hazard"
    __table_args__ = (
        one_of("risk", Risk),
        one_of("state", HazardState),
        CheckConstraint(
            "state NOT IN ('planned', 'fixing', 'fixed', 'verified')"
            " OR (goal <> '' AND measures <> '' AND responsible <> '' AND deadline_on IS NOT NULL)",
            "four_parts",
        ),
        CheckConstraint("state NOT IN ('fixed', 'verified') OR fixed_on IS NOT NULL", "fixed"),
        CheckConstraint("(state = 'verified') = (verified_on IS NOT NULL)", "verified"),
        CheckConstraint("(state = 'verified') = (on_time IS NOT NULL)", "on_time"),
        CheckConstraint("verified_by_id IS NULL OR verified_by_id <> fixed_by_id", "by_another"),
        CheckConstraint("state NOT IN ('closed', 'voided') OR state_reason <> ''", "why"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", "position"),
        CheckConstraint("(noticed_utc IS NULL) = (phone_ahead_seconds IS NULL)", "noticed"),
        Index("ix_hazard_area_id_state", "area_id", "state"),
        Index("ix_hazard_state_deadline_on", "state", "deadline_on"),
        Index("ix_hazard_reported_on", "reported_on"),
        CheckConstraint(f"sorted_on = coalesce(deadline_on, '{date.max}')", "sorted_on"),
        Index("ix_hazard_area_id_in_time", "area_id", "reported_utc", "id"),
        Index("ix_hazard_area_id_deadline", "area_id", "sorted_on", "id"),
        partial_index("ix_hazard_in_time", "reported_utc", "id", where=ALL),
        partial_index("ix_hazard_deadline", "sorted_on", "id", where=ALL),
        partial_index("ix_hazard_open_area_id_in_time", "area_id", "reported_utc", "id", where=WAITING),
        partial_index("ix_hazard_open_area_id_deadline", "area_id", "sorted_on", "id", where=WAITING),
        partial_index("ix_hazard_open_in_time", "reported_utc", "id", where=f"{WAITING} AND {ALL}"),
        partial_index("ix_hazard_open_deadline", "sorted_on", "id", where=f"{WAITING} AND {ALL}"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    client_reference: Mapped[str | None] = mapped_column(String(60), unique=True)
    reported_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    reported_on: Mapped[date]
    reported_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    noticed_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    phone_ahead_seconds: Mapped[int | None]
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    place: Mapped[str] = mapped_column(String(120))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    kind_id: Mapped[int] = mapped_column(ForeignKey("hazard_kind.id"), index=True)
    risk: Mapped[Risk] = mapped_column(word(Risk, 10))
    description: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[HazardState] = mapped_column(word(HazardState, 10), default=HazardState.REPORTED)
    state_reason: Mapped[str] = mapped_column(String(500), default="")

    goal: Mapped[str] = mapped_column(String(200), default="")
    measures: Mapped[str] = mapped_column(String(1000), default="")
    responsible: Mapped[str] = mapped_column(String(80), default="")
    deadline_on: Mapped[date | None]
    sorted_on: Mapped[date]
    missed_on: Mapped[date | None]
    soon_told_on: Mapped[date | None]
    overdue_told_on: Mapped[date | None]

    fixed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    fixed_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fixed_on: Mapped[date | None]
    verified_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    verified_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    verified_on: Mapped[date | None]
    on_time: Mapped[bool | None]

    area: Mapped[Area] = relationship()
    kind: Mapped[HazardKind] = relationship()
    reported_by: Mapped[User | None] = relationship(foreign_keys=[reported_by_id])
    fixed_by: Mapped[User | None] = relationship(foreign_keys=[fixed_by_id])
    verified_by: Mapped[User | None] = relationship(foreign_keys=[verified_by_id])
    photos: Mapped[list[HazardPhoto]] = relationship(back_populates="hazard", order_by="HazardPhoto.position")
    steps: Mapped[list[HazardStep]] = relationship(order_by="HazardStep.id")

    def may(self, act: HazardAct) -> bool:
        """Tell whether ``act`` may be taken as it stands."""
        return HAZARD_LIFE.may(act, self.state)

    @property
    def phone_minutes_fast(self) -> int:
        """By how many minutes the clock of the phone that kept it was fast; 0 where it was right, or none was asked."""
        return minutes_fast(self.phone_ahead_seconds or 0)

    def is_overdue(self, day: date) -> bool:
        """Tell whether it is not fixed though its deadline passed before ``day``."""
        return is_overdue(self.state, self.deadline_on, day)


@event.listens_for(Hazard, "before_insert")
@event.listens_for(Hazard, "before_update")
def _settle(_mapper: Any, _connection: Any, hazard: Hazard) -> None:
    """Put a hazard where it belongs in lists, whatever of it changed."""
    hazard.sorted_on = hazard.deadline_on or date.max


class HazardTerm(Base):
    """A character, or two that stand together, of what is written of a hazard: how words are found (``core.terms``)."""

    __tablename__ = "hazard_term"
    __table_args__ = {"sqlite_with_rowid": False}

    term: Mapped[str] = mapped_column(String(2), primary_key=True)
    hazard_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


SEARCHED = (Hazard.place, Hazard.description, Hazard.responsible)
"""Where words are looked for."""
keep_terms(table_of(Hazard), table_of(HazardTerm), [each.key for each in SEARCHED], 120 + 500 + 80 + 2)


class HazardPhoto(Base):
    """A photo of a hazard, before it was mended or after; ``key`` finds it in the store of evidence.

    ``position`` counts from 1 in a hazard and is how pages name it. A photo that shows what it must not is
    withdrawn with a reason: no page shows it any more, the record stays.
    """

    __tablename__ = "hazard_photo"
    __table_args__ = (
        one_of("taken", PhotoTime),
        CheckConstraint("(withdrawn_utc IS NULL) = (withdrawn_reason = '')", "withdrawn"),
        UniqueConstraint("hazard_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hazard_id: Mapped[int] = mapped_column(ForeignKey("hazard.id"))
    position: Mapped[int]
    taken: Mapped[PhotoTime] = mapped_column(word(PhotoTime, 10))
    key: Mapped[str] = mapped_column(String(64), info={EVIDENCE: True})
    added_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    withdrawn_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    withdrawn_reason: Mapped[str] = mapped_column(String(200), default="")

    hazard: Mapped[Hazard] = relationship(back_populates="photos")


class HazardStep(Base):
    """One step in a hazard's life; append-only. ``deadline_on`` is the deadline that holds from this step on."""

    __tablename__ = "hazard_step"
    __table_args__ = (Index("ix_hazard_step_hazard_id_id", "hazard_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    hazard_id: Mapped[int] = mapped_column(ForeignKey("hazard.id"))
    what: Mapped[HazardAct] = mapped_column(word(HazardAct, 12))
    at_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    happened_on: Mapped[date] = mapped_column(index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str] = mapped_column(String(500), default="")
    deadline_on: Mapped[date | None]

    by: Mapped[User | None] = relationship()


class HazardWatch(Versioned, Base):
    """A town or village under rolling check (滚动排查): somebody looks at its roads every ``period_days``.

    ``looked_on`` is the day of the last look, ``due_on`` that of the next; ``checker`` has to look. It ends with a
    reason, it is not deleted.
    """

    __tablename__ = "hazard_watch"
    __table_args__ = (
        CheckConstraint("period_days BETWEEN 1 AND 366", "period"),
        CheckConstraint("(ended_utc IS NULL) = (ended_reason = '')", "ended"),
        partial_index("uq_hazard_watch_listed", "area_id", unique=True, where=LISTED),
        partial_index("ix_hazard_watch_listed_due_on", "due_on", "id", where=LISTED),
        partial_index("ix_hazard_watch_listed_checker_id", "checker_id", "due_on", where=LISTED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    period_days: Mapped[int]
    looked_on: Mapped[date | None]
    due_on: Mapped[date]
    overdue_told_on: Mapped[date | None]
    checker_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    listed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    listed_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_reason: Mapped[str] = mapped_column(String(200), default="")

    area: Mapped[Area] = relationship()
    checker: Mapped[User] = relationship(foreign_keys=[checker_id])
    looks: Mapped[list[HazardLook]] = relationship(order_by="HazardLook.id.desc()")


class HazardLook(Base):
    """One look at an area under check: when, by whom, what it was due, what was seen; append-only."""

    __tablename__ = "hazard_look"
    __table_args__ = (
        CheckConstraint("found >= 0", "found"),
        Index("ix_hazard_look_watch_id_id", "watch_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    watch_id: Mapped[int] = mapped_column(ForeignKey("hazard_watch.id"))
    looked_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    looked_on: Mapped[date]
    due_on: Mapped[date]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    found: Mapped[int]
    note: Mapped[str] = mapped_column(String(500), default="")

    by: Mapped[User | None] = relationship()
