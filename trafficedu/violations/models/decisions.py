"""Tables of what is asked and decided about a record: company, plate, a second one, corrections, objections."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.keys import encrypted
from trafficedu.core.orm import (
    Base,
    Happened,
    UTCDateTime,
    Versioned,
    one_of,
    partial_index,
    word,
)
from trafficedu.core.states import StateIs
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.rules import CompanyKnown
from trafficedu.violations.models.records import OPEN, Violation
from trafficedu.violations.rules.states import (
    CompanyAct,
    CorrectedField,
    ObjectionState,
    PairState,
    Penalty,
    PlateState,
    Proof,
    RequestState,
)


class CompanyDecision(Base):
    """Who said what about the company that answers for a violation, and what it was before; never changed.

    ``company_id`` is the company that was spoken of; ``engagement_id`` the engagement that began with it, as long as it
    stands.
    """

    __tablename__ = "company_decision"
    __table_args__ = (
        one_of("act", CompanyAct),
        one_of("known_before", CompanyKnown),
        one_of("proof", Proof),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    violation_id: Mapped[int] = mapped_column(ForeignKey("violation.id"), index=True)
    act: Mapped[CompanyAct] = mapped_column(word(CompanyAct, 10))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    known_before: Mapped[CompanyKnown] = mapped_column(word(CompanyKnown, 20))
    company_before_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    engagement_id: Mapped[int | None] = mapped_column(ForeignKey("engagement.id", ondelete="SET NULL"), index=True)
    decided_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    proof: Mapped[Proof | None] = mapped_column(word(Proof, 10))
    reason: Mapped[str] = mapped_column(String(500), default="")

    violation: Mapped[Violation] = relationship()
    company: Mapped[Company | None] = relationship(foreign_keys=[company_id])
    engagement: Mapped[Engagement | None] = relationship()
    decided_by: Mapped[User | None] = relationship()


class Objection(Versioned, Base):
    """A rider contests a violation (异议), or the company ``company_id`` for its rider; due in working days.

    ``contact_cipher`` is an optional phone. ``area_id`` is where the violation happened.
    """

    __tablename__ = "objection"
    __table_args__ = (
        one_of("state", ObjectionState),
        partial_index("ix_objection_open_area_id_due_on", "area_id", "due_on", "id", where=OPEN),
        partial_index("ix_objection_open_due_on", "due_on", "id", where=OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    violation_id: Mapped[int] = mapped_column(ForeignKey("violation.id"), index=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    raised_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    due_on: Mapped[date]
    statement: Mapped[str] = mapped_column(Text)
    contact_cipher: Mapped[str | None] = mapped_column(String(200), info=encrypted("objection.contact"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    state: Mapped[ObjectionState] = mapped_column(word(ObjectionState, 10), default=ObjectionState.OPEN)
    decision: Mapped[str] = mapped_column(Text, default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    violation: Mapped[Violation] = relationship()
    company: Mapped[Company | None] = relationship()

    is_open = StateIs(ObjectionState.OPEN)
    """Whether it waits for a decision."""
    is_upheld = StateIs(ObjectionState.UPHELD)
    """Whether it was decided for the rider."""
    is_settled = StateIs(ObjectionState.SETTLED)
    """Whether its record was voided before it was decided."""


class PlateQuestion(Base):
    """A record whose rider met a plate that is known as that of ``usual``: a supervisor says what that means.

    Only where nobody could be asked at once: a camera record, a file. ``area_id`` and ``occurred_on`` are the record's;
    ``plate`` is the one that was met, which the record has no more where it was mistyped.
    """

    __tablename__ = "plate_question"
    __table_args__ = (
        one_of("state", PlateState),
        partial_index("ix_plate_question_open_area_id", "area_id", "occurred_on", "id", where=OPEN),
        partial_index("ix_plate_question_open", "occurred_on", "id", where=OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    violation_id: Mapped[int] = mapped_column(ForeignKey("violation.id"), unique=True)
    usual_id: Mapped[int] = mapped_column(ForeignKey("rider.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    occurred_on: Mapped[date]
    plate: Mapped[str] = mapped_column(String(20))
    state: Mapped[PlateState] = mapped_column(word(PlateState, 12), default=PlateState.OPEN)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    violation: Mapped[Violation] = relationship()
    usual: Mapped[Rider] = relationship()

    is_open = StateIs(PlateState.OPEN)
    """Whether it waits for a decision."""


class CorrectionRequest(Happened, Versioned, Base):
    """An officer asks for a correction of a record that nobody but a supervisor may correct any more.

    ``fields`` are the words of :class:`~violations.rules.states.CorrectedField` that should be another, parted by
    blanks, and the columns what the record should say then; none for one that should be voided. ``area_id`` is where
    the record happened as long as it waits, ``village_code`` where it should have; ``decision`` why it was refused.
    """

    __tablename__ = "correction_request"
    __table_args__ = (
        one_of("state", RequestState),
        partial_index("uq_correction_request_open", "violation_id", where=OPEN, unique=True),
        partial_index("ix_correction_request_open_area_id", "area_id", "asked_utc", "id", where=OPEN),
        partial_index("ix_correction_request_open_in_time", "asked_utc", "id", where=OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    violation_id: Mapped[int] = mapped_column(ForeignKey("violation.id"), index=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(String(500))
    fields: Mapped[str] = mapped_column(String(100), default="")
    kind_code: Mapped[str] = mapped_column(String(20), default="")
    village_code: Mapped[str] = mapped_column(String(20), default="")
    place: Mapped[str] = mapped_column(String(120), default="")
    penalty: Mapped[Penalty] = mapped_column(word(Penalty, 10))
    fine_yuan: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[RequestState] = mapped_column(word(RequestState, 10), default=RequestState.OPEN)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decision: Mapped[str] = mapped_column(String(500), default="")

    violation: Mapped[Violation] = relationship()
    asked_by: Mapped[User] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])

    is_open = StateIs(RequestState.OPEN)
    """Whether it waits for a decision."""

    @property
    def changes(self) -> frozenset[CorrectedField]:
        """Which fields of the record should be another; none where it should be voided."""
        return frozenset(CorrectedField(name) for name in self.fields.split())


class ViolationPair(Base):
    """Two records that may be of one offence: to be decided, told apart, or merged, with who decided and when.

    ``first`` was recorded before ``second``, of which nobody is told until it is decided. Merged, one of them is
    voided: ``voided_id``. ``area_id`` and ``last_utc`` are where and when the later of the two happened.
    """

    __tablename__ = "violation_pair"
    __table_args__ = (
        one_of("state", PairState),
        CheckConstraint("first_id < second_id", "order"),
        CheckConstraint(f"(state = '{PairState.MERGED}') = (voided_id IS NOT NULL)", "voided"),
        Index("uq_violation_pair_first_id_second_id", "first_id", "second_id", unique=True),
        partial_index("ix_violation_pair_open_area_id", "area_id", "last_utc", "id", where=OPEN),
        partial_index("ix_violation_pair_open", "last_utc", "id", where=OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int] = mapped_column(ForeignKey("violation.id"))
    second_id: Mapped[int] = mapped_column(ForeignKey("violation.id"), index=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    last_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[PairState] = mapped_column(word(PairState, 10), default=PairState.OPEN)
    voided_id: Mapped[int | None] = mapped_column(ForeignKey("violation.id"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    area: Mapped[Area] = relationship()
    first: Mapped[Violation] = relationship(foreign_keys=[first_id])
    second: Mapped[Violation] = relationship(foreign_keys=[second_id])
    decided_by: Mapped[User | None] = relationship()

    is_open = StateIs(PairState.OPEN)

    @property
    def records(self) -> tuple[Violation, Violation]:
        """The two, the one recorded first before the other."""
        return self.first, self.second
