from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import District
from tests.factories.people import PASSWORD
from tests.factories.pictures import camera_photo
from tests.quizzes.conftest import Clock, ready
from tests.quizzes.test_attempts import Seat
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.education.models.tasks import Booking
from trafficedu.quizzes.models import Attempt, Question

MakeUser = Callable[..., User]


@pytest.fixture
def clerk(make_user: MakeUser, district: District) -> User:
    return make_user("station", station_id=district.at_a.id)


@pytest.fixture
def booking(session: Session, seat: Seat, clerk: User, stand: Clock) -> Booking:
    booking = seat()
    stand.now = ready(session, booking, actor_of(clerk))
    session.commit()
    return booking


def address(booking: Booking) -> str:
    return f"/sessions/{booking.session.number}/riders/{booking.task.number}"


def test_a_rider_takes_the_quiz_on_the_tablet(
    client: Browser, session: Session, booking: Booking, clerk: User, stand: Clock
) -> None:
    client.sign_in(clerk)
    test = f"{address(booking)}/test"
    assert f'action="{test}"' in client.get(address(booking)).text
    start = client.get(test).text
    assert "10 questions, 15 minutes" in start or "共 10 题" in start
    assert "/education" not in start, "no navigation, only the way back"
    assert f'href="{address(booking)}"' in start
    assert client.post(f"{test}/begin").headers["Location"] == f"{test}/1"
    attempt = session.scalars(select(Attempt)).one()
    for item in attempt.items:
        page = client.get(f"{test}/{item.position}").text
        places = re.findall(r'name="choice" id="choice-\d" value="(\d)"', page)
        assert [int(place) for place in places] == [place for place, _ in item.shown]
        sent = {"item": item.id, "choice": sorted(item.version.right)}
        answer = client.post(f"{test}/{item.position}", data=sent)
        following = f"{test}/{item.position + 1}" if item.position < 10 else f"{test}/all"
        assert answer.headers["Location"] == following
    assert "✓" in client.get(f"{test}/all").text
    stand.now += timedelta(minutes=5)
    assert client.post(f"{test}/hand-in").headers["Location"] == test
    assert "100" in client.get(test).text
    session.expire_all()
    assert booking.attendance is not None
    assert booking.attendance.quiz_score == 100
    assert client.post(f"{test}/hand-in").headers["Location"] == test, "twice gives the same"


def test_a_tablet_that_was_handed_over_opens_the_quiz_alone(
    client: Browser, session: Session, booking: Booking, clerk: User
) -> None:
    client.sign_in(clerk)
    card, test = address(booking), f"{address(booking)}/test"
    assert client.post(test).headers["Location"] == test
    assert client.get(test).status_code == 200
    assert client.post(f"{test}/begin").headers["Location"] == f"{test}/1"
    for closed in (card, f"/sessions/{booking.session.number}/check-in", "/messages"):
        assert client.get(closed).headers["Location"].startswith("/sign-in?next="), closed
    assert client.post(f"{card}/sign-off").status_code == 401
    assert client.post("/sign-out").status_code == 401
    for page in (client.get("/").text, client.get(f"{test}-2").text):
        assert clerk.display_name not in page
        assert "/stations" not in page

    page = client.get(f"/sign-in?next={card}").text
    assert f'value="{clerk.username}"' in page, "who takes it back types the password alone"
    assert clerk.display_name not in page
    client.post(f"/sign-in?next={card}", data={"username": clerk.username, "password": "not this one"})
    assert client.get(card).status_code == 302
    back = client.post(f"/sign-in?next={card}", data={"username": clerk.username, "password": PASSWORD})
    assert back.headers["Location"] == card
    assert client.get(card).status_code == 200
    session.expire_all()
    assert booking.is_studying


def test_the_time_is_over(client: Browser, session: Session, booking: Booking, clerk: User, stand: Clock) -> None:
    client.sign_in(clerk)
    test = f"{address(booking)}/test"
    client.post(f"{test}/begin")
    attempt = session.scalars(select(Attempt)).one()
    item = attempt.items[0]
    stand.now = attempt.ends_utc
    late = client.post(f"{test}/1", data={"item": item.id, "choice": sorted(item.version.right)})
    assert late.headers["Location"] == test
    page = client.get(test, follow_redirects=True).text
    assert "Time was up" in page or "时间到" in page
    assert client.get(f"{test}/2").headers["Location"] == test
    session.expire_all()
    assert (attempt.score, booking.attendance and booking.attendance.quiz_score) == (0, 0)


def test_a_changed_question_is_refused_and_the_choice_stays(
    client: Browser, session: Session, booking: Booking, clerk: User
) -> None:
    client.sign_in(clerk)
    test = f"{address(booking)}/test"
    client.post(f"{test}/begin")
    for data, text in (
        ({"item": "999999", "choice": "1"}, "does not belong"),
        ({"item": "x", "choice": "1"}, "does not belong"),
        ({"item": session.scalars(select(Attempt)).one().items[0].id}, "Choose an answer"),
    ):
        refused = client.post(f"{test}/1?lang=en", data=data)
        assert refused.status_code == 422
        assert text in refused.text
    assert client.get(f"{test}/99").status_code == 404


def test_another_station_does_not_open_the_quiz(
    client: Browser, booking: Booking, make_user: MakeUser, district: District
) -> None:
    client.sign_in(make_user("station", station_id=district.at_b.id))
    test = f"{address(booking)}/test"
    assert client.get(test).status_code == 404
    assert client.post(f"{test}/begin").status_code == 404
    assert client.get(f"{test}/1").status_code == 404


def test_a_score_by_hand_stands_on_the_card_with_its_reason(
    client: Browser, session: Session, booking: Booking, clerk: User
) -> None:
    client.sign_in(clerk)
    client.post(f"{address(booking)}/modules/4/start")
    refused = client.post(f"{address(booking)}/quiz", data={"score": "90", "reason": "短"})
    assert refused.status_code == 422
    assert "短" in refused.text
    client.post(f"{address(booking)}/quiz", data={"score": "90", "reason": "平板故障，驾驶人在纸上作答"})
    assert "平板故障，驾驶人在纸上作答" in client.get(address(booking)).text


ENTERED = {
    "code": "extra-1",
    "form": "single",
    "text_zh": "红灯怎么办？",
    "text_en": "What at red?",
    "options-0-zh": "停车",
    "options-0-en": "Stop",
    "options-0-right": "y",
    "options-1-zh": "不停",
    "options-1-en": "Go on",
    "explanation_zh": "红灯停。",
    "explanation_en": "Red is stop.",
    "source_zh": "《道路交通安全法》第二十六条",
    "source_en": "Road Traffic Safety Law, art. 26",
    "weights-0-course": "basic",
    "weights-0-weight": "2",
}


def test_a_supervisor_makes_changes_and_retires_a_question(
    client: Browser, session: Session, district: District, make_user: MakeUser
) -> None:
    client.sign_in(make_user("supervisor", area_id=district.root.id))
    assert client.get("/questions?q=helmet").text.count("helmet-0") >= 7
    assert client.get("/questions/new").status_code == 200
    wrong = client.post("/questions/new", data=ENTERED | {"options-0-right": ""})
    assert wrong.status_code == 422
    assert "红灯怎么办？" in wrong.text
    heavy = {"weights-1-course": "intermediate", "weights-1-weight": "99"}
    summary = client.post("/questions/new?lang=en", data=ENTERED | heavy).text.partition("error-summary")[2]
    assert " 2 · A weight must be between 0 and 9." in summary.partition("</ul>")[0]
    assert client.post("/questions/new", data=ENTERED).headers["Location"] == "/questions/extra-1"
    assert "停车" in client.get("/questions/extra-1").text
    edit = client.get("/questions/extra-1/edit").text
    assert 'value="停车"' in edit
    client.post("/questions/extra-1/edit", data=ENTERED | {"text_zh": "红灯时怎么办？", "version": "1"})
    question = session.scalars(select(Question).where(Question.code == "extra-1")).one()
    assert (question.newest, question.versions[0].text_zh) == (2, "红灯怎么办？")
    stale = client.post("/questions/extra-1/edit", data=ENTERED | {"version": "1"})
    assert stale.status_code == 409
    client.post("/questions/extra-1/retire")
    session.expire_all()
    assert question.is_retired
    assert client.get("/questions/statistics?sort=-telling").status_code == 200
    assert client.get("/signs/stop.svg").mimetype == "image/svg+xml"
    assert client.get("/signs/nothing.svg").status_code == 404


def test_a_clerk_reads_the_bank_and_changes_nothing(client: Browser, clerk: User) -> None:
    client.sign_in(clerk)
    assert client.get("/questions/red-02").status_code == 200
    assert client.get("/questions/red-02/edit").status_code == 403
    assert client.post("/questions/red-02/retire").status_code == 403


def test_an_uploaded_picture_is_kept_without_what_the_camera_wrote(
    client: Browser, session: Session, booking: Booking, clerk: User, make_user: MakeUser, district: District
) -> None:
    client.sign_in(make_user("supervisor", area_id=district.root.id))
    sent = {"picture": (io.BytesIO(camera_photo()), "x.jpg"), "alt_zh": "路口", "alt_en": "A junction"}
    assert client.post("/questions/new", data=ENTERED | sent).status_code == 303
    shown = client.get("/questions/extra-1/picture/1")
    assert shown.mimetype == "image/jpeg"
    assert client.get("/questions/red-02/picture/1").status_code == 404
    broken = {"code": "extra-2", "picture": (io.BytesIO(b"no picture"), "x.jpg")}
    assert client.post("/questions/new", data=ENTERED | broken).status_code == 422
    client.sign_in(clerk)
    test = f"{address(booking)}/test"
    client.post(f"{test}/begin")
    item = session.scalars(select(Attempt)).one().items[0]
    assert client.get(f"{test}/1/picture").status_code == 404, "a shipped sign is no picture of its own"
    question = session.scalars(select(Question).where(Question.code == "extra-1")).one()
    item.version_id, item.options_order = question.versions[0].id, "1,0"
    session.commit()
    assert client.get(f"{test}/1/picture").data == shown.data
    assert 'alt="路口"' in client.get(f"{test}/1").text
