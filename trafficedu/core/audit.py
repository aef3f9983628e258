"""The append-only audit trail: who did what to which record, when, with what result. Ids only, never personal data.

Rows are written in the transaction of the change they describe. The database itself refuses to update or
delete them (triggers in the first migration).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from trafficedu.core.actors import Actor
from trafficedu.core.clock import utc_now
from trafficedu.core.orm import Base, UTCDateTime

DONE, REFUSED, FAILED = "done", "refused", "failed"


class AuditEntry(Base):
    """One event. ``detail`` holds ids, codes and counts."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subject", "subject_kind", "subject_id"),
        Index("ix_audit_entry_actor", "actor_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(80), index=True)
    subject_kind: Mapped[str] = mapped_column(String(40), default="")
    subject_id: Mapped[int | None]
    result: Mapped[str] = mapped_column(String(10))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def write(
    session: Session,
    action: str,
    by: Actor,
    *,
    subject: Any = None,
    result: str = DONE,
    **detail: Any,
) -> None:
    """Add one audit row to the running transaction.

    Parameters
    ----------
    action
        ``feature:resource:verb``, the permission's name where there is one.
    subject
        The record concerned, already flushed (its table name and id are stored).
    detail
        Ids, codes, counts; never names, numbers of documents, phones or plates.
    """
    session.add(
        AuditEntry(
            at_utc=utc_now(),
            actor_id=by.user_id,
            action=action,
            subject_kind="" if subject is None else subject.__tablename__,
            subject_id=None if subject is None else subject.id,
            result=result,
            detail=detail,
        )
    )
