"""The ledger: entered, taken back, never changed; events count once; balances are sums."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from tests.factories import people, places
from tests.factories.evaluation import NOW
from tests.factories.points import DAY, entered, expect
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.errors import Denied, Missing, Refusal
from trafficedu.core.month import Month
from trafficedu.hazards.events import HazardOverdue, HazardVerified
from trafficedu.points.models import PointEntry
from trafficedu.points.queries import balances, scope
from trafficedu.points.queries.catalogue import find_activity
from trafficedu.points.queries.entries import balance_of, find_entry, list_of_target
from trafficedu.points.rules import MonthPoints
from trafficedu.points.services import catalogue, entries, happenings
from trafficedu.points.services.catalogue import ActivityInput


def at(session: Session, role: str, code: str) -> Actor:
    user = people.make_user(session, role, area_id=places.area(session, code).id)
    session.expire(user)
    return actor_of(user)


def test_a_months_points_are_the_targets_own_entries(session: Session) -> None:
    village, town = places.area(session, places.VILLAGE), places.area(session)
    company = places.add_company(session)
    expect(session, "village", 20)
    expect(session, "town", 60)
    expect(session, "village", 40, places.NEXT_VILLAGE)
    entered(session)
    entered(session, activity_code="criticised", points=2)
    entered(session, occurred_on=date(2026, 7, 1))
    entered(session, target_kind="company", target_code=company.code, activity_code="safety_training")
    found = balances.month_points(session, Month.of(DAY))
    assert found["village", village.id] == MonthPoints(3, 20)
    assert found["town", town.id] == MonthPoints(0, 60), "its villages' points are not the town's"
    assert found["village", places.area(session, places.NEXT_VILLAGE).id] == MonthPoints(0, 40)
    assert found["company", company.id] == MonthPoints(5, None)
    assert ("town", places.area(session, places.UNIT).id) not in found, "what is not evaluated is not expected of"
    assert len(found) == 22 + 576 + 1, "the evaluated units of the shipped tree, and the company"


def test_an_expectation_ends_and_a_target_falls_back_to_its_level(session: Session) -> None:
    village = places.area(session, places.VILLAGE)
    expect(session, "village", 20)
    expect(session, "village", 50, places.VILLAGE, Month(2026, 3))
    expect(session, "village", None, places.VILLAGE, Month(2026, 5))
    expect(session, "village", None, month=Month(2026, 8))
    by_month = {month: balances.month_points(session, Month(2026, month)) for month in (2, 3, 5, 8)}
    figures = {month: found.get(("village", village.id)) for month, found in by_month.items()}
    assert figures == {2: MonthPoints(0, 20), 3: MonthPoints(0, 50), 5: MonthPoints(0, 20), 8: None}


def test_a_mistake_is_met_by_its_opposite_in_the_same_month(session: Session) -> None:
    entry = entered(session)
    counter = entries.counter_entry(session, entry, "重复登记", SYSTEM, NOW)
    assert (counter.points, counter.occurred_on, counter.counters_id) == (-5, DAY, entry.id)
    assert balance_of(session, scope.of_area(places.area(session, places.VILLAGE))) == 0
    for again in (entry, counter):
        with pytest.raises(Refusal):
            entries.counter_entry(session, again, "再来一次", SYSTEM, NOW)


@pytest.mark.parametrize("statement", ["UPDATE point_entry SET points = 9", "DELETE FROM point_entry"])
def test_the_database_refuses_to_change_the_ledger(session: Session, statement: str) -> None:
    entered(session)
    with pytest.raises(DatabaseError, match="append-only"):
        session.execute(text(statement))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"occurred_on": date(2030, 1, 1)}, "occurred_on"),
        ({"activity_code": "task_overdue"}, "activity"),
        ({"activity_code": "safety_training"}, "activity"),
        ({"activity_code": "nothing"}, "activity"),
        ({"points": 0}, "points"),
        ({"points": 1001}, "points"),
        ({"target_kind": "town"}, "target"),
        ({"evidence": b"MZ\x90 no picture"}, "evidence"),
    ],
)
def test_what_cannot_be_is_refused(session: Session, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        entered(session, **values)
    assert caught.value.field == field
    assert session.scalar(select(PointEntry.id)) is None


def test_a_post_bounds_whose_points_are_entered_and_seen(session: Session) -> None:
    grid, leader = at(session, "grid", places.VILLAGE), at(session, "leader", places.TOWN)
    mine = entered(session, grid)
    company = places.add_company(session)
    theirs = entered(session, target_code=places.OTHER_VILLAGE)
    firms = entered(session, target_kind="company", target_code=company.code)
    for who, target in (
        (grid, {"target_code": places.NEXT_VILLAGE}),
        (leader, {"target_kind": "company", "target_code": company.code}),
    ):
        with pytest.raises(Refusal, match="area or company does not exist") as caught:
            entered(session, who, **target)
        assert caught.value.field == "target"
    assert find_entry(session, mine.number, leader).id == mine.id
    for hidden in (theirs, firms):
        with pytest.raises(Missing):
            find_entry(session, hidden.number, leader)
    with pytest.raises(Denied, match="own entries"):
        entries.counter_entry(session, mine, "不是我的", leader, NOW)
    supervisor = at(session, "supervisor", places.TOWN)
    assert find_entry(session, firms.number, supervisor).id == firms.id
    entries.counter_entry(session, mine, "查无此事", supervisor, NOW)


def test_a_form_sent_twice_is_one_entry(session: Session) -> None:
    grid = at(session, "grid", places.VILLAGE)
    first = entered(session, grid, client_reference="a" * 32)
    assert entered(session, grid, client_reference="a" * 32).id == first.id
    with pytest.raises(Refusal, match="someone else"):
        entered(session, client_reference="a" * 32)
    rows = session.scalars(select(AuditEntry.action).where(AuditEntry.action == "points:entry:record")).all()
    assert len(rows) == 1


def test_a_hazard_brings_its_points_once(session: Session) -> None:
    village = places.area(session, places.VILLAGE)
    for _again in range(2):
        happenings.credit_fixed_hazard(session, HazardVerified(NOW, SYSTEM, 1, village.id, True, DAY))
        happenings.credit_fixed_hazard(session, HazardVerified(NOW, SYSTEM, 2, village.id, False, DAY))
        happenings.debit_overdue_hazard(session, HazardOverdue(NOW, SYSTEM, 2, village.id, DAY))
        happenings.debit_overdue_hazard(session, HazardOverdue(NOW, SYSTEM, 2, village.id, DAY + timedelta(days=30)))
    lines = list_of_target(session, scope.of_area(village)).items
    assert [(line.entry.activity.code, line.entry.points, line.balance) for line in lines] == [
        ("hazard_overdue", -5, -5),
        ("hazard_overdue", -5, 0),
        ("hazard_fixed", 5, 5),
    ]


def test_an_activity_is_renewed_without_touching_what_was_entered(session: Session) -> None:
    entry = entered(session)
    activity = find_activity(session, "publicity")
    new = ActivityInput("宣传", "Publicity", "earned", 8, ("village",), DAY)
    with pytest.raises(Refusal) as caught:
        catalogue.renew_activity(session, activity, new, activity.version, SYSTEM)
    assert caught.value.field == "valid_from"
    later = ActivityInput("宣传", "Publicity", "earned", 8, ("village",), DAY + timedelta(days=1))
    catalogue.renew_activity(session, activity, later, activity.version, SYSTEM)
    assert entered(session, occurred_on=DAY + timedelta(days=1)).points == 8
    assert (entry.points, entered(session).points) == (5, 5)
    session.expire_all()
    with pytest.raises(Refusal):
        catalogue.end_activity(session, activity, date(2020, 1, 1), activity.version, SYSTEM)
