"""The table of what is proposed by exception: a sign-off with something missing, a waiver. A second person decides."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.core.orm import Base, UTCDateTime, Versioned, one_of, partial_index, word
from trafficedu.core.states import StateIs
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.rules.states import ProposalKind, ProposalState
from trafficedu.stations.models import Station

TO_DECIDE = f"state = '{ProposalState.OPEN}'"


class Proposal(Versioned, Base):
    """What somebody asks for by exception, with a reason; granted or refused by somebody else, or lapsed.

    A task has at most one that is open. ``booking_id`` is the seat of a study to be signed off; ``station_id`` where it
    is, ``area_id`` the task's.
    """

    __tablename__ = "study_proposal"
    __table_args__ = (
        one_of("kind", ProposalKind),
        one_of("state", ProposalState),
        partial_index("uq_study_proposal_task_id_open", "task_id", where=TO_DECIDE, unique=True),
        partial_index("ix_study_proposal_open_area_id", "area_id", "id", where=TO_DECIDE),
        Index("ix_study_proposal_task_id", "task_id"),
        Index("ix_study_proposal_kind_proposed_utc", "kind", "proposed_utc"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ProposalKind] = mapped_column(word(ProposalKind, 10))
    task_id: Mapped[int] = mapped_column(ForeignKey("study_task.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.id"))
    reason: Mapped[str] = mapped_column(String(500))
    state: Mapped[ProposalState] = mapped_column(word(ProposalState, 10), default=ProposalState.OPEN)
    proposed_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decision: Mapped[str] = mapped_column(String(500), default="")

    task: Mapped[StudyTask] = relationship()
    booking: Mapped[Booking | None] = relationship()
    station: Mapped[Station | None] = relationship()
    proposed_by: Mapped[User | None] = relationship(foreign_keys=[proposed_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])

    is_open = StateIs(ProposalState.OPEN)
    """Whether somebody has to decide on it."""
    is_granted = StateIs(ProposalState.GRANTED)
    """Whether what was proposed was done."""
