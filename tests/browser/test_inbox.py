"""The queue by keyboard: refused with R and a figure, taken back with U, accepted with A; two who decide at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.browser.conftest import Visitor
from tests.browser.steps import writing
from tests.factories.people import PASSWORD, make_user
from tests.factories.violations import make_district, make_violation
from trafficedu.core.clock import utc_now
from trafficedu.violations.models.records import Violation

pytestmark = pytest.mark.browser


def states(app: Flask) -> list[str]:
    with writing(app) as session:
        return list(session.scalars(select(Violation.state).order_by(Violation.id)))


def press(page: Page, key: str) -> None:
    """Press a key once the page that came listens to keys: an address changes before that."""
    page.wait_for_load_state()
    page.keyboard.press(key)


@pytest.mark.parametrize("locale", ["en"])
def test_by_keyboard_and_two_at_once(live_app: Flask, visit: Callable[[str], Visitor]) -> None:
    with writing(live_app) as session:
        district = make_district(session)
        now = utc_now()
        given: dict[str, Any] = {"source": "camera", "rider": None, "now": now, "occurred_utc": now}
        numbers = [make_violation(session, district.village, **given).number for _ in range(3)]
        names = [make_user(session, "supervisor", area_id=district.town.id).username for _ in range(2)]
    one, other = visit("desk"), visit("phone")
    for visitor, name in zip((one, other), names, strict=True):
        visitor.sign_in(name, PASSWORD)
        visitor.open("/inbox")
        expect(visitor.page).to_have_url(re.compile(numbers[0]))
        visitor.look("review")
    press(one.page, "n")
    expect(one.page).to_have_url(re.compile(numbers[1]))
    one.open("/inbox")
    press(one.page, "r")
    expect(one.page.locator("#reasons-r")).to_be_focused()
    assert states(live_app) == ["pending"] * 3, "a refusal needs a reason first"
    press(one.page, "2")
    expect(one.page).to_have_url(re.compile(numbers[1]))
    assert states(live_app) == ["rejected", "pending", "pending"]

    other.page.get_by_role("button", name=re.compile("Confirm")).click()
    expect(other.page.get_by_text("This is decided already")).to_be_visible()
    assert states(live_app) == ["rejected", "pending", "pending"], "the first of the two has decided"

    press(one.page, "u")
    expect(one.page).to_have_url(re.compile(numbers[0]))
    assert states(live_app) == ["pending"] * 3
    for following in [*numbers[1:], f"person/{numbers[0]}"]:
        press(one.page, "a")
        expect(one.page).to_have_url(re.compile(f"/inbox.*{following}$"))
    assert states(live_app) == ["confirmed"] * 3
    press(one.page, "u")
    expect(one.page).to_have_url(re.compile(f"/review/{numbers[2]}"))
    assert states(live_app) == ["confirmed", "confirmed", "pending"]
    press(one.page, "a")
    for following in [*(f"person/{number}" for number in numbers[1:]), "inbox"]:
        expect(one.page).to_have_url(re.compile("/person/"))
        press(one.page, "r")
        press(one.page, "1")
        expect(one.page).to_have_url(re.compile(f"{following}$"))
    expect(one.page.get_by_text("Nothing waits for you")).to_be_visible()
