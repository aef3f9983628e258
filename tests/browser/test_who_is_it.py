"""Who is it, while the officer types: what is asked and when, what stands still, what one tap chooses, what is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Request, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.browser.steps import ready
from tests.factories.people import PASSWORD, make_user
from tests.factories.violations import make_district, make_violation, new_rider
from trafficedu.configuration.queries import find_wording
from trafficedu.configuration.services import set_wording
from trafficedu.core.actors import SYSTEM
from trafficedu.core.transactions import WRITES
from trafficedu.riders.queries.plates import PLACE
from trafficedu.violations.models.records import Violation

pytestmark = pytest.mark.browser
PAUSE_MS = 700
"""More than the page waits after a sign before it asks, less than it waits for a number that is on its way."""


@pytest.fixture
def town(live_app: Flask) -> tuple[str, str]:
    """An officer and three riders of one town; returns the officer's name and the code of a village."""
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        district = make_district(session)
        user = make_user(session, "officer", area_id=district.town.id)
        set_wording(session, find_wording(session, PLACE), "演示", 1, SYSTEM)
        for plate, name, phone in (
            ("演示A00042", "孟明帆", "13812340042"),
            ("演示B10042", "史娜婷", "13812340043"),
            ("演示C77777", "孟明月", "13812347777"),
        ):
            rider = new_rider(name=name, phone=phone, home_area_id=district.village.id)
            make_violation(session, district.village, rider=rider, plate=plate)
        session.commit()
        return user.username, district.village.code


@pytest.fixture
def thumb(chromium: Browser, address: str, town: tuple[str, str]) -> Iterator[Page]:
    """A phone on the record page, signed in."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        locale="zh-CN",
        reduced_motion="reduce",
        base_url=address,
    )
    page = context.new_page()
    page.goto("/sign-in?next=/record")
    page.locator("#username").fill(town[0])
    page.locator("#password").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    ready(page)
    yield page
    context.close()


def asking(page: Page) -> list[str]:
    """Return what the page asks from now on: each request's field."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/record/riders"):
            asked.append(str((request.post_data or "").rpartition("typed=")[2].partition("&")[0]))

    page.on("request", note)
    return asked


def keys(page: Page, signs: str) -> None:
    for sign in signs:
        page.locator(f".plate-key[aria-label='{sign}']").tap()


def test_a_plate_typed_by_the_keys_is_asked_once_and_nothing_moves(thumb: Page, town: tuple[str, str]) -> None:
    page, asked = thumb, asking(thumb)
    page.locator("#plate").tap()
    keys(page, "A0")
    before = page.locator(".plate-key[aria-label='7']").bounding_box()
    page.wait_for_timeout(PAUSE_MS)
    assert asked == [], "two signs name half a town"
    keys(page, "0042")
    expect(page.locator("#found .rider-card")).to_contain_text("孟明帆")
    assert asked == ["plate"]
    expect(page.locator("#plate")).to_be_focused()
    assert page.locator("#plate").input_value() == "A00042"
    assert page.locator(".plate-key[aria-label='7']").bounding_box() == before
    expect(page.locator(".plate-brief")).to_contain_text("孟明帆")
    assert page.locator("#found").get_attribute("aria-live") == "polite"
    expect(page.locator("#who")).to_be_hidden()
    assert page.locator("input[name=rider_number]").count() == 1


def test_the_rider_follows_the_plate_and_the_record_is_of_who_is_shown(
    thumb: Page, live_app: Flask, town: tuple[str, str]
) -> None:
    page = thumb
    page.locator("#area_code").fill(town[1])
    page.locator("label[for=kind-0]").tap()
    page.locator("#plate").tap()
    keys(page, "C77777")
    expect(page.locator("#found .rider-card")).to_contain_text("孟明月")
    for _sign in range(6):
        page.locator(".plate-key").filter(has_text="⌫").tap()
    expect(page.locator("#found .rider-card")).to_have_class(re.compile("is-old"))
    keys(page, "A00042")
    expect(page.locator("#found .rider-card")).to_contain_text("孟明帆")
    page.locator(".bottom-bar .btn-primary").tap()
    page.wait_for_url("**/record/V*")
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker() as session:
        recorded = latest(session)
        assert (recorded.plate, recorded.rider and recorded.rider.name) == ("演示A00042", "孟明帆")


def latest(session: Session) -> Violation:
    return session.scalars(select(Violation).order_by(Violation.id.desc()).limit(1)).one()


def test_an_end_lists_who_may_be_meant_and_one_tap_chooses(thumb: Page) -> None:
    page = thumb
    page.locator("#plate").tap()
    keys(page, "0042")
    expect(page.locator("#found button")).to_have_count(2)
    expect(page.locator("#found")).not_to_contain_text("孟明帆")
    expect(page.locator(".plate-brief")).to_contain_text("2")
    page.locator("#found button").filter(has_text="演示B10042").tap()
    expect(page.locator("#found .rider-card")).to_contain_text("史娜婷")
    assert page.locator("#plate").input_value() == "演示B10042", "the record gets the whole plate"


def test_names_and_ends_of_phones_are_asked_and_what_is_being_typed_stays(thumb: Page) -> None:
    page, asked = thumb, asking(thumb)
    name = page.locator("#name")
    name.press_sequentially("孟")
    page.wait_for_timeout(PAUSE_MS)
    assert asked == []
    name.press_sequentially("明")
    expect(page.locator("#found button")).to_have_count(2)
    name.press_sequentially("月")
    expect(page.locator("#found .rider-card")).to_contain_text("孟明月")
    expect(name).to_be_focused()
    assert page.locator("input[name=rider_number]").count() == 0, "a name alone takes nobody"
    name.fill("")
    expect(page.locator("#found")).to_be_empty()
    page.locator("#phone").press_sequentially("0043")
    expect(page.locator("#found .rider-card")).to_contain_text("史娜婷")
    expect(page.locator("#phone")).to_be_focused()
    assert asked == ["name", "name", "phone"]


def test_a_whole_number_on_its_way_is_not_asked_for_its_beginning(thumb: Page) -> None:
    page, asked = thumb, asking(thumb)
    page.locator("#phone").press_sequentially("13812340043", delay=150)
    expect(page.locator("#found .rider-card")).to_contain_text("史娜婷")
    assert asked == ["phone"]
    page.locator("#phone").press("Backspace")
    assert page.locator("input[name=rider_number]").count() == 0, "the card is of what stood there before"


def test_without_a_network_nothing_is_asked_and_nothing_is_said(thumb: Page) -> None:
    page, asked = thumb, asking(thumb)
    page.context.set_offline(True)
    page.locator("#plate").tap()
    keys(page, "A00042")
    page.wait_for_timeout(PAUSE_MS)
    assert asked == []
    expect(page.locator("#found")).to_be_empty()
    page.context.set_offline(False)
    page.locator(".plate-key").filter(has_text="⌫").tap()
    keys(page, "2")
    expect(page.locator("#found .rider-card")).to_contain_text("孟明帆")


def test_an_ended_session_is_said_and_what_is_typed_stays(thumb: Page) -> None:
    page = thumb
    page.context.clear_cookies(name="trafficedu")
    page.locator("#plate").tap()
    keys(page, "A00042")
    expect(page.locator("#rider .flash-error a")).to_have_attribute("href", "/sign-in")
    expect(page.locator("#plate")).to_be_focused()
    assert page.locator("#plate").input_value() == "A00042"


def test_a_server_that_fails_does_not_stop_the_typing(thumb: Page) -> None:
    page = thumb
    page.route("**/record/riders", lambda route: route.fulfill(status=502, body="x"))
    page.locator("#plate").tap()
    keys(page, "A00042")
    page.wait_for_timeout(PAUSE_MS)
    expect(page.locator("#plate")).to_be_focused()
    expect(page.locator(".flash-error")).to_have_count(0)
