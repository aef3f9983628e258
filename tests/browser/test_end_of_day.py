"""The end of a station's day: a session closed in one gesture, its certificates at one go, the day reported."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pypdfium2
import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.browser.conftest import Visitor
from tests.browser.steps import writing
from tests.factories.education import District, assign, make_district, make_rider, make_session, make_violation
from tests.factories.people import PASSWORD, make_user
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.education.models.tasks import Attendance, Booking
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.services import door
from trafficedu.education.services import study as study_services

pytestmark = pytest.mark.browser
NAMES = ("丁一", "白二", "艾三", "陈四")


@pytest.fixture
def over(live_app: Flask) -> tuple[str, str]:
    """A clerk's name and a session that is over: two studied all of it, one a part, one never came."""
    with writing(live_app) as session:
        district = make_district(session)
        clerk = make_user(session, "station", station_id=district.at_a.id)
        starts = utc_now() - timedelta(hours=4)
        study = make_session(session, district.at_a, starts)
        seats = [_seat(session, district, name) for name in NAMES]
        for seat in seats[:3]:
            door.check_in(session, seat, actor_of(clerk), starts)
        for seat in seats[:2]:
            now = starts
            for module in study.plan.modules:
                study_services.start_module(session, seat, module.id, actor_of(clerk), now)
                now += timedelta(minutes=module.minimum_minutes)
                study_services.end_module(session, seat, module.id, actor_of(clerk), now)
            study_services.record_quiz(session, seat, 90, actor_of(clerk), now)
        return clerk.username, study.number


def _seat(session: Session, district: District, name: str) -> Booking:
    booked = utc_now() - timedelta(days=2)
    violation = make_violation(session, make_rider(session, district.a, name), district.a, booked)
    task = assign(session, violation, SYSTEM, booked)
    assert task is not None
    seat = live_booking(session, task.id)
    assert seat is not None
    return seat


@pytest.mark.parametrize("width", ["phone", "desk"])
def test_a_clerk_ends_the_day(
    width: str, visit: Callable[[str], Visitor], live_app: Flask, address: str, over: tuple[str, str]
) -> None:
    username, number = over
    visitor = visit(width)
    page = visitor.page
    visitor.sign_in(username, PASSWORD)
    row = page.locator("#to-close tbody tr")
    expect(row).to_have_count(1)
    visitor.look("to close")
    row.locator("a.btn").click()
    expect(page.locator("#unmarked input:checked")).to_have_count(1)
    expect(page.locator("#ready input:checked")).to_have_count(2)
    expect(page.locator("#missing input:checked")).to_have_count(0)
    visitor.look("closing")
    page.locator("#missing .form-check-label").click()
    page.locator("button[form=close]").click()
    page.locator("dialog .btn-primary").first.click()
    expect(page.locator("#closed")).to_be_visible()
    visitor.look("closed")
    printed = page.request.get(f"{address}/sessions/{number}/certificates.pdf")
    assert len(pypdfium2.PdfDocument(printed.body())) == 2
    page.locator("#closed a[href*=station-days]").click()
    page.locator("form[action$=report] button").click()
    paper = page.locator("a[href$='report.pdf']")
    expect(paper).to_be_visible()
    visitor.look("day")
    report = f"{address}{paper.get_attribute('href')}"
    first = page.request.get(report).body()
    assert first.startswith(b"%PDF")
    page.locator("form[action$=report] button").click()
    expect(paper).to_be_visible()
    assert page.request.get(report).body() == first, "nothing changed: it is the same paper"
    visitor.open("/")
    expect(page.locator("#to-close")).to_have_count(0)
    with writing(live_app) as session:
        states = session.scalars(select(Attendance.state).order_by(Attendance.id)).all()
        assert sorted(states) == ["left", "signed", "signed"]
