from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from trafficedu.configuration.models import CalendarDay, Run
from trafficedu.core import connections, rows
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import database, looking

RUN, DAY = rows.table_of(Run).c, rows.table_of(CalendarDay).c
OF_KINDS = rows.Prepared(
    select(RUN.id, RUN.started_utc, RUN.succeeded, RUN.counts).where(
        RUN.kind.in_(("one", "two")), RUN.started_utc > bindparam("after"), RUN.ended_utc.is_(None)
    )
)
ADD_DAYS = rows.Prepared(insert(rows.table_of(CalendarDay)), ["day", "works", "note", "version"])


def test_values_are_converted_on_their_way_in_and_out(session: Session) -> None:
    now = utc_now()
    key = rows.insert(session, Run, kind="two", started_utc=now, counts={"rows": 3})
    rows.insert(session, Run, kind="three", started_utc=now, counts={})
    assert OF_KINDS.rows(session, after=now - timedelta(seconds=1)) == [(key, now, False, {"rows": 3})]
    assert OF_KINDS.scalar(session, after=now - timedelta(seconds=1)) == key
    assert OF_KINDS.scalar(session, after=now) is None


def test_what_it_writes_belongs_to_the_session_s_transaction(session: Session) -> None:
    days = [{"day": today() + timedelta(days=n), "works": True, "note": "", "version": 1} for n in range(3)]
    ADD_DAYS.run_many(session, days)
    session.commit()
    ADD_DAYS.run_many(session, [days[0] | {"day": today() + timedelta(days=9)}])
    session.rollback()
    assert len(session.scalars(select(CalendarDay)).all()) == 3


def test_errors_are_those_of_sqlalchemy(session: Session) -> None:
    given = {"day": today(), "works": True, "note": "", "version": 1}
    with pytest.raises(IntegrityError, match="calendar_day"):
        ADD_DAYS.run_many(session, [given, given])


def test_a_parameter_left_out_is_an_error(session: Session) -> None:
    with pytest.raises((KeyError, ProgrammingError), match="after"):
        OF_KINDS.rows(session)


def test_who_asks_is_looked_up_without_holding_others_up(fresh_app: Flask, database_kind: str) -> None:
    with fresh_app.test_request_context("/", method="POST"), looking() as session:
        session.execute(text("SELECT 1"))
        with fresh_app.app_context(), fresh_app.extensions["sqlalchemy"].sessionmaker() as other:
            rows.insert(other, Run, kind="other", started_utc=utc_now(), counts={})
            other.commit()
    assert database_kind == "postgresql" or not session.in_transaction()


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


def test_a_record_found_is_persistent_and_the_session_s_own_where_it_has_one(session: Session) -> None:
    now = utc_now()
    rows.insert(session, Run, kind="other", started_utc=now, counts={})
    key = rows.insert(session, Run, kind="sought", started_utc=now, counts={"rows": 3})
    by_kind = rows.Finder(Run, RUN.kind == bindparam("kind"))
    found = by_kind.first(session, kind="sought")
    assert found is not None
    assert (found.id, found.started_utc, found.counts, found.ended_utc) == (key, now, {"rows": 3}, None)
    found.succeeded = True
    assert by_kind.first(session, kind="sought") is found
    session.commit()
    session.expunge_all()
    again = by_kind.first(session, kind="sought")
    assert again is not None
    assert again is not found
    assert again.succeeded
    assert by_kind.first(session, kind="nothing like it") is None
