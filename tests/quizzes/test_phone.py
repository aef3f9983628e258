from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.core.test_seen import hidden
from tests.factories import people
from tests.quizzes.conftest import Clock, ready, wrong
from tests.quizzes.test_attempts import Seat
from trafficedu.accounts.queries import actor_of
from trafficedu.core import seen as core_seen
from trafficedu.core.actors import Actor
from trafficedu.education.models.tasks import Booking
from trafficedu.education.services import door, study
from trafficedu.quizzes.models import Attempt
from trafficedu.quizzes.services.guessing import LIMIT
from trafficedu.quizzes.views import taking

NAME = "欧阳测试"


@pytest.fixture
def booking(session: Session, seat: Seat, staff: Actor, stand: Clock) -> Booking:
    booking = seat(NAME)
    stand.now = ready(session, booking, staff)
    session.commit()
    return booking


def address(booking: Booking) -> str:
    assert booking.attendance is not None
    assert booking.attendance.phone_key is not None
    return f"/q/{booking.attendance.phone_key}"


def test_a_rider_takes_the_quiz_on_the_own_phone(
    client: Browser, session: Session, booking: Booking, stand: Clock
) -> None:
    mine = address(booking)
    start = client.get(f"{mine}?lang=en").text
    assert "10 questions, 15 minutes" in start
    assert "欧**" in start
    assert NAME[2:] not in start, "no more of anybody than the family name"
    assert booking.task.number not in start
    assert 'href="/"' not in start
    client.post(f"{mine}/begin")
    attempt = session.scalars(select(Attempt)).one()
    for item in attempt.items:
        chosen = item.version.right if item.position < 8 else wrong(item)
        for _ in range(2):
            sent = client.post(f"{mine}/{item.position}", data={"item": item.id, "choice": sorted(chosen)})
            assert sent.status_code == 303, "sent twice it is answered like the first"
    stand.now += timedelta(minutes=5)
    client.post(f"{mine}/hand-in")
    page = client.get(f"{mine}?lang=en").text
    assert "70 out of 100: 7 of 10 right" in page
    assert page.count("Your answer:") == 3
    assert all(item.version.source_en in page for item in attempt.items[7:]), "what was wrong has its source"
    session.expire_all()
    assert attempt.device == "phone"
    assert booking.attendance is not None
    assert booking.attendance.quiz_score == 70


@pytest.mark.parametrize("step", ["begin", "hand-in"])
def test_a_step_sent_twice_at_once_is_answered_like_one(
    step: str, app: Flask, client: Browser, booking: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = address(booking), Browser(app, app.response_class, use_cookies=True)
    if step == "hand-in":
        client.post(f"{mine}/begin")
    mark = hidden(client.get(f"{mine}/all" if step == "hand-in" else mine).text, "seen")
    look, answers = core_seen.seen, []

    def look_late(*given: Any) -> Any:
        """Let the other sending of the same form be done first."""
        monkeypatch.setattr(taking, "seen", look)
        answers.append(other.post(f"{mine}/{step}", data={"seen": mark}))
        return look(*given)

    monkeypatch.setattr(taking, "seen", look_late)
    answers.append(client.post(f"{mine}/{step}", data={"seen": mark}))
    first, second = answers
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]


def test_the_page_speaks_the_language_of_the_phone(client: Browser, booking: Booking) -> None:
    assert "Begin the quiz" in client.get(address(booking), headers={"Accept-Language": "en-GB"}).text
    assert "开始测验" in client.get(address(booking), headers={"Accept-Language": "zh-CN"}).text


def test_before_its_turn_the_page_says_why(
    client: Browser, session: Session, seat: Seat, staff: Actor, stand: Clock
) -> None:
    booking = seat()
    door.check_in(session, booking, staff, stand.now)
    session.commit()
    refused = client.post(f"{address(booking)}/begin?lang=en", follow_redirects=True)
    assert "order" in refused.text or "顺序" in refused.text
    assert session.scalars(select(Attempt)).all() == []


def test_nobody_answers_for_another_rider(
    client: Browser, session: Session, booking: Booking, seat: Seat, staff: Actor
) -> None:
    other = seat("李测试")
    ready(session, other, staff)
    session.commit()
    for one in (booking, other):
        client.post(f"{address(one)}/begin")
    mine, theirs = session.scalars(select(Attempt).order_by(Attempt.id)).all()
    sent = {"item": theirs.items[0].id, "choice": "0"}
    refused = client.post(f"{address(booking)}/1?lang=en", data=sent)
    assert refused.status_code == 422
    assert "does not belong to this quiz" in refused.text
    session.expire_all()
    assert {item.answer for item in (*mine.items, *theirs.items)} == {None}


def test_a_key_that_there_is_none_of_opens_nothing_and_too_many_wait(
    client: Browser, booking: Booking, stand: Clock
) -> None:
    for place in range(LIMIT.failures):
        assert client.get(f"/q/wrong-{place}").status_code == 404
    assert client.get(address(booking)).status_code == 404, "who guesses waits, even where one guess is right"
    stand.now += LIMIT.window
    assert client.get(address(booking)).status_code == 200


def test_after_the_check_in_was_undone_the_key_opens_nothing(
    client: Browser, session: Session, seat: Seat, staff: Actor, stand: Clock
) -> None:
    booking = seat()
    door.check_in(session, booking, staff, stand.now)
    mine = address(booking)
    door.undo_check_in(session, booking, staff, stand.now)
    session.commit()
    assert client.get(mine).status_code == 404


def test_what_a_clerk_entered_as_passed_needs_no_quiz(
    client: Browser, session: Session, booking: Booking, stand: Clock
) -> None:
    by = actor_of(people.make_user(session, "station", station_id=booking.session.station_id))
    quiz = next(module for module in booking.session.plan.modules if module.is_quiz)
    study.start_module(session, booking, quiz.id, by, stand.now)
    study.record_quiz(session, booking, 90, by, stand.now)
    session.commit()
    assert "has been passed" in client.get(f"{address(booking)}?lang=en").text
