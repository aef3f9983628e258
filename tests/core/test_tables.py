"""Rows written at once, beside the object mapper: defaults, conversions, the transaction, a unique key taken."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.configuration.models import CalendarDay, Run
from trafficedu.core.clock import today, utc_now
from trafficedu.core.tables import add_unless_there, insert_row, insert_unless_there


def test_a_row_takes_its_defaults_and_values_are_converted(session: Session) -> None:
    now = utc_now()
    key = insert_row(session, Run, kind="other", started_utc=now, counts={"rows": 3})
    run = session.get_one(Run, key)
    assert (run.kind, run.started_utc, run.succeeded, run.ended_utc, run.counts) == (
        "other",
        now,
        False,
        None,
        {"rows": 3},
    )


@pytest.mark.parametrize("insert", [insert_row, insert_unless_there])
def test_a_row_belongs_to_the_session_s_transaction(session: Session, insert: Callable[..., int | None]) -> None:
    insert(session, Run, kind="kept", started_utc=utc_now())
    session.commit()
    insert(session, Run, kind="undone", started_utc=utc_now())
    session.rollback()
    assert session.scalars(select(Run.kind)).all() == ["kept"]


def test_a_row_whose_unique_key_is_taken(session: Session) -> None:
    day = insert_unless_there(session, CalendarDay, day=today(), works=True)
    assert day is not None
    assert insert_unless_there(session, CalendarDay, day=today(), works=False) is None
    assert session.get_one(CalendarDay, day).works
    with pytest.raises(IntegrityError, match="calendar_day"):
        insert_row(session, CalendarDay, day=today(), works=False)


def test_a_record_is_the_session_s_own_or_not_made(session: Session) -> None:
    made = add_unless_there(session, CalendarDay, day=today(), works=True)
    assert made is not None
    assert made in session
    assert (made.works, made.note, made.version) == (True, "", 1)
    assert add_unless_there(session, CalendarDay, day=today(), works=False) is None
    made.works = False
    session.commit()
    assert session.scalars(select(CalendarDay.works)).all() == [False]
