"""The demo's accidents keep the rules of recording, fall, and are the same each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from trafficedu.accidents import rules
from trafficedu.accidents.models import Accident, AccidentRider
from trafficedu.accidents.queries.duplicates import DUPLICATES
from trafficedu.accidents.queries.figures import tally
from trafficedu.accidents.rules import AccidentState
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.core.positions import check_position
from trafficedu.demo.plan import Plan

NOW = datetime(2026, 6, 17, 8, 30, tzinfo=UTC)
Elsewhere = Callable[[Plan, datetime], Session]
PLAN = Plan(violations=200, months=37, seed=7)


def accidents(session: Session) -> list[Accident]:
    query = select(Accident).options(selectinload(Accident.kinds), joinedload(Accident.area)).order_by(Accident.id)
    return list(session.scalars(query))


def test_each_could_have_been_recorded(demo: Session) -> None:
    for one in accidents(demo):
        rules.check_time(one.occurred_utc, NOW)
        rules.check_people(one.severity, one.killed, one.killed_30_days, one.injured)
        check_position(one.latitude, one.longitude)
        kept = rules.of_the_rider(one.ebike_involved, one.rider_helmet, one.responsibility)
        assert kept == (one.rider_helmet, one.responsibility)
        assert one.occurred_on == local_date(one.occurred_utc)
        assert one.occurred_utc <= one.recorded_utc <= NOW
        assert one.area.valid_from <= one.occurred_on
        for kind in one.kinds:
            assert kind.valid_from <= one.occurred_on
        if one.voided_utc is not None:
            assert one.recorded_utc <= one.voided_utc <= NOW


def test_thirty_days_have_to_be_over_before_their_dead_are_known(demo: Session) -> None:
    for one in accidents(demo):
        assert (one.killed_30_days is None) == ((date(2026, 6, 17) - one.occurred_on).days <= 30)


def test_they_fall_and_some_are_fatal(demo: Session) -> None:
    years = [
        tally(demo, SYSTEM, date(2022 + n, 6, 1), date(2023 + n, 5, 31))  # the first month of the history is June 2023
        for n in range(1, 4)
    ]
    assert all(3 <= year.fatal <= 60 for year in years)
    assert years[0].total > years[2].total
    assert 500 < years[2].total < 1400


def test_there_are_duplicates_to_find_and_riders_who_were_in_them(demo: Session) -> None:
    assert DUPLICATES.page(demo, SYSTEM, None).items
    states = Counter((one.state, one.duplicate_of_id is not None) for one in accidents(demo))
    assert states[AccidentState.VOIDED, True] > 0
    assert states[AccidentState.VOIDED, False] > 0
    links = demo.scalars(select(AccidentRider).options(joinedload(AccidentRider.accident))).all()
    assert links
    assert all(link.accident.ebike_involved for link in links)


def test_the_same_seed_gives_the_same_accidents_whatever_the_hour_and_the_database(
    demo: Session, elsewhere: Elsewhere
) -> None:
    def told(session: Session) -> list[tuple[Any, ...]]:
        return [
            (one.occurred_utc, one.area.code, one.place, one.severity, one.killed, one.rider_helmet, one.state)
            for one in accidents(session)
        ]

    assert told(elsewhere(PLAN, NOW.replace(hour=13))) == told(demo)
