"""Patrols: begun, counted, ended, entered afterwards, voided; the effort they add up to."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import people, places
from tests.factories.evaluation import NOW
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Denied, Missing, Refusal, Stale
from trafficedu.core.month import Month
from trafficedu.patrols import services
from trafficedu.patrols.models import Patrol
from trafficedu.patrols.queries import monthly, records
from trafficedu.patrols.queries.monthly import Effort
from trafficedu.patrols.queries.records import PatrolFilter
from trafficedu.patrols.services import Ending, PastPatrol

MONTH = Month.of(NOW.date())
AFTER = date(2100, 1, 1)


def at(session: Session, role: str, code: str = places.TOWN) -> Actor:
    return actor_of(people.make_user(session, role, area=places.area(session, code)))


def past(session: Session, by: Actor, hours_ago: float, hours: float = 2, **values: Any) -> Patrol:
    started = NOW - timedelta(hours=hours_ago)
    new = PastPatrol(
        **{"area_code": places.VILLAGE, **values, "started_utc": started, "ended_utc": ended(started, hours)}
    )
    return services.enter_past(session, new, by, NOW)


def ended(started: datetime, hours: float) -> datetime:
    return started + timedelta(hours=hours)


def test_a_patrol_is_begun_counted_and_ended(session: Session) -> None:
    officer = at(session, "officer")
    patrol = services.begin(session, places.VILLAGE, "", officer, NOW)
    assert records.find_patrol(session, patrol.number, officer).stops is None, "nobody counted yet: that is not zero"
    services.uncount_stop(session, officer)
    for count in (services.count_stop, services.count_stop, services.uncount_stop, services.count_stop):
        count(session, officer)
    session.refresh(patrol)
    assert patrol.stops == 2
    with pytest.raises(Refusal, match="already have a patrol under way"):
        services.begin(session, places.TOWN, "", officer, NOW)
    assert monthly.effort_of(session, places.area(session).path, MONTH, NOW) == Effort(0, None, 0), "not ended yet"
    later = NOW + timedelta(minutes=90)
    services.end(session, patrol, Ending(later, 2), officer, later)
    assert records.running_of(session, officer) is None
    assert monthly.effort_of(session, places.area(session).path, MONTH, NOW) == Effort(1.5, 2, 1, 1)
    with pytest.raises(Refusal, match="has ended"):
        services.count_stop(session, officer)


def test_effort_is_told_by_area_and_stops_only_where_counted(session: Session) -> None:
    officer = at(session, "officer")
    past(session, officer, 10)
    past(session, officer, 8, stops=12)
    past(session, officer, 6, area_code=places.TOWN, stops=3)
    void = past(session, officer, 4, stops=100)
    services.void(session, void, "误记", void.version, officer, NOW)
    by_area = monthly.effort_by_area(session, MONTH)
    assert by_area == {
        places.area(session, places.VILLAGE).path: Effort(4.0, 12, 2, 1),
        places.area(session).path: Effort(2.0, 3, 1, 1),
    }
    assert monthly.effort_of(session, places.area(session).path, MONTH, NOW) == Effort(6.0, 15, 3, 2)
    whole = PatrolFilter()
    assert records.total_of(session, officer, whole, NOW) == Effort(6.0, 15, 3, 2)
    assert records.PATROLS.page(session, officer, whole).total == 4


@pytest.mark.parametrize(
    ("hours_ago", "hours", "values", "field"),
    [
        (-1, 1, {}, "started_at"),
        (24 * 40, 1, {}, "started_at"),
        (1, 2, {}, "ended_at"),
        (3, -1, {}, "ended_at"),
        (30, 17, {}, "ended_at"),
        (3, 1, {"stops": -1}, "stops"),
        (3, 1, {"area_code": places.OTHER_VILLAGE}, "area_code"),
        (11, 2, {}, "started_at"),
    ],
)
def test_what_cannot_be_is_refused(
    session: Session, hours_ago: float, hours: float, values: dict[str, Any], field: str
) -> None:
    officer = at(session, "officer")
    past(session, officer, 10)
    with pytest.raises(Refusal) as caught:
        past(session, officer, hours_ago, hours, **values)
    assert caught.value.field == field


def test_who_may_see_and_void_a_patrol(session: Session) -> None:
    officer, colleague = at(session, "officer"), at(session, "officer")
    patrol = past(session, officer, 5)
    assert records.find_patrol(session, patrol.number, at(session, "leader")).id == patrol.id
    with pytest.raises(Missing):
        records.find_patrol(session, patrol.number, at(session, "supervisor", places.OTHER_TOWN))
    with pytest.raises(Denied, match="own patrols"):
        services.void(session, patrol, "看错了", patrol.version, colleague, NOW)
    with pytest.raises(Stale):
        services.void(session, patrol, "误记", patrol.version + 1, officer, NOW)
    services.void(session, patrol, "误记", patrol.version, at(session, "supervisor"), NOW)
    with pytest.raises(Refusal, match="already been voided"):
        services.void(session, patrol, "误记", patrol.version, officer, NOW)


def test_a_form_sent_twice_begins_one_patrol(session: Session) -> None:
    officer = at(session, "officer")
    first = services.begin(session, places.VILLAGE, "k" * 32, officer, NOW)
    assert services.begin(session, places.VILLAGE, "k" * 32, officer, NOW).id == first.id
    with pytest.raises(Refusal, match="someone else"):
        services.begin(session, places.VILLAGE, "k" * 32, at(session, "officer"), NOW)
