"""A private copy of an SQLite database: whatever is tried there is seen by nobody and keeps nobody waiting.

SQLite has one writer. Work that has to write in order to find out what it would write takes a copy, which reads the
database without locking it, writes there, and throws it away. Must not know any feature.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

from trafficedu.core import connections, transactions
from trafficedu.core.errors import Refusal
from trafficedu.core.sealed import forget_files
from trafficedu.core.services import services_of
from trafficedu.core.text import message

CACHE_KIB = 64_000
MB = 1_000_000
ROOM_TO_GROW = 300 * MB
"""Kept free for what a file adds, to the copy and to the database itself."""
PREFIX = ".copy-"
LEFT_SECONDS = 3600
"""A copy that still has its name and was not written to for so long belongs to a process that was killed."""


def is_single_writer(session: Session) -> bool:
    """Tell whether the database of ``session`` is a file of SQLite, whose one writer everybody waits for."""
    return connections.is_file(session.get_bind().engine.url)


@contextmanager
def private_copy(session: Session) -> Iterator[Session]:
    """Yield a session that writes, on a copy of what is committed by now.

    The file has no name while it is used: it is gone at the end, or with the process. It takes as much room in the
    instance folder as the database, and what is written there.

    Raises
    ------
    Refusal
        There is not room enough; says how much is needed and how much there is.
    """
    services = services_of(session)
    forget_files(services.settings.instance.glob(f"{PREFIX}*"), time.time() - LEFT_SECONDS)
    database = session.get_bind().engine.url.database or ""
    _require_room(database, services.settings.instance)
    descriptor, path = tempfile.mkstemp(dir=services.settings.instance, prefix=PREFIX)
    os.close(descriptor)
    try:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)
        engine = create_engine(f"sqlite:///{path}", poolclass=StaticPool)
        connections.prepare_engine(engine)
        event.listen(engine, "connect", _careless)
        engine.connect().close()
    finally:
        os.unlink(path)
    maker = sessionmaker(engine, info={**services.as_info(), **transactions.WRITES})
    transactions.prepare_sessions(maker)
    try:
        with maker() as own:
            yield own
    finally:
        engine.dispose()


def _require_room(database: str, folder: Path) -> None:
    """Raise Refusal unless ``folder`` has room for a copy of ``database`` that grows, and the database for growing."""
    with closing(sqlite3.connect(database)) as source:
        pages, size = (source.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    needed, free = pages * size + ROOM_TO_GROW, shutil.disk_usage(folder).free
    if free < needed:
        raise Refusal(
            message(
                "A long file is first tried on a copy of the database. That needs %(needed)s MB of free disk space, "
                "and there are %(free)s MB. Free some space and try again.",
                needed=f"{-(-needed // MB):,}",
                free=f"{free // MB:,}",
            ),
            field="file",
        )


def _careless(connection: sqlite3.Connection, _record: object) -> None:
    """Write without waiting for the disk: nothing of it is kept."""
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
