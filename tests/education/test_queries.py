from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session

from tests.factories import people
from tests.factories.education import (
    NOW,
    District,
    assign,
    make_district,
    make_rider,
    make_session,
    make_task,
    make_violation,
)
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import from_local
from trafficedu.core.errors import Missing
from trafficedu.core.month import Month, Period
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries.monthly import count_completion
from trafficedu.education.queries.people import people as shown_people
from trafficedu.education.queries.reoffence import count_reoffence
from trafficedu.education.queries.tasks import TaskFilter, find_task, list_overdue, tasks_on
from trafficedu.education.rules.reckoning import CompletionCounts, ReoffenceCounts
from trafficedu.riders.models import Rider

JUNE = Period(Month(2026, 6), Month(2026, 6))
JANUARY = Period(Month(2026, 1), Month(2026, 1))


def at(day: str) -> datetime:
    return from_local(datetime.fromisoformat(f"{day}T10:00"))


def task(
    session: Session, district: District, opened: str, due: str, completed: str = "", state: str = ""
) -> StudyTask:
    return make_task(
        session,
        make_rider(session),
        district.a,
        opened_utc=at(opened),
        opened_on=date.fromisoformat(opened),
        due_on=date.fromisoformat(due),
        state=state or ("completed" if completed else "in_progress"),
        completed_utc=at(completed) if completed else None,
        completed_on=date.fromisoformat(completed) if completed else None,
    )


@pytest.fixture
def june(session: Session, district: District) -> District:
    """Eight tasks made by hand; each line says what it is for."""
    task(session, district, "2026-06-01", "2026-06-16", "2026-06-10")  # on time
    task(session, district, "2026-06-02", "2026-06-17", "2026-06-17")  # on time, on the last day
    task(session, district, "2026-06-03", "2026-06-18", "2026-06-19")  # a day late
    task(session, district, "2026-06-04", "2026-06-19")  # late, never done
    task(session, district, "2026-06-30", "2026-07-15")  # opened in June, due in July
    task(session, district, "2026-05-31", "2026-06-15", "2026-06-14")  # opened in May, due in June
    task(session, district, "2026-06-05", "2026-06-20", state="waived")
    task(session, district, "2026-06-05", "2026-06-20", state="withdrawn")
    return district


def test_completion_counts_of_a_month_by_hand(session: Session, june: District) -> None:
    counts = count_completion(session, SYSTEM, june.root.path, JUNE, at("2026-07-01"))
    assert counts == CompletionCounts(opened=5, completed=3, not_yet_due=1, due=5, completed_on_time=3)


def test_completion_keeps_to_the_area(session: Session, june: District) -> None:
    def count(by: Actor, path: str | None = None) -> int:
        return count_completion(session, by, path or june.root.path, JUNE, at("2026-07-01")).opened

    here = actor_of(people.make_user(session, "analyst", area_id=june.root.id))
    elsewhere = actor_of(people.make_user(session, "analyst", area_id=make_district(session).root.id))
    assert (count(here), count(elsewhere), count(here, june.town.path), count(here, june.other_town.path)) == (
        5,
        0,
        5,
        0,
    )
    assert count_completion(session, elsewhere, june.root.path, JUNE, at("2026-07-01")) == CompletionCounts(
        0, 0, 0, 0, 0
    )


def test_reoffence_by_hand(session: Session, district: District) -> None:
    def completed(days: str, *offences: str, state: str = "confirmed") -> None:
        done = task(session, district, days, days, days)
        for day in offences:
            make_violation(session, done.rider, district.c, at(day), state=state)

    completed("2026-01-10", "2026-07-09")  # the 180th day: again
    completed("2026-01-10", "2026-07-10")  # the 181st: not
    completed("2026-01-10", "2026-01-10")  # the day itself: not new
    completed("2026-01-12", "2026-02-01", state="voided")  # found wrong: not
    completed("2026-01-31", "2026-02-01")  # 180 days are not over on 30 July: not judged yet
    counts = count_reoffence(session, SYSTEM, district.root.path, JANUARY, at("2026-07-30"))
    assert counts == ReoffenceCounts(observed=4, reoffended=1, not_yet_observed=1)
    later = count_reoffence(session, SYSTEM, district.root.path, JANUARY, at("2026-07-31"))
    assert later == ReoffenceCounts(observed=5, reoffended=2, not_yet_observed=0)


def test_a_rider_counts_once_in_the_reoffence_rate(session: Session, district: District, rider: Rider) -> None:
    for day in ("2026-01-10", "2026-01-20"):
        values = {"state": "completed", "completed_utc": at(day), "completed_on": date.fromisoformat(day)}
        make_task(session, rider, district.a, **values)
    counts = count_reoffence(session, SYSTEM, district.root.path, JANUARY, at("2026-12-01"))
    assert counts == ReoffenceCounts(1, 0, 0)


def sees(session: Session, by: Actor, number: str) -> bool:
    listed = any(one.number == number for one in tasks_on(NOW.date()).page(session, by, TaskFilter()).items)
    try:
        find_task(session, number, by)
    except Missing:
        assert not listed
        return False
    assert listed
    return True


def test_who_sees_a_task(session: Session, district: District) -> None:
    living_in_c = make_rider(session, district.c)
    make_session(session, district.at_b)
    found = assign(session, make_violation(session, living_in_c, district.a), SYSTEM, NOW)
    assert found is not None
    assert found.state == "booked"
    expected = {
        ("officer", "area_id", district.a.id): True,
        ("officer", "area_id", district.b.id): False,
        ("supervisor", "area_id", district.root.id): True,
        ("grid", "area_id", district.c.id): True,
        ("leader", "area_id", district.town.id): True,
        ("officer", "area_id", make_district(session).root.id): False,
        ("station", "station_id", district.at_b.id): True,
        ("station", "station_id", district.at_a.id): False,
        ("station", "station_id", district.at_c.id): False,
    }
    for (role, post, value), seen in expected.items():
        actor = actor_of(people.make_user(session, role, **{post: value}))
        assert sees(session, actor, found.number) is seen, (role, post)


def test_station_staff_see_the_waiting_of_their_town(session: Session, district: District) -> None:
    found, other = (
        assign(session, make_violation(session, make_rider(session), village), SYSTEM, NOW)
        for village in (district.a, district.b)
    )
    assert found is not None
    for station, seen in ((district.at_a, True), (district.at_b, True), (district.at_c, False)):
        actor = actor_of(people.make_user(session, "station", station_id=station.id))
        assert sees(session, actor, found.number) is seen
        page = replace(tasks_on(NOW.date()), per_page=1).page(session, actor, TaskFilter(area_path=district.b.path))
        assert page.items == ([other] if seen else [])


def test_how_much_of_a_rider_each_role_is_shown(session: Session, district: District, rider: Rider) -> None:
    names = {}
    for role in ("officer", "station", "grid", "leader", "analyst"):
        post = {"station_id": district.at_a.id} if role == "station" else {"area_id": district.root.id}
        actor = actor_of(people.make_user(session, role, **post))
        names[role] = shown_people(session, [rider], actor)[rider.id]
    assert names["officer"].name == names["station"].name == rider.name
    assert "*" in names["officer"].id_masked
    assert names["grid"].name not in {"", rider.name}
    assert names["grid"].id_masked == names["leader"].name == names["analyst"].name == ""


def test_overdue_is_derived_from_the_due_date(session: Session, district: District) -> None:
    late = task(session, district, "2026-06-04", "2026-06-19")
    task(session, district, "2026-06-04", "2026-06-20")
    task(session, district, "2026-06-04", "2026-06-10", "2026-06-12")
    assert list(list_overdue(session, SYSTEM, date(2026, 6, 20))) == [late]
    assert list_overdue(session, SYSTEM, date(2026, 6, 19)) == []
    assert tasks_on(date(2026, 6, 20)).page(session, SYSTEM, TaskFilter(state="overdue")).items == [late]
