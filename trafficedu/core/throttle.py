"""Counting failed attempts so that guessing becomes slow, on the database so that every process counts together.

Used for sign-in and for the rider's receipt. A key names what is protected, never in clear: it is hashed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from trafficedu.core.orm import Base, UTCDateTime


class Attempts(Base):
    """Failed attempts under one key within its present window."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    window_ends_utc: Mapped[datetime] = mapped_column(UTCDateTime)


@dataclass(frozen=True)
class Limit:
    """At most ``failures`` within ``window``; then nothing is tried until the window is over."""

    failures: int
    window: timedelta


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def locked_until(session: Session, key: str, limit: Limit, now: datetime) -> datetime | None:
    """Return the end of the lock on ``key``, or None when another attempt is allowed."""
    row = session.execute(
        select(Attempts.failures, Attempts.window_ends_utc).where(Attempts.key == _hashed(key))
    ).one_or_none()
    if row is None or row.window_ends_utc <= now or row.failures < limit.failures:
        return None
    ends: datetime = row.window_ends_utc
    return ends


def count(session: Session, key: str, limit: Limit, now: datetime) -> datetime | None:
    """Count one attempt under ``key`` as failed; return the end of the lock where it is one too many, else None.

    The window begins with the first. Until the transaction ends nobody else counts under this key: whoever counts
    before looking whether an attempt is right, and forgets the key where it was, tells no more of many at once than of
    one after the other. :func:`locked_until` alone cannot: it does not see what others have not committed yet.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    ends, over = now + limit.window, Attempts.window_ends_utc <= now
    failures, window_ends_utc = session.execute(
        insert(Attempts)
        .values(key=_hashed(key), failures=1, window_ends_utc=ends)
        .on_conflict_do_update(
            index_elements=[Attempts.key],
            set_={
                "failures": case((over, 1), else_=Attempts.failures + 1),
                "window_ends_utc": case((over, ends), else_=Attempts.window_ends_utc),
            },
        )
        .returning(Attempts.failures, Attempts.window_ends_utc)
    ).one()
    return window_ends_utc if failures > limit.failures else None


def forget(session: Session, key: str) -> None:
    """Clear ``key`` after a success."""
    session.execute(delete(Attempts).where(Attempts.key == _hashed(key)))


def forget_expired(session: Session, now: datetime) -> int:
    """Delete the windows that are over; returns how many. The worker's chore.

    It leaves out what somebody is counting under right now, who may be about to count under another key that it holds.
    """
    over = select(Attempts.key).where(Attempts.window_ends_utc <= now).with_for_update(skip_locked=True)
    gone = session.scalars(delete(Attempts).where(Attempts.key.in_(over)).returning(Attempts.key))
    return len(gone.all())
