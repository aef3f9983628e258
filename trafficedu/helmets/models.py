"""Tables of sites, of surveys with each observer's sheet and counts, and of plans drawn at random."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.month import Month
from trafficedu.core.once import MadeByForm
from trafficedu.core.orm import (
    Base,
    FirstOfMonth,
    Referenced,
    UTCDateTime,
    Versioned,
    one_of,
    partial_index,
    reference_key,
    word,
)
from trafficedu.core.states import StateIs
from trafficedu.helmets.rules import (
    CELLS,
    CountMethod,
    HeadState,
    RiderGroup,
    RoadClass,
    Seat,
    Strata,
    SurveySource,
    SurveyState,
    tally,
)


class HelmetSite(Versioned, Base):
    """A place at the roadside where riders are counted. Never deleted: one no longer used is not active."""

    __tablename__ = "helmet_site"
    __table_args__ = (
        one_of("road_class", RoadClass),
        CheckConstraint("latitude IS NULL OR (latitude BETWEEN -90 AND 90)", "latitude"),
        CheckConstraint("longitude IS NULL OR (longitude BETWEEN -180 AND 180)", "longitude"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", "both_or_none"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    road_class: Mapped[RoadClass] = mapped_column(word(RoadClass, 10))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    active: Mapped[bool] = mapped_column(default=True)

    area: Mapped[Area] = relationship()


class Tallied:
    """What a survey counted, its sheets and companies added up, by group, seat and head (``rules.tally``).

    Kept by ``services.tallies`` in the transaction that counts, so that figures and lists read surveys alone.
    ``observers``: the sheets on which anything was counted.
    """

    delivery_rider_helmeted: Mapped[int] = mapped_column(default=0)
    delivery_rider_bare: Mapped[int] = mapped_column(default=0)
    delivery_rider_unclear: Mapped[int] = mapped_column(default=0)
    delivery_passenger_helmeted: Mapped[int] = mapped_column(default=0)
    delivery_passenger_bare: Mapped[int] = mapped_column(default=0)
    delivery_passenger_unclear: Mapped[int] = mapped_column(default=0)
    other_rider_helmeted: Mapped[int] = mapped_column(default=0)
    other_rider_bare: Mapped[int] = mapped_column(default=0)
    other_rider_unclear: Mapped[int] = mapped_column(default=0)
    other_passenger_helmeted: Mapped[int] = mapped_column(default=0)
    other_passenger_bare: Mapped[int] = mapped_column(default=0)
    other_passenger_unclear: Mapped[int] = mapped_column(default=0)
    observers: Mapped[int] = mapped_column(default=0)

    def heads(self, head: HeadState) -> int:
        """Return how many were seen so, whoever they were."""
        return sum(getattr(self, tally(group, seat, head)) for group, seat in CELLS)

    @property
    def helmeted(self) -> int:
        """With a helmet."""
        return self.heads(HeadState.HELMETED)

    @property
    def clear(self) -> int:
        """The denominator of the rate: observed minus unclear."""
        return self.helmeted + self.heads(HeadState.BARE)

    @property
    def unclear(self) -> int:
        """Of whom nobody could tell."""
        return self.heads(HeadState.UNCLEAR)


class HelmetSurvey(Tallied, Versioned, Referenced, MadeByForm, Base):
    """One count of riders at one site in one window of time, by one or several observers.

    ``reference`` is the key under which it arrived (an import's column, or made by the phone), so that nothing
    is taken in twice. A survey found wrong is void, with a reason, and leaves every figure; it is never deleted.
    """

    __tablename__ = "helmet_survey"
    __table_args__ = (
        reference_key("helmet_survey"),
        one_of("method", CountMethod),
        one_of("state", SurveyState),
        one_of("source", SurveySource),
        CheckConstraint(f"(state = '{SurveyState.VOID}') = (voided_utc IS NOT NULL)", "voided"),
        CheckConstraint("minutes BETWEEN 1 AND 1440", "minutes"),
        Index("ix_helmet_survey_site_id_in_time", "site_id", "occurred_on", "started_utc", "id"),
        Index("ix_helmet_survey_in_time", "occurred_on", "started_utc", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    reference: Mapped[str] = mapped_column(String(64))
    site_id: Mapped[int] = mapped_column(ForeignKey("helmet_site.id"))
    started_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    occurred_on: Mapped[date]
    minutes: Mapped[int]
    method: Mapped[CountMethod] = mapped_column(word(CountMethod, 10))
    source: Mapped[SurveySource] = mapped_column(word(SurveySource, 10))
    state: Mapped[SurveyState] = mapped_column(word(SurveyState, 10), default=SurveyState.COUNTED)
    void_reason: Mapped[str] = mapped_column(String(200), default="")
    voided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    voided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    site: Mapped[HelmetSite] = relationship()
    sheets: Mapped[list[HelmetSheet]] = relationship(back_populates="survey", order_by="HelmetSheet.id")

    is_void = StateIs(SurveyState.VOID)
    """Whether it was taken out of every figure."""


class HelmetSheet(Base):
    """What one observer (or a file) counted in a survey; several sheets of a survey are added up.

    ``key`` is made by the observer's device. ``last_event`` is the last tap taken in: taps are numbered from 1
    on the device, so that a repeated sending adds nothing. ``ended_utc`` is set when the observer is done.
    """

    __tablename__ = "helmet_sheet"
    __table_args__ = (CheckConstraint("last_event >= 0", "last_event"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("helmet_survey.id"), index=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    observer_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    last_event: Mapped[int] = mapped_column(default=0)
    started_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    survey: Mapped[HelmetSurvey] = relationship(back_populates="sheets")
    counts: Mapped[list[HelmetCount]] = relationship(back_populates="sheet", order_by="HelmetCount.id")


class HelmetCount(Base):
    """Riders of one group and role on one sheet; delivery riders by company where the observer told them apart."""

    __tablename__ = "helmet_count"
    __table_args__ = (
        UniqueConstraint("sheet_id", "group", "role", "company_id"),
        Index(
            "uq_helmet_count_no_company",
            "sheet_id",
            "group",
            "role",
            unique=True,
            sqlite_where=text("company_id IS NULL"),
            postgresql_where=text("company_id IS NULL"),
        ),
        partial_index("ix_helmet_count_told_apart", "sheet_id", "company_id", where="company_id IS NOT NULL"),
        one_of('"group"', RiderGroup),
        one_of("role", Seat),
        CheckConstraint(f"company_id IS NULL OR \"group\" = '{RiderGroup.DELIVERY}'", "company"),
        CheckConstraint("helmeted >= 0 AND bare >= 0 AND unclear >= 0", "not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sheet_id: Mapped[int] = mapped_column(ForeignKey("helmet_sheet.id"))
    group: Mapped[RiderGroup] = mapped_column(word(RiderGroup, 10))
    role: Mapped[Seat] = mapped_column(word(Seat, 10))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"), index=True)
    helmeted: Mapped[int] = mapped_column(default=0)
    bare: Mapped[int] = mapped_column(default=0)
    unclear: Mapped[int] = mapped_column(default=0)

    sheet: Mapped[HelmetSheet] = relationship(back_populates="counts")
    company: Mapped[Company | None] = relationship()


class HelmetDraw(Base):
    """A plan of sites drawn at random for a month; with its seed and its frame anybody can repeat it.

    ``frame`` keeps the codes that could be drawn, by stratum, and ``drawn`` those that were, in the order drawn.
    """

    __tablename__ = "helmet_draw"
    __table_args__ = (
        one_of("stratified_by", Strata),
        CheckConstraint("sites > 0", "sites"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    month: Mapped[Month] = mapped_column(FirstOfMonth)
    seed: Mapped[str] = mapped_column(String(40))
    stratified_by: Mapped[Strata] = mapped_column(word(Strata, 10))
    sites: Mapped[int]
    frame: Mapped[dict[str, Any]] = mapped_column(JSON)
    drawn: Mapped[dict[str, Any]] = mapped_column(JSON)
    drawn_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    drawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    area: Mapped[Area] = relationship()
