"""A whole day of a station: thirty riders with a seat, two walk-ins, three rooms, one VR machine, two devices.

Three do not come, one leaves early, one device is without a network for a while. Clicks and page loads of the clerk
are counted over both devices, from their first screens on; scanned codes and typed names are not clicks. The server's
clock is moved on; the riders' phones send what phones send.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pypdfium2
import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from tests.browser.conftest import Visitor
from tests.browser.phones import Phone, right_answers, screen_code
from tests.browser.station_days import Day, Expected, Hands, morning
from tests.browser.steps import kept, ready, state, writing
from tests.browser.test_door import scan
from tests.factories.people import PASSWORD
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.clock import utc_now
from trafficedu.education.models.tasks import Attendance, Booking, Certificate, StudyTask
from trafficedu.education.rules.states import AttendanceState, BookingState
from trafficedu.education.services import door

pytestmark = pytest.mark.browser
Visit = Callable[[str], Visitor]
MOST_CLICKS, MOST_LOADS = 60, 10
LECTURE, FILM, RIDE, QUIZ = "交通安全课", "警示教育片", "VR骑行体验", "安全知识测验"
LEAVER, FAILS_FIRST = 5, 9
PATIENCE_MS = 30_000
AT_THE_DOOR = slice(0, 27)
ABSENT = slice(27, 30)


@dataclass
class Clock:
    """The server's clock, and between which moments of it each module began and ended."""

    moved: time_machine.Traveller
    begun: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    minutes: dict[str, tuple[int, int]] = field(default_factory=dict)

    def pass_by(self, minutes: float) -> None:
        self.moved.shift(timedelta(minutes=minutes))

    def begins(self, what: str, act: Callable[[], object]) -> None:
        before = utc_now()
        act()
        self.begun[what] = (before, utc_now())

    def ends(self, what: str, act: Callable[[], object]) -> None:
        before, (first, last) = utc_now(), self.begun[what]
        act()
        self.minutes[what] = (
            int((before - last).total_seconds() // 60),
            int((utc_now() - first).total_seconds() // 60),
        )


@dataclass
class Station:
    """The clerk at two devices, the wall of the VR room, and what the day is about."""

    day: Day
    clock: Clock
    desk: Visitor
    tablet: Visitor
    wall: Visitor
    hands: Hands

    def open(self) -> None:
        """Sign in everywhere; from the first screens on every click and every page counts."""
        for visitor in (self.desk, self.tablet, self.wall):
            visitor.sign_in(self.day.clerk, PASSWORD)
        self.wall.open(f"{self.day.path}/vr/screen")
        for visitor in (self.desk, self.tablet):
            self.hands.watch(visitor.page)
            visitor.page.locator(f"#sessions-today a.btn[href$='{self.day.number}/check-in']").click()
            ready(visitor.page)
        kept(self.tablet.page, "/door/kept")

    def row(self, page: Page, rider: Expected) -> None:
        expect(page.locator(f"#{rider.task}")).to_contain_text("已到", timeout=PATIENCE_MS)


def answers(page: Page, tone: str, name: str) -> None:
    """The whole screen says in colour and word what came of it, with the rider's name."""
    expect(page.locator(f".door-answer-{tone} .door-answer-name")).to_have_text(name, timeout=PATIENCE_MS)


def everybody_arrives(station: Station, address: str) -> None:
    day, desk, tablet = station.day, station.desk.page, station.tablet.page
    for rider in day.riders[:16]:
        scan(desk, f"{address}/n/{rider.receipt}")
        answers(desk, "done", rider.name)
    for rider in day.riders[16:19]:
        scan(desk, rider.name)
        answers(desk, "done", rider.name)
    for rider in day.riders[19:21]:
        tablet.locator(f"#{rider.task} button", has_text="签到").click()
        answers(tablet, "done", rider.name)
    tablet.context.set_offline(True)
    for rider in day.riders[21:25]:
        tablet.locator(f"#{rider.task} button", has_text="签到").click()
        answers(tablet, "open", rider.name)
    for rider in day.riders[25:27]:
        scan(tablet, rider.name)
        answers(tablet, "open", rider.name)
    scan(desk, f"{address}/n/{day.riders[24].receipt}")  # at both devices: counts once
    answers(desk, "done", day.riders[24].name)
    station.clock.pass_by(5)
    tablet.context.set_offline(False)
    state(tablet, "sent")
    for rider in day.riders[30:]:
        scan(desk, rider.name)
        answers(desk, "done", rider.name)
    for rider in (*day.riders[AT_THE_DOOR], *day.riders[30:]):
        station.row(desk, rider)
    expect(desk.locator("#counts")).to_contain_text("29 / 32", timeout=PATIENCE_MS)


def for_all(station: Station, what: str, step: str) -> Callable[[], None]:
    """Begin or end what is done in a room, with one gesture."""
    page = station.desk.page
    position = [LECTURE, FILM, RIDE, QUIZ].index(what) + 1

    def act() -> None:
        key = page.locator(f"#room form[action$='/modules/{position}/{step}'] button")
        key.click(timeout=PATIENCE_MS)
        expect(key).to_have_count(0, timeout=PATIENCE_MS)

    return act


def lecture_and_film(station: Station) -> None:
    clock, page, leaver = station.clock, station.desk.page, station.day.riders[LEAVER]
    clock.begins(LECTURE, for_all(station, LECTURE, "start"))
    clock.pass_by(22)
    clock.ends(LECTURE, for_all(station, LECTURE, "end"))
    clock.begins(FILM, for_all(station, FILM, "start"))
    clock.pass_by(6)
    row = page.locator(f"#{leaver.task}")
    expect(row).to_contain_text(re.compile(rf"{FILM}.*\d"), timeout=PATIENCE_MS)  # the line says so by itself
    row.locator("summary").click()
    row.locator("form[action$='/left'] button").click()
    page.locator("dialog .btn-primary").click()
    expect(row).not_to_have_attribute("data-state", "studying", timeout=PATIENCE_MS)
    clock.pass_by(11)
    clock.ends(FILM, for_all(station, FILM, "end"))


def finishers(day: Day) -> list[Expected]:
    return [rider for at, rider in enumerate(day.riders) if at not in range(27, 30) and at != LEAVER]


def rides(station: Station, phones: list[Phone]) -> None:
    """Thirty rides at one machine, a tap each; those who wait sit the quiz on their phones."""
    clock, page, wall = station.clock, station.tablet.page, station.wall.page
    page.locator("#room a[href$='/vr']").click()
    page.locator("#queue form[action$='/vr/call'] button").click()
    begin = page.locator("#queue form[action$='/vr/begin'] button")
    riding = ""
    for at in range(len(phones)):
        task = _called(begin)
        clock.begins(task, lambda: begin.click(timeout=PATIENCE_MS))
        if riding:
            clock.ends(riding, _nothing)
        riding = task
        if at == 0:
            _many_quizzes(station, phones)
            expect(wall.locator(".room-call")).to_have_count(1)
        expect(page.locator(f"#queue form[action$='{task}/vr/begin']")).to_have_count(0, timeout=PATIENCE_MS)
        clock.pass_by(10.5)
    end = page.locator("#queue form[action$='/vr/end'] button")
    clock.ends(riding, lambda: end.click(timeout=PATIENCE_MS))
    expect(page.locator("#queue")).to_contain_text("28 人已体验", timeout=PATIENCE_MS)


def _nothing() -> None:
    """What ended by another act."""


def _called(begin: Locator) -> str:
    expect(begin).to_have_count(1, timeout=PATIENCE_MS)
    found = re.search(r"/riders/(T[0-9A-Z]+)/", begin.locator("xpath=..").get_attribute("action") or "")
    assert found
    return found.group(1)


def _many_quizzes(station: Station, phones: list[Phone]) -> None:
    """All but the first four take the quiz while the first one rides; one of them fails and tries again."""
    later = phones[4:]
    for phone in later:
        phone.enter(station.day.number)
        phone.answer_all(rightly=phone is not later[FAILS_FIRST])
    station.clock.pass_by(5.5)
    for phone in later:
        assert f"quiz-{'failed' if phone is later[FAILS_FIRST] else 'passed'}" in phone.hand_in()


def last_quizzes(station: Station, phones: list[Phone], visit: Visit) -> None:
    """The rest takes the quiz: the one who failed once more, three of them in a browser of their own."""
    phones[4:][FAILS_FIRST].answer_all()
    phones[3].enter(station.day.number)
    phones[3].answer_all()
    browsers = [visit("phone") for _ in phones[:3]]
    for phone, browser in zip(phones[:3], browsers, strict=True):
        page = browser.page
        browser.open(screen_code(station.day.app, station.day.number))
        page.locator("#who").fill(phone.name)
        page.locator("#last_four").fill(phone.last_four)
        page.locator("#prove button[type=submit]").click()
        page.wait_for_url(re.compile(r"/q/"))
        phone.key = page.url.rpartition("/")[2]
        page.locator("main form button.btn-primary").click()
        page.wait_for_url(re.compile("/1$"))
        for position, right in right_answers(station.day.app, phone.key).items():
            page.wait_for_url(re.compile(f"/{position}$"))
            for option in right:
                page.locator(f"label[for=choice-{option}]").click()
            page.locator(".quiz-question button[type=submit]").click()
        page.wait_for_url(re.compile("/all$"))
    station.clock.pass_by(5.5)
    phones[4:][FAILS_FIRST].hand_in()
    phones[3].hand_in()
    for browser in browsers:
        browser.page.locator("main form button.btn-primary").click()
        browser.page.locator("dialog button[value=yes]").click()
        expect(browser.page.locator(".quiz-passed")).to_be_visible(timeout=PATIENCE_MS)


def the_end(station: Station) -> bytes:
    """Close the session, print all certificates at one go, issue the day's report and print it."""
    page = station.desk.page
    page.locator("#finish a[href$='/close']").click(timeout=PATIENCE_MS)
    expect(page.locator("#unmarked input:checked")).to_have_count(3)
    expect(page.locator("#ready input:checked")).to_have_count(28)
    expect(page.locator("#missing")).to_have_count(0)
    page.locator("button[form=close]").click()
    page.locator("dialog .btn-primary").click()
    expect(page.locator("#closed")).to_be_visible(timeout=PATIENCE_MS)
    printed = _printed(page, "#closed a[href$='certificates.pdf']")
    page.locator("#closed a[href*=station-days]").click()
    page.locator("form[action$=report] button").click()
    assert _printed(page, "a[href$='report.pdf']").startswith(b"%PDF")
    return printed


def _printed(page: Page, link: str) -> bytes:
    """Press what prints a document, and return it as the browser gets it."""
    button = page.locator(link)
    address = str(button.evaluate("(link) => link.href"))
    with page.expect_response(lambda answer: answer.url == address):
        button.click()
    return page.request.get(address).body()


def pages_of(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return ["".join(page.get_textpage().get_text_bounded().split()) for page in document]


def every_certificate_is_right(station: Station, address: str, printed: bytes) -> None:
    """Read every paper back: name, number, course, minutes of each module, quiz; nobody else has one."""
    day, pages = station.day, pages_of(printed)
    with writing(day.app) as session:
        rows = session.execute(select(StudyTask.number, Certificate.number).join(Certificate.task)).all()
        numbers = {row[0]: row[1] for row in rows}
    assert set(numbers) == {rider.task for rider in finishers(day)}
    assert len(pages) == len(numbers) == 28
    for rider in finishers(day):
        number = numbers[rider.task]
        [page] = [page for page in pages if number in page]
        [alone] = pages_of(station.desk.page.request.get(f"{address}/certificates/{number}.pdf").body())
        for text in (page, alone):
            assert rider.name in text
            assert day.course in text
            assert "100" in text
            for what, bounds in ((LECTURE, LECTURE), (FILM, FILM), (RIDE, rider.task)):
                found = re.search(rf"{what}(\d+)分钟", text)
                assert found, (what, text)
                least, most = station.clock.minutes[bounds]
                assert least <= int(found.group(1)) <= most, (rider, what, text)


def the_others_have_what_they_are_due(station: Station) -> None:
    """Who was absent or left has a seat tomorrow; the lecture of who left counts there, the film does not."""
    day, tomorrow = station.day, timedelta(days=1)
    leaver = day.riders[LEAVER]
    with writing(day.app) as session:
        left = day.seat(session, leaver).attendance
        assert left is not None
        assert left.state == AttendanceState.LEFT
        assert [record.module.name_zh for record in left.modules] == [LECTURE, FILM]
        for rider in day.riders[ABSENT]:
            assert day.seat(session, rider).state == BookingState.ABSENT
            assert day.seat(session, rider, day.later).state == BookingState.BOOKED
        seat = day.seat(session, leaver, day.later)
        clerk = actor_of(session.get_one(User, day.clerk_id))
        there = door.check_in(session, seat, clerk, day.session_of(session).starts_utc + tomorrow)
        assert [record.module.name_zh for record in there.modules if record.credited] == [LECTURE]
        came = session.scalars(select(Attendance.id).join(Booking).where(Booking.session_id == left.booking.session_id))
        assert len(came.all()) == 29, "each checked in once"


@pytest.mark.parametrize("locale", ["zh"])
def test_a_station_lives_through_a_day(live_app: Flask, address: str, visit: Visit) -> None:
    with time_machine.travel(morning(), tick=True) as moved:  # what is made from here on is made on that morning
        day = Day(live_app)
        station = Station(day, Clock(moved), visit("desk"), visit("phone"), visit("desk"), Hands())
        station.open()
        everybody_arrives(station, address)
        station.clock.pass_by(20)
        lecture_and_film(station)
        phones = [Phone(live_app, address, rider.name, rider.last_four) for rider in finishers(day)]
        rides(station, phones)
        last_quizzes(station, phones, visit)
        printed = the_end(station)
        assert station.hands.clicks <= MOST_CLICKS, station.hands.clicks
        assert len(station.hands.loads) <= MOST_LOADS, station.hands.loads
        every_certificate_is_right(station, address, printed)
        the_others_have_what_they_are_due(station)
