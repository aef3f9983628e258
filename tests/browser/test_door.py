"""Thirty riders at the door: two devices, one without a network for a while; every gesture and page load counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.browser.conftest import Visitor
from tests.browser.steps import kept, ready, state, writing
from tests.factories.education import (
    District,
    assign,
    make_district,
    make_rider,
    make_session,
    make_task,
    make_violation,
)
from tests.factories.people import PASSWORD, make_user
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.education.models.door import DoorTap
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask
from trafficedu.education.rules.door import Outcome

pytestmark = pytest.mark.browser
Visit = Callable[[str], Visitor]
FAMILIES = "白蔡崔丁范冯韩何侯雷黎刘龙吕马孟彭任沈石史宋苏谭王魏闫杨于周"
ONE_LANGUAGE = pytest.mark.parametrize("locale", ["zh"])


class Room:
    """A session of thirty that begins now, with the receipts and tasks of its riders in the order of their names."""

    def __init__(self, app: Flask) -> None:
        with writing(app) as session:
            district: District = make_district(session)
            starts = utc_now() + timedelta(minutes=10)
            held = make_session(session, district.at_a, starts, capacity=31)
            self.receipts, self.tasks = [], []
            for family in FAMILIES:
                violation = make_violation(session, make_rider(session, district.a, f"{family}小明"), district.a)
                task = assign(session, violation, SYSTEM, utc_now() - timedelta(days=2))
                assert task is not None
                self.receipts.append(violation.number)
                self.tasks.append(task.number)
            walk_in = make_task(session, make_rider(session, district.a, "欧阳补位"), district.a)
            make_task(session, make_rider(session, district.a, "司马没位"), district.a)
            self.number, self.walk_in = held.number, walk_in.number
            self.clerk = make_user(session, "station", station_id=district.at_a.id).username

    @property
    def path(self) -> str:
        return f"/sessions/{self.number}/check-in"


def scan(page: Page, text: str) -> None:
    """Type as a hand scanner does, wherever the page is looked at; a name is typed into the field by a person."""
    if text.isascii():
        page.keyboard.type(text)
    else:
        page.locator("#find input[name=words]").fill(text)
    page.keyboard.press("Enter")


def says(page: Page, tone: str) -> None:
    expect(page.locator(f".door-answer-{tone}")).to_be_visible()


def here(app: Flask) -> dict[str, int]:
    """Return how many check-ins each task of the session has."""
    with writing(app) as session:
        rows = session.execute(
            select(StudyTask.number, Attendance.id).join(Booking, Booking.task_id == StudyTask.id).join(Attendance)
        ).all()
        assert len({number for number, _ in rows}) == len(rows)
        return {number: 1 for number, _ in rows}


def open_both(room: Room, desk: Visitor, tablet: Visitor) -> None:
    """Open the list on both; the tablet keeps it for when there is no network."""
    for visitor in (desk, tablet):
        visitor.sign_in(room.clerk, PASSWORD)
        visitor.open(room.path)
        ready(visitor.page)
    kept(tablet.page, "/door/kept")
    tablet.open("/door")
    ready(tablet.page)
    tablet.open(room.path)
    ready(tablet.page)


def thirty_lines(room: Room, page: Page) -> None:
    """Refuse a list that is not on one screen of a desk, a line a rider, in the order of pinyin."""
    rows = page.locator("[data-rows] > tr")
    expect(rows).to_have_count(30)
    assert [row.get_attribute("data-task") for row in rows.all()] == room.tasks, "in the order of pinyin"
    assert max(box["height"] for row in rows.all() if (box := row.bounding_box())) <= 28
    last = rows.last.bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= 900, "thirty on one screen"


def tapped_away(room: Room, tablet: Visitor) -> int:
    """Check riders in without a network, before and after the page was loaded again; return the clicks."""
    clicks = 0
    tablet.page.context.set_offline(True)
    for task in room.tasks[22:27]:
        tablet.page.locator(f"#{task} button", has_text="签到").click()
        clicks += 1
        says(tablet.page, "open")  # and lets the next tap through
    tablet.page.reload()
    ready(tablet.page)
    assert tablet.page.url.split("#")[0].endswith("/door"), "the list opens without a network"
    for task in room.tasks[27:]:
        tablet.page.locator(f"#{task} button").click()
        clicks += 1
        says(tablet.page, "open")
        tablet.page.keyboard.press("Escape")
    tablet.look("away")
    return clicks


@ONE_LANGUAGE
def test_thirty_riders_are_checked_in_by_two_devices_one_of_them_away(live_app: Flask, visit: Visit) -> None:
    room = Room(live_app)
    desk, tablet = visit("desk"), visit("phone")
    open_both(room, desk, tablet)
    desk.look("list")
    rows = desk.page.locator("[data-rows] > tr")
    thirty_lines(room, desk.page)

    clicks, loads = 0, []
    desk.page.on("framenavigated", lambda frame: loads.append(frame.url))
    tablet.page.on("framenavigated", lambda frame: loads.append(frame.url))

    for number, family in zip(room.receipts[:18], FAMILIES, strict=False):  # scans: no click
        scan(desk.page, f"http://127.0.0.1/n/{number}")
        expect(desk.page.locator(".door-answer-done .door-answer-name")).to_have_text(f"{family}小明")
    desk.look("answer")
    scan(desk.page, room.receipts[0])
    says(desk.page, "open")
    desk.page.keyboard.press("Escape")

    rows.nth(20).locator("button", has_text="签到").click()  # a tap: the place is kept
    clicks += 1
    expect(desk.page.locator(".door-answer-done .door-answer-name")).to_have_text(f"{FAMILIES[20]}小明")
    expect(rows.nth(20)).to_contain_text("已到")
    expect(tablet.page.locator(f"#{room.tasks[20]}")).to_contain_text("已到", timeout=3_500)

    clicks += tapped_away(room, tablet)
    desk.page.locator(f"#{room.tasks[27]} button", has_text="签到").click()  # the same rider at the other device
    clicks += 1
    expect(desk.page.locator(f"#{room.tasks[27]}")).to_contain_text("已到")
    desk.page.keyboard.type("zhoux")
    expect(desk.page.locator("[data-rows] > tr:visible")).to_have_count(1)
    desk.page.keyboard.press("Escape")
    for name in (FAMILIES[18], FAMILIES[19], FAMILIES[21]):
        scan(desk.page, f"{name}小明")
        expect(desk.page.locator(".door-answer-done .door-answer-name")).to_have_text(f"{name}小明")

    tablet.page.context.set_offline(False)
    state(tablet.page, "sent")
    for task in room.tasks[22:]:
        expect(desk.page.locator(f"#{task}")).to_contain_text("已到", timeout=3_500)
    assert here(live_app) == dict.fromkeys(room.tasks, 1)
    with writing(live_app) as session:
        twice = session.scalars(
            select(DoorTap.outcome).join(Booking).join(StudyTask).where(StudyTask.number == room.tasks[27])
        )
        assert sorted(twice) == sorted([Outcome.DONE, Outcome.HERE])
    own_loads = [url for url in loads if url != "about:blank"]
    assert clicks <= 10
    assert len(own_loads) <= 2, own_loads

    scan(desk.page, "欧阳补位")  # a walk-in takes the one free seat; the next one is told what to do
    says(desk.page, "done")
    expect(desk.page.locator(f"#{room.walk_in}")).to_be_visible(timeout=3_500)
    scan(desk.page, "司马没位")
    says(desk.page, "problem")
    desk.look("refused")
