"""What a transaction is for is declared: a session reads unless it says that it writes.

The database itself refuses a change in a transaction that reads, so whoever forgets to declare learns it from the first
test (docs/adr/0006-transactions.md). Must not know the web or any feature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from trafficedu.core import connections

Result = TypeVar("Result")

_WRITING, _CHECKS, _REFUSED = "writing", "checks", "refused"
WRITES: Mapping[str, Any] = {_WRITING: True}
"""The ``info`` of a session that writes from its beginning to its end."""


READER = "reader"
"""In the ``info`` of a session: the engine whose connections only read, where reading has connections of its own."""
_REPLICA, _FROM_REPLICA = "replica", "from replica"


class RoutedSession(Session):
    """A session that writes to the one database, and may read by other connections, or from one that follows it."""

    def get_bind(self, mapper: Any = None, **given: Any) -> Engine | Connection:
        """Return the replica while it was chosen and nothing is written, then the reader, then the database itself."""
        if not is_writing(self):
            reads = self.info.get(_REPLICA if self.info.get(_FROM_REPLICA) else READER)
            if reads is not None:
                return cast(Engine, reads)
        return super().get_bind(mapper, **given)


def read_from_replica(session: Session) -> None:
    """Read from the replica from here on, where the installation has one: what it knows may be some seconds old.

    For what nobody enters and reads at once: figures, evaluations, papers, files. What is written goes to the database
    itself, and so does the look at who is asking, which comes before.
    """
    if session.info.get(_REPLICA) is not None and not session.info.get(_FROM_REPLICA):
        _give_up_reading(session)
        session.info[_FROM_REPLICA] = True


def read_what_was_written(session: Session) -> None:
    """Read from the database itself again: what was written a moment ago the replica may not know yet."""
    if session.info.pop(_FROM_REPLICA, False):
        _give_up_reading(session)


def prepare_sessions(maker: sessionmaker[Session], reader: Engine | None = None, replica: Engine | None = None) -> None:
    """Have every session of ``maker`` declare to the database what each of its transactions is for.

    ``reader`` is what transactions use that read; ``replica`` is what :func:`read_from_replica` chooses.
    """
    maker.configure(info={**maker.kw["info"], READER: reader, _REPLICA: replica})

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
        if (refusal := session.info.get(_REFUSED)) is not None:
            raise refusal
        _give_up_reading(session)
    session.info[_WRITING] = True
    try:
        for check in session.info.pop(_CHECKS, ()):
            check()
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info[_WRITING] = outer


def at_beginning(session: Session, check: Callable[[], None]) -> None:
    """Have ``check`` called once the next change has begun, before anything is changed; what it raises undoes it."""
    session.info.setdefault(_CHECKS, []).append(check)


def refuse_writing(session: Session, error: Exception) -> None:
    """Let ``session`` read only from here on: whoever begins to write with it raises ``error``."""
    session.info[_REFUSED] = error


def written(act: Callable[[Session, datetime], Result]) -> Callable[[Session, datetime], Result]:
    """Return ``act`` as a whole that changes something, such as a chore that does nothing else."""

    @wraps(act)
    def whole(session: Session, now: datetime) -> Result:
        with writing(session):
            return act(session, now)

    return whole


PART, MOST = 50, 500
"""How much a chore does in one transaction, and in one round."""


def written_in_parts(act: Callable[[Session, datetime, int], int]) -> Callable[[Session, datetime], int]:
    """Return ``act``, which does some of what there is to do and returns how much, as a chore of short transactions.

    Between two of them others write. It ends when nothing was left, or after :data:`MOST`.
    """

    @wraps(act)
    def whole(session: Session, now: datetime) -> int:
        count = 0
        while count < MOST:
            with writing(session):
                done = act(session, now, PART)
            if not done:
                break
            count += done
        return count

    return whole


def _give_up_reading(session: Session) -> None:
    """End the reading transaction; what was changed before the intention was declared would be lost with it."""
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changed before it was declared that something is written: see core.transactions.writing")
    session.rollback()
