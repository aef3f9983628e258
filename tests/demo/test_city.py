"""The demo's city: three districts under one top, riders who cross them, studies that do not."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import root
from trafficedu.demo.accounts import list_documented
from trafficedu.demo.plan import Plan
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station
from trafficedu.violations.models.records import Violation

pytestmark = pytest.mark.one_database
PLAN = Plan(violations=600, months=4, districts=3)
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def districts_of(session: Session) -> dict[int, str]:
    """Return the name of the district of every area."""
    return {area.id: area.district.name for area in session.scalars(select(Area))}


def test_a_city_has_three_districts_and_violations_in_each(demo: Session) -> None:
    top, of = root(demo), districts_of(demo)
    assert top is not None
    assert (top.name, top.level) == ("杭州市", "city")
    counts = Counter(of[area_id] for area_id in demo.scalars(select(Violation.area_id)))
    assert counts.keys() == {"萧山区", "滨江区", "钱塘区"}
    assert counts.most_common(1)[0][0] == "萧山区"


def test_riders_cross_districts_and_seats_stay_in_the_one_where_they_live(demo: Session) -> None:
    of = districts_of(demo)
    rows = demo.execute(
        select(Rider.home_area_id, StudyTask.area_id, Station.area_id)
        .select_from(Booking)
        .join(StudyTask, Booking.task_id == StudyTask.id)
        .join(Rider, StudyTask.rider_id == Rider.id)
        .join(StudySession, Booking.session_id == StudySession.id)
        .join(Station, StudySession.station_id == Station.id)
    ).all()
    assert any(home is not None and of[home] != of[place] for home, place, _ in rows)
    assert all(of[station] == of[home or place] for home, place, station in rows)


def test_each_district_has_accounts_of_its_own_and_the_city_some(demo: Session) -> None:
    posts: dict[str, User] = {user.username: user for user in list_documented(demo)}
    of_the_city = [("city-analyst", "杭州市"), ("city-supervisor", "杭州市")]
    for name, district in (*of_the_city, ("supervisor", "萧山区"), ("analyst2", "滨江区"), ("analyst3", "钱塘区")):
        area = posts[name].area
        assert area is not None
        assert area.name == district
    assert len(posts) == 8 + 2 + 2 * 6
