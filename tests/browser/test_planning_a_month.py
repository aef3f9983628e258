"""A clerk plans a month: a series with a day left out, moved from one session on, one of them cancelled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.browser.conftest import Visitor
from tests.browser.steps import writing
from tests.factories import places
from tests.factories.education import make_station
from tests.factories.people import PASSWORD, make_user
from trafficedu.core.clock import local, today
from trafficedu.education.models.courses import StudySession

pytestmark = pytest.mark.browser


@pytest.fixture
def clerk(live_app: Flask) -> str:
    with writing(live_app) as session:
        station = make_station(session, places.area(session, places.TOWN))
        return make_user(session, "station", station_id=station.id).username


def sessions(app: Flask) -> list[tuple[date, str, str]]:
    """Return day, hour and state of what is planned, in order."""
    with writing(app) as session:
        found = session.scalars(select(StudySession).order_by(StudySession.starts_utc)).all()
        return [(one.starts_on, f"{local(one.starts_utc):%H:%M}", str(one.state)) for one in found]


def send(page: Page, value: str) -> None:
    page.locator(f"button[value={value}]").click()


@pytest.mark.parametrize("locale", ["en"])
@pytest.mark.parametrize("width", ["desk", "phone"])
def test_a_month_is_planned(live_app: Flask, visit: Callable[[str], Visitor], clerk: str, width: str) -> None:
    visitor = visit(width)
    page = visitor.page
    visitor.sign_in(clerk, PASSWORD)
    first = today() + timedelta(days=3)
    visitor.open("/sessions/weekly")
    page.get_by_label("First session on").fill(first.isoformat())
    page.get_by_label("Time", exact=True).fill("09:00")
    page.get_by_label("Until").fill((first + timedelta(weeks=4)).isoformat())
    page.get_by_label("Lecturer").fill("李老师")
    send(page, "show")
    boxes = page.locator("input[name=days]")
    expect(boxes.first).to_be_visible()
    assert sessions(live_app) == [], "nothing is made before the days were seen"
    visitor.look("days")
    boxes.last.uncheck()
    ticked = page.locator("input[name=days]:checked").count()
    assert ticked >= 2
    send(page, "make")
    expect(page.locator(".calendar-month")).to_be_visible()
    planned = sessions(live_app)
    assert len(planned) == ticked
    visitor.look("month")

    page.locator(".calendar-entry").first.click()
    page.get_by_role("link", name="Change the session").click()
    begins = page.get_by_label("Begins")
    begins.fill(begins.input_value().replace("T09:00", "T14:30"))
    page.get_by_label("This session and those after it").check()
    page.get_by_role("button", name="Save the session").click()
    expect(page.get_by_role("link", name="Cancel the session")).to_be_visible()
    assert {hour for _, hour, _ in sessions(live_app)} == {"14:30"}

    page.get_by_role("link", name="Cancel the session").click()
    page.get_by_label("Reason").fill("停电")
    page.get_by_role("button", name="Cancel the session").click()
    page.wait_for_url("**/sessions*")
    assert [state for _, _, state in sessions(live_app)] == ["cancelled", *["scheduled"] * (ticked - 1)]
    visitor.open(f"/calendar?span=week&day={planned[0][0]}")
    expect(page.locator(".calendar-off")).to_have_count(1)
    visitor.look("week")
