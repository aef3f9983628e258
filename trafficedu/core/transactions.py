"""What a transaction is for is declared: a session reads unless it says that it writes.

The database itself refuses a change in a transaction that reads, so whoever forgets to declare learns it from the first
test (docs/adr/0006-transactions.md). Must not know the web or any feature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from trafficedu.core import connections

Result = TypeVar("Result")

_WRITING = "writing"
WRITES: Mapping[str, Any] = {_WRITING: True}
"""The ``info`` of a session that writes from its beginning to its end."""


def prepare_sessions(maker: sessionmaker[Session]) -> None:
    """Have every session of ``maker`` declare to the database what each of its transactions is for."""

    @event.listens_for(maker, "after_begin")
    def _declare(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
        if not connection.in_nested_transaction():
            connections.declare(connection, writes=is_writing(session))


def is_writing(session: Session) -> bool:
    """Tell whether what ``session`` begins next, or has begun, may change something."""
    return bool(session.info.get(_WRITING))


@contextmanager
def writing(session: Session) -> Iterator[Session]:
    """Change something: within, ``session`` writes; commits at the end, undoes everything where something is raised.

    A session reads unless it says otherwise. The reading transaction is given up here and one that writes begins with
    the first statement; what was loaded before is read again when it is next looked at. Within a block that writes
    already this one is part of it, and its end commits both.
    """
    outer = is_writing(session)
    if not outer:
        _give_up_reading(session)
    session.info[_WRITING] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info[_WRITING] = outer


def written(act: Callable[[Session, datetime], Result]) -> Callable[[Session, datetime], Result]:
    """Return ``act`` as a whole that changes something, such as a chore that does nothing else."""

    @wraps(act)
    def whole(session: Session, now: datetime) -> Result:
        with writing(session):
            return act(session, now)

    return whole


def _give_up_reading(session: Session) -> None:
    """End the reading transaction; what was changed before the intention was declared would be lost with it."""
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changed before it was declared that something is written: see core.transactions.writing")
    session.rollback()
