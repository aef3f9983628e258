"""The append-only audit trail: who did what to which record, when, with what result. Ids only, never personal data.

Rows are written in the transaction of the change they describe. The database itself refuses to update or
delete them (triggers in the first migration), and the worker seals them into a hash chain in batches, so
that recording is never serialised by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Index, String, event, func, insert, inspect, select
from sqlalchemy.orm import InstanceState, Mapped, Session, mapped_column

from trafficedu.core.actors import Actor
from trafficedu.core.clock import utc_now
from trafficedu.core.orm import Base, UTCDateTime, word
from trafficedu.core.states import Word
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.core.transactions import writing


class AuditResult(Word):
    """How what was tried came out."""

    DONE = "done", message("done")
    REFUSED = "refused", message("denied"), "problem"
    FAILED = "failed", message("failed"), "problem"


DONE, REFUSED, FAILED = AuditResult
SEAL_AFTER = timedelta(minutes=10)


class AuditEntry(Base):
    """One event. ``detail`` holds ids, codes and counts."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subject", "subject_kind", "subject_id"),
        Index("ix_audit_entry_actor_id_in_time", "actor_id", "at_utc", "id"),
        Index("ix_audit_entry_in_time", "at_utc", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(80))
    subject_kind: Mapped[str] = mapped_column(String(40), default="")
    subject_id: Mapped[int | None]
    result: Mapped[AuditResult] = mapped_column(word(AuditResult, 10))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


_INSERT = insert(table_of(AuditEntry))


class AuditSeal(Base):
    """A batch of audit rows sealed into the hash chain: changing one row afterwards breaks every later seal."""

    __tablename__ = "audit_seal"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int]
    last_id: Mapped[int] = mapped_column(unique=True)
    sealed_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


_SEALING = 0x7365616C
"""The number of the advisory lock of PostgreSQL under which one seals at a time."""


def write(
    session: Session,
    action: str,
    by: Actor,
    *,
    subject: Any = None,
    result: AuditResult = DONE,
    **detail: Any,
) -> None:
    """Add one audit row to the running transaction.

    Parameters
    ----------
    action
        ``feature:resource:verb``, the permission's name where there is one.
    subject
        The record concerned, already flushed (its table name and id are stored), or its model and id.
    detail
        Ids, codes, counts; never names, numbers of documents, phones or plates.
    """
    if subject is None:
        kind, key = "", None
    elif isinstance(subject, tuple):
        kind, key = subject[0].__tablename__, subject[1]
    else:
        kind, key = subject.__tablename__, subject.id
    row = {
        "at_utc": utc_now(),
        "actor_id": by.user_id,
        "action": action,
        "subject_kind": kind,
        "subject_id": key,
        "result": result,
        "detail": detail,
    }
    pending: _Pending | None = session.info.get(_PENDING)
    if pending is not None and pending.state.pending:
        pending.rows.append(row)
    else:
        entry = AuditEntry(**row)
        session.add(entry)
        session.info[_PENDING] = _Pending(inspect(entry), entry, [row])


@dataclass(frozen=True)
class _Pending:
    """The rows a session writes with its next flush: one object stands in it for all, the others are plain rows.

    Because ``entry`` is pending like any other object, a query that flushes first, a savepoint and a transaction
    undone treat the rows as they treat everything else; an object for each row would cost ten times as much.
    """

    state: InstanceState[AuditEntry]
    entry: AuditEntry
    rows: list[dict[str, Any]]


_PENDING = "audit"


@event.listens_for(Session, "before_flush")
def _write_together(session: Session, _context: object, _instances: object) -> None:
    """Write the pending rows by one statement for all of them: nobody holds or asks for the objects."""
    pending: _Pending | None = session.info.get(_PENDING)
    if pending is not None and pending.state.pending:
        session.connection().execute(_INSERT, pending.rows)
        session.expunge(pending.entry)


def seal(session: Session, now: datetime, batch: int = 10_000) -> int:
    """Seal the next rows into the hash chain; returns how many. The worker's chore.

    Rows younger than :data:`SEAL_AFTER` wait: an id is given before its transaction commits, so a younger row
    may still appear between two that are visible already. The digest is made reading, and stored in a transaction of
    its own unless another worker sealed meanwhile: workers take turns there, so that the chain never forks.
    """
    last = session.scalar(select(AuditSeal).order_by(AuditSeal.id.desc()).limit(1))
    query = (
        select(AuditEntry)
        .where(AuditEntry.id > (last.last_id if last else 0), AuditEntry.at_utc < now - SEAL_AFTER)
        .order_by(AuditEntry.id)
        .limit(batch)
    )
    rows = session.scalars(query).all()
    if not rows:
        return 0
    before, previous = (last.id, last.digest) if last else (None, "0" * 64)
    made = {"first_id": rows[0].id, "last_id": rows[-1].id, "sealed_utc": now}
    sealed = AuditSeal(**made, previous=previous, digest=chain(previous, rows))
    with writing(session):
        _take_turn(session)
        if session.scalar(select(func.max(AuditSeal.id))) != before:
            return 0
        session.add(sealed)
    return len(rows)


def _take_turn(session: Session) -> None:
    """Wait until nobody else seals, for the rest of the transaction.

    A row to lock there is none before the first seal; SQLite has one writer anyhow.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_SEALING)))


def chain(previous: str, rows: Sequence[AuditEntry]) -> str:
    """Return SHA-256 over the previous digest and every field of ``rows``, in hexadecimal."""
    digest = hashlib.sha256(previous.encode())
    for row in rows:
        fields = [row.id, row.at_utc.isoformat(), row.actor_id, row.action, row.subject_kind, row.subject_id]
        digest.update(json.dumps([*fields, row.result, row.detail], sort_keys=True, ensure_ascii=True).encode())
    return digest.hexdigest()
