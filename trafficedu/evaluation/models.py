"""Tables of results that took a fit, of rule sets, and of the monthly evaluation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.month import Month
from trafficedu.core.orm import Base, FirstOfMonth, UTCDateTime, Versioned, one_of, word
from trafficedu.core.states import StateIs
from trafficedu.core.text import Message
from trafficedu.evaluation.rules.names import rule_set_title
from trafficedu.evaluation.rules.rule_sets import RuleSetState

EFFECT, ALARMS = "effect", "alarms"


class AnalysisResult(Base):
    """What was computed of one subject up to a day, with the digest of what went in.

    ``kind`` is a series or ``alarms`` (``subject_id`` is the area whose parts were taken together), ``effect``
    (``subject_id`` is a campaign), ``year:town`` and ``year:village`` (what the accident trend of these targets is
    measured by; ``subject_id`` is the top of the tree), or what ``outcomes`` keeps of an area and its months. The
    result holds as long as ``fingerprint`` is that of today's inputs; the worker looks every night
    (docs/adr/0010-results-of-fits.md).
    """

    __tablename__ = "analysis_result"
    __table_args__ = (UniqueConstraint("kind", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    upto: Mapped[date]
    fingerprint: Mapped[str] = mapped_column(String(64))
    computed_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    checked_utc: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)


class RuleSetRecord(Versioned, Base):
    """A rule set: ``payload`` as ``analysis.colours.rule_set`` reads it, from the month ``valid_from`` on.

    A draft is changed freely; once in force it never changes, and past months stay under the one they were
    judged by. Who drafted or changed it (``changed_by_id``) does not release it. The shipped one has neither.
    """

    __tablename__ = "rule_set"
    __table_args__ = (
        one_of("state", RuleSetState),
        CheckConstraint(
            f"state <> '{RuleSetState.IN_FORCE}' OR changed_by_id IS NULL OR released_by_id IS NOT NULL", "released"
        ),
        CheckConstraint(
            "released_by_id IS NULL OR (released_by_id <> changed_by_id AND released_by_id <> created_by_id)",
            "second_person",
        ),
        Index("ix_rule_set_state_valid_from", "state", "valid_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    valid_from: Mapped[Month] = mapped_column(FirstOfMonth)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[RuleSetState] = mapped_column(word(RuleSetState, 10), default=RuleSetState.DRAFT)
    note: Mapped[str] = mapped_column(String(500), default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    created_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    changed_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    released_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    released_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    created_by: Mapped[User | None] = relationship(foreign_keys=[created_by_id])
    changed_by: Mapped[User | None] = relationship(foreign_keys=[changed_by_id])
    released_by: Mapped[User | None] = relationship(foreign_keys=[released_by_id])

    is_draft = StateIs(RuleSetState.DRAFT)
    """Whether it may still be changed, put in force or given up."""

    @property
    def title(self) -> Message:
        """The name in the reader's language."""
        return rule_set_title(self.name)


class EvaluationPools(Base):
    """What targets of a month are compared with under rule set 2: ``payload`` is level -> pools (``analysis.colours``).

    Estimated with the first version of the month and used by all of its later ones, so that late records move only
    those whom they concern. A further ``number`` is estimated anew, by a person who says why.
    """

    __tablename__ = "evaluation_pools"
    __table_args__ = (UniqueConstraint("month", "number"), CheckConstraint("number > 0", "number"))

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[Month] = mapped_column(FirstOfMonth)
    number: Mapped[int]
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(500), default="")
    made_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    made_by: Mapped[User | None] = relationship()


class EvaluationRun(Base):
    """One evaluation of one month. Results never change: late data makes the next ``number`` of the month.

    ``digest`` is over the hashes of all results; ``checked_utc`` is when today's data were last compared with it.
    What is published stays published; the latest published version counts.
    """

    __tablename__ = "evaluation_run"
    __table_args__ = (UniqueConstraint("month", "number"), CheckConstraint("number > 0", "number"))

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[Month] = mapped_column(FirstOfMonth)
    number: Mapped[int]
    rule_set_id: Mapped[int] = mapped_column(ForeignKey("rule_set.id"))
    pools_id: Mapped[int | None] = mapped_column(ForeignKey("evaluation_pools.id"))
    complete: Mapped[bool]
    digest: Mapped[str] = mapped_column(String(64))
    computed_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    computed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    checked_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    published_utc: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    rule_set: Mapped[RuleSetRecord] = relationship()
    pools: Mapped[EvaluationPools | None] = relationship()
    published_by: Mapped[User | None] = relationship(foreign_keys=[published_by_id])

    @property
    def published(self) -> bool:
        """Whether this version was published."""
        return self.published_utc is not None


class EvaluationResult(Base):
    """One target of one run: what it was judged by, and how. ``score`` is empty where the colour is grey.

    ``present`` is the share of the weight that is present (rule set 1), or how much is known (rule set 2). Rule set 1
    has no interval, no probabilities and nothing firm.

    ``inputs`` and ``dimensions`` are as ``analysis.colours.first.scoring`` describes them; ``hash`` is over all of it.
    """

    __tablename__ = "evaluation_result"
    __table_args__ = (
        UniqueConstraint("run_id", "kind", "code"),
        CheckConstraint("kind IN ('district', 'town', 'village', 'company')", "kind"),
        CheckConstraint("colour IN ('green', 'blue', 'yellow', 'orange', 'red', 'grey')", "colour"),
        CheckConstraint("veto IN ('', 'orange', 'red')", "veto"),
        CheckConstraint("firm IN ('', 'red', 'orange_or_worse', 'good')", "firm"),
        CheckConstraint("(kind = 'company') = (company_id IS NOT NULL)", "company"),
        CheckConstraint("(kind = 'company') = (area_id IS NULL)", "area"),
        Index("ix_evaluation_result_area_id", "area_id"),
        Index("ix_evaluation_result_company_id", "company_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("evaluation_run.id"))
    kind: Mapped[str] = mapped_column(String(10))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    colour: Mapped[str] = mapped_column(String(10))
    score: Mapped[float | None]
    present: Mapped[float]
    veto: Mapped[str] = mapped_column(String(10), default="")
    low: Mapped[float | None]
    high: Mapped[float | None]
    probability: Mapped[dict[str, float] | None] = mapped_column(JSON(none_as_null=True))
    firm: Mapped[str] = mapped_column(String(20), default="")
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    dimensions: Mapped[dict[str, Any]] = mapped_column(JSON)
    hash: Mapped[str] = mapped_column(String(64))

    run: Mapped[EvaluationRun] = relationship()
    area: Mapped[Area | None] = relationship()
    company: Mapped[Company | None] = relationship()
