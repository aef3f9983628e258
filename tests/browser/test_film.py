"""A film at home on a phone: the question of presence, a reload, a second phone; and what of it counts at the door.

The server's clock and the phone's go on together, some seconds at a time: a segment of a minute takes no minute.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from tests.browser.conftest import Visitor
from tests.browser.station_days import morning
from tests.browser.steps import writing
from tests.factories.education import assign, make_district, make_rider, make_session, make_violation
from tests.factories.people import PASSWORD, make_user
from tests.films.conftest import allow_online, new_film
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.education.models.tasks import OnlineStudy
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.services import door
from trafficedu.films.models import Film
from trafficedu.films.rules.pictures import TOLD_APART, said
from trafficedu.films.services import films
from trafficedu.riders.queries.people import last_four

pytestmark = pytest.mark.browser
Visit = Callable[[str], Visitor]
STEP_SECONDS = 4
PATIENCE_MS = 30_000


class Home:
    """A rider with a seat this afternoon; a film of two segments of a minute, which the course lets be seen at home."""

    def __init__(self, app: Flask) -> None:
        self.app, now = app, utc_now()
        with writing(app) as session:
            for shipped in session.scalars(select(Film)):
                films.retire_film(session, shipped, SYSTEM)
            films.release_film(session, films.add_film(session, "own", new_film(60, 120), SYSTEM, now), SYSTEM)
            allow_online(session)
            district = make_district(session)
            self.session = make_session(session, district.at_a, now + timedelta(hours=6)).number
            rider = make_rider(session, district.a, "白小明")
            violation = make_violation(session, rider, district.a, now - timedelta(days=2))
            task = assign(session, violation, SYSTEM, now)
            assert task is not None
            seat = live_booking(session, task.id)
            assert seat is not None
            self.receipt, self.task, self.last_four = violation.number, task.number, last_four(session, rider)
            self.task_id, self.starts = task.id, seat.session.starts_utc
            clerk = make_user(session, "station", station_id=district.at_a.id)
            self.clerk, self.clerk_id = clerk.username, clerk.id

    def check_in(self) -> list[int]:
        """Let the rider be checked in; return the minutes that count of what was seen at home."""
        with writing(self.app) as session:
            seat = live_booking(session, self.task_id)
            assert seat is not None
            clerk = actor_of(session.get_one(User, self.clerk_id))
            attendance = door.check_in(session, seat, clerk, utc_now())
            query = select(OnlineStudy.minutes).where(OnlineStudy.attendance_id == attendance.id)
            return list(session.scalars(query))


class Watcher:
    """One phone with the film open."""

    def __init__(self, home: Home, phone: Visitor, moved: time_machine.Traveller) -> None:
        self.phone, self.page, self.moved = phone, phone.page, moved
        self.unanswered, self.language = 0, "zh"
        self.page.on("request", lambda _: self._count(1))
        self.page.on("requestfinished", lambda _: self._count(-1))
        self.page.on("requestfailed", lambda _: self._count(-1))
        self.page.clock.install()
        phone.open(f"/n/{home.receipt}")
        self.page.locator("#last_four").fill(home.last_four)
        self.page.locator("#last_four").press("Enter")
        self.page.locator("a[href$='/film']").click()
        self.page.wait_for_url(re.compile(rf"/film/{home.task}$"))

    def _count(self, more: int) -> None:
        self.unanswered += more

    @property
    def question(self) -> Locator:
        return self.page.locator("dialog[data-check][open]")

    def play(self) -> None:
        self.page.locator("[data-play]").click()
        expect(self.page.locator(".film-runs")).to_be_visible(timeout=PATIENCE_MS)

    def goes_on(self, seconds: int = STEP_SECONDS) -> None:
        """Let time pass on the server and on the phone; wait until what the phone said is answered."""
        self.moved.shift(timedelta(seconds=seconds))
        self.page.clock.run_for(seconds * 1000)
        while self.unanswered:
            self.page.wait_for_timeout(50)

    def watch_until(self, there: Locator) -> None:
        for _ in range(120 // STEP_SECONDS):
            if there.count():
                return
            self.goes_on()
        expect(there).to_have_count(1, timeout=PATIENCE_MS)

    def offered(self, *, right: bool) -> Locator:
        """Return the picture that is asked for, or another one."""
        asked = self.page.locator("[data-wanted]").inner_text()
        wanted = next(name for name in TOLD_APART if said(name, self.language) == asked)
        return self.page.locator(f".film-offer{'' if right else ':not'}{_is(wanted, right=right)}").first

    def answers(self) -> None:
        self.offered(right=True).click()
        expect(self.question).to_have_count(0, timeout=PATIENCE_MS)
        expect(self.page.locator(".film-runs")).to_be_visible(timeout=PATIENCE_MS)

    def now(self, position: int) -> Locator:
        return self.page.locator(f"[data-step='{position}'][data-now]")


def _is(name: str, *, right: bool) -> str:
    chosen = f"[data-picture='{name}']"
    return chosen if right else f"({chosen})"


def first_segment(watcher: Watcher) -> None:
    """A wrong tap is mended, a reload begins the segment again and keeps nothing of it."""
    page = watcher.page
    watcher.phone.look("begin")
    watcher.play()
    watcher.goes_on(8)
    page.reload()
    watcher.play()
    expect(page.locator("[data-left]")).to_contain_text("1:00")
    watcher.watch_until(watcher.question)
    watcher.phone.look("question")
    for _ in range(3):  # the back key of a phone closes a question at the second press
        page.keyboard.press("Escape")
    expect(watcher.question).to_have_count(1)
    watcher.offered(right=False).click()
    expect(page.locator("[data-wrong]")).to_be_visible(timeout=PATIENCE_MS)
    watcher.answers()
    watcher.watch_until(watcher.now(2))
    expect(page.locator("[data-step='1'] .film-seen")).to_be_visible()
    watcher.phone.look("second")


def nobody_is_there(watcher: Watcher) -> None:
    """A question that nobody answers lets the segment begin once more, and no other."""
    page = watcher.page
    watcher.watch_until(watcher.question)
    watcher.moved.shift(timedelta(seconds=70))
    page.clock.run_for(70_000)
    expect(page.locator(".film-controls [data-note]")).to_contain_text("这一段要重新看", timeout=PATIENCE_MS)
    expect(watcher.now(2)).to_have_count(1)
    expect(page.locator("[data-left]")).to_contain_text("1:00")


def another_phone(home: Home, first: Watcher, second: Visitor) -> Watcher:
    """The film goes on at the other phone, and the first is told."""
    other = Watcher(home, second, first.moved)
    other.page.goto(f"{other.page.url}?lang=en")
    other.language = "en"  # so is what the server tells its player
    first.play()
    other.play()
    first.goes_on(12)
    expect(first.page.locator("[data-note]")).to_contain_text("另一部手机", timeout=PATIENCE_MS)
    expect(first.page.locator(".film-runs")).to_have_count(0)
    return other


def _to_the_end(watcher: Watcher) -> None:
    passed = watcher.page.locator(".quiz-passed")
    watcher.watch_until(watcher.question)
    watcher.answers()
    watcher.watch_until(passed)
    expect(passed).to_be_visible(timeout=PATIENCE_MS)
    watcher.phone.look("seen")


@pytest.mark.parametrize("locale", ["zh"])
def test_a_film_is_seen_at_home_and_counts_at_the_door(live_app: Flask, visit: Visit) -> None:
    with time_machine.travel(morning(), tick=True) as moved:
        home = Home(live_app)
        first = Watcher(home, visit("phone"), moved)
        first_segment(first)
        nobody_is_there(first)
        second = another_phone(home, first, visit("phone"))
        _to_the_end(second)
        moved.move_to(home.starts - timedelta(minutes=10))
        assert home.check_in() == [2]
        desk = visit("desk")
        desk.sign_in(home.clerk, PASSWORD)
        desk.open(f"/sessions/{home.session}/riders/{home.task}")
        expect(desk.page.locator("#film-of-card")).to_contain_text(re.compile(r"2\s*/\s*\d+|2分钟"))
        desk.look("card")
        told_why_not(first.page)


def told_why_not(page: Page) -> None:
    """After the check-in the film is over at home, and says so in words."""
    page.reload()
    expect(page.locator("[data-play]")).to_have_count(0)
    expect(page.locator(".quiz-note")).to_be_visible()
