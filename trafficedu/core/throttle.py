"""Counting failed attempts so that guessing becomes slow, on the database so that every process counts together.

Used for sign-in and for the rider's receipt. A key names what is protected, never in clear: it is hashed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Insert, String, bindparam, delete, insert, select, text, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from trafficedu.core.orm import Base, UTCDateTime
from trafficedu.core.tables import table_of


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


_ROWS = table_of(Attempts)


def _counting() -> Insert:
    """Return ``INSERT ... ON CONFLICT``: in words, for SQLAlchemy compiles its own clause anew each time.

    SQLite needs the WHERE to tell this ``ON`` from that of a join.
    """
    names = ("key", "failures", "window_ends_utc")
    values = select(*(bindparam(name, type_=_ROWS.c[name].type) for name in names)).where(true())
    again = text(
        "ON CONFLICT (key) DO UPDATE SET"
        " failures = CASE WHEN attempts.window_ends_utc <= :now THEN 1 ELSE attempts.failures + 1 END,"
        " window_ends_utc = CASE WHEN attempts.window_ends_utc <= :now THEN excluded.window_ends_utc"
        " ELSE attempts.window_ends_utc END"
    ).bindparams(bindparam("now", type_=_ROWS.c.window_ends_utc.type))
    return (
        insert(_ROWS)
        .from_select([_ROWS.c[name] for name in names], values.suffix_with(again))
        .returning(_ROWS.c.failures, _ROWS.c.window_ends_utc)
    )


_COUNT = _counting()


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


Limits = Sequence[tuple[str, Limit]]
"""Keys that one attempt counts under; counting locks them in their order, the same for all, or two wait in a ring."""


def locked_until(session: Session, limits: Limits, now: datetime) -> datetime | None:
    """Return the end of a lock on one of the keys, or None when another attempt is allowed."""
    most = {_hashed(key): limit.failures for key, limit in limits}
    rows = session.execute(
        select(_ROWS.c.key, _ROWS.c.failures, _ROWS.c.window_ends_utc).where(_ROWS.c.key.in_(most))
    ).all()
    ends = (row.window_ends_utc for row in rows if row.window_ends_utc > now and row.failures >= most[row.key])
    return max(ends, default=None)


def count(session: Session, limits: Limits, now: datetime) -> datetime | None:
    """Count one attempt under every key as failed; return the end of the lock where it is one too many, else None.

    The window begins with the first. Until the transaction ends nobody else counts under these keys: whoever counts
    before looking whether an attempt is right, and forgets the keys where it was, tells no more of many at once than of
    one after the other. :func:`locked_until` alone cannot: it does not see what others have not committed yet.
    """
    locked: list[datetime] = []
    for key, limit in limits:
        given = {"key": _hashed(key), "failures": 1, "window_ends_utc": now + limit.window, "now": now}
        failures, ends = session.execute(_COUNT, given).one()
        if failures > limit.failures:
            locked.append(ends)
    return max(locked, default=None)


def forget(session: Session, limits: Limits) -> None:
    """Clear the keys after a success."""
    session.execute(delete(_ROWS).where(_ROWS.c.key.in_([_hashed(key) for key, _ in limits])))


def forget_expired(session: Session, now: datetime) -> int:
    """Delete the windows that are over; returns how many. The worker's chore.

    It leaves out what somebody is counting under right now, who may be about to count under another key that it holds.
    """
    over = select(Attempts.key).where(Attempts.window_ends_utc <= now).with_for_update(skip_locked=True)
    gone = session.scalars(delete(Attempts).where(Attempts.key.in_(over)).returning(Attempts.key))
    return len(gone.all())
