from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import (
    NOW,
    District,
    assign,
    make_rider,
    make_session,
    make_station,
    make_task,
    make_violation,
)
from tests.reports.reading import read
from trafficedu.accounts.models import User
from trafficedu.core import clock
from trafficedu.core.actors import SYSTEM
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance, Booking, Certificate, StudyTask, TaskViolation
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.views import door, exceptions, roster, sessions, signing, study, tasks
from trafficedu.riders.models import Rider

STARTS = NOW + timedelta(hours=2)
MakeUser = Callable[..., User]


class Clock:
    """The moment at which a page is opened; a test moves it on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def stand(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stand = Clock()
    monkeypatch.setattr(clock, "utc_now", stand)
    for module in (door, roster, sessions, study, signing, exceptions, tasks):
        monkeypatch.setattr(module, "utc_now", stand)
    for module in (sessions, tasks):
        monkeypatch.setattr(module, "today", lambda: clock.local_date(stand()))
    return stand


@pytest.fixture
def booking(session: Session, district: District, rider: Rider) -> Booking:
    make_session(session, district.at_a, STARTS)
    task = assign(session, make_violation(session, rider, district.a), SYSTEM, NOW)
    assert task is not None
    found = live_booking(session, task.id)
    assert found is not None
    session.commit()
    return found


@pytest.fixture
def staff(make_user: MakeUser, district: District, session: Session) -> User:
    return make_user("station", station_id=district.at_a.id)


def state(session: Session, booking: Booking) -> tuple[str, str]:
    session.expire_all()
    return booking.state, booking.task.state


def test_a_study_from_the_door_to_the_certificate(
    client: Browser, session: Session, booking: Booking, staff: User, stand: Clock
) -> None:
    number, task = booking.session.number, booking.task.number
    client.sign_in(staff)
    rider_url = f"/sessions/{number}/riders/{task}"
    stand.now = STARTS
    listed = client.get(f"/sessions/{number}/check-in").get_data(as_text=True)
    assert booking.task.rider.name in listed
    assert client.post(f"{rider_url}/check-in").status_code == 303
    assert state(session, booking) == ("attended", "in_progress")
    for module in booking.session.plan.modules:
        client.post(f"/sessions/{number}/modules/{module.position}/start")
        stand.now += timedelta(minutes=module.minimum_minutes)
        client.post(f"{rider_url}/modules/{module.position}/end")
    assert client.post(f"{rider_url}/quiz", data={"score": "101"}).status_code == 422
    client.post(f"{rider_url}/quiz", data={"score": "88", "reason": "平板故障，驾驶人在纸上作答"})
    assert client.post(f"{rider_url}/sign-off").status_code == 303
    assert state(session, booking) == ("attended", "completed")
    card = client.get(rider_url).get_data(as_text=True)
    certificate = session.scalars(select(Certificate)).one()
    assert staff.display_name in card
    assert certificate.number in card
    pdf = client.get(f"/certificates/{certificate.number}.pdf")
    assert (pdf.mimetype, pdf.data[:4]) == ("application/pdf", b"%PDF")


def test_a_refused_sign_off_says_why_and_an_exception_takes_two_people(
    client: Browser,
    session: Session,
    booking: Booking,
    staff: User,
    stand: Clock,
    make_user: MakeUser,
    district: District,
) -> None:
    rider_url = f"/sessions/{booking.session.number}/riders/{booking.task.number}"
    client.sign_in(staff)
    stand.now = STARTS
    client.post(f"{rider_url}/check-in")
    client.post(f"{rider_url}/sign-off?lang=en")
    page = client.get(f"{rider_url}?lang=en").get_data(as_text=True)
    assert "Not ready for sign-off" in page
    assert state(session, booking) == ("attended", "in_progress")
    empty = client.post(f"{rider_url}/override", data={"reason": ""})
    assert empty.status_code == 422
    assert client.post(f"{rider_url}/override", data={"reason": "设备故障"}).status_code == 422
    reason = "设备故障，已当面考核合格"
    assert client.post(f"{rider_url}/override", data={"reason": reason}).status_code == 303
    assert state(session, booking) == ("attended", "in_progress")
    client.sign_in(make_user("supervisor", area_id=district.root.id))
    assert reason in client.get("/").text
    address = f"/education/{booking.task.number}/exception"
    assert reason in client.get(address).text
    assert client.post(address, data={"step": "refuse"}).status_code == 422
    assert client.post(address, data={"step": "grant"}).status_code == 303
    assert state(session, booking) == ("attended", "completed")
    assert client.get("/exceptions").text.count(booking.session.station.name) == 1
    number = session.scalar(select(Certificate.number).where(Certificate.task_id == booking.task_id))
    client.sign_in(staff)
    assert "经例外批准办结，实际学习0分钟" in read(client.get(f"/certificates/{number}.pdf").data).flat


def test_another_station_finds_nothing(
    client: Browser, session: Session, booking: Booking, make_user: MakeUser, district: District
) -> None:
    number, task = booking.session.number, booking.task.number
    client.sign_in(make_user("station", station_id=district.at_b.id))
    for address in (
        f"/sessions/{number}",
        f"/sessions/{number}/check-in",
        f"/sessions/{number}/edit",
        f"/sessions/{number}/cancel",
        f"/sessions/{number}/roster.pdf",
        f"/sessions/{number}/riders/{task}",
        f"/education/{task}",
    ):
        assert client.get(address).status_code == 404, address
    for step in ("check-in", "undo", "absent", "sign-off", "modules/1/start", "quiz"):
        assert client.post(f"/sessions/{number}/riders/{task}/{step}", data={"score": "90"}).status_code == 404, step
    assert number not in client.get("/sessions").get_data(as_text=True)
    assert task not in client.get("/education").get_data(as_text=True)
    assert state(session, booking) == ("booked", "booked")


def test_who_reads_names_in_the_list(
    client: Browser, booking: Booking, make_user: MakeUser, district: District
) -> None:
    name = booking.task.rider.name
    for role, shown in (
        ("officer", True),
        ("supervisor", True),
        ("grid", False),
        ("leader", False),
        ("analyst", False),
    ):
        client.sign_in(make_user(role, area_id=district.root.id))
        page = client.get("/education").get_data(as_text=True)
        assert booking.task.number in page
        assert (name in page) is shown, role
        assert (name in client.get(f"/education/{booking.task.number}").get_data(as_text=True)) is shown, role
    client.sign_in(make_user("leader", area_id=district.root.id))
    assert name not in client.get(f"/sessions/{booking.session.number}").get_data(as_text=True)


def test_planning_shows_the_days_first_and_makes_them_then(
    client: Browser, session: Session, staff: User, district: District
) -> None:
    client.sign_in(staff)
    typed: dict[str, Any] = {
        "course": "basic",
        "day": "2026-11-28",
        "at": "19:00",
        "until": "2026-12-12",
        "capacity": "12",
        "every_weeks": "1",
        "lecturer": "李老师",
    }
    shown = client.post("/sessions/weekly", data=typed | {"step": "show"})
    assert shown.status_code == 200
    assert "2026-12-05" in shown.get_data(as_text=True)
    assert session.scalars(select(StudySession)).all() == []
    assert client.post("/sessions/weekly", data=typed | {"step": "make"}).status_code == 200, "the days come first"
    typed |= {"days": ["2026-11-28", "2026-12-12"], "listed": "2026-11-28/2026-12-12/1"}
    assert client.post("/sessions/weekly", data=typed | {"step": "make"}).status_code == 303
    made = session.scalars(select(StudySession)).all()
    assert {(one.station_id, one.capacity, one.lecturer) for one in made} == {(district.at_a.id, 12, "李老师")}
    assert sorted(one.starts_on.day for one in made) == [12, 28], "the day left out is not made"
    wrong = client.post("/sessions/weekly", data=typed | {"until": "2026-11-01", "step": "make"})
    assert wrong.status_code == 422
    assert "李老师" in wrong.get_data(as_text=True), "nothing typed is lost"
    past = {"course": "basic", "starts_utc": "2026-11-01T10:00", "capacity": "5"}
    assert client.post("/sessions/new", data=past).status_code == 422


def test_cancelling_says_how_many_and_holds_to_it(
    client: Browser, session: Session, booking: Booking, staff: User
) -> None:
    client.sign_in(staff)
    address = f"/sessions/{booking.session.number}/cancel"
    page = client.get(f"{address}?lang=en").get_data(as_text=True)
    assert "1 rider has a seat here" in page
    data = {"reason": "停电", "version": booking.session.version, "expected": "0"}
    assert client.post(address, data=data).status_code == 409
    assert client.post(address, data=data | {"expected": "1"}).status_code == 303
    assert state(session, booking) == ("cancelled", "open")


def test_choosing_another_seat(
    client: Browser, session: Session, booking: Booking, staff: User, district: District
) -> None:
    other = make_session(session, district.at_c, NOW + timedelta(days=1))
    full = make_session(session, district.at_b, NOW + timedelta(days=1), capacity=1, seats_taken=1)
    session.commit()
    client.sign_in(staff)
    address = f"/education/{booking.task.number}/seat"
    page = client.get(address).get_data(as_text=True)
    assert other.number in page
    assert full.number not in page
    assert client.post(address, data={"session": full.number}).status_code == 422
    assert client.post(address, data={"session": other.number}).status_code == 303
    session.expire_all()
    assert (other.seats_taken, booking.session.seats_taken) == (1, 0)


SHORT = {"Accept": "application/json"}


def test_a_full_session_is_refused_with_the_next_free_ones_only(
    client: Browser, session: Session, booking: Booking, staff: User, district: District
) -> None:
    free = [make_session(session, district.at_c, NOW + timedelta(days=1, hours=hour)) for hour in range(9)]
    full = make_session(session, district.at_b, NOW + timedelta(days=1), capacity=1, seats_taken=1)
    session.commit()
    client.sign_in(staff)
    address = f"/education/{booking.task.number}/seat"
    refused = client.post(f"{address}?lang=zh", data={"session": full.number})
    assert refused.status_code == 422
    assert "该场次刚刚约满" in refused.text
    assert [study.number in refused.text for study in free] == [True] * 5 + [False] * 4
    assert f'href="{address}"' in refused.text
    told = client.post(address, data={"session": full.number}, headers=SHORT)
    assert (told.status_code, list(told.json or {})) == (422, ["message"])
    assert len(told.data) < 300


@pytest.mark.one_database
def test_a_session_that_was_never_offered_cannot_be_chosen(
    client: Browser, session: Session, booking: Booking, staff: User, district: District
) -> None:
    other_course = make_session(session, district.at_a, NOW + timedelta(days=1), code="intermediate")
    closed = make_session(session, make_station(session, district.b, active=False), NOW + timedelta(days=1))
    begun = make_session(session, district.at_b, NOW - timedelta(minutes=1))
    over = make_session(session, district.at_a, NOW - timedelta(minutes=50 + 120))
    desk = make_session(session, district.at_a, NOW - timedelta(minutes=20))
    session.commit()
    client.sign_in(staff)
    address = f"/education/{booking.task.number}/seat"
    for number in (other_course.number, closed.number, begun.number, over.number, "S0", ""):
        assert client.post(address, data={"session": number}, headers=SHORT).status_code == 422
    assert desk.number in client.get(address).text, "who comes late is seated at the desk"
    assert client.post(address, data={"session": desk.number}, headers=SHORT).status_code == 200


def test_a_seat_and_a_check_in_are_told_to_the_pages_script_shortly(
    client: Browser, session: Session, booking: Booking, staff: User, district: District, stand: Clock
) -> None:
    number, task = booking.session.number, booking.task.number
    client.sign_in(staff)
    address = f"/sessions/{number}/riders/{task}/check-in"
    stand.now = STARTS - timedelta(days=1)
    early = client.post(address, headers=SHORT)
    assert (early.status_code, list(early.json or {})) == (422, ["message"])
    stand.now = STARTS
    for _ in range(2):
        told = client.post(address, headers=SHORT)
        assert told.status_code == 200
        assert f'id="{task}"' in (told.json or {})["html"]
        assert "<html" not in (told.json or {})["html"]
    assert state(session, booking) == ("attended", "in_progress")
    missing = client.post(f"/sessions/{number}/riders/T0/check-in", headers=SHORT)
    assert (missing.status_code, list(missing.json or {})) == (404, ["message"])
    waiting = make_task(session, make_rider(session, district.a), district.a)
    free = make_session(session, district.at_a, NOW + timedelta(days=1))
    session.commit()
    taken = client.post(f"/education/{waiting.number}/seat", data={"session": free.number}, headers=SHORT)
    assert (taken.status_code, taken.json) == (200, {"address": f"/education/{waiting.number}"})
    session.expire_all()
    assert free.seats_taken == 1


def test_a_second_tap_at_the_door_changes_nothing(
    client: Browser, session: Session, booking: Booking, staff: User, stand: Clock
) -> None:
    client.sign_in(staff)
    stand.now = STARTS
    address = f"/sessions/{booking.session.number}/riders/{booking.task.number}/check-in"
    versions = set()
    for _ in range(2):
        assert client.post(address).status_code == 303
        session.expire_all()
        versions.add((booking.version, booking.task.version))
    assert len(versions) == 1
    assert session.scalar(select(func.count()).select_from(Attendance)) == 1


def test_only_the_area_that_answers_may_waive(
    client: Browser, session: Session, make_user: MakeUser, district: District
) -> None:
    rider = make_rider(session, district.c)
    task = make_task(session, rider, district.a)
    session.add(TaskViolation(violation_id=make_violation(session, rider, district.a).id, task_id=task.id))
    session.commit()
    address = f"/education/{task.number}/waive"
    client.sign_in(make_user("supervisor", area_id=district.c.id))
    assert client.get(f"/education/{task.number}").status_code == 200, "the rider lives there"
    assert client.post(address, data={"reason": "住院"}).status_code == 404
    client.sign_in(make_user("supervisor", area_id=district.a.id))
    assert client.post(address, data={"reason": "住院"}).status_code == 422
    assert client.post(address, data={"reason": "长期住院，医院已出具证明"}).status_code == 303
    assert client.post(f"/education/{task.number}/exception", data={"step": "grant"}).status_code == 422, "own proposal"
    client.sign_in(make_user("supervisor", area_id=district.a.id))
    assert client.post(f"/education/{task.number}/exception", data={"step": "grant"}).status_code == 303
    session.expire_all()
    assert session.get_one(StudyTask, task.id).state == "waived"
    assert client.post(f"/education/{task.number}/resume", data={"reason": "证明系伪造，撤销免除"}).status_code == 303
    session.expire_all()
    assert session.get_one(StudyTask, task.id).state == "open"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_renders(
    client: Browser,
    session: Session,
    booking: Booking,
    staff: User,
    make_user: MakeUser,
    district: District,
    language: str,
) -> None:
    make_task(session, make_rider(session), district.a)
    session.commit()
    client.sign_in(staff)
    number, task = booking.session.number, booking.task.number
    for address in (
        "/education",
        "/education?state=overdue&course=basic&due_from=2026-01-01",
        f"/education/{task}",
        f"/education/{task}/seat",
        "/sessions",
        "/sessions?free=y&course=basic",
        "/sessions/new",
        "/sessions/weekly",
        f"/sessions/{number}",
        f"/sessions/{number}/edit",
        f"/sessions/{number}/cancel",
        f"/sessions/{number}/check-in",
        f"/sessions/{number}/riders/{task}",
    ):
        separator = "&" if "?" in address else "?"
        assert client.get(f"{address}{separator}lang={language}").status_code == 200, address
    assert client.get(f"/sessions/{number}/roster.pdf").data[:4] == b"%PDF"
    client.sign_in(make_user("supervisor", area_id=district.root.id))
    assert client.get(f"/education?area={district.town.code}").status_code == 200
    assert client.get(f"/education/{task}/waive").status_code == 200


@pytest.mark.one_database
def test_the_page_of_a_large_session_shows_some_riders_and_leads_to_all(
    client: Browser, session: Session, district: District, staff: User
) -> None:
    study = make_session(session, district.at_a, STARTS, capacity=60, seats_taken=53)
    for _ in range(53):
        task = make_task(session, make_rider(session, district.a), district.a, state="booked")
        session.add(Booking(task_id=task.id, session_id=study.id, booked_utc=NOW))
    session.commit()
    client.sign_in(staff)
    page = client.get(f"/sessions/{study.number}?lang=en").text
    assert page.count('data-label="Study task"') == 50
    assert "Show 3 more riders" in page
    everybody = client.get(f"/sessions/{study.number}?lang=en&all=1").text
    assert everybody.count('data-label="Study task"') == 53
    assert "more rider" not in everybody
