"""A session reads unless it says that it writes, and the database holds it to that."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from trafficedu.configuration.models import Parameter, Run
from trafficedu.core import connections
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.month import Month
from trafficedu.core.tables import insert_row
from trafficedu.core.transactions import WRITES, is_writing, writing, written, written_in_parts
from trafficedu.transfers.services.exporting import Export, TableOut, export_file, note_export
from trafficedu.wiring.files import EXPORTERS

REFUSED = "read-only|readonly"
COUNTED = select(func.count()).select_from(Run)


@contextmanager
def opened(app: Flask, **options: Any) -> Iterator[Session]:
    with app.app_context(), database().sessionmaker(**options) as session:
        yield session


def record(session: Session) -> None:
    insert_row(session, Run, kind="test", started_utc=utc_now())


def test_a_change_that_was_not_declared_is_refused_by_the_database(fresh_app: Flask) -> None:
    with opened(fresh_app) as session:
        with pytest.raises(DBAPIError, match=REFUSED):
            record(session)
        session.rollback()
        with writing(session):
            record(session)
        assert session.scalar(COUNTED) == 1
        with pytest.raises(DBAPIError, match=REFUSED):
            record(session)


def test_it_is_refused_within_a_test_s_transaction_too(app: Flask, session: Session) -> None:
    with opened(app) as other:
        with pytest.raises(DBAPIError, match=REFUSED):
            record(other)
        other.rollback()
        with writing(other):
            record(other)
    record(session)
    assert session.scalar(COUNTED) == 2


def test_a_connection_that_read_may_write_without_a_session(fresh_app: Flask) -> None:
    with opened(fresh_app) as session:
        session.scalar(COUNTED)
        engine = database().engine
    with engine.execution_options(**{connections.WRITES: True}).begin() as connection:
        connection.execute(text("DELETE FROM attempts"))


def test_what_was_loaded_is_read_anew_before_it_is_changed(fresh_app: Flask) -> None:
    with opened(fresh_app) as session, opened(fresh_app, info=WRITES) as other:
        figure = session.scalars(select(Parameter).order_by(Parameter.id).limit(1)).one()
        other.get_one(Parameter, figure.id).value = figure.maximum
        other.commit()
        with writing(session):
            assert figure.value == figure.maximum


def test_what_was_changed_before_it_was_declared_is_not_lost_in_silence(fresh_app: Flask) -> None:
    with opened(fresh_app) as session:
        figure = session.scalars(select(Parameter).limit(1)).one()
        figure.value += 1
        with pytest.raises(RuntimeError, match="declared"), writing(session):
            pass


def test_whatever_is_raised_undoes_the_change_and_the_session_reads_again(fresh_app: Flask) -> None:
    def fail(session: Session, _now: datetime) -> None:
        record(session)
        raise KeyError

    with opened(fresh_app) as session:
        with pytest.raises(KeyError):
            written(fail)(session, utc_now())
        assert not is_writing(session)
        assert session.scalar(COUNTED) == 0


def test_a_block_within_another_is_part_of_it(fresh_app: Flask) -> None:
    with opened(fresh_app) as session, writing(session):
        record(session)
        with writing(session):
            record(session)
        assert is_writing(session)
        record(session)
    with opened(fresh_app) as session:
        assert session.scalar(COUNTED) == 3


def test_who_waited_too_long_for_its_turn_can_only_read(
    fresh_app: Flask, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_kind != "sqlite":
        pytest.skip("only SQLite has one writer")
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.1)
    with opened(fresh_app, info=WRITES) as first, opened(fresh_app, info=WRITES) as second:
        record(first)
        with pytest.raises(OperationalError, match="locked"):
            record(second)
        with pytest.raises(DBAPIError, match=REFUSED):
            second.connection().execute(text("DELETE FROM run"))


def test_an_export_that_reads_for_long_keeps_nobody_from_recording(
    fresh_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.5)
    begun, go_on, failures = threading.Event(), threading.Event(), list[Exception]()
    exporter = EXPORTERS["areas"]

    def slowly(
        session: Session, by: Actor, now: datetime, month: Month | None, clear: bool
    ) -> Iterator[Mapping[str, Any]]:
        for row in exporter.rows(session, by, now, month, clear):
            begun.set()
            go_on.wait(10)
            yield row

    def export() -> None:
        try:
            with opened(fresh_app) as session:
                slow = replace(exporter, rows=slowly)
                wanted = Export("areas")
                count = export_file(TableOut(session, slow, wanted, SYSTEM, utc_now()), tmp_path / "areas.csv")
                with writing(session):
                    note_export(session, wanted, SYSTEM, count)
        except Exception as error:
            failures.append(error)
        finally:
            begun.set()

    exporting = threading.Thread(target=export)
    exporting.start()
    assert begun.wait(10)
    with opened(fresh_app) as session, writing(session):
        record(session)
    go_on.set()
    exporting.join()
    assert failures == []
    with opened(fresh_app) as session:
        left = session.scalars(select(AuditEntry).where(AuditEntry.action == "areas:file:export")).one()
        assert left.detail["rows"] == session.scalar(text("SELECT count(*) FROM area"))


def test_who_reads_and_who_writes_have_connections_of_their_own_in_a_file(
    fresh_app: Flask, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite forgets what a connection has prepared whenever it is told that the connection may write, or may not."""
    if database_kind != "sqlite":
        pytest.skip("PostgreSQL is told with the beginning of a transaction")
    told, plainly = list[bool](), connections.TakingTurns.keep_from_writing

    def keep(connection: connections.TakingTurns, kept: bool) -> None:
        if kept != connection.kept_from_writing:
            told.append(kept)
        plainly(connection, kept)

    monkeypatch.setattr(connections.TakingTurns, "keep_from_writing", keep)
    with opened(fresh_app) as session:
        for number in range(3):
            assert session.scalar(COUNTED) == number
            with writing(session):
                record(session)
        assert session.scalar(COUNTED) == 3
    assert told == [True]


def test_a_chore_in_parts_lets_others_write_between_them(fresh_app: Flask) -> None:
    left, moments = 120, list[int]()

    def some(session: Session, _now: datetime, limit: int) -> int:
        nonlocal left
        record(session)
        with opened(fresh_app) as other:
            moments.append(other.scalar(COUNTED) or 0)
        done = min(limit, left)
        left -= done
        return done

    with opened(fresh_app) as session:
        assert written_in_parts(some)(session, utc_now()) == 120
    assert moments == [0, 1, 2, 3], "each part was committed before the next one began"
