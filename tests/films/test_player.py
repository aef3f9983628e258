"""The player's addresses: what a rider's phone is answered, and what others are not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.conftest import Browser
from tests.factories.education import NOW
from tests.films.conftest import OTHER_RUN, RUN, STARTS
from tests.films.test_watching import Seat
from trafficedu.core.actors import Actor
from trafficedu.education.models.tasks import Booking
from trafficedu.education.services import door
from trafficedu.films.models import Film, Viewing
from trafficedu.films.rules.pictures import said
from trafficedu.films.services import keys
from trafficedu.films.views import player
from trafficedu.public.views import rider as own_page
from trafficedu.riders.queries.people import last_four
from trafficedu.violations.models.records import Violation

pytestmark = pytest.mark.usefixtures("online")


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (player, own_page):
        monkeypatch.setattr(module, "utc_now", clock)
    return clock


@pytest.fixture
def booking(session: Session, film: Film, seat: Seat, clock: Clock) -> Booking:
    booking = seat("欧阳测试")
    session.commit()
    return booking


def open_page(client: Browser, session: Session, booking: Booking) -> TestResponse:
    """Prove to be the rider on the own page, and go on to the film."""
    violation = session.get_one(Violation, booking.task.links[0].violation_id)
    assert violation.rider is not None
    client.post(f"/n/{violation.number}", data={"last_four": last_four(session, violation.rider)})
    page = client.get(f"/n/{violation.number}?lang=en").text
    assert "15 min left" in page
    return client.get(f"/n/{violation.number}/film")


def post(client: Browser, booking: Booking, step: str, run: str = RUN, **fields: object) -> TestResponse:
    return client.post(f"/film/{booking.task.number}/own/1/{step}", data={"run": run, **fields})


def told(answer: TestResponse) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json


def see(client: Browser, booking: Booking, clock: Clock, position: int, seconds: int) -> Any:
    told(post(client, booking, "beat", playing=1))
    seen = 0
    while seen < seconds:
        clock.now += timedelta(seconds=10)
        answer = told(post(client, booking, "beat", playing=1))
        seen = answer["counted"]
        if answer["check"]:
            wanted = answer["check"]["said"]
            offered = [each["name"] for each in answer["check"]["pictures"]]
            [name] = [each for each in offered if wanted in (said(each, "zh"), said(each, "en"))]
            assert told(post(client, booking, "check", picture=name))["check"] is None
            told(post(client, booking, "beat", playing=1))
    return told(post(client, booking, "end", position=position))


def test_a_rider_opens_the_film_from_the_own_page_and_sees_a_segment(
    client: Browser, session: Session, booking: Booking, clock: Clock
) -> None:
    assert open_page(client, session, booking).headers["Location"] == f"/film/{booking.task.number}"
    page = client.get(f"/film/{booking.task.number}?lang=en").text
    assert "Seen: 0 of 15 minutes" in page
    assert "欧**" in page
    receipt = session.get_one(Violation, booking.task.links[0].violation_id).number
    assert f'href="/n/{receipt}"' in page
    assert "阳测试" not in page
    assert told(post(client, booking, "begin"))["position"] == 1
    assert see(client, booking, clock, 1, 240)["position"] == 2
    assert "Seen: 4 of 15 minutes" in client.get(f"/film/{booking.task.number}?lang=en").text
    viewing = session.scalars(select(Viewing)).one()
    session.refresh(viewing)
    assert viewing.position == 2


def test_nobody_else_opens_it(client: Browser, session: Session, booking: Booking, seat: Seat) -> None:
    other = seat("李测试")
    session.commit()
    for step in ("begin", "beat", "check", "end"):
        assert post(client, booking, step).status_code == 404
    assert client.get(f"/film/{booking.task.number}").headers["Location"] == "/receipt"
    assert "本人页面重新打开" in client.get("/receipt?lang=zh").text
    open_page(client, session, booking)
    assert client.get(f"/film/{other.task.number}").headers["Location"] == "/receipt"
    forged = keys.key_for("another secret", other.task.number)
    client.set_cookie(keys.COOKIE, forged, path=f"/film/{other.task.number}")
    assert post(client, other, "begin").status_code == 404
    mine = keys.key_for(client.application.config["SECRET_KEY"], booking.task.number)
    client.set_cookie(keys.COOKIE, mine, path=f"/film/{other.task.number}")
    assert post(client, other, "begin").status_code == 404


def test_a_second_tab_takes_over_and_the_first_is_told(client: Browser, session: Session, booking: Booking) -> None:
    open_page(client, session, booking)
    told(post(client, booking, "begin"))
    told(post(client, booking, "begin", run=OTHER_RUN))
    answer = post(client, booking, "beat", playing=1)
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["stops"]


@pytest.mark.parametrize("position", ["2", "99", "-1", "abc", "", "9" * 30])
def test_forged_ends_are_refused_in_words(client: Browser, session: Session, booking: Booking, position: str) -> None:
    open_page(client, session, booking)
    told(post(client, booking, "begin"))
    answer = post(client, booking, "end", position=position)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["message"]


def test_faster_than_the_clock_is_refused(client: Browser, session: Session, booking: Booking, clock: Clock) -> None:
    open_page(client, session, booking)
    told(post(client, booking, "begin"))
    for _ in range(60):
        told(post(client, booking, "beat", playing=1))
    answer = post(client, booking, "end", position=1)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["left"] == 238


def test_after_the_check_in_the_station_goes_on(
    client: Browser, session: Session, booking: Booking, clock: Clock, staff: Actor
) -> None:
    open_page(client, session, booking)
    told(post(client, booking, "begin"))
    door.check_in(session, booking, staff, STARTS)
    session.commit()
    clock.now = STARTS
    assert post(client, booking, "beat", playing=1).status_code == 422
    assert "checked in at the station" in client.get(f"/film/{booking.task.number}?lang=en").text


def test_a_film_that_is_none_is_not_found(client: Browser, session: Session, booking: Booking) -> None:
    open_page(client, session, booking)
    assert client.post(f"/film/{booking.task.number}/other/1/begin", data={"run": RUN}).status_code == 404
    assert client.get(f"/film/{booking.task.number}/own/1/video").status_code == 404
    assert client.post(f"/film/{booking.task.number}/own/{'9' * 30}/begin", data={"run": RUN}).status_code == 404
