"""Districts of ten thousand, a million and ten million violations, kept on the disk for the benchmarks.

    .venv/bin/python -m tests.benchmarks.districts --database postgresql --violations 1000000
    .venv/bin/python -m tests.benchmarks.districts --database sqlite --violations 1000000

The smallest is the demo of 66 months; the others are copies of it, made inside the database (``growing``), with the
figures of their months settled. A database that is there already is migrated to the newest schema, settled and used
again. Each step and its seconds are printed. ``--data`` names the folder (default ``bench-data``; a million take
3.0 GB on PostgreSQL and 2.4 GB on SQLite, ten million ten times as much).
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import URL, make_url, text
from sqlalchemy.orm import Session

from tests import databases
from tests.benchmarks.growing import grow
from tests.conftest import load_reference
from trafficedu.app import create_app
from trafficedu.core import schema
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.database import close_connections, database
from trafficedu.core.month import Month
from trafficedu.core.settings import load_settings
from trafficedu.core.transactions import WRITES
from trafficedu.demo.plan import Plan
from trafficedu.demo.services import load_demo
from trafficedu.evaluation.services.runs import evaluate, publish_run
from trafficedu.figures import FIGURES
from trafficedu.settled.services import settle_due

SMALL, MONTHS = 10_000, 66
DATA = Path("bench-data")
QUICK = [
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"),
    *("max_wal_size=8GB", "maintenance_work_mem=512MB", "work_mem=64MB"),
]
"""While a database is built: nothing is lost that could not be built again."""


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - a benchmark


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how many seconds something took."""
    began = time.perf_counter()
    yield
    say(f"{what}: {time.perf_counter() - began:.1f} s")


@contextmanager
def postgres_cluster(folder: Path, *options: str) -> Iterator[URL]:
    """Run a PostgreSQL server whose data stays in ``folder``, as durable as in production unless told otherwise."""
    data, who = folder / "postgresql", databases.as_nobody()
    quiet: dict[str, Any] = {"cwd": "/", "env": {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}, **who}
    if not data.exists():
        data.mkdir(parents=True, mode=0o700)
        if who:
            shutil.chown(data, who["user"], who["group"])
        initdb: list[str | Path] = [
            databases.BINARIES / "initdb",
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
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **quiet)
    port, postgres = databases.free_port(), databases.BINARIES / "postgres"
    given = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300", "shared_buffers=512MB"]
    command: list[str | Path] = [postgres, "-D", data, "-p", str(port), *(f"-c{one}" for one in [*given, *options])]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **quiet)
    url = URL.create("postgresql+psycopg", "postgres", host="127.0.0.1", port=port, database="postgres")
    try:
        databases.wait_for(url)
        yield url
    finally:
        server.send_signal(signal.SIGINT)  # "fast": writes what is in memory
        server.wait(300)


def name_of(violations: int) -> str:
    """Return the name of the database of a district."""
    return f"district_{violations}"


def environment(folder: Path, url: str) -> dict[str, str]:
    """Return the environment of the program on a district: all of them share their keys, as copies of one."""
    return {"TRAFFICEDU_INSTANCE": str(folder / "instance"), "TRAFFICEDU_DATABASE_URL": url}


def ready(folder: Path, server: URL | None, violations: int) -> str:
    """Return the address of a district, built if it is not there, migrated and settled; ``server`` None for SQLite."""
    folder.mkdir(parents=True, exist_ok=True)
    name = name_of(violations)
    if server is None:
        path = folder / f"{name}.sqlite"
        there, url = path.exists(), f"sqlite:///{path.absolute()}"
    else:
        there, url = _exists(server, name), server.set(database=name).render_as_string(hide_password=False)
    if there:
        _renew(folder, url, name)
        return url
    unfinished = f"{name}_unfinished"
    if violations <= SMALL:
        made = _empty(folder, server, unfinished)
        with timed(f"{name}: demo of {SMALL} violations in {MONTHS} months"):
            _invent(folder, made)
    else:
        ready(folder, server, SMALL)
        made = copy_of(folder, server, name_of(SMALL), unfinished)
        with timed(f"{name}: copied"):
            _enlarge(folder, made, violations)
    _renew(folder, made, name)
    _rename(folder, server, unfinished, name)
    return url


@contextmanager
def _opened(folder: Path, url: str) -> Iterator[Flask]:
    """Yield the application on a district, within its context; its connections are closed at the end."""
    app = create_app(load_settings(environment(folder, url)), {"WTF_CSRF_ENABLED": False})
    with app.app_context():
        try:
            yield app
        finally:
            close_connections()


def _invent(folder: Path, url: str) -> None:
    with _opened(folder, url) as app:
        load_reference(app)
    with _opened(folder, url), database().sessionmaker(info=WRITES) as session:
        now = utc_now()
        load_demo(session, Plan(SMALL, MONTHS), now)
        session.commit()
        for back in (3, 2, 1):
            publish_run(session, evaluate(session, Month.of(local_date(now)) - back, now), SYSTEM, now)
        session.commit()


def _enlarge(folder: Path, url: str, violations: int) -> None:
    with _opened(folder, url), database().sessionmaker(info=WRITES) as session:
        session.execute(text("DELETE FROM settled_sum"))
        session.execute(text("DELETE FROM settled_month"))
        session.execute(text("DELETE FROM late_change"))
        session.commit()
        last = time.perf_counter()

        def note(line: str) -> None:
            nonlocal last
            now = time.perf_counter()
            say(f"    {now - last:7.1f} s  {line}")
            last = now

        grow(session, violations, unchecked=True, say=note)


def _renew(folder: Path, url: str, name: str) -> None:
    """Bring a district to the newest schema, settle its figures, and let the database look at its tables."""
    with _opened(folder, url):
        engine = database().engine
        with engine.connect() as connection:
            before = schema.current(connection)
        if before != schema.head():
            with timed(f"{name}: migrated from {before} to {schema.head()}"):
                schema.upgrade(engine)
        with database().sessionmaker() as session, timed(f"{name}: months settled"):
            while settle_due(session, utc_now(), FIGURES):
                pass
        with timed(f"{name}: analyzed"), database().sessionmaker(info=WRITES) as session:
            _look_at_tables(session)


def _look_at_tables(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("ANALYZE"))
        session.commit()
        return
    url = session.get_bind().engine.url
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")  # as autovacuum does in a district's first night


def _exists(server: URL, name: str) -> bool:
    with psycopg.connect(_plain(server)) as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None


def _plain(server: URL) -> str:
    return server.set(drivername="postgresql").render_as_string(hide_password=False)


def _empty(folder: Path, server: URL | None, name: str) -> str:
    return copy_of(folder, server, "", name)


def copy_of(folder: Path, server: URL | None, source: str, name: str) -> str:
    """Make a database, as a copy of another or empty; one left from a run that broke off is made anew."""
    if server is None:
        path = folder / f"{name}.sqlite"
        drop(folder, server, name)
        if source:
            shutil.copy(folder / f"{source}.sqlite", path)
        return f"sqlite:///{path.absolute()}"
    drop(folder, server, name)
    with psycopg.connect(_plain(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {source or 'template1'}".encode())
    return server.set(database=name).render_as_string(hide_password=False)


def drop(folder: Path, server: URL | None, name: str) -> None:
    """Throw a database away."""
    if server is None:
        for file in folder.glob(f"{name}.sqlite*"):
            file.unlink()
        return
    with psycopg.connect(_plain(server), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def _rename(folder: Path, server: URL | None, name: str, to: str) -> None:
    if server is None:
        (folder / f"{name}.sqlite").rename(folder / f"{to}.sqlite")
        return
    with psycopg.connect(_plain(server), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        connection.execute(f"ALTER DATABASE {name} RENAME TO {to}".encode())


@contextmanager
def server_of(kind: str, folder: Path, *options: str) -> Iterator[URL | None]:
    """Run the PostgreSQL server of the districts; None where they are files. Whoever is told to stop stops it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if kind == "sqlite":
        yield None
        return
    with postgres_cluster(folder, *options) as url:
        yield make_url(url)


def main() -> None:
    """Build, or renew, the districts named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--violations", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    with server_of(options.database, options.data, *QUICK) as server:
        for violations in sorted({SMALL, *options.violations}):
            ready(options.data, server, violations)


if __name__ == "__main__":
    main()
