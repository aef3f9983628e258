"""Tasks, sessions and riders at the desk are found by name, document, plate and number, as far as one may see."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import (
    NOW,
    TODAY,
    District,
    assign,
    make_rider,
    make_session,
    make_task,
    make_violation,
)
from tests.rows_read import readings
from trafficedu.accounts.models import User
from trafficedu.core import clock
from trafficedu.core.actors import SYSTEM
from trafficedu.core.numbers import new_number
from trafficedu.core.services import services_of
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Certificate, StudyTask
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.queries.tasks import TaskFilter, tasks_on
from trafficedu.education.rules.states import BookingState, TaskState
from trafficedu.education.views import desk, door, roster, sessions, study, tasks
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import PHONE
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.searching import Words

MakeUser = Callable[..., User]
NAMES = ("阿卜杜拉·库尔班", "𠮷田䶮", "王小明", "王小红")
STARTS = NOW + timedelta(hours=2)
AT_THE_DOOR = STARTS - timedelta(minutes=30)


@pytest.fixture(autouse=True)
def today_is_that_monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "utc_now", lambda: AT_THE_DOOR)
    for module in (sessions, door, roster, study, desk, tasks):
        monkeypatch.setattr(module, "utc_now", lambda: AT_THE_DOOR)
    for module in (sessions, door, desk, tasks):
        monkeypatch.setattr(module, "today", lambda: TODAY)


@pytest.fixture
def owed(session: Session, district: District, officer: User) -> dict[str, StudyTask]:
    """Tasks of four riders by name, seated in a session at the station of village a; each violation has a plate."""
    make_session(session, district.at_a, STARTS, lecturer="钱讲师")
    found = {}
    for place, name in enumerate(NAMES):
        rider = make_rider(session, district.a, name)
        phone, keys = f"1380000000{place}", services_of(session).keyring
        rider.phone_cipher, rider.phone_hash = keys.encrypt(phone, PHONE), keys.lookup_hash(phone, PHONE)
        number = f"33010919900101{place}12X"
        rider.id_number_cipher = keys.encrypt(number, "rider.id_number")
        violation = make_violation(session, rider, district.a, officer_id=officer.id if place == 1 else None)
        violation.plate, violation.reference, violation.reference_source = f"演示A0000{place}", f"POLICE-{place}", "f"
        violation.reference_year = 2026
        task = assign(session, violation, SYSTEM, NOW)
        assert task is not None
        found[name] = task
    session.commit()
    return found


@pytest.fixture
def officer(make_user: MakeUser, district: District) -> User:
    return make_user("officer", area_id=district.root.id, display_name="林 Officer")


def listed(browser: Browser, address: str, words: str, letter: str) -> set[str]:
    html = browser.get(address, query_string={"q": words}).text
    return set(re.findall(rf'href="/(?:education|sessions)/({letter}[0-9A-Z]{{11}})"', html))


def violation_of(session: Session, task: StudyTask) -> Violation:
    return session.scalars(select(Violation).where(Violation.rider_id == task.rider_id)).one()


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("阿卜杜拉•库尔班", 0),
        ("库\u200b尔", 0),
        ("𠮷田", 1),
        ("䶮", 1),
        ("小明", 2),
        ("演示·a 00002", 2),
        ("演示－Ａ００００３", 3),
        ("POLICE-3", 3),
        ("police-3", 3),
        ("林 officer", 1),
    ],
)
def test_a_task_is_found_by_what_is_known_of_it(
    session: Session, client: Browser, officer: User, owed: dict[str, StudyTask], words: str, place: int
) -> None:
    client.sign_in(officer)
    assert listed(client, "/education", words, "T") == {owed[NAMES[place]].number}


def test_a_task_is_found_by_its_own_number_its_violations_and_its_certificates(
    session: Session, client: Browser, officer: User, owed: dict[str, StudyTask]
) -> None:
    task = owed["王小明"]
    session.add(Certificate(number=new_number("C"), task_id=task.id, issued_utc=NOW))
    session.commit()
    certificate = session.scalars(select(Certificate.number).where(Certificate.task_id == task.id)).one()
    client.sign_in(officer)
    for number in (task.number, violation_of(session, task).number, certificate):
        for typed in (number, number.lower(), f"{number[:4]}-{number[4:]}", number.replace("0", "O")):
            assert listed(client, "/education", typed, "T") == {task.number}, typed
    assert listed(client, "/education", "王小", "T") == {task.number, owed["王小红"].number}
    for nothing in ("无此人", new_number("T"), "浙A99999"):
        assert listed(client, "/education", nothing, "T") == set()


def test_an_empty_search_says_what_was_searched_and_never_takes_a_document(
    client: Browser, officer: User, owed: dict[str, StudyTask]
) -> None:
    client.sign_in(officer)
    html = client.get("/education", query_string={"q": "无此人", "lang": "zh"}).text
    assert "没有找到“无此人”" in html
    assert "任务或案件编号、车牌、驾驶人或民警" in html
    html = client.get("/education", query_string={"q": "13800000002", "lang": "zh"}).text
    assert "列表不按证件号码或手机号查找" in html
    assert owed["王小明"].number not in html


@pytest.mark.parametrize("role", ["grid", "leader", "analyst"])
def test_who_is_not_shown_riders_finds_tasks_by_number_only(
    session: Session, client: Browser, make_user: MakeUser, district: District, owed: dict[str, StudyTask], role: str
) -> None:
    client.sign_in(make_user(role, area_id=district.root.id))
    for words in ("王小明", "小明", "演示A00002", "林 officer"):
        assert listed(client, "/education", words, "T") == set(), words
    assert listed(client, "/education", violation_of(session, owed["王小明"]).number, "T") == {owed["王小明"].number}


def test_nobody_finds_a_task_outside_the_own_post(
    session: Session, client: Browser, make_user: MakeUser, district: District, owed: dict[str, StudyTask]
) -> None:
    client.sign_in(make_user("officer", area_id=district.c.id))
    for words in ("王小明", "演示A00002", owed["王小明"].number, violation_of(session, owed["王小明"]).number):
        assert listed(client, "/education", words, "T") == set(), words


def test_a_search_keeps_to_the_other_filters(client: Browser, officer: User, owed: dict[str, StudyTask]) -> None:
    client.sign_in(officer)
    html = client.get("/education", query_string={"q": "王小明", "state": "waived"}).text
    assert owed["王小明"].number not in html
    assert owed["王小明"].number in client.get("/education", query_string={"q": "王小明", "state": "booked"}).text


def test_of_a_common_surname_no_more_is_read_than_a_page_looks_through(session: Session, district: District) -> None:
    """2,000 riders of one surname: the list is looked through in its order, whoever else bears the name."""
    keys = services_of(session).keyring
    for number in range(2_000):
        rider = Rider(
            number=new_number("R"),
            name=f"王{number:04d}",
            id_type="passport",
            id_number_cipher=keys.encrypt("E1234567", "rider.id_number"),
            id_number_hash=f"{number:050d}",
            home_area_id=district.a.id,
            created_utc=NOW,
        )
        session.add(rider)
        session.flush()
        make_task(session, rider, district.a, due_on=TODAY + timedelta(days=number % 300))
    last = make_task(session, make_rider(session, district.a, "王独一"), district.a, due_on=TODAY + timedelta(days=400))
    session.execute(text("ANALYZE"))
    session.commit()
    with readings() as read:
        page = tasks_on(TODAY).page(session, SYSTEM, TaskFilter(words=Words("王", riders=True, officers=True)))
    assert len(page.items) == 50
    assert page.after
    assert max((one.beyond(700), one.detail, one.statement) for one in read)[0] < 1_500
    found = tasks_on(TODAY).page(session, SYSTEM, TaskFilter(words=Words("王独一", riders=True, officers=True)))
    assert (found.items, found.total, found.after) == ([last], 1, "")


def test_sessions_are_found_by_rider_number_and_lecturer(
    session: Session, client: Browser, make_user: MakeUser, district: District, owed: dict[str, StudyTask]
) -> None:
    booked = session.scalars(select(StudySession)).one()
    other = make_session(session, district.at_a, NOW + timedelta(days=3), lecturer="孙讲师")
    past = make_session(session, district.at_a, NOW - timedelta(days=30), lecturer="钱讲师")
    session.commit()
    client.sign_in(make_user("station", station_id=district.at_a.id))
    violation = violation_of(session, owed["王小明"])
    for words in ("小明", "演示A00002", violation.number, booked.number, "𠮷田", "钱讲师"):
        assert listed(client, "/sessions", words, "S") == {booked.number}, words
    assert listed(client, "/sessions", "孙讲", "S") == {other.number}
    assert listed(client, "/sessions", past.number, "S") == {past.number}
    assert listed(client, "/sessions", "无此人", "S") == set()
    client.sign_in(make_user("station", station_id=district.at_c.id))
    assert listed(client, "/sessions", "小明", "S") == set()


@pytest.mark.parametrize(
    "words", ["库尔班", "阿卜杜拉・库尔班", "138 0000 0000", "+86 138-0000-0000", "演示a00000", "POLICE-0"]
)
def test_a_rider_who_walks_in_is_found_at_the_desk(
    client: Browser, make_user: MakeUser, district: District, owed: dict[str, StudyTask], words: str
) -> None:
    client.sign_in(make_user("station", station_id=district.at_a.id))
    answer = client.post("/desk", data={"words": words})
    assert answer.status_code == 303
    task = owed["阿卜杜拉·库尔班"]
    assert answer.location.endswith(f"/riders/{task.number}"), "check-in is open: the study card has its button"


def test_the_desk_knows_the_last_four_of_a_document_and_lists_several(
    session: Session, client: Browser, make_user: MakeUser, district: District, owed: dict[str, StudyTask]
) -> None:
    client.sign_in(make_user("station", station_id=district.at_a.id))
    assert owed["王小明"].number in client.post("/desk", data={"words": "２12x"}).location
    session.get_one(Rider, owed["王小红"].rider_id).id_number_cipher = owed["王小明"].rider.id_number_cipher
    session.commit()
    several = client.post("/desk", data={"words": "212X"})
    assert several.status_code == 200
    assert {name for name in NAMES if name in several.text} == {"王小明", "王小红"}
    by_name = client.post("/desk", data={"words": "王小"})
    assert {name for name in NAMES if name in by_name.text} == {"王小明", "王小红"}
    violation = violation_of(session, owed["𠮷田䶮"])
    assert owed["𠮷田䶮"].number in client.post("/desk", data={"words": violation.number.lower()}).location


def test_the_desk_says_where_it_looked_and_finds_nobody_of_elsewhere(
    session: Session, client: Browser, make_user: MakeUser, district: District, owed: dict[str, StudyTask]
) -> None:
    client.sign_in(make_user("station", station_id=district.at_c.id))
    violation = violation_of(session, owed["王小明"])
    for words in ("王小明", "212X", "13800000002", "演示A00002", violation.number):
        html = client.post("/desk?lang=zh", data={"words": words}).text
        assert "没有找到驾驶人" in html
        assert "已查找本站有座位的学习任务" in html
        assert owed["王小明"].number not in html
    assert client.get("/desk").status_code == 200
    client.sign_in(make_user("officer", area_id=district.root.id))
    assert client.get("/desk").status_code == 403


def test_a_finished_study_is_found_too_and_opens_its_task(
    session: Session, client: Browser, make_user: MakeUser, district: District, owed: dict[str, StudyTask]
) -> None:
    task = owed["王小明"]
    booking = live_booking(session, task.id)
    assert booking is not None
    booking.session.starts_utc, booking.session.ends_utc = NOW - timedelta(days=9), NOW - timedelta(days=9, hours=-1)
    booking.session.starts_on = TODAY - timedelta(days=9)
    booking.state = BookingState.ATTENDED
    task.state, task.completed_utc, task.completed_on = TaskState.COMPLETED, NOW, TODAY
    session.commit()
    client.sign_in(make_user("station", station_id=district.at_a.id))
    assert client.post("/desk", data={"words": "13800000002"}).location.endswith(f"/education/{task.number}")
    assert client.post("/desk", data={"words": "212X"}).status_code == 200, "only of unfinished ones"


@pytest.mark.parametrize("words", ["小明", "212X", "2 12x", "演示A00002", "13800000002", "POLICE-2"])
def test_the_list_at_the_door_is_searched_likewise(
    session: Session, client: Browser, make_user: MakeUser, district: District, owed: dict[str, StudyTask], words: str
) -> None:
    booked = session.scalars(select(StudySession)).one()
    client.sign_in(make_user("station", station_id=district.at_a.id))
    html = client.post(f"/sessions/{booked.number}/check-in", data={"words": words}).text
    assert {name for name in NAMES if name in html} == {"王小明"}
