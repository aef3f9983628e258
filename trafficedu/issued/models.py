"""Tables of issued documents and of the files that were handed out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.core.keys import EVIDENCE, encrypted
from trafficedu.core.month import Month
from trafficedu.core.orm import Base, FirstOfMonth, UTCDateTime, one_of, partial_index, word
from trafficedu.core.states import StateIs
from trafficedu.issued.rules import DOCUMENT_LIFE, LONGEST_REASON, DocumentAct, DocumentKind, DocumentState

VALID = f"state = '{DocumentState.VALID}'"


class Document(Base):
    """One document that was issued. Nothing of it changes afterwards but whether it still holds.

    ``subject`` is the public number of the record it is about, or month and code ("2026-10/330109"). ``facts`` is the
    canonical JSON it is drawn from, encrypted where the kind names people; ``facts_sha256`` is over the clear text.
    ``area_id``, ``station_id`` and ``company_id`` say in whose post it lies. ``evaluation_month`` and
    ``evaluation_version`` name what its colours rest on, ``newer_version`` a
    later one of that month that was published since. ``carried_over``: it was handed out before documents were
    kept, and its facts are those of the records on the day it was carried over.

    Of one subject at most one document is valid: a partial unique index holds it.
    """

    __tablename__ = "document"
    __table_args__ = (
        one_of("kind", DocumentKind),
        one_of("state", DocumentState),
        CheckConstraint("(state = 'valid') = (ended_utc IS NULL)", "ended"),
        CheckConstraint("(state = 'revoked') = (reason <> '')", "reason"),
        CheckConstraint("(evaluation_month IS NULL) = (evaluation_version IS NULL)", "evaluation"),
        Index("ix_document_kind_subject", "kind", "subject", "id"),
        Index(
            "uq_document_kind_subject_valid",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text(VALID),
            postgresql_where=text(VALID),
        ),
        partial_index("ix_document_evaluation_month", "evaluation_month", where="evaluation_month IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    kind: Mapped[DocumentKind] = mapped_column(word(DocumentKind, 12))
    subject: Mapped[str] = mapped_column(String(60))
    facts: Mapped[str] = mapped_column(Text, info=encrypted("document.facts"))
    facts_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[DocumentState] = mapped_column(word(DocumentState, 8), default=DocumentState.VALID)
    issued_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    carried_over: Mapped[bool] = mapped_column(default=False)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"), unique=True)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    evaluation_month: Mapped[Month | None] = mapped_column(FirstOfMonth)
    evaluation_version: Mapped[int | None]
    newer_version: Mapped[int | None]

    issued_by: Mapped[User | None] = relationship(foreign_keys=[issued_by_id])
    ended_by: Mapped[User | None] = relationship(foreign_keys=[ended_by_id])
    replaces: Mapped[Document | None] = relationship(remote_side="Document.id", back_populates="replaced_by")
    replaced_by: Mapped[Document | None] = relationship(back_populates="replaces", uselist=False)

    is_valid = StateIs(DocumentState.VALID)
    """Whether it holds."""
    is_replaced = StateIs(DocumentState.REPLACED)
    """Whether another document holds instead of it."""
    is_revoked = StateIs(DocumentState.REVOKED)
    """Whether it was taken back."""

    def may(self, act: DocumentAct) -> bool:
        """Tell whether ``act`` may be done to it as it stands."""
        return DOCUMENT_LIFE.may(act, self.state)


class DocumentFile(Base):
    """A file of a document as it was handed out: its bytes lie in the store of evidence under ``sha256``.

    ``ending`` names its form: "pdf", "xlsx", or with the paper before it where there are several ("80mm.pdf").
    """

    __tablename__ = "document_file"
    __table_args__ = (CheckConstraint("language IN ('zh', 'en')", "language"),)

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    ending: Mapped[str] = mapped_column(String(8), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), info={EVIDENCE: True})
    drawn_utc: Mapped[datetime] = mapped_column(UTCDateTime)
