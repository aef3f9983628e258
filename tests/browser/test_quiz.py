"""A rider takes the quiz on the own phone: a reload in the middle, the time runs out, once more to the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.browser.conftest import Visitor
from tests.factories import people
from tests.factories.education import assign, make_district, make_rider, make_session, make_violation
from tests.quizzes.conftest import ready
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.transactions import WRITES
from trafficedu.education.queries.seats import live_booking
from trafficedu.quizzes.models import Attempt

pytestmark = pytest.mark.browser


@contextmanager
def writing(app: Flask) -> Iterator[Session]:
    """A session of the test's own, committed at its end."""
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        yield session
        session.commit()


@pytest.fixture
def key(live_app: Flask) -> str:
    """The key of a rider's phone who has done all but the quiz, in a session that began an hour ago."""
    now = utc_now()
    with writing(live_app) as session:
        district = make_district(session)
        staff = actor_of(people.make_user(session, "station", station_id=district.at_a.id))
        study = make_session(session, district.at_a, now + timedelta(hours=2))
        rider = make_rider(session, district.a, "欧阳测试")
        task = assign(session, make_violation(session, rider, district.a, now - timedelta(days=1)), SYSTEM, now)
        assert task is not None
        booking = live_booking(session, task.id)
        assert booking is not None
        starts = now - timedelta(hours=1)
        study.starts_utc, study.starts_on = starts, local_date(starts)
        study.ends_utc = starts + timedelta(minutes=70)
        session.flush()
        ready(session, booking, staff, starts)
        assert booking.attendance is not None
        assert booking.attendance.phone_key is not None
        return booking.attendance.phone_key


def choose(visitor: Visitor, option: int = 0) -> None:
    """Tap an answer and keep it."""
    visitor.page.locator(".key label").nth(option).click()
    visitor.page.locator(".quiz-question button[type=submit]").click()
    visitor.page.wait_for_load_state()


@pytest.mark.parametrize("width", ["phone"])
def test_a_rider_takes_the_quiz_on_the_phone(
    visit: Callable[[str], Visitor], live_app: Flask, key: str, width: str
) -> None:
    rider = visit(width)
    page = rider.page
    rider.open(f"/q/{key}")
    rider.look("1-before")
    assert "欧**" in page.locator("main").inner_text()
    assert "测试" not in page.content(), "no more than the family name"
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile("/1$"))
    rider.look("2-question")
    expect(page.locator("[data-clock]")).to_contain_text(re.compile(r"1[45]:\d\d"))
    choose(rider)
    choose(rider)
    asked = page.locator(".quiz-text").inner_text()
    page.reload()
    assert page.locator(".quiz-text").inner_text() == asked, "the same question after a reload"
    rider.open(f"/q/{key}")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile("/3$"))
    assert page.locator(".quiz-text").inner_text() == asked, "and where somebody opens the address again"
    with writing(live_app) as session:
        session.scalars(select(Attempt)).one().ends_utc = utc_now()
    choose(rider)
    page.wait_for_url(re.compile(f"/q/{key}$"))
    rider.look("3-time-is-up")
    expect(page.locator(".quiz-failed")).to_be_visible()
    expect(page.locator("#flashes .flash-error")).to_be_visible()
    expect(page.locator(".quiz-note")).to_be_visible()
    assert page.locator("main form button.btn-primary").count() == 0, "the next attempt waits"
    with writing(live_app) as session:
        session.scalars(select(Attempt)).one().ended_utc = utc_now() - timedelta(minutes=6)
    rider.open(f"/q/{key}")
    page.locator("main form button.btn-primary").click()
    for number in range(1, 11):
        page.wait_for_url(re.compile(f"/{number}$"))
        choose(rider, 1)
    page.wait_for_url(re.compile("/all$"))
    rider.look("4-before-handing-in")
    page.locator("main form button.btn-primary").click()
    page.locator("dialog button[value=yes]").click()
    page.wait_for_url(re.compile(f"/q/{key}$"))
    rider.look("5-result")
    expect(page.locator(".quiz-mark")).to_be_visible()
    with writing(live_app) as session:
        assert [attempt.number for attempt in session.scalars(select(Attempt).order_by(Attempt.id))] == [1, 2]
