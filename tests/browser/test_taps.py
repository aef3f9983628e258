"""How many taps a record takes on a phone: at most four and a plate for a known rider, three for the next one here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Geolocation, Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.browser.steps import ready
from tests.factories.people import PASSWORD, make_user
from tests.factories.violations import District, make_district, make_violation, new_rider
from trafficedu.configuration.queries import find_wording
from trafficedu.configuration.services import set_wording
from trafficedu.core.actors import SYSTEM
from trafficedu.core.transactions import WRITES
from trafficedu.riders.queries.plates import PLACE
from trafficedu.violations.models.records import Violation

pytestmark = pytest.mark.browser
PLATES = ("杭州A12345", "杭州A23456")
HERE_NAMED = "西大门岗亭"
HERE: Geolocation = {"latitude": 30.1712, "longitude": 120.2701, "accuracy": 9}


@pytest.fixture
def known(live_app: Flask) -> tuple[str, District]:
    """An officer who recorded before, and two riders who are known by their plates."""
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        district = make_district(session)
        user = make_user(session, "officer", area_id=district.town.id)
        set_wording(session, find_wording(session, PLACE), "杭州", 1, SYSTEM)
        for plate in PLATES:
            make_violation(session, district.village, rider=new_rider(), plate=plate)
        session.commit()
        for area in (district.village, district.town):
            session.refresh(area)
        username = user.username
        session.expunge_all()
        return username, district


@pytest.fixture
def thumb(chromium: Browser, address: str, known: tuple[str, District]) -> Iterator[Page]:
    """A phone without a mouse, that tells where it is; signed in, and one record made before."""
    context = chromium.new_context(
        viewport={"width": 360, "height": 780},
        has_touch=True,
        is_mobile=True,
        locale="zh-CN",
        permissions=["geolocation"],
        geolocation=HERE,
        reduced_motion="reduce",
        base_url=address,
    )
    page = context.new_page()
    page.goto("/sign-in")
    page.locator("#username").fill(known[0])
    page.locator("#password").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(f"{address}/")
    yield page
    context.close()


def type_plate(page: Page, plate: str) -> None:
    """Type with the keys of the page, up to the key that ends it."""
    for sign in plate.removeprefix("杭州"):
        page.locator(f".plate-key[aria-label='{sign}']").tap()
    page.locator(".plate-key-wide").tap()
    page.locator("#rider .panel").wait_for()


def places(session: Session) -> list[str]:
    return list(
        session.scalars(select(Violation.place).where(Violation.officer_id.is_not(None)).order_by(Violation.id))
    )


def test_a_known_rider_takes_four_taps_and_the_next_one_three(
    thumb: Page, live_app: Flask, known: tuple[str, District]
) -> None:
    page, (_name, district) = thumb, known
    taps = 0
    page.goto("/record")
    ready(page)
    page.locator("#area_code").fill(district.village.code)
    page.locator("#place").fill(HERE_NAMED)
    page.locator("label[for=kind-0]").tap()
    taps += 1
    page.locator("#plate").tap()
    taps += 1
    type_plate(page, PLATES[0])
    page.locator(".bottom-bar .btn-primary").tap()
    taps += 1
    page.wait_for_url("**/record/V*")
    assert taps <= 4

    taps = 0
    page.locator(".key-link").nth(1).tap()
    taps += 1
    ready(page)
    expect(page.locator("#plate")).to_be_focused()
    assert page.locator("#place").input_value() == HERE_NAMED
    type_plate(page, PLATES[1])
    page.locator(".bottom-bar .btn-primary").tap()
    taps += 1
    page.wait_for_url("**/record/V*")
    assert taps <= 3
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        recorded = session.scalars(select(Violation).where(Violation.place == HERE_NAMED)).all()
        assert len(recorded) == 2
        assert {(one.latitude, one.longitude) for one in recorded} == {(HERE["latitude"], HERE["longitude"])}
        assert session.scalar(select(func.count(func.distinct(Violation.rider_id)))) == 2


def test_places_named_near_by_are_offered_and_the_nearest_village_is_filled_in(
    thumb: Page, known: tuple[str, District]
) -> None:
    page, (_name, district) = thumb, known
    page.goto("/record")
    ready(page)
    page.locator("#area_code").fill(district.village.code)
    page.locator("#place").fill(HERE_NAMED)
    page.locator("label[for=kind-0]").tap()
    page.locator("#plate").tap()
    type_plate(page, PLATES[0])
    page.locator(".bottom-bar .btn-primary").tap()
    page.wait_for_url("**/record/V*")

    page.evaluate("indexedDB.deleteDatabase('kerb')")
    page.context.clear_cookies(name="trafficedu")
    page.goto("/sign-in?next=/record")
    page.locator("#username").fill(known[0])
    page.locator("#password").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    ready(page)
    expect(page.locator("#area_code")).to_have_value(
        f"{district.town.name} · {district.village.name} {district.village.code}"
    )
    page.locator("[data-near] button").tap()
    assert page.locator("#place").input_value() == HERE_NAMED
    page.locator("[data-where-drop]").tap()
    assert page.locator("input[name=latitude]").input_value() == ""
