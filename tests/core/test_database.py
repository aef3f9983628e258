from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from tests.factories.feedback import make_notice, make_world
from trafficedu.core import audit, connections, schema
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.declared import PREPARED_AFTER
from trafficedu.core.transactions import WRITES, writing
from trafficedu.feedback.models import Feedback, Notice


def test_migrations_end_where_the_models_are(app: Flask) -> None:
    with app.app_context(), database().engine.connect() as connection:
        assert schema.drift(connection) == []
        assert schema.current(connection) == schema.head()


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses_to_change_the_audit_trail(session: Session, statement: str) -> None:
    audit.write(session, "test:row:write", SYSTEM)
    session.flush()
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(statement))


def _drop(dialect: str, trigger: str) -> str:
    return f"DROP TRIGGER {trigger}" if dialect == "sqlite" else f"DROP FUNCTION {trigger}() CASCADE"


def test_migrations_go_down_and_up_again(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        engine = database().engine
        with engine.connect() as connection:
            triggers = schema.triggers_of(connection)
        schema.downgrade(engine)
        with engine.connect() as connection:
            assert schema.current(connection) is None
            assert schema.triggers_of(connection) == []
        schema.upgrade(engine)
        with engine.connect() as connection:
            assert schema.drift(connection) == []
            assert len(triggers) > 10
            assert schema.triggers_of(connection) == triggers
        with engine.execution_options(**{connections.WRITES: True}).begin() as connection:
            connection.exec_driver_sql(_drop(connection.dialect.name, triggers[0]))
        schema.upgrade(engine)  # an update without a migration
        with engine.connect() as connection:
            assert schema.triggers_of(connection) == triggers
            made = _as_made(connection)
        schema.upgrade(engine)  # nothing to do
        with engine.connect() as connection:
            assert _as_made(connection) == made


def _as_made(connection: Connection) -> object:
    """Return what changes where a trigger is made anew."""
    if connection.dialect.name == "sqlite":
        return connection.scalar(text("PRAGMA schema_version"))
    return connection.scalars(text("SELECT oid FROM pg_trigger ORDER BY oid")).all()


def test_migrations_go_down_and_up_again_with_rows_that_refer_to_each_other(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        engine = database().engine
        with fresh_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
            answered_utc = utc_now()
            world = make_world(session)
            notice = make_notice(session, world.village, company=world.company)
            session.add(Feedback(notice_id=notice.id, measure="criticised", answered_utc=answered_utc))
            notice.answered_utc = answered_utc
            session.commit()
            columns = [notice.id, notice.violation_area_id, notice.counted_area_id]
        schema.downgrade(engine, "0010")
        schema.upgrade(engine)
        kept = select(Notice.id, Notice.violation_area_id, Notice.counted_area_id, Notice.answered_utc)
        with fresh_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
            assert session.execute(kept).all() == [(*columns, answered_utc)]
            session.add(Feedback(notice_id=-1, measure="criticised", answered_utc=answered_utc))
            with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
                session.flush()


def test_a_connection_that_rested_and_broke_is_replaced(
    fresh_app: Flask, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_kind == "sqlite":
        pytest.skip("a file has no server that could go away")
    monkeypatch.setattr(connections, "RESTED_SECONDS", 0.0)
    with fresh_app.app_context():
        engine = database().engine
        backend = text("SELECT pg_backend_pid()")
        with engine.connect() as first, engine.connect() as second:
            both = {first.scalar(backend), second.scalar(backend)}
        with engine.connect() as killer:
            (resting,) = both - {killer.scalar(backend)}
            killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": resting})
        with engine.connect() as first, engine.connect() as second:
            assert [one.scalar(text("SELECT 1")) for one in (first, second)] == [1, 1]


def test_what_reads_is_planned_for_its_values_and_what_writes_is_prepared(fresh_app: Flask, database_kind: str) -> None:
    if database_kind == "sqlite":
        pytest.skip("SQLite plans each statement as it is sent")
    kept = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%area.path%'")
    scope = text("SELECT count(*) FROM area WHERE area.path >= :path")
    with fresh_app.app_context():
        for writes, expected in ((False, 0), (True, 1), (False, 0)):
            with database().sessionmaker(info=WRITES if writes else {}) as session:
                for _ in range(PREPARED_AFTER + 2):
                    session.execute(scope, {"path": "33"})
                assert session.scalar(kept) == expected


def test_postgresql_follows_an_index_rather_than_sort_all_rows_of_an_area(app: Flask, database_kind: str) -> None:
    if database_kind == "sqlite":
        pytest.skip("SQLite knows no such settings")
    with app.app_context(), database().engine.connect() as connection:
        settings = [connection.scalar(text(f"SHOW {name}")) for name in ("random_page_cost", "jit")]
    assert settings == ["1.1", "off"]


def test_what_writes_stays_prepared_whatever_is_read_before_and_after(fresh_app: Flask, database_kind: str) -> None:
    if database_kind == "sqlite":
        pytest.skip("SQLite plans each statement as it is sent")
    kept = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%UPDATE area SET%'")
    change = text("UPDATE area SET name = name WHERE id = :id")
    with fresh_app.app_context():
        for _ in range(PREPARED_AFTER + 2):
            with database().sessionmaker() as session:
                session.scalar(text("SELECT 1"))
                with writing(session):
                    session.execute(change, {"id": 0})
                session.scalar(text("SELECT 2"))
        with database().sessionmaker() as session:
            assert session.scalar(kept) == 1


def test_what_failed_while_reading_is_undone_and_the_connection_writes_again(
    fresh_app: Flask, database_kind: str
) -> None:
    with fresh_app.app_context(), database().sessionmaker() as session:
        with pytest.raises(DBAPIError):
            session.execute(text("SELECT nothing FROM nowhere"))
        session.rollback()
        with writing(session):
            session.execute(text("DELETE FROM attempts"))
