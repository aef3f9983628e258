"""Sums of accidents: a page reads what a full count gives, in whatever order records come, change and go."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.accidents import make_accident, make_fatal
from tests.factories.violations import District, make_district
from trafficedu.accidents.models import Accident
from trafficedu.accidents.queries import figures, monthly
from trafficedu.accidents.queries.figures import Tally
from trafficedu.accidents.services import closing
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.settled import services as settling
from trafficedu.settled.models import LateChange

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TODAY = local_date(NOW)
FIGURE = monthly.FIGURE
PERIOD = Period(Month(2026, 8), Month(2026, 11))


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


def settle(session: Session, now: datetime = NOW) -> int:
    session.commit()
    return settling.settle_due(session, now, [FIGURE])


def assert_exact(session: Session, here: District) -> None:
    session.commit()
    days = [TODAY, date(2026, 11, 12), date(2026, 10, 31), date(2026, 8, 5)]
    for area in (here.root, here.town, here.village, here.other_town):
        for last in days:
            full = figures.tally(session, SYSTEM, PERIOD.first_day, last, area.path)
            assert monthly.tally(session, SYSTEM, area.path, PERIOD.first, last, NOW) == full
        by_month = figures.count_by_month(session, SYSTEM, PERIOD.first_day, PERIOD.last_day, area.path)
        assert monthly.count_by_month(session, SYSTEM, area.path, PERIOD, NOW) == by_month
    assert settling.compare_all(session, [FIGURE]) == []


def test_a_small_case_by_hand(session: Session) -> None:
    here = make_district(session)
    bad = make_fatal(session, here.village, at(date(2026, 10, 5)), killed=2, injured=3)
    make_accident(session, here.village, occurred_utc=at(date(2026, 10, 6)), injured=4)
    make_accident(session, here.other_village, occurred_utc=at(date(2026, 9, 1)), severity="damage", injured=0)
    make_accident(session, here.village, occurred_utc=at(date(2026, 10, 7)), injured=9, ebike_involved=False)
    assert settle(session) == 3

    def tally(path: str) -> Tally:
        return monthly.tally(session, SYSTEM, path, PERIOD.first, TODAY, NOW)

    assert tally(here.root.path) == Tally(1, 0, 1, 1, killed=2, injured=7)
    assert tally(here.town.path) == Tally(1, 0, 1, 0, killed=2, injured=7)
    assert_exact(session, here)

    make_accident(session, here.village, occurred_utc=at(TODAY))
    session.commit()
    assert session.scalars(select(LateChange)).all() == [], "today costs nothing"
    bad.killed = 1
    session.commit()
    assert [(row.part, row.n) for row in session.scalars(select(LateChange))] == [("killed", -1)]
    assert tally(here.town.path) == Tally(1, 0, 2, 0, killed=1, injured=8)
    closing.void(session, bad, "not here", SYSTEM, NOW)
    session.commit()
    assert tally(here.town.path) == Tally(0, 0, 2, 0, killed=0, injured=5)
    assert_exact(session, here)
    assert settling.fold(session, FIGURE) == 4
    assert_exact(session, here)
    assert session.scalars(select(LateChange)).all() == []


def test_any_order_reads_the_same(session: Session) -> None:
    here = make_district(session)
    chance = random.Random(3)
    villages = [here.village, here.neighbour, here.other_village, here.town]
    made: list[Accident] = []
    for _ in range(30):
        what = chance.random()
        day = TODAY - timedelta(days=chance.randrange(100))
        if what < 0.5 or len(made) < 2:
            kind: dict[str, Any] = chance.choice(
                [{"severity": "damage", "injured": 0}, {"severity": "serious", "injured": 2}, {"ebike_involved": False}]
            )
            make = chance.choice([make_fatal, None])
            area = chance.choice(villages)
            made.append(
                make(session, area, at(day), injured=chance.randrange(3))
                if make
                else make_accident(session, area, occurred_utc=at(day), **kind)
            )
        elif what < 0.6:
            closing.void(session, made.pop(chance.randrange(len(made))), "wrong", SYSTEM, NOW)
        elif what < 0.66:
            closing.mark_duplicate(session, made.pop(), made[0], SYSTEM, NOW)
        elif what < 0.8:
            changed = update(Accident).where(Accident.id == chance.choice(made).id)
            moved = {"area_id": chance.choice(villages).id, "occurred_on": day, "injured": chance.randrange(4)}
            session.execute(changed.values(**moved))
        elif what < 0.87:
            settling.fold(session, FIGURE)
        else:
            settle(session, NOW - timedelta(days=chance.randrange(60)))
        assert_exact(session, here)


def test_somebody_elsewhere_reads_nothing_and_a_post_its_own_part(session: Session) -> None:
    here = make_district(session)
    for village in (here.village, here.other_village):
        for day in (date(2026, 10, 5), date(2026, 11, 3)):
            make_accident(session, village, occurred_utc=at(day))
    settle(session)

    def read(scope: Scope) -> tuple[int, int]:
        by = Actor(1, "x", scope=scope)
        rows = monthly.count_by_month(session, by, here.root.path, PERIOD, NOW)
        cut = monthly.tally(session, by, here.root.path, PERIOD.first, date(2026, 11, 4), NOW)
        return sum(row.accidents for row in rows), cut.total

    scopes = [Scope(company_id=1), Scope(area_path=here.town.path), Scope(everything=True)]
    assert [read(scope) for scope in scopes] == [(0, 0), (2, 2), (4, 4)]
