"""Pages of rooms: planned for a session, the queue for the VR machines with its screen, the board on the wall."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.education.test_rooms import come, rooms_by_kind
from tests.factories.education import NOW, District, make_session
from tests.factories.rooms import add_room
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core import clock
from trafficedu.core.actors import Actor
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries.queueing import queue_of
from trafficedu.education.rules.states import ModuleKind
from trafficedu.education.services import study
from trafficedu.education.views import door, queueing, rooms, roster, sessions
from trafficedu.education.views import study as study_views
from trafficedu.stations.rules import RoomKind

STARTS = NOW + timedelta(hours=2)
MakeUser = Callable[..., User]


class Clock:
    """The moment at which a page is opened; a test moves it on."""

    def __init__(self) -> None:
        self.now = STARTS + timedelta(minutes=1)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def stand(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stand = Clock()
    for module in (door, roster, rooms, queueing, sessions, study_views):
        monkeypatch.setattr(module, "utc_now", stand)
    monkeypatch.setattr(clock, "utc_now", stand)
    return stand


@pytest.fixture
def user(make_user: MakeUser, district: District) -> User:
    return make_user("station", station_id=district.at_a.id)


@pytest.fixture
def staff(user: User) -> Actor:
    return actor_of(user)


@pytest.fixture
def held(session: Session, district: District) -> StudySession:
    held = make_session(session, district.at_a, STARTS, capacity=30)
    held.plan.free_order = True
    add_room(session, district.at_a, RoomKind.LECTURE, capacity=20, name="一号教室")
    add_room(session, district.at_a, RoomKind.FILM, capacity=30, name="放映室")
    add_room(session, district.at_a, RoomKind.VR, machines=1, name="VR室")
    return held


@pytest.fixture
def came(session: Session, district: District, staff: Actor, held: StudySession) -> list[Booking]:
    came = come(session, district, staff, 30)
    session.commit()
    return came


def test_the_station_changes_the_rooms_of_its_session(
    session: Session, client: Browser, user: User, held: StudySession, district: District, make_user: MakeUser
) -> None:
    other = add_room(session, district.at_a, RoomKind.QUIZ, name="测验室")
    elsewhere = add_room(session, district.at_b, RoomKind.LECTURE)
    session.commit()
    client.sign_in(user)
    page = f"/sessions/{held.number}/rooms"
    assert "一号教室" in client.get(page).text
    chosen = {"lecture": other.number, "film": "", "vr": "", "quiz": other.number}
    assert client.post(page, data=chosen).status_code == 303
    assert rooms_by_kind(session, held) == {ModuleKind.LECTURE: other, ModuleKind.QUIZ: other}
    assert "测验室" in client.get(f"/sessions/{held.number}").text
    assert client.post(page, data={**chosen, "film": elsewhere.number}).status_code == 422
    client.sign_in(make_user("station", station_id=district.at_b.id))
    assert client.get(page).status_code == 404


def test_the_clerk_is_led_to_the_queue_and_never_begins_vr_for_thirty(
    session: Session, client: Browser, user: User, held: StudySession, came: list[Booking], stand: Clock
) -> None:
    client.sign_in(user)
    listed = client.get(f"/sessions/{held.number}/check-in?lang=en").text
    assert "VR queue: 0 riding, 30 can come now" in listed
    assert "Begin Road safety lecture for 20" in listed
    assert "10 more wait for a place" in listed
    ride = next(module for module in held.plan.modules if module.kind == ModuleKind.VR)
    assert f"/modules/{ride.position}/start" not in listed
    client.post(f"/sessions/{held.number}/modules/{ride.position}/start?lang=en")
    assert "cannot ride at once" in client.get(f"/sessions/{held.number}/check-in?lang=en").text
    assert all(booking.attendance and not booking.attendance.modules for booking in came)


def test_one_tap_calls_begins_lets_fall_back_and_ends(
    session: Session, client: Browser, user: User, held: StudySession, came: list[Booking], stand: Clock
) -> None:
    client.sign_in(user)
    page = f"/sessions/{held.number}"

    def called() -> list[int]:
        session.expire_all()
        return [one.number for one in queue_of(session, held, stand.now).called]

    client.post(f"{page}/vr/call")
    assert called() == [1]
    client.post(f"{page}/riders/{came[0].task.number}/vr/not-here")
    assert called() == []
    client.post(f"{page}/vr/call")
    assert called() == [2]
    second = f"{page}/riders/{came[1].task.number}/vr"
    client.post(f"{second}/begin")
    assert called() == [3], "the next one is called with the same tap"
    shown = client.get(f"{page}/vr?lang=en").text
    assert "Can end at" in shown
    assert "The machine can be free at" in shown
    assert f"/riders/{came[2].task.number}/vr/begin" not in shown, "the ride before has to run on"
    assert "will not have ridden" in shown, "thirty riders and one machine"
    client.post(f"{second}/end?lang=en")
    assert "must run for" in client.get(f"{page}/vr?lang=en").text
    stand.now += timedelta(minutes=10)
    assert f"/riders/{came[2].task.number}/vr/begin" in client.get(f"{page}/vr?lang=en").text
    client.post(f"{page}/riders/{came[2].task.number}/vr/begin")
    queue = queue_of(session, held, stand.now)
    assert [one.number for one in queue.riding] == [3], "one got off, the other on"
    assert queue.done == 1
    assert called() == [4]
    assert [one.number for one in queue.waiting][:3] == [1, 5, 6]
    stand.now += timedelta(minutes=10)
    client.post(f"{page}/riders/{came[2].task.number}/vr/end")
    assert queue_of(session, held, stand.now).done == 2


def test_walls_name_nobody_in_full_and_call_by_number_and_masked_name(
    session: Session, client: Browser, user: User, held: StudySession, came: list[Booking], stand: Clock, staff: Actor
) -> None:
    for booking in came:
        booking.task.rider.name = "欧阳天明"
    session.commit()
    client.sign_in(user)
    client.post(f"/sessions/{held.number}/vr/call")
    film = next(module for module in held.plan.modules if module.kind == ModuleKind.FILM)
    study.start_module(session, came[5], film.id, staff, stand.now - timedelta(minutes=4))
    session.commit()
    for page in (f"/sessions/{held.number}/vr/screen", f"/sessions/{held.number}/board", "/board"):
        shown = client.get(f"{page}?lang=en").text
        assert "欧阳天明" not in shown
        assert "欧**明" in shown
        assert 'data-every="2.5"' in shown
    board = client.get("/board?lang=en").text
    assert "4 / 15 min" in board
    assert "to VR, please" in board
    columns = re.findall(r"<h2>([^<\s]+)", board)
    assert columns[:3] == ["一号教室", "放映室", "VR室"]
    assert "please come to the VR machine" in client.get(f"/sessions/{held.number}/vr/screen?lang=en").text


def test_the_wall_shows_the_session_that_is_on(
    session: Session, client: Browser, user: User, held: StudySession, district: District, stand: Clock
) -> None:
    later = make_session(session, district.at_a, STARTS + timedelta(minutes=60))
    session.commit()
    client.sign_in(user)
    assert f"/sessions/{held.number}/check-in" in client.get("/board").text
    stand.now = later.starts_utc
    assert f"/sessions/{later.number}/check-in" in client.get("/board").text
    stand.now = later.ends_utc + timedelta(hours=5)
    assert "No session is on" in client.get("/board?lang=en").text


def test_a_page_that_lives_is_told_what_differs_and_else_nothing(
    session: Session, client: Browser, user: User, held: StudySession, came: list[Booking], stand: Clock
) -> None:
    client.sign_in(user)
    script = {"Accept": "application/json"}
    pages = {"vr": {"queue"}, "vr/screen": {"clock", "calls"}, "board": {"head", "counts", "columns"}}
    for page, parts in pages.items():
        address = f"/sessions/{held.number}/{page}?lang=en"
        told = client.get(address, headers=script).json
        assert told is not None
        assert set(told["parts"]) == parts
        assert f'data-living="{told["version"]}"' in client.get(address).text
        again = script | {"If-None-Match": f'"{told["version"]}"'}
        assert client.get(address, headers=again).status_code == 304
        stand.now += timedelta(seconds=60)
        assert client.get(address, headers=again).status_code == 200, "the minutes on it are others"
    before = client.get(f"/sessions/{held.number}/vr/screen", headers=script).headers["ETag"]
    answer = client.post(f"/sessions/{held.number}/vr/call?lang=en", headers=script)
    assert answer.json is not None
    assert came[0].task.rider.name in answer.json["html"]
    assert answer.json["html"].strip().startswith('<div id="queue"')
    assert client.get(f"/sessions/{held.number}/vr/screen", headers=script).headers["ETag"] != before


def test_a_room_is_begun_and_ended_without_leaving_the_page(
    session: Session, client: Browser, user: User, held: StudySession, came: list[Booking], stand: Clock
) -> None:
    client.sign_in(user)
    script = {"Accept": "application/json"}
    film = next(module for module in held.plan.modules if module.kind == ModuleKind.FILM)
    page = f"/sessions/{held.number}/modules/{film.position}"
    told = client.post(f"{page}/start?lang=en", headers=script).json
    assert told is not None
    assert (told["tone"], told["word"], told["name"]) == ("done", "Module begun", film.name("en"))
    assert told["message"].startswith("Begun for")
    assert told["html"].strip().startswith('<div id="room"')
    early = client.post(f"{page}/end?lang=en", headers=script)
    assert early.json is not None
    assert early.json["message"].startswith("Ended for 0 riders"), "each has to stay for the minimum"
    stand.now += timedelta(minutes=film.minimum_minutes)
    told = client.post(f"{page}/end?lang=en", headers=script).json
    assert told is not None
    assert (told["word"], told["message"][:9]) == ("Module ended", "Ended for")


def test_another_station_sees_neither_queue_nor_board(
    session: Session, client: Browser, held: StudySession, came: list[Booking], district: District, make_user: MakeUser
) -> None:
    client.sign_in(make_user("station", station_id=district.at_b.id))
    for page in ("vr", "vr/screen", "board"):
        assert client.get(f"/sessions/{held.number}/{page}").status_code == 404
    assert client.post(f"/sessions/{held.number}/vr/call").status_code == 404
    assert client.post(f"/sessions/{held.number}/riders/{came[0].task.number}/vr/begin").status_code == 404
    assert "No session is on" in client.get("/board?lang=en").text
