"""Tables of notices and of the answers to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    event,
    false,
    literal_column,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.orm import Base, Named, UTCDateTime, Valid, Versioned, among, one_of, partial_index, word
from trafficedu.core.states import StateIs
from trafficedu.core.text import Message
from trafficedu.feedback.rules.notices import HELD_FROM, REST_FROM, HeldReason, NoticeState, urgency
from trafficedu.feedback.rules.policy import Basis, Measure, MeasureKind, Receiver, Window, WindowKind, in_words
from trafficedu.riders.models import Rider
from trafficedu.violations.models.records import Violation

PAPER_DUE = f"paper_due AND state = '{NoticeState.SENT}'"
"""What has gone out and is not kept as a document yet; a query says it by :meth:`Notice.owes_paper`."""


class Notice(Versioned, Base):
    """One violation told to one receiver: a company, or a village for a rider without one.

    ``held`` notices have not gone out and say why. ``answered_utc`` is when it was answered first, kept by who stores
    the answer. ``closed_utc`` is when nobody expected an answer any more; it counts as unanswered for good, and an
    answer is still taken. A sent notice with neither is open. Late is derived from ``due_utc``. ``corrected_utc`` is
    when its violation was corrected last, after it had gone out. ``paper_due``: it went out, and its document has yet
    to be kept.

    ``urgency`` is where it stands among notices by time left (``rules.urgency``): what is open comes first, so each of
    its indexes begins with the open notices of a village, a company or a place, and a page of a list is a part of one.

    ``advice`` is what was recommended when it went out (``rules.policy.Recommendation.packed``): that never changes.

    ``violation_area_id`` is where the violation happened, which never changes. ``counted_area_id`` is the area in
    whose figures the notice counts: the village that has to answer, else where the violation happened.
    """

    __tablename__ = "notice"
    __table_args__ = (
        one_of("state", NoticeState),
        one_of("receiver_kind", Receiver),
        CheckConstraint(f"(state = '{NoticeState.HELD}') = (held_reason <> '')", "held"),
        Index("ix_notice_company_id_sent_utc", "company_id", "sent_utc"),
        Index("ix_notice_area_id_sent_utc", "area_id", "sent_utc"),
        Index("ix_notice_due_utc", "due_utc"),
        CheckConstraint("counted_area_id = coalesce(area_id, violation_area_id)", "counted"),
        CheckConstraint("answered_utc IS NULL OR sent_utc IS NOT NULL", "answered"),
        Index("ix_notice_sent_utc", "sent_utc"),
        CheckConstraint(
            f"(state = '{NoticeState.SENT}' AND answered_utc IS NULL AND closed_utc IS NULL) = (urgency < {HELD_FROM})"
            f" AND (state = '{NoticeState.HELD}') = (urgency BETWEEN {HELD_FROM} AND {REST_FROM - 1})",
            "urgency",
        ),
        Index("ix_notice_area_id_urgency", "area_id", "urgency", "id"),
        Index("ix_notice_company_id_urgency", "company_id", "urgency", "id"),
        Index("ix_notice_violation_area_id_urgency", "violation_area_id", "urgency", "id"),
        partial_index("ix_notice_urgency", "urgency", "id", where="id > 0"),
        partial_index("ix_notice_paper_due", "id", where=PAPER_DUE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    violation_id: Mapped[int] = mapped_column(ForeignKey("violation.id"), unique=True)
    rider_id: Mapped[int] = mapped_column(ForeignKey("rider.id"), index=True)
    receiver_kind: Mapped[Receiver] = mapped_column(word(Receiver, 10))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    violation_area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    counted_area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    urgency: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[NoticeState] = mapped_column(word(NoticeState, 10))
    held_reason: Mapped[HeldReason] = mapped_column(word(HeldReason, 40), default=HeldReason.NONE)
    sent_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    opened_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    corrected_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    voided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paper_due: Mapped[bool] = mapped_column(default=False, server_default=false())
    advice: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    violation: Mapped[Violation] = relationship()
    rider: Mapped[Rider] = relationship()
    company: Mapped[Company | None] = relationship()
    area: Mapped[Area | None] = relationship(foreign_keys=[area_id])
    feedback: Mapped[Feedback | None] = relationship(back_populates="notice")

    is_sent = StateIs(NoticeState.SENT)
    """Whether it went out and was not taken back."""
    is_voided = StateIs(NoticeState.VOIDED)
    """Whether it was taken back: the violation was found wrong."""

    @classmethod
    def unanswered(cls) -> ColumnElement[bool]:
        """Return the condition that it was sent and an answer is expected."""
        return cls.urgency < HELD_FROM

    @classmethod
    def owes_paper(cls) -> list[ColumnElement[bool]]:
        """Return the conditions that its document has yet to be kept, in the words of their index."""
        return [literal_column("notice.paper_due"), among(cls.state, NoticeState.SENT)]


@event.listens_for(Notice, "before_insert")
@event.listens_for(Notice, "before_update")
def _settle(_mapper: Any, _connection: Any, notice: Notice) -> None:
    """Put a notice where it belongs by time left, whatever of it changed."""
    ended = notice.answered_utc or notice.closed_utc
    notice.urgency = urgency(notice.state, notice.due_utc, ended, notice.violation_id)


class Feedback(Versioned, Base):
    """What the receiver did; one answer a notice. ``answered_utc`` is when this answer was given, corrected or not."""

    __tablename__ = "feedback"
    __table_args__ = (CheckConstraint("days IS NULL OR days > 0", "days"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), unique=True)
    measure: Mapped[MeasureKind] = mapped_column(word(MeasureKind, 20))
    days: Mapped[int | None]
    text: Mapped[str] = mapped_column(String(500), default="")
    answered_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    notice: Mapped[Notice] = relationship(back_populates="feedback")
    answered_by: Mapped[User | None] = relationship()
    earlier: Mapped[list[EarlierAnswer]] = relationship(order_by="EarlierAnswer.id.desc()")


class EarlierAnswer(Base):
    """An answer as it stood before it was corrected, and why it was."""

    __tablename__ = "earlier_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id"), index=True)
    measure: Mapped[MeasureKind] = mapped_column(word(MeasureKind, 20))
    days: Mapped[int | None]
    text: Mapped[str] = mapped_column(String(500), default="")
    answered_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    replaced_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(String(500))

    answered_by: Mapped[User | None] = relationship()

    @property
    def in_words(self) -> Message:
        """The measure with its days, as pages say it."""
        return in_words(Measure(self.measure, self.days))


class EscalationPolicy(Valid, Named, Versioned, Base):
    """A policy that was put in force from a day on: which, by whom, why. Its lines are :class:`EscalationStep`.

    ``code`` is that of the policy that comes with the program, "" for one of the district's own. ``about`` is what was
    said of it then: where it comes from, what of it was assumed, what it asks of companies, and which lines ended for
    it. One that was taken back before its day ends before its first day.
    """

    __tablename__ = "escalation_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    code: Mapped[str] = mapped_column(String(20), default="")
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(String(500), default="")
    about: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    adopted_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    adopted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    adopted_by: Mapped[User | None] = relationship()
    steps: Mapped[list[EscalationStep]] = relationship(back_populates="policy")

    @property
    def basis(self) -> Basis:
        """What a notice names."""
        return Basis(self.name_zh, self.name_en, self.valid_from)

    @property
    def is_taken_back(self) -> bool:
        """Whether it never came into force."""
        return self.validity.ended_before(self.valid_from)


class EscalationDraft(Versioned, Base):
    """A policy of the district's own that nobody has put in force yet: its ``lines`` as ``rules.policy.PolicyLine``."""

    __tablename__ = "escalation_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    lines: Mapped[list[list[Any]]] = mapped_column(JSON)
    about: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    made_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    discarded_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    made_by: Mapped[User | None] = relationship()


class EscalationStep(Valid, Versioned, Base):
    """One line of the district's escalation policy: the measure recommended from so many violations in a window on.

    The policy recommends; what was done is the receiver's answer. ``days`` belongs to a suspension.
    A line advises on violations of the days ``valid_from`` to ``valid_to`` (included; None: until changed); one
    that was taken back before it began ends before its first day. One that was not put in force with its whole policy
    says by whom, when and why (``entered_utc``, ``entered_by``, ``reason``).
    """

    __tablename__ = "escalation_step"
    __table_args__ = (
        UniqueConstraint("policy_id", "receiver_kind", "violations_from", "valid_from", name="uq_escalation_step_line"),
        one_of("receiver_kind", Receiver),
        one_of("window_kind", WindowKind),
        CheckConstraint("violations_from > 0 AND window_days > 0", "positive"),
        CheckConstraint(f"(measure = '{MeasureKind.SUSPENDED}') = (days IS NOT NULL)", "days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("escalation_policy.id"))
    receiver_kind: Mapped[Receiver] = mapped_column(word(Receiver, 10))
    violations_from: Mapped[int]
    window_kind: Mapped[WindowKind] = mapped_column(word(WindowKind, 10), default=WindowKind.DAYS)
    window_days: Mapped[int]
    measure: Mapped[MeasureKind] = mapped_column(word(MeasureKind, 20))
    days: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(500))
    entered_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    policy: Mapped[EscalationPolicy] = relationship(back_populates="steps")
    entered_by: Mapped[User | None] = relationship()

    @property
    def window(self) -> Window:
        """The stops that count together."""
        return Window(self.window_kind, self.window_days)

    @property
    def recommends(self) -> Measure:
        """The measure with its days."""
        return Measure(self.measure, self.days)
