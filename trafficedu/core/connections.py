"""How connections to either database are set up, and how a transaction begins on them.

Must not know the web or any feature.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

WRITES = "writes"
"""The execution option of a connection that writes without a session, such as a migration's."""

LIMIT: ContextVar[int] = ContextVar("limit", default=0)
"""How many seconds one statement may take in what is served now; 0 for jobs and commands: as long as it likes."""
STEPS = 2_000_000
"""After how many of its steps, some hundredths of a second, SQLite looks whether a transaction took too long."""
_LIMIT = "limit"

RESTED_SECONDS = 5.0
"""How long a connection to PostgreSQL lay unused before it is asked whether the server is still there."""

PATIENCE_SECONDS = 20.0
"""How long a transaction on SQLite waits for the one that writes."""
PAUSE_SECONDS = 0.000_3
"""Between two tries for the write lock while another process has it: a tenth of the time a record holds it."""
_KIND_OF_ERROR = 0xFF
"""SQLite is "busy" in several ways, such as "while another connection opens its log"; the low byte is common to all."""
_WAIT = f"PRAGMA busy_timeout = {PATIENCE_SECONDS * 1000:.0f}"


def prepare_engine(engine: Engine, usual_limit: int = 0, *, reader: bool = False) -> None:
    """Set up every connection that ``engine`` opens; call it once, before the first.

    Parameters
    ----------
    reader
        SQLite refuses every change on these connections, for as long as they are open.
    usual_limit
        The :data:`LIMIT` of most requests: PostgreSQL is told of it once a connection, and of others in each
        transaction.
    """
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, reader)
    else:
        _let_transactions_declare(engine)
        _ask_after_a_rest(engine)
        _plan_by_indexes(engine)
        _limit_from_the_beginning(engine, usual_limit)


def is_file(url: URL) -> bool:
    """Tell whether a database is a file of SQLite."""
    return url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}


def is_in_use(address: str) -> bool:
    """Tell whether the database at ``address`` has been migrated by this program, ever; opens it by itself."""
    url = make_url(address)
    if is_file(url) and not Path(url.database or "").is_file():
        return False
    engine = create_engine(url, **without_kerberos(address))
    try:
        with engine.connect() as connection:
            return inspect(connection).has_table("alembic_version")
    finally:
        engine.dispose()


def without_kerberos(url: str) -> dict[str, Any]:
    """Return what keeps the driver from Kerberos unless ``url`` asks for it.

    Every connection would try it first, in libraries in which several threads that connect at once crash
    (docs/adr/0025-a-crash-below-python.md).
    """
    if not url.startswith("postgresql") or "gssencmode" in url or "PGGSSENCMODE" in os.environ:
        return {}
    return {"connect_args": {"gssencmode": "disable"}}


def declare(connection: Connection, *, writes: bool) -> None:
    """Say of the transaction that has just begun whether it writes; the database refuses a change in one that reads.

    Nothing was asked in it yet: on PostgreSQL its ``BEGIN`` goes out with the first statement, and on SQLite it holds
    no lock before that.
    """
    raw: Any = connection.connection.dbapi_connection
    limit = LIMIT.get()
    if connection.dialect.name != "sqlite":
        if not writes:
            raw.begin_reading()
        if limit != connection.info.get(_LIMIT, 0):
            raw.execute(f"SET LOCAL statement_timeout = {limit * 1000}")
    elif writes:
        with _in_sqlalchemy_s_words():
            raw.begin_writing_instead()
    else:
        raw.keep_from_writing(True)
        raw.limit(limit)


def took_too_long(error: Exception) -> bool:
    """Tell whether ``error`` says that a statement was stopped at its :data:`LIMIT`."""
    raw = getattr(error, "orig", None)
    return getattr(raw, "sqlstate", "") == "57014" or getattr(raw, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT


def _plan_by_indexes(engine: Engine) -> None:
    """Let PostgreSQL follow an index in its order to the rows that are asked for, few of a table that grows.

    By its own settings it takes a page read by chance for four times as dear as the next one, as on a turning disk, and
    rather reads all rows of an area and sorts them; and it compiles a statement that looks dear, which takes longer
    than most of them run.
    """

    @event.listens_for(engine, "connect")
    def _plan(raw: Any, _record: ConnectionPoolEntry) -> None:
        raw.execute("SET random_page_cost = 1.1")
        raw.execute("SET jit = off")
        raw.commit()


def _limit_from_the_beginning(engine: Engine, seconds: int) -> None:
    """Limit the statements of connections that are opened for a request, not those for jobs and commands."""

    @event.listens_for(engine, "connect")
    def _limit(raw: Any, record: ConnectionPoolEntry) -> None:
        record.info[_LIMIT] = seconds if LIMIT.get() else 0
        if record.info[_LIMIT]:
            raw.execute(f"SET statement_timeout = {seconds * 1000}")
            raw.commit()


def _let_transactions_declare(engine: Engine) -> None:
    from trafficedu.core.declared import DeclaredConnection  # noqa: PLC0415 - loads the driver, which SQLite has no use for

    @event.listens_for(engine, "do_connect")
    def _open(_dialect: Any, _record: Any, given: Any, options: dict[str, Any]) -> Any:
        return DeclaredConnection.connect(*given, **options)


@contextmanager
def _in_sqlalchemy_s_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OperationalError("BEGIN", None, error) from error


def _ask_after_a_rest(engine: Engine) -> None:
    """Ask a connection that rested for a sign of life, as ``pool_pre_ping`` does each time: a round trip less."""

    @event.listens_for(engine, "checkin")
    def _note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("used", time.monotonic()) <= RESTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool opens another one


def _prepare_sqlite(engine: Engine, reader: bool) -> None:
    """Set SQLite up for a server: WAL, foreign keys, waiting for locks, and explicit transactions.

    A transaction that writes takes the write lock at its beginning: one that reads first and writes later fails at
    once when another writer was quicker, whatever the time-out (docs/adr/0006-transactions.md).
    """
    turn = threading.Lock()

    @event.listens_for(engine, "do_connect")
    def _open(_dialect: Any, _record: Any, _given: Any, options: dict[str, Any]) -> None:
        options["factory"] = partial(TakingTurns, turn)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute(_WAIT)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.keep_from_writing(reader)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        raw = cast(TakingTurns, connection.connection.dbapi_connection)
        with _in_sqlalchemy_s_words():
            raw.keep_from_writing(reader)
            raw.limit(0)
            raw.begin_writing() if connection.get_execution_options().get(WRITES) else raw.execute("BEGIN")


class TakingTurns(sqlite3.Connection):
    """A connection whose process lets one of its connections at a time ask SQLite for the write lock.

    SQLite has no queue: whoever is refused sleeps longer and longer, and the lock lies free meanwhile. So the threads
    of a process wait for each other, which wakes the next at once, and the one whose turn it is asks often. Measured:
    docs/benchmarks.md. Other processes need not know of it.
    """

    def __init__(self, turn: threading.Lock, *given: Any, **options: Any) -> None:
        """Open the database; ``turn`` is one lock for all connections of this process to it."""
        self._turn, self._mine, self._ends = turn, False, 0.0
        self.kept_from_writing = False
        super().__init__(*given, **options)

    def keep_from_writing(self, kept: bool) -> None:
        """Let SQLite refuse every change, or none, from here on.

        Each time it forgets what this connection has prepared: three times what a record's statements cost. So those
        who read have connections of their own, where there can be (``core.database``).
        """
        if kept != self.kept_from_writing:
            self.execute(f"PRAGMA query_only = {kept:d}")
            self.kept_from_writing = kept

    def limit(self, seconds: int) -> None:
        """Stop whatever is asked when ``seconds`` from now are over; 0 for never."""
        if seconds or self._ends:
            self._ends = time.monotonic() + seconds if seconds else 0.0
            self.set_progress_handler(self._is_over if seconds else None, STEPS)

    def _is_over(self) -> bool:
        return time.monotonic() > self._ends

    def begin_writing_instead(self) -> None:
        """Give up a transaction in which nothing was asked, and begin one that holds the write lock.

        Where that fails there is a transaction as before, one that reads: nothing may slip through outside of any.
        """
        self.rollback()
        try:
            self.begin_writing()
        except sqlite3.OperationalError:
            self.keep_from_writing(True)
            self.execute("BEGIN")
            raise

    def begin_writing(self) -> None:
        """Begin a transaction that holds the write lock; raise OperationalError when it cannot be had in time."""
        until = time.monotonic() + PATIENCE_SECONDS
        if not self._turn.acquire(timeout=PATIENCE_SECONDS):
            raise sqlite3.OperationalError("database is locked")
        self._mine = True
        try:
            self.execute("PRAGMA busy_timeout = 0")
            self._ask_until(until)
        finally:
            self.execute(_WAIT)
            self._leave()

    def _ask_until(self, until: float) -> None:
        while True:
            try:
                self.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & _KIND_OF_ERROR != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            else:
                return
            time.sleep(PAUSE_SECONDS)

    def commit(self) -> None:
        """Commit, and let the next one write."""
        try:
            super().commit()
        finally:
            self._leave()

    def rollback(self) -> None:
        """Undo, and let the next one write."""
        try:
            super().rollback()
        finally:
            self._leave()

    def close(self) -> None:
        """Close, which undoes what was not committed, and let the next one write."""
        try:
            super().close()
        finally:
            self._leave(ended=True)

    def _leave(self, ended: bool = False) -> None:
        """Give the turn back, unless a transaction is still open: a commit that failed leaves it to be undone."""
        if self._mine and (ended or not self.in_transaction):
            self._mine = False
            self._turn.release()
