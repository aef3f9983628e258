"""Sums of patrols: a page reads what a full count gives, in whatever order things come."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import make_user
from tests.factories.violations import District, make_district
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.month import Month, Period
from trafficedu.patrols.models import Patrol
from trafficedu.patrols.queries import monthly, records
from trafficedu.patrols.queries.monthly import NO_EFFORT, Effort
from trafficedu.patrols.queries.records import PatrolFilter
from trafficedu.settled import services as settling
from trafficedu.settled.models import LateChange

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
PERIOD = Period(Month(2026, 8), Month(2026, 11))
FIGURES = [monthly.FIGURE]
SEQUENCE = itertools.count()


def patrol(
    session: Session, officer: User, area: Area, day: date, minutes: int | None = 60, stops: int | None = None
) -> Patrol:
    """Add a patrol of a day; one without minutes still runs."""
    started = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
    row = Patrol(
        number=f"Q{next(SEQUENCE):08d}",
        officer_id=officer.id,
        area_id=area.id,
        started_utc=started,
        started_on=day,
        ended_utc=None if minutes is None else started + timedelta(minutes=minutes),
        minutes=minutes,
        stops=stops,
    )
    session.add(row)
    session.flush()
    return row


def void(row: Patrol) -> None:
    row.voided_utc, row.void_reason = NOW, "误记"


def settle(session: Session, now: datetime = NOW) -> None:
    session.commit()
    settling.settle_due(session, now, FIGURES)


def counted_whole(session: Session, path: str, first: date, last: date) -> Effort:
    """Count in Python, from the rows themselves."""
    rows = [
        row
        for row in session.scalars(select(Patrol))
        if row.area.path.startswith(path)
        and first <= row.started_on <= last
        and row.minutes is not None
        and row.voided_utc is None
    ]
    stops = [row.stops for row in rows if row.stops is not None]
    hours = sum(row.minutes or 0 for row in rows) / 60
    return Effort(hours, sum(stops) if stops else None, len(rows), len(stops))


def assert_exact(session: Session, here: District) -> None:
    session.commit()
    for area in (here.root, here.town, here.village, here.other_town):
        by_month = monthly.effort_by_month(session, SYSTEM, area.path, PERIOD, NOW)
        whole = {month: counted_whole(session, area.path, month.first, month.last) for month in PERIOD.months}
        assert by_month == {month: effort for month, effort in whole.items() if effort.patrols}
        for first, last in ((date(2026, 9, 1), date(2026, 10, 31)), (date(2026, 9, 17), date(2026, 11, 9))):
            total = monthly.effort_between(session, SYSTEM, area.path, first, last, NOW)
            full = counted_whole(session, area.path, first, last)
            assert total is not None
            assert total.hours == pytest.approx(full.hours)
            assert replace(total, hours=full.hours) == full
    assert settling.compare_all(session, FIGURES) == []


def test_a_small_case_by_hand(session: Session) -> None:
    here, officer = make_district(session), make_user(session, "officer")
    patrol(session, officer, here.village, date(2026, 9, 3), 90, 12)
    patrol(session, officer, here.village, date(2026, 9, 4), 30)
    none_stopped = patrol(session, officer, here.other_village, date(2026, 10, 5), 0, 0)
    void(patrol(session, officer, here.village, date(2026, 9, 5), 60, 99))
    running = patrol(session, officer, here.neighbour, date(2026, 11, 19), None)
    patrol(session, officer, here.village, TODAY, 60, 3)
    for _ in range(2):
        by_month = monthly.effort_by_month(session, SYSTEM, here.root.path, PERIOD, NOW)
        assert by_month == {
            Month(2026, 9): Effort(2.0, 12, 2, 1),
            Month(2026, 10): Effort(0.0, 0, 1, 1),
            Month(2026, 11): Effort(1.0, 3, 1, 1),
        }
        settle(session)
    running.minutes, running.ended_utc, running.stops = 600, NOW, 7  # ended after midnight
    void(none_stopped)
    session.commit()
    noted = {(row.part, row.n) for row in session.scalars(select(LateChange))}
    assert noted == {("patrols", 1), ("minutes", 600), ("stops", 7), ("counted", 1), ("patrols", -1), ("counted", -1)}
    assert Month(2026, 10) not in monthly.effort_by_month(session, SYSTEM, here.root.path, PERIOD, NOW)
    assert monthly.effort_of(session, here.town.path, Month(2026, 11), NOW) == Effort(11.0, 10, 2, 2)
    assert_exact(session, here)


def test_a_patrol_of_today_notes_nothing(session: Session) -> None:
    here, officer = make_district(session), make_user(session, "officer")
    patrol(session, officer, here.village, date(2026, 11, 5))
    settle(session)
    today = patrol(session, officer, here.village, TODAY, None)
    session.flush()
    today.stops = 3
    session.commit()
    assert session.scalars(select(LateChange)).all() == []


def test_months_that_are_whole_add_up_at_any_length_and_others_up_to_a_thousand(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, officer = make_district(session), make_user(session, "officer")
    for day in range(1, 9):
        patrol(session, officer, here.village, date(2026, 10, day), 60, 1)
    settle(session)
    by = Actor(1, "x", scope=Scope(area_path=here.root.path))

    def total(first: date | None, last: date | None, **narrowed: str) -> Effort | None:
        return records.total_of(session, by, PatrolFilter(since=first, until=last, **narrowed), NOW)

    assert total(None, None, state="ended", words=officer.username) == Effort(8.0, 8, 8, 8)
    monkeypatch.setattr(monthly, "CAP", 3)
    assert total(None, None) == Effort(8.0, 8, 8, 8)
    assert total(date(2026, 10, 1), date(2026, 10, 31)) == Effort(8.0, 8, 8, 8)
    assert total(date(2026, 10, 6), None) == Effort(3.0, 3, 3, 3)
    assert total(date(2026, 10, 2), date(2026, 10, 31)) is None
    assert total(date(2026, 10, 31), date(2026, 10, 1)) == NO_EFFORT
    assert total(None, None, area_path=here.other_town.path) == NO_EFFORT
    assert total(None, None, state="voided") == total(None, None, state="running") == NO_EFFORT


def test_a_post_reads_its_own_part_and_somebody_elsewhere_nothing(session: Session) -> None:
    here, officer = make_district(session), make_user(session, "officer")
    for village in (here.village, here.other_village):
        patrol(session, officer, village, date(2026, 10, 5))
    settle(session)

    def read(scope: Scope) -> int:
        by_month = monthly.effort_by_month(session, Actor(1, "x", scope=scope), here.root.path, PERIOD, NOW)
        return sum(effort.patrols for effort in by_month.values())

    assert [read(Scope(company_id=1)), read(Scope(area_path=here.town.path)), read(Scope(everything=True))] == [0, 1, 2]


def test_any_order_reads_the_same(session: Session) -> None:
    here, officer = make_district(session), make_user(session, "officer")
    chance = random.Random(9)
    villages = [here.village, here.neighbour, here.other_village, here.town]
    made: list[Patrol] = []
    for _ in range(24):
        what = chance.random()
        day = TODAY - timedelta(days=chance.randrange(90))
        if what < 0.5 or not made:
            stops = chance.choice([None, 0, chance.randrange(30)])
            made.append(patrol(session, officer, chance.choice(villages), day, chance.randrange(300), stops))
        elif what < 0.62:
            void(made.pop(chance.randrange(len(made))))
        elif what < 0.74:
            changed = chance.choice(made)
            changed.stops, changed.minutes = chance.choice([None, 0, 5]), chance.randrange(300)
        elif what < 0.82:
            settling.fold(session, monthly.FIGURE)
        else:
            settle(session, NOW - timedelta(days=chance.choice([0, 0, 30])))
        assert_exact(session, here)
