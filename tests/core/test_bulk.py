from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.configuration.models import CalendarDay, Run
from trafficedu.core import bulk

DAY = ("day", "works", "note", "version")
MOMENT = datetime(2026, 11, 3, 13, 4, 5, tzinfo=UTC)


def test_what_was_loaded_reads_as_if_the_models_had_written_it(session: Session) -> None:
    days = [(date(2031, 1, day), bool(day % 2), f"节\t日\\{day}'\n", 1) for day in range(1, 32)]
    assert bulk.load(session, CalendarDay.__table__, (dict(zip(DAY, day, strict=True)) for day in days)) == 31
    loaded = session.scalars(select(CalendarDay).where(CalendarDay.day >= date(2031, 1, 1)).order_by(CalendarDay.day))
    assert [(row.day, row.works, row.note, row.version) for row in loaded] == days


def test_moments_nothing_and_json_are_stored_like_the_models_store_them(session: Session) -> None:
    values: dict[str, Any] = {"kind": "bulk", "started_utc": MOMENT, "ended_utc": None, "succeeded": True}
    values |= {"by_user_id": None, "counts": {"added": 3}}
    bulk.load(session, Run.__table__, [values])
    session.add(Run(**values))
    session.flush()
    rows = session.scalars(select(Run).where(Run.started_utc == MOMENT)).all()
    assert [(run.started_utc, run.ended_utc, run.counts) for run in rows] == [(MOMENT, None, {"added": 3})] * 2


def test_a_rollback_undoes_the_load_and_leaves_what_was_before(session: Session) -> None:
    session.add(CalendarDay(day=date(2032, 1, 1), works=True))
    nested = session.begin_nested()
    bulk.load(session, CalendarDay.__table__, [{"day": date(2032, 1, 2), "works": True}])
    nested.rollback()
    days = session.scalars(select(CalendarDay.day).where(CalendarDay.day >= date(2032, 1, 1))).all()
    assert days == [date(2032, 1, 1)]


def test_memory_does_not_grow_with_the_rows(session: Session) -> None:
    alive = 0
    most = 0

    class Value(str):
        __slots__ = ()

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def rows() -> Any:
        nonlocal alive, most
        for number in range(20_000):
            alive += 1
            most = max(most, alive)
            yield {"kind": Value(f"kind{number}"), "started_utc": MOMENT, "succeeded": True, "counts": {}}

    bulk.load(session, Run.__table__, rows())
    assert session.scalar(select(func.count()).select_from(Run).where(Run.kind.startswith("kind"))) == 20_000
    assert most < 100


@pytest.mark.parametrize("count", [0, 1, bulk.BATCH, 2 * bulk.BATCH + 1])
def test_batches_lose_nothing(count: int) -> None:
    made = list(bulk.batches(range(count)))
    assert [item for batch in made for item in batch] == list(range(count))
    assert all(0 < len(batch) <= bulk.BATCH for batch in made)


def test_rows_are_found_by_key(session: Session) -> None:
    bulk.load(session, CalendarDay.__table__, [{"day": date(2033, 1, 2), "works": True, "note": "甲"}])
    found = bulk.find_by_key(
        session, CalendarDay.day, [date(2033, 1, 2), date(2033, 1, 3), date(2033, 1, 2)], CalendarDay.note
    )
    assert {key: row.note for key, row in found.items()} == {date(2033, 1, 2): "甲"}
