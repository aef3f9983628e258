"""Sums of violations: whatever is written, and in whatever order, a page reads what a full count gives."""

from __future__ import annotations

import itertools
import random
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.factories.violations import District, make_district, make_violation, new_rider
from trafficedu.areas.events import TreeGrewUpwards
from trafficedu.areas.models import Area
from trafficedu.configuration.services import run_chores
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.database import database
from trafficedu.core.month import Month, Period
from trafficedu.core.transactions import WRITES
from trafficedu.figures import FIGURES
from trafficedu.settled import services as settling
from trafficedu.settled.models import LateChange, SettledMonth, SettledSum
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries import figures, monthly
from trafficedu.violations.services import reviewing
from trafficedu.wiring.work import CHORES

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
PERIOD = Period(Month(2026, 8), Month(2026, 11))
FIGURE = monthly.FIGURE
KINDS = ("2007", "2004")
SEQUENCE = itertools.count()


def settle(session: Session, now: datetime = NOW) -> int:
    return settling.settle_due(session, now, [FIGURE])


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


def make(session: Session, area: Area, day: date, kind: str = "2007", now: datetime = NOW) -> Violation:
    given: dict[str, Any] = {
        "occurred_utc": at(day),
        "kind_code": kind,
        "rider": new_rider(),
        "reference": f"r{next(SEQUENCE)}",
    }
    made = make_violation(session, area, now=now, **given)
    session.commit()
    return made


def assert_exact(session: Session, here: District) -> None:
    """What pages read is what a full count gives, for every area, and the sums are those of a full count."""
    first, last = PERIOD.first_day, PERIOD.last_day
    for area in (here.root, here.town, here.village, here.other_town):
        full = figures.count_by_kind_and_month(session, SYSTEM, first, last, area.path)
        assert monthly.count_by_kind_and_month(session, SYSTEM, area.path, PERIOD, NOW) == full
    full_by_area = figures.count_by_area(session, SYSTEM, first, last, here.root.path)
    below = monthly.count_below(session, SYSTEM, here.root.path, [here.town, here.other_town], PERIOD, NOW)
    for town in (here.town, here.other_town):
        assert below[town.id] == sum(row.violations for row in full_by_area if row.path.startswith(town.path))
    assert settling.compare_all(session, [FIGURE]) == []


def test_what_is_over_is_settled_and_what_is_late_is_added(session: Session) -> None:
    here = make_district(session)
    for day in (date(2026, 9, 3), date(2026, 9, 30), date(2026, 11, 2), date(2026, 11, 20)):
        make(session, here.village, day)
    assert settle(session) == 3
    held = session.execute(select(SettledSum.month, SettledSum.area_id, SettledSum.n)).all()
    above = [here.village.id, here.town.id, here.root.id]
    assert sorted(held) == sorted(
        [(Month(2026, 9), area, 2) for area in above] + [(Month(2026, 11), area, 1) for area in above]
    )
    assert_exact(session, here)
    assert settle(session) == 0

    make(session, here.village, date(2026, 11, 20))
    assert session.scalar(select(func.count()).select_from(LateChange)) == 0, "today costs nothing"
    late = make(session, here.other_village, date(2026, 10, 5))
    assert [(row.month, row.area_id, row.n) for row in session.scalars(select(LateChange))] == [
        (Month(2026, 10), here.other_village.id, 1)
    ]
    assert_exact(session, here)
    reviewing.void(session, late, "wrong plate", SYSTEM, NOW)
    session.commit()
    assert_exact(session, here)
    assert settling.fold(session, FIGURE) == 2
    session.commit()
    assert session.scalar(select(func.count()).select_from(LateChange)) == 0
    assert_exact(session, here)
    tomorrow = NOW + timedelta(days=1)
    assert settle(session, tomorrow) == 1
    assert_exact(session, here)


def test_the_newest_months_of_all_figures_are_settled_first(session: Session) -> None:
    here = make_district(session)
    for day in (date(2024, 5, 3), date(2026, 10, 2)):
        make(session, here.village, day)
    first = len(FIGURES)
    done = settling.settle_due(session, NOW, FIGURES, most=first)
    assert done == first
    months = set(session.scalars(select(SettledMonth.month)))
    assert min(months) > Month(2026, 6), "nothing of the two years before while another figure lacks this year"
    figures_of = session.execute(
        select(SettledMonth.figure, func.count())
        .where(SettledMonth.month == Month(2026, 10))
        .group_by(SettledMonth.figure)
    ).all()
    assert {FIGURE.name} <= {name for name, _ in figures_of}
    assert len(figures_of) > 1


def test_any_order_of_writing_and_settling_reads_the_same(session: Session) -> None:
    here = make_district(session)
    chance = random.Random(7)
    villages = [here.village, here.neighbour, here.other_village, here.town]
    made: list[Violation] = []
    for _ in range(28):
        what = chance.random()
        if what < 0.55 or not made:
            day = date(2026, 11, 20) - timedelta(days=chance.randrange(90))
            made.append(make(session, chance.choice(villages), day, chance.choice(KINDS)))
        elif what < 0.7:
            reviewing.void(session, made.pop(chance.randrange(len(made))), "wrong", SYSTEM, NOW)
        elif what < 0.78:
            session.execute(
                update(Violation)
                .where(Violation.id == chance.choice(made).id)
                .values(area_id=chance.choice(villages).id, occurred_on=date(2026, 10, 1))
            )
        elif what < 0.84:
            settling.fold(session, FIGURE)
        elif what < 0.92:
            settle(session, NOW - timedelta(days=chance.randrange(60)))
        else:
            settle(session)
        session.commit()
        assert_exact(session, here)


def test_somebody_elsewhere_reads_nothing_and_a_post_its_own_part(session: Session) -> None:
    here = make_district(session)
    make(session, here.village, date(2026, 10, 5))
    make(session, here.other_village, date(2026, 10, 5))
    settle(session)

    def read(scope: Scope) -> int:
        return monthly.count_by_month(session, Actor(1, "x", scope=scope), here.root.path, PERIOD, NOW).total()

    assert [read(Scope(company_id=1)), read(Scope(area_path=here.town.path)), read(Scope(everything=True))] == [0, 1, 2]


def test_a_wrong_sum_fails_the_round_and_is_counted_anew(session: Session) -> None:
    here = make_district(session)
    make(session, here.village, date(2026, 11, 5))
    settle(session)
    chores = {"compared": CHORES["settled months compared"]}
    assert run_chores(session, chores, NOW) == []
    session.execute(update(SettledSum).where(SettledSum.area_id == here.town.id).values(n=7))
    session.execute(delete(SettledSum).where(SettledSum.area_id == here.village.id))
    session.commit()
    found = settling.compare_all(session, [FIGURE])
    assert {(row.area_id, row.held, row.counted) for row in found} == {(here.town.id, 7, 1), (here.village.id, 0, 1)}
    assert run_chores(session, chores, NOW) == ["compared"]
    assert_exact(session, here)
    assert settle(session) == 1
    assert session.scalar(select(func.count()).select_from(SettledSum)) == 3
    assert_exact(session, here)


def test_a_record_written_while_its_month_is_settled_is_not_lost(session: Session, fresh_app: Flask) -> None:
    here = make_district(session)
    make(session, here.village, date(2026, 10, 5))
    kind, areas = session.scalars(select(Violation.kind_id)).first(), [here.village.id, here.other_village.id]
    rider = session.scalars(select(Violation.rider_id)).first()
    begun, go_on = threading.Event(), threading.Event()
    session.commit()

    def write() -> None:
        with fresh_app.app_context(), database().sessionmaker(info=WRITES) as own:
            for number in range(12):
                given = dict(number=f"V{number}", occurred_utc=at(date(2026, 10, 6)), occurred_on=date(2026, 10, 6))
                given |= {"area_id": areas[number % 2], "kind_id": kind, "rider_id": rider, "recorded_utc": NOW}
                own.add(Violation(**given, source="import", penalty="warning"))
                own.flush()
                if number == 0 and not begun.is_set():
                    begun.set()
                    if own.get_bind().dialect.name == "postgresql":
                        go_on.wait(20)
                own.commit()

    writer = threading.Thread(target=write)
    writer.start()
    assert begun.wait(20)
    first = settle(session)  # on PostgreSQL the writer has begun before anything was watched
    if session.get_bind().dialect.name == "postgresql":
        assert first == 0
    go_on.set()

    def count(*, full: bool = False) -> int:
        session.commit()
        if not full:
            return monthly.count_by_month(session, SYSTEM, here.root.path, PERIOD, NOW).total()
        first, last = PERIOD.first_day, PERIOD.last_day
        return sum(row.violations for row in figures.count_by_area(session, SYSTEM, first, last, here.root.path))

    while writer.is_alive():
        settling.unsettle(session, FIGURE, Month(2026, 10))
        session.commit()
        settle(session)
        settling.fold(session, FIGURE)
        session.commit()
        least, read, most = count(full=True), count(), count(full=True)
        assert least <= read <= most, "the writer only adds"
    writer.join()
    settle(session)
    assert session.scalar(select(SettledMonth.through).where(SettledMonth.month == Month(2026, 10))) is not None
    assert monthly.count_by_month(session, SYSTEM, here.root.path, PERIOD, NOW) == {Month(2026, 10): 13}
    assert_exact(session, here)


def test_a_record_written_while_its_month_begins_to_be_watched_is_not_lost(session: Session, fresh_app: Flask) -> None:
    """Its transaction began after the one that watches, and did not see it; none that began later has ended."""
    if session.get_bind().dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    here = make_district(session)
    first = make(session, here.village, date(2026, 10, 5))
    month = Month(2026, 10)
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as own:
        settling._watch(session, FIGURE, month, month.last)
        given: dict[str, Any] = {
            "kind_id": first.kind_id,
            "rider_id": first.rider_id,
            "area_id": here.village.id,
            "recorded_utc": NOW,
        }
        given |= {"number": "V1", "occurred_utc": at(date(2026, 10, 6)), "occurred_on": date(2026, 10, 6)}
        own.add(Violation(**given, source="import", penalty="warning"))
        own.flush()
        session.commit()
        assert not settling.settle(session, FIGURE, month, NOW)
        session.commit()
        own.commit()
    assert settling.settle(session, FIGURE, month, NOW)
    session.commit()
    assert monthly.count_by_month(session, SYSTEM, here.root.path, PERIOD, NOW) == {month: 2}
    assert_exact(session, here)


def test_what_was_settled_by_a_clock_that_was_ahead_is_counted_anew(session: Session) -> None:
    here = make_district(session)
    make(session, here.village, date(2026, 11, 5))
    assert settle(session, NOW + timedelta(days=40)) == 2
    assert settle(session) == 1
    through = dict(session.execute(select(SettledMonth.month, SettledMonth.through)).tuples().all())
    assert through == {Month(2026, 11): date(2026, 11, 19)}
    make(session, here.village, date(2026, 11, 20))
    assert session.scalar(select(func.count()).select_from(LateChange)) == 0, "today is not settled any more"
    assert_exact(session, here)


def test_no_month_is_settled_by_the_old_tree_while_it_grows(session: Session, fresh_app: Flask) -> None:
    if session.get_bind().dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    here = make_district(session)
    make(session, here.village, date(2026, 11, 5))
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as own:
        settling.unsettle_all(own, TreeGrewUpwards(NOW, SYSTEM))
        session.execute(text("SET LOCAL lock_timeout = 200"))
        with pytest.raises(OperationalError, match="lock timeout"):
            settle(session)
        session.rollback()
        make(session, here.village, date(2026, 11, 20))  # who records waits for nothing
        own.commit()
    assert settle(session) == 1
    assert_exact(session, here)
