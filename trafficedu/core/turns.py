"""Turns: whoever does something of the same name waits for the other's transaction to end. Must not know any feature.

For what no row stands for that could be locked, such as the plate of a record yet to be made. SQLite lets one
transaction write at a time as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def take_turn(session: Session, names: Iterable[str]) -> None:
    """Wait until nobody else has a turn of one of these names; ours ends with the transaction.

    Several are taken in one order, the same for all. It flushes nothing.
    """
    keys = sorted(map(_key, set(names)))
    if keys and session.get_bind().dialect.name == "postgresql":
        session.connection().execute(select(*(func.pg_advisory_xact_lock(key) for key in keys)))


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
