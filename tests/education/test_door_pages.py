# mypy: disable-error-code="index"
# an answer without JSON fails the test just as well
"""The door over HTTP: the list, live lines, scans, taps of a tablet without a network, the rider's own phone."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import people
from tests.factories.education import NOW, District, assign, make_district, make_rider, make_session, make_violation
from trafficedu.accounts.models import User
from trafficedu.core import clock
from trafficedu.core.actors import SYSTEM
from trafficedu.core.database import database
from trafficedu.core.numbers import new_number
from trafficedu.core.transactions import WRITES
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask
from trafficedu.education.services import door_codes as codes
from trafficedu.education.views import door, door_away, door_screen, roster, study
from trafficedu.riders.queries.people import last_four

STARTS = NOW + timedelta(hours=2)
SHORT = {"Accept": "application/json"}


class Clock:
    now = STARTS

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def stand(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stand = Clock()
    monkeypatch.setattr(clock, "utc_now", stand)
    for module in (door, door_away, door_screen, roster, study):
        monkeypatch.setattr(module, "utc_now", stand)
    return stand


@pytest.fixture
def held(session: Session, district: District) -> StudySession:
    """A session of thirty riders."""
    held = make_session(session, district.at_a, STARTS, capacity=31)
    for number in range(30):
        rider = make_rider(session, district.a, f"骑手{chr(0x4E00 + number * 7)}")
        assert assign(session, make_violation(session, rider, district.a), SYSTEM, NOW) is not None
    session.commit()
    return held


@pytest.fixture
def clerk(session: Session, district: District) -> User:
    user = people.make_user(session, "station", station_id=district.at_a.id)
    session.commit()
    return user


def tasks_of(session: Session, held: StudySession) -> list[StudyTask]:
    query = select(StudyTask).join(Booking).where(Booking.session_id == held.id).order_by(StudyTask.id)
    return list(session.scalars(query))


def here(session: Session) -> int:
    session.expire_all()
    return session.scalar(select(func.count()).select_from(Attendance)) or 0


def test_thirty_scans_take_no_page_and_draw_one_line_each(
    client: Browser, session: Session, held: StudySession, clerk: User
) -> None:
    client.sign_in(clerk)
    page = client.get(f"/sessions/{held.number}/check-in").text
    tasks = tasks_of(session, held)
    assert page.count("data-task=") == 30
    order = [page.index(f'id="{task.number}"') for task in tasks]
    for task in tasks:
        told = client.post(f"/sessions/{held.number}/arrivals", data={"words": task.number}, headers=SHORT)
        assert (told.status_code, told.json["outcome"]) == (200, "done")
        assert told.json["html"].count("data-task=") == 1
        assert task.rider.name == told.json["name"]
    assert here(session) == 30
    after = client.get(f"/sessions/{held.number}/check-in").text
    assert sorted(order) == order or [after.index(f'id="{task.number}"') > 0 for task in tasks]
    names = [task.number for task in sorted(tasks, key=lambda task: after.index(f'id="{task.number}"'))]
    assert names == [task.number for task in sorted(tasks, key=lambda task: page.index(f'id="{task.number}"'))]


def test_another_device_is_told_the_lines_that_changed_and_nothing_else(
    client: Browser, session: Session, held: StudySession, clerk: User
) -> None:
    client.sign_in(clerk)
    address = f"/sessions/{held.number}/check-in/live"
    first = client.get(address)
    assert (first.status_code, len(first.json["rows"])) == (200, 30)
    unchanged = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    marks = [row.partition('data-mark="')[2].partition('"')[0] for row in first.json["rows"].values()]
    task = tasks_of(session, held)[4].number
    client.post(f"/sessions/{held.number}/riders/{task}/check-in", headers=SHORT)
    changed = client.get(
        address, query_string={"have": ",".join(marks)}, headers={"If-None-Match": first.headers["ETag"]}
    )
    assert list(changed.json["rows"]) == [task]
    assert changed.json["order"] == first.json["order"]
    assert "1 / 30" in changed.json["parts"]["counts"]


def queued(held: StudySession, text: str, at: datetime, **more: str) -> dict[str, str]:
    return {
        "client_reference": str(uuid.uuid4()),
        "session": held.number,
        "text": text,
        "recorded_at": at.isoformat(),
        "device_at": at.isoformat(),
        "identified": "",
        **more,
    }


def account_of(client: Browser) -> str:
    return str(client.get("/door/facts").json["account"])


def test_a_tap_kept_by_a_tablet_whose_clock_is_a_day_ahead_counts_at_its_moment(
    client: Browser, session: Session, held: StudySession, clerk: User, stand: Clock
) -> None:
    client.sign_in(clerk)
    facts = client.get("/door/facts").json
    assert [len(study["riders"]) for study in facts["studies"]] == [30]
    day, account = timedelta(days=1), facts["account"]
    first, second = (task.number for task in tasks_of(session, held)[:2])
    stand.now = STARTS + timedelta(hours=4)
    ahead = str(int(day.total_seconds() * 1000))
    tap = queued(held, first, STARTS + timedelta(minutes=3) + day, account=account, difference=ahead)
    for _ in range(2):
        told = client.post("/door/queued", data=tap, headers=SHORT)
        assert (told.status_code, told.json["number"]) == (200, first)
    attendance = session.scalars(select(Attendance)).one()
    assert (attendance.checked_in_utc, attendance.received_utc) == (STARTS + timedelta(minutes=3), stand.now)
    late = queued(held, second, STARTS + timedelta(minutes=40) + day, account=account, difference=ahead)
    refused = client.post("/door/queued", data=late, headers=SHORT)
    assert (refused.status_code, here(session)) == (422, 1)
    assert "30" in refused.json["message"]


def test_a_tablet_that_knew_no_difference_is_put_right_by_its_clock_of_now(
    client: Browser, session: Session, held: StudySession, clerk: User, stand: Clock
) -> None:
    client.sign_in(clerk)
    task, behind = tasks_of(session, held)[0].number, timedelta(hours=-7)
    stand.now = STARTS + timedelta(hours=1)
    tap = queued(held, task, STARTS + behind, account=account_of(client))
    tap["device_at"] = (stand.now + behind).isoformat()
    assert client.post("/door/queued", data=tap, headers=SHORT).status_code == 200
    assert session.scalars(select(Attendance)).one().checked_in_utc == STARTS


@pytest.mark.one_database
def test_what_no_tablet_of_ours_sends_is_refused(
    client: Browser, session: Session, held: StudySession, clerk: User
) -> None:
    client.sign_in(clerk)
    task, account = tasks_of(session, held)[0].number, account_of(client)
    for wrong in (
        {"client_reference": "1"},
        {"text": ""},
        {"recorded_at": "yesterday"},
        {"difference": "nan"},
        {"difference": "1e300"},
        {"session": ""},
    ):
        tap = queued(held, task, STARTS, account=account) | wrong
        assert client.post("/door/queued", data=tap, headers=SHORT).status_code == 400, wrong
    others = queued(held, task, STARTS, account="somebody")
    assert client.post("/door/queued", data=others, headers=SHORT).status_code == 403
    nowhere = queued(held, task, STARTS, account=account, session="S00000000000")
    assert client.post("/door/queued", data=nowhere, headers=SHORT).status_code == 404
    assert here(session) == 0


@pytest.mark.one_database
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_the_door_renders(
    client: Browser, session: Session, held: StudySession, clerk: User, stand: Clock, language: str
) -> None:
    client.sign_in(clerk)
    task = tasks_of(session, held)[0].number
    for path in ("/door", "/door/kept", f"/sessions/{held.number}/screen", "/in"):
        assert client.get(f"{path}?lang={language}").status_code == 200, path
    assert "<svg" in client.get(f"/sessions/{held.number}/screen/code").json["code"]
    stand.now = STARTS - timedelta(days=1)
    assert client.get(f"/sessions/{held.number}/screen/code").json["code"] == ""
    assert client.get(f"/sessions/{held.number}/riders/{task}/phone?lang={language}").status_code == 200


def test_a_rider_scans_the_screen_with_the_own_phone(
    client: Browser, session: Session, held: StudySession, stand: Clock
) -> None:
    task = tasks_of(session, held)[0]
    proof = {"who": task.rider.name, "last_four": last_four(session, task.rider)}
    prove = f"/in/{held.number}"
    assert client.post(prove, data=proof).status_code == 422, "nobody stood before the screen"
    code = codes.code_of(session, held, stand.now)
    stand.now += timedelta(seconds=31)
    assert client.get(f"{prove}/{code}").status_code == 422
    fresh = codes.code_of(session, held, stand.now)
    assert client.get(f"{prove}/{fresh}").headers["Location"].endswith(prove)
    assert 'lang="en"' in client.get(prove, headers={"Accept-Language": "en-GB"}).text
    assert 'lang="zh-CN"' in client.get(prove, headers={"Accept-Language": "zh-CN"}).text
    wrong = client.post(prove, data=proof | {"last_four": "0000"})
    assert wrong.status_code == 422
    assert task.rider.name in wrong.text, "nothing typed is lost"
    done = client.post(prove, data=proof)
    session.expire_all()
    attendance = session.scalars(select(Attendance)).one()
    assert (done.status_code, attendance.device is None) == (303, False)
    assert done.headers["Location"] in {f"/q/{attendance.phone_key}", "/in"}
    assert client.post(prove, data=proof).status_code == 422, "a scan lets in once"


def test_each_check_in_sent_twice_at_once_is_one_attendance(fresh_app: Flask) -> None:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        district = make_district(session)
        held = make_session(session, district.at_a, STARTS, capacity=12)
        seated = []
        for _ in range(12):
            task_rider = make_rider(session, district.a)
            task = StudyTask(
                number=new_number("T"),
                rider_id=task_rider.id,
                course=held.course,
                area_id=district.a.id,
                opened_utc=NOW,
                opened_on=clock.local_date(NOW),
                due_on=clock.local_date(NOW),
                state="booked",
                station_id=district.at_a.id,
            )
            session.add(task)
            session.flush()
            session.add(Booking(task_id=task.id, session_id=held.id, booked_utc=NOW))
            seated.append(task.number)
        held.seats_taken = 12
        user = people.make_user(session, "station", station_id=district.at_a.id)
        number = held.number
        session.commit()
        session.refresh(user)
        session.expunge(user)

    def post(sent: tuple[str, str]) -> tuple[int, str]:
        browser = Browser(fresh_app, fresh_app.response_class, use_cookies=True)
        browser.sign_in(user)
        data = {"words": sent[0], "nonce": sent[1]}
        answer = browser.post(f"/sessions/{number}/arrivals", data=data, headers=SHORT)
        return answer.status_code, answer.json["outcome"]

    taps = [(task, nonce) for task in seated for nonce in [str(uuid.uuid4())] * 2 + [str(uuid.uuid4())]]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(post, taps))
    assert [answer for answer in answers if answer[0] != 200] == []
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        assert session.scalar(select(func.count()).select_from(Attendance)) == 12
