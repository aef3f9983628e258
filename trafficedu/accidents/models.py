"""Tables of accidents, of the kinds of violation involved, of the riders linked, and of possible duplicates."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, literal_column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accidents.rules import (
    CASUALTY,
    AccidentRole,
    AccidentState,
    Helmet,
    PairState,
    Responsibility,
    Severity,
    in_time,
)
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core.once import MadeByForm
from trafficedu.core.orm import (
    Base,
    Happened,
    Referenced,
    UTCDateTime,
    Versioned,
    among,
    is_among,
    one_of,
    partial_index,
    reference_key,
    word,
)
from trafficedu.core.states import StateIs
from trafficedu.riders.models import Rider
from trafficedu.violations.models.records import ViolationKind

STANDS = f"state = '{AccidentState.RECORDED}'"
UNTIMED = "NOT hour_known"
"""Of which nobody knows the hour; a query says it by :meth:`Accident.untimed`."""
WITH_CASUALTIES = f"{is_among('severity', CASUALTY)} AND ebike_involved"
"""Accidents with an e-bike in which somebody was hurt; a query says it by :meth:`Accident.hurt_somebody`."""
OPEN = f"state = '{PairState.OPEN}'"


class Accident(MadeByForm, Happened, Referenced, Versioned, Base):
    """One accident. ``killed`` died within 7 days; ``killed_30_days`` is empty while not known.

    ``ebike_involved`` is empty where nobody knows it: then it is in no figure of accidents with an e-bike.

    A record found wrong is voided with a reason, or as a duplicate of another (``duplicate_of_id``); it is never
    deleted. ``reference`` is the key of imports, ``client_reference`` makes a repeated submit give the first record
    again.
    """

    __tablename__ = "accident"
    __table_args__ = (
        reference_key("accident"),
        one_of("severity", Severity),
        CheckConstraint(f"(severity = '{Severity.FATAL}') = (killed > 0)", "fatal"),
        CheckConstraint("killed >= 0 AND injured >= 0", "not_negative"),
        CheckConstraint("killed_30_days IS NULL OR killed_30_days >= killed", "killed_30_days"),
        one_of("rider_helmet", Helmet),
        one_of("responsibility", Responsibility),
        one_of("state", AccidentState),
        CheckConstraint(f"(state = '{AccidentState.VOIDED}') = (voided_utc IS NOT NULL)", "voided"),
        CheckConstraint(
            f"state = '{AccidentState.RECORDED}' OR state_reason <> '' OR duplicate_of_id IS NOT NULL", "why"
        ),
        CheckConstraint("duplicate_of_id IS NULL OR duplicate_of_id <> id", "another"),
        Index("ix_accident_area_id_in_time", "area_id", "occurred_on", "occurred_utc", "id"),
        Index("ix_accident_in_time", "occurred_on", "occurred_utc", "id"),
        partial_index("ix_accident_casualty_in_time", "occurred_on", "id", where=WITH_CASUALTIES),
        partial_index("ix_accident_untimed", "area_id", "occurred_on", "id", where=UNTIMED),
        partial_index("ix_accident_neighbours", "area_id", "severity", "occurred_utc", "id", where=STANDS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    reference: Mapped[str | None] = mapped_column(String(60))
    client_reference: Mapped[str | None] = mapped_column(String(60), unique=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    place: Mapped[str] = mapped_column(String(120), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    severity: Mapped[Severity] = mapped_column(word(Severity, 10))
    killed: Mapped[int]
    killed_30_days: Mapped[int | None]
    injured: Mapped[int]
    ebike_involved: Mapped[bool | None]
    rider_helmet: Mapped[Helmet] = mapped_column(word(Helmet, 10), default=Helmet.UNKNOWN)
    responsibility: Mapped[Responsibility] = mapped_column(word(Responsibility, 10), default=Responsibility.UNKNOWN)
    state: Mapped[AccidentState] = mapped_column(word(AccidentState, 10), default=AccidentState.RECORDED)
    state_reason: Mapped[str] = mapped_column(String(500), default="")
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("accident.id"), index=True)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    voided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    voided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    area: Mapped[Area] = relationship()
    duplicate_of: Mapped[Accident | None] = relationship(remote_side="Accident.id")
    recorded_by: Mapped[User | None] = relationship(foreign_keys=[recorded_by_id])
    voided_by: Mapped[User | None] = relationship(foreign_keys=[voided_by_id])
    kinds: Mapped[list[ViolationKind]] = relationship(secondary="accident_kind", order_by="ViolationKind.code")
    involved: Mapped[list[AccidentKind]] = relationship(viewonly=True)
    """The same, for a list: read for all its rows by their key alone, where ``kinds`` would join all of history."""
    riders: Mapped[list[AccidentRider]] = relationship(back_populates="accident", order_by="AccidentRider.id")

    @classmethod
    def untimed(cls) -> ColumnElement[bool]:
        """Return the condition that nobody knows the hour, as the index says it."""
        return literal_column(f"NOT {cls.__tablename__}.hour_known")

    is_voided = StateIs(AccidentState.VOIDED)
    """Whether it was found wrong."""

    @classmethod
    def hurt_somebody(cls) -> list[ColumnElement[bool]]:
        """Return the conditions that an e-bike was involved and somebody was hurt, in the words of their index."""
        with_ebike: ColumnElement[bool] = literal_column("accident.ebike_involved")
        return [among(cls.severity, *CASUALTY), with_ebike]


class AccidentKind(Base):
    """A kind of violation involved in an accident, in the version that held on that day."""

    __tablename__ = "accident_kind"

    accident_id: Mapped[int] = mapped_column(ForeignKey("accident.id"), primary_key=True)
    kind_id: Mapped[int] = mapped_column(ForeignKey("violation_kind.id"), primary_key=True, index=True)

    kind: Mapped[ViolationKind] = relationship(viewonly=True)


class AccidentRider(Base):
    """A known rider who was in an accident, as rider, passenger or other party."""

    __tablename__ = "accident_rider"
    __table_args__ = (
        one_of("role", AccidentRole),
        Index("uq_accident_rider_accident_id_rider_id", "accident_id", "rider_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    accident_id: Mapped[int] = mapped_column(ForeignKey("accident.id"))
    rider_id: Mapped[int] = mapped_column(ForeignKey("rider.id"), index=True)
    role: Mapped[AccidentRole] = mapped_column(word(AccidentRole, 10))

    accident: Mapped[Accident] = relationship(back_populates="riders")
    rider: Mapped[Rider] = relationship()


class AccidentPair(Base):
    """Two records that may be of one accident, or on which somebody decided whether they are.

    Open are the pairs of ``rules.close_pairs`` among the records that stand, as far as nobody decided on them:
    whatever changes a record brings them up to date in its transaction (``services.pairs``). ``first`` was recorded
    before ``second``. ``area_id`` is the area of both; ``minutes_apart``, None where an hour is not known, and
    ``last_utc``, when the later of the two happened, say why they are looked at.
    """

    __tablename__ = "accident_pair"
    __table_args__ = (
        one_of("state", PairState),
        CheckConstraint("first_id < second_id", "order"),
        Index("uq_accident_pair_first_id_second_id", "first_id", "second_id", unique=True),
        partial_index("ix_accident_pair_open_area_id", "area_id", "last_utc", "id", where=OPEN),
        partial_index("ix_accident_pair_open", "last_utc", "id", where=OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int] = mapped_column(ForeignKey("accident.id"))
    second_id: Mapped[int] = mapped_column(ForeignKey("accident.id"), index=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    minutes_apart: Mapped[int | None]
    last_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[PairState] = mapped_column(word(PairState, 10), default=PairState.OPEN)

    area: Mapped[Area] = relationship()
    first: Mapped[Accident] = relationship(foreign_keys=[first_id])
    second: Mapped[Accident] = relationship(foreign_keys=[second_id])

    @property
    def records(self) -> list[Accident]:
        """The two, the one that happened earlier first."""
        return sorted([self.first, self.second], key=in_time)
