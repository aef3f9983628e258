"""Who may write when, on SQLite: threads of a process in turn, and beside a program that knows nothing of turns."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from trafficedu.core import connections

RECORD = text("INSERT INTO counted (body) VALUES ('x')")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with one table."""
    path = tmp_path / "turns.sqlite"
    with sqlite3.connect(path) as plain:
        plain.execute("CREATE TABLE counted (id integer PRIMARY KEY, body text)")
    plain.close()
    return path


@pytest.fixture
def engine(file: Path) -> Engine:
    """An engine set up as the application's, which was connected before; its connections write."""
    engine = create_engine(f"sqlite:///{file}", pool_size=8)
    connections.prepare_engine(engine)
    engine.connect().close()
    return engine.execution_options(**{connections.WRITES: True})


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever waits give up soon."""
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.2)


def counted(file: Path) -> int:
    with sqlite3.connect(file) as plain:
        found: int = plain.execute("SELECT count(*) FROM counted").fetchone()[0]
    plain.close()
    return found


def test_many_threads_write_one_after_the_other(engine: Engine, file: Path) -> None:
    broken: list[Exception] = []

    def write() -> None:
        try:
            for _ in range(25):
                with engine.begin() as connection:
                    before = connection.scalar(text("SELECT count(*) FROM counted"))
                    connection.execute(RECORD)
                    assert connection.scalar(text("SELECT count(*) FROM counted")) == before + 1
        except Exception as error:
            broken.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken
    assert counted(file) == 200


@pytest.mark.parametrize("ending", ["commit", "rollback", "close"])
def test_every_ending_lets_the_next_one_write(engine: Engine, file: Path, ending: str) -> None:
    first = engine.connect()
    first.execute(RECORD)
    getattr(first, ending)()
    with engine.begin() as second:
        second.execute(RECORD)
    first.close()
    assert counted(file) == (2 if ending == "commit" else 1)


def test_a_connection_lost_while_writing_gives_its_turn_back(engine: Engine, file: Path) -> None:
    first = engine.connect()
    first.execute(RECORD)
    first.invalidate()
    first.close()
    with engine.begin() as second:
        second.execute(RECORD)
    assert counted(file) == 1


@pytest.mark.usefixtures("impatient")
def test_who_waited_too_long_is_told_in_sqlalchemy_s_words_and_may_try_again(engine: Engine, file: Path) -> None:
    with engine.connect() as first, engine.connect() as second:
        first.execute(RECORD)
        with pytest.raises(OperationalError, match="locked"):
            second.execute(RECORD)
        first.commit()
        second.rollback()
        second.execute(RECORD)
        second.commit()
    assert counted(file) == 2


@pytest.fixture
def other(file: Path) -> Iterator[sqlite3.Connection]:
    """Another program that is writing."""
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def test_another_program_is_waited_for(engine: Engine, file: Path, other: sqlite3.Connection) -> None:
    let_go = threading.Timer(0.05, other.rollback)
    let_go.start()
    with engine.begin() as one:
        one.execute(RECORD)
    let_go.join()
    assert counted(file) == 1


@pytest.mark.usefixtures("impatient")
def test_another_program_is_not_waited_for_without_end(engine: Engine, other: sqlite3.Connection) -> None:
    with engine.connect() as one:
        with pytest.raises(OperationalError, match="locked"):
            one.execute(RECORD)
        one.rollback()
        other.rollback()
        one.execute(RECORD)
        one.rollback()


def test_every_way_of_being_busy_is_waited_for(engine: Engine, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ways, plainly = [sqlite3.SQLITE_BUSY_RECOVERY, sqlite3.SQLITE_BUSY_SNAPSHOT], connections.TakingTurns.execute

    def execute(connection: connections.TakingTurns, words: str) -> sqlite3.Cursor:
        if words == "BEGIN IMMEDIATE" and ways:
            busy = sqlite3.OperationalError("database is locked")
            busy.sqlite_errorcode = ways.pop()
            raise busy
        return plainly(connection, words)

    monkeypatch.setattr(connections.TakingTurns, "execute", execute)
    with engine.begin() as one:
        one.execute(RECORD)
    assert counted(file) == 1
    assert ways == []


def test_reading_waits_for_nobody(engine: Engine, file: Path) -> None:
    with engine.connect() as writer:
        writer.execute(RECORD)
        with engine.execution_options(**{connections.WRITES: False}).connect() as reader:
            assert reader.scalar(text("SELECT count(*) FROM counted")) == 0
        writer.commit()
    assert counted(file) == 1
