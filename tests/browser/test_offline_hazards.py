"""Reporting a hazard without a network: kept with its photos, refused and put right, sent once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import FilePayload, Page, Route, expect
from sqlalchemy import select, update

from tests.browser.conftest import Visitor
from tests.browser.steps import kept, ready, state
from tests.factories import places
from tests.factories.people import PASSWORD, make_user
from tests.factories.pictures import plain_photo
from trafficedu.core.transactions import WRITES
from trafficedu.hazards.models import Hazard, HazardKind, HazardPhoto

pytestmark = pytest.mark.browser
WITHOUT_WORDS = pytest.mark.parametrize("locale", ["zh"])
Visit = Callable[[str], Visitor]


@pytest.fixture
def grid(live_app: Flask) -> str:
    """A grid officer's user name; the post is a village."""
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        user = make_user(session, "grid", area_id=places.area(session, places.VILLAGE).id)
        session.commit()
        return user.username


def arrived(app: Flask) -> list[tuple[str, int]]:
    """The places of all hazards, and how many photos each has."""
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        photos = list(session.scalars(select(HazardPhoto.hazard_id)))
        found = session.execute(select(Hazard.place, Hazard.id).order_by(Hazard.place)).all()
        return [(place, photos.count(id_)) for place, id_ in found]


def end_kind(app: Flask, active: bool) -> None:
    """Take the kind out of use that the tests report, or into use again."""
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        session.execute(update(HazardKind).where(HazardKind.code == "surface").values(active=active))
        session.commit()


def without_network(visitor: Visitor) -> Page:
    """Open the page with a network, until the phone keeps it, and once more without one."""
    visitor.open("/hazards/new")
    page = visitor.page
    ready(page)
    kept(page, "/hazards/new/kept")
    page.context.set_offline(True)
    page.reload()
    ready(page)
    return page


def save(page: Page) -> None:
    page.locator(".bottom-bar .btn-primary").click()


def fill_in(page: Page, place: str, photos: int = 0) -> None:
    pictures: list[FilePayload] = [
        {"name": f"{at}.jpg", "mimeType": "image/jpeg", "buffer": plain_photo(at, size=(1800, 1200))}
        for at in range(photos)
    ]
    if pictures:
        page.locator("#photos").set_input_files(pictures)
        expect(page.locator("[data-thumbs] img")).to_have_count(photos)
    page.locator("#kind").select_option("surface")
    page.locator("label[for=risk-0]").click()
    page.locator("#place").fill(place)


def lose_the_first() -> tuple[Callable[[Route], None], list[int]]:
    """Let what is sent arrive, and lose its answer the first time."""
    statuses: list[int] = []

    def lose(route: Route) -> None:
        statuses.append(route.fetch().status)
        if len(statuses) == 1:
            route.abort()
        else:
            route.continue_()

    return lose, statuses


def test_without_a_network_a_hazard_is_kept_mended_and_sent_once(live_app: Flask, visit: Visit, grid: str) -> None:
    visitor = visit("phone")
    visitor.sign_in(grid, PASSWORD)
    page = without_network(visitor)
    assert "测试grid" not in page.content(), "the kept page bears a name"
    save(page)
    expect(page.locator(".error-summary li")).to_have_count(3)
    visitor.look("faults")
    fill_in(page, "湘湖路口", photos=3)
    visitor.look("filled-in")
    save(page)
    expect(page.locator("[data-list] > li")).to_have_count(1)
    expect(page.locator("[data-thumbs] img")).to_have_count(0)
    expect(page.locator("#place")).to_have_value("")
    assert page.locator("#area_code").input_value(), "the next one is often in the same village"
    page.reload()
    ready(page)
    page.locator("[data-fold] > summary").click()
    visitor.look("waiting")

    end_kind(live_app, active=False)
    page.context.set_offline(False)
    state(page, "refused")
    visitor.look("refused")
    assert arrived(live_app) == []
    end_kind(live_app, active=True)
    visitor.open("/")
    state(page, "refused")
    visitor.look("first-screen")
    page.locator("[data-list] a.btn").click()
    page.wait_for_url("**/hazards/new")
    expect(page.locator("#place")).to_have_value("湘湖路口")
    expect(page.locator("[data-thumbs] img")).to_have_count(3)
    page.locator("#place").fill("湘湖路口东侧")
    visitor.look("mending")
    save(page)
    state(page, "sent")
    assert arrived(live_app) == [("湘湖路口东侧", 3)]
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        hazard = session.scalars(select(Hazard)).one()
        assert hazard.noticed_utc is not None
        assert hazard.reported_utc - hazard.noticed_utc > timedelta()


@WITHOUT_WORDS
def test_an_answer_that_got_lost_is_asked_for_again_and_counts_once(live_app: Flask, visit: Visit, grid: str) -> None:
    visitor = visit("phone")
    visitor.sign_in(grid, PASSWORD)
    page = without_network(visitor)
    lose, statuses = lose_the_first()
    page.context.route("**/hazards/queued", lose)
    for place in ("北门", "南门"):
        fill_in(page, place, photos=2)
        save(page)
        expect(page.locator("#place")).to_have_value("")
    page.reload()
    ready(page)
    fill_in(page, "西门")
    save(page)
    expect(page.locator("[data-list] > li")).to_have_count(3)
    page.context.set_offline(False)
    state(page, "sent")
    assert statuses[0] == 201
    assert arrived(live_app) == [("北门", 2), ("南门", 2), ("西门", 0)]


@WITHOUT_WORDS
def test_a_server_that_fails_and_a_record_page_send_it_too(live_app: Flask, visit: Visit, grid: str) -> None:
    visitor = visit("phone")
    visitor.sign_in(grid, PASSWORD)
    visitor.open("/hazards/new")
    page = visitor.page
    ready(page)

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.fulfill(status=502)
        else:
            route.continue_()

    page.route("**/hazards/new", lose)
    page.context.route("**/hazards/queued", lambda route: route.fulfill(status=503))
    fill_in(page, "东门", photos=2)
    save(page)
    expect(page.locator("[data-list] > li")).to_have_count(1, timeout=30_000)
    page.locator(".account-wide form[data-leaves] button").evaluate("button => button.form.requestSubmit()")
    expect(page.locator("dialog p")).to_contain_text("3")
    page.locator("dialog .btn:not(.btn-primary)").click()
    page.context.unroute("**/hazards/queued")
    visitor.open("/")
    state(page, "sent")
    assert arrived(live_app) == [("东门", 2)]
