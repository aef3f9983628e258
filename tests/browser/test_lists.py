"""Lists in a browser: a view saved and opened by one tap, rows chosen by keyboard, low cards, a record on paper."""

from __future__ import annotations

import re
from collections.abc import Callable

import pypdfium2 as pdfium
import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from tests.browser.conftest import Visitor
from tests.browser.steps import writing
from tests.factories.people import PASSWORD, make_user
from tests.factories.violations import make_district, make_violation
from trafficedu.core.clock import local, utc_now
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import ViolationState

pytestmark = pytest.mark.browser
LONG = "Thoroughfare" * 10


@pytest.fixture
def username(live_app: Flask) -> str:
    """A supervisor of a district with sixty records of today, one at a place without a blank."""
    with writing(live_app) as session:
        district, now = make_district(session), utc_now()
        for number in range(60):
            place = LONG if number == 59 else "市心路与金城路口"
            make_violation(session, district.village, now=now, place=place, occurred_utc=now)
        return make_user(session, "supervisor", area_id=district.town.id).username


@pytest.mark.parametrize("locale", ["en"])
def test_a_view_is_saved_and_rows_are_chosen_by_keyboard(
    live_app: Flask, visit: Callable[[str], Visitor], username: str
) -> None:
    visitor = visit("desk")
    visitor.sign_in(username, PASSWORD)
    visitor.open("/violations?source=field&columns=occurred&columns=kind&columns=plate&columns=place&columns=state")
    page = visitor.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "a long place pushes nothing off"
    page.locator(".list-save summary").press("Enter")
    page.locator("#view-name").fill("Stops today")
    page.locator("#view-name").press("Enter")
    expect(page.locator(".list-views a[aria-current]")).to_have_text("Stops today")
    visitor.open("/violations")
    page.get_by_role("link", name="Stops today").click()
    expect(page).to_have_url(re.compile("source=field.*view=Y"))
    visitor.look("list")
    page.locator(".choose").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("[data-chosen-count]")).to_have_text("2 chosen")
    page.locator("[data-choose-page]").check()
    expect(page.locator("[data-chosen-count]")).to_have_text("50 chosen")
    page.locator("[data-choose-page]").uncheck()
    page.locator(".choose").nth(0).check()
    page.locator(".choose").nth(1).check()
    page.get_by_role("button", name="Void", exact=True).press("Enter")
    expect(page.locator("h1")).to_have_text("Void: 2 records")
    visitor.look("asked")
    page.get_by_label("Reason").fill("recorded twice by a fault of the device")
    page.get_by_role("button", name="Void: 2 records").click()
    expect(page.locator("h1")).to_have_text("Void: 2 done, 0 refused")
    visitor.look("told")
    with writing(live_app) as session:
        voided = session.scalars(select(Violation).where(Violation.state == ViolationState.VOIDED)).all()
    assert len(voided) == 2
    page.get_by_role("link", name="Return to the list").click()
    expect(page).to_have_url(re.compile("source=field.*view=Y"))


@pytest.mark.parametrize("locale", ["en"])
def test_fifty_cards_are_no_long_way(live_app: Flask, visit: Callable[[str], Visitor], username: str) -> None:
    visitor = visit("phone")
    visitor.sign_in(username, PASSWORD)
    visitor.open("/violations")
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    height = visitor.page.evaluate("document.documentElement.scrollHeight")
    assert height < 12_000 * 0.75, height
    headline = visitor.page.locator(".row-link .as-card").first
    expect(headline).to_be_visible()
    expect(headline).to_contain_text("Running a red light")
    expect(visitor.page.locator("#chosen-rows")).to_be_hidden()
    visitor.look("cards")


@pytest.mark.parametrize("locale", ["en"])
def test_a_record_is_printed_with_its_time_line_and_without_buttons(
    live_app: Flask, visit: Callable[[str], Visitor], username: str
) -> None:
    with writing(live_app) as session:
        record = session.scalars(select(Violation).order_by(Violation.id).limit(1)).one()
        number, moment = record.number, f"{local(record.recorded_utc):%Y-%m-%d %H:%M}"
    visitor = visit("desk")
    visitor.sign_in(username, PASSWORD)
    visitor.open(f"/violations/{number}")
    expect(visitor.page.locator(".timeline")).to_contain_text("Recorded")
    visitor.look("record")
    pages = pdfium.PdfDocument(visitor.page.pdf(format="A4"))
    text = " ".join("".join(page.get_textpage().get_text_range() for page in pages).split())
    assert number in text
    assert f"{moment} Recorded" in text
    assert "What happened to this record" in text
    for button in ("Void the record", "Correct the record", "Copy", "Sign out", "minute", "now"):
        assert button not in text, button
    assert len(pages) <= 2
