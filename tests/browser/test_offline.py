"""Recording without a network: kept on the phone, sent once each, whatever happens meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from playwright.sync_api import FilePayload, Page, Route, expect
from sqlalchemy import func, select

from tests.browser.conftest import Visitor
from tests.browser.steps import kept, ready, state
from tests.factories.people import PASSWORD, make_user
from tests.factories.pictures import plain_photo
from tests.factories.violations import District, identity, make_district
from trafficedu.core.transactions import WRITES
from trafficedu.evidence.models import Photo
from trafficedu.violations.models.records import Violation

pytestmark = pytest.mark.browser
WITHOUT_WORDS = pytest.mark.parametrize("locale", ["zh"])
Visit = Callable[[str], Visitor]
OFFLINE, TRIES = 50, 600
"""Records of the long test, and how often it looks whether they have arrived."""


@pytest.fixture
def officer(live_app: Flask) -> tuple[str, District, str]:
    """An officer's user name, the district, and the name of a colleague."""
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        district = make_district(session)
        user = make_user(session, "officer", area_id=district.town.id)
        colleague = make_user(session, "officer", area_id=district.town.id).username
        session.commit()
        session.refresh(district.village)
        session.refresh(district.other_village)
        username = user.username
        session.expunge_all()
        return username, district, colleague


def numbers(app: Flask) -> list[str]:
    """The names of the riders of all records: each test names its records by them."""
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        return sorted(session.scalars(select(Violation.place)))


def open_record(visitor: Visitor) -> Page:
    """Open the page with a network, until the phone keeps it."""
    visitor.open("/record")
    page = visitor.page
    ready(page)
    kept(page, "/record/kept")
    return page


def fill_in(page: Page, village: str, place: str, number: str = "", kind: int = 0) -> None:
    page.locator(f"label[for=kind-{kind}]").click()
    page.locator("#area_code").fill(village)
    page.locator("#place").fill(place)
    page.locator("#id_number").fill(number or identity(date(1991, 3, 4)))
    page.locator("#name").fill("离线骑手")


def save(page: Page) -> None:
    page.locator(".bottom-bar .btn-primary").click()


def queue(page: Page, count: int, village: str) -> None:
    """Keep records as the form does: fill in, press, and again, by script, so that many take little."""
    rows = [{"place": f"路口{at:02d}", "id_number": identity(date(1980, 1, 1 + at % 28))} for at in range(count)]
    page.evaluate(
        """async ([rows, village]) => {
          const form = document.querySelector("form#record");
          const reference = () => form.elements.client_reference.value;
          for (const row of rows) {
            const before = reference();
            document.querySelector("#kind-0").click();
            const typed = { area_code: village, name: "离线骑手", plate: "", ...row };
            for (const [name, value] of Object.entries(typed)) form.elements[name].value = value;
            form.requestSubmit();
            while (reference() === before) await new Promise((next) => setTimeout(next, 5));
          }
        }""",
        [rows, village],
    )


def test_without_a_network_records_are_kept_mended_and_sent_once(
    live_app: Flask, visit: Visit, officer: tuple[str, District, str]
) -> None:
    username, district, _colleague = officer
    visitor = visit("phone")
    visitor.sign_in(username, PASSWORD)
    page = open_record(visitor)
    page.context.set_offline(True)
    page.reload()
    ready(page)
    assert "测试officer" not in page.content(), "the kept page bears a name"
    visitor.look("offline")
    save(page)
    expect(page.locator(".error-summary li")).to_have_count(3)
    visitor.look("faults")
    fill_in(page, district.village.code, "东门", "110101199003070010")
    save(page)
    expect(page.locator(".error-summary li")).to_have_count(1)
    page.locator("#id_number").fill(identity(date(1991, 3, 4)))
    taken: FilePayload = {"name": "taken.jpg", "mimeType": "image/jpeg", "buffer": plain_photo(size=(1800, 1200))}
    broken: FilePayload = {"name": "no.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    page.locator("#photo-input").set_input_files([taken, broken])
    expect(page.locator("[data-thumbs] img")).to_have_count(1)
    expect(page.locator("[data-photo-said]")).to_contain_text("no.jpg")
    save(page)
    expect(page.locator("[data-list] > li")).to_have_count(1)
    assert page.locator("#place").input_value() == "东门", "the next one is often at the same place"
    fill_in(page, district.other_village.code, "西门")
    save(page)
    expect(page.locator("[data-list] > li")).to_have_count(2)
    page.locator("[data-fold] > summary").click()
    visitor.look("waiting")

    page.context.set_offline(False)
    state(page, "refused")
    visitor.look("refused")
    assert numbers(live_app) == ["东门"]
    page.locator("[data-list] .buttons button").first.click()
    page.wait_for_url("**/record")
    expect(page.locator("#place")).to_have_value("西门")
    visitor.look("mending")
    page.locator("#area_code").fill(district.village.code)
    save(page)
    page.wait_for_url("**/record/V*")
    assert numbers(live_app) == ["东门", "西门"]
    visitor.open("/")
    expect(page.locator("[data-waiting]")).to_have_attribute("data-state", "sent")
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        assert session.scalar(select(func.count()).select_from(Photo)) == 1


class Unlucky:
    """Loses every fifth answer, fails every seventh; the twelfth arrives, and its answer finds no window any more."""

    def __init__(self) -> None:
        self.sent = 0
        self.arrived: list[int] = []

    def __call__(self, route: Route) -> None:
        """Do with a request what its number says."""
        self.sent += 1
        if self.sent == 12:
            self.arrived.append(route.fetch().status)
        elif self.sent % 5 == 0:
            route.fetch()
            route.abort()
        elif self.sent % 7 == 0:
            route.fulfill(status=502)
        else:
            route.continue_()


@WITHOUT_WORDS
def test_fifty_records_arrive_once_each_although_answers_get_lost_and_the_phone_dies(
    live_app: Flask, visit: Visit, officer: tuple[str, District, str]
) -> None:
    username, district, _colleague = officer
    visitor = visit("phone")
    visitor.sign_in(username, PASSWORD)
    page = open_record(visitor)
    context = page.context
    context.set_offline(True)
    page.reload()
    ready(page)
    queue(page, OFFLINE, district.village.code)
    unlucky = Unlucky()
    context.route("**/record/queued", unlucky)
    context.set_offline(False)
    for _ in range(TRIES):
        if unlucky.arrived:
            break
        page.wait_for_timeout(50)
        page.evaluate("window.dispatchEvent(new Event('online'))")
    page.close()
    context.clear_cookies()  # the session ended meanwhile
    visitor.page = page = context.new_page()
    visitor.open("/record")
    visitor.sign_in(username, PASSWORD)
    second = context.new_page()
    for each in (page, second):
        each.goto(f"{visitor.address}/record")
        ready(each)
    for _ in range(TRIES):
        if page.locator("[data-waiting]").get_attribute("data-state") == "sent":
            break
        for each in (page, second):
            each.evaluate("window.dispatchEvent(new Event('online'))")
        page.wait_for_timeout(50)
    assert unlucky.arrived == [201]
    assert numbers(live_app) == [f"路口{at:02d}" for at in range(OFFLINE)]


@WITHOUT_WORDS
def test_a_session_that_ended_keeps_what_waits_another_account_sees_none_and_the_sign_out_warns(
    live_app: Flask, visit: Visit, officer: tuple[str, District, str]
) -> None:
    username, district, colleague = officer
    visitor = visit("desk")
    visitor.sign_in(username, PASSWORD)
    page = open_record(visitor)
    page.context.route("**/record/queued", lambda route: route.fulfill(status=503))
    page.context.set_offline(True)
    page.reload()
    ready(page)
    queue(page, 2, district.village.code)
    in_clear = page.evaluate(
        """async () => {
          const done = (asked) => new Promise((ready) => (asked.onsuccess = () => ready(asked.result)));
          const database = await done(indexedDB.open("kerb"));
          const read = (name) => done(database.transaction(name).objectStore(name).getAll());
          const rows = await read("records");
          const [{ key }] = await read("accounts");
          const exported = await crypto.subtle.exportKey("raw", key).then(() => true, () => false);
          database.close();
          return { names: Object.keys(rows[0]).sort(), exported, text: JSON.stringify(rows) };
        }"""
    )
    assert in_clear["names"] == ["account", "at", "key", "photos", "sealed", "state"]
    assert not in_clear["exported"]
    assert "路口" not in json.dumps(in_clear["text"], ensure_ascii=False)

    page.context.set_offline(False)
    page.context.clear_cookies()
    visitor.sign_in(colleague, PASSWORD)
    visitor.open("/record")
    ready(page)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    page.locator(".account-wide form[data-leaves] button").click()
    page.wait_for_url("**/sign-in*")

    visitor.sign_in(username, PASSWORD)
    visitor.open("/record")
    ready(page)
    state(page, "waiting")
    page.locator(".account-wide form[data-leaves] button").click()
    expect(page.locator("dialog p")).to_contain_text("2")
    page.locator("dialog .btn:not(.btn-primary)").click()
    state(page, "waiting")
    page.locator(".account-wide form[data-leaves] button").click()
    page.locator("dialog .btn-primary").click()
    page.wait_for_url("**/sign-in*")
    left = page.evaluate("caches.has('pages')")
    visitor.sign_in(username, PASSWORD)
    visitor.open("/record")
    ready(page)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert not left
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        assert session.scalar(select(func.count()).select_from(Violation)) == 0


@WITHOUT_WORDS
def test_a_server_that_does_not_answer_loses_nothing_and_counts_once(
    live_app: Flask, visit: Visit, officer: tuple[str, District, str]
) -> None:
    username, district, _colleague = officer
    visitor = visit("phone")
    visitor.sign_in(username, PASSWORD)
    page = open_record(visitor)
    fill_in(page, district.village.code, "南门")

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.fulfill(status=502)
        else:
            route.continue_()

    page.route("**/record", lose)
    save(page)
    expect(page.locator("[data-list] > li")).to_have_count(1, timeout=30_000)
    state(page, "sent")
    assert numbers(live_app) == ["南门"]


@WITHOUT_WORDS
def test_a_network_that_wants_a_sign_in_of_its_own_takes_nothing(
    live_app: Flask, visit: Visit, officer: tuple[str, District, str]
) -> None:
    username, district, _colleague = officer
    visitor = visit("phone")
    visitor.sign_in(username, PASSWORD)
    page = open_record(visitor)

    def portal(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=200, content_type="text/html", body="<h1>Welcome to the hotel</h1>")
        else:
            route.continue_()

    page.context.route("**/record*/**", portal)
    page.context.route("**/record", portal)
    fill_in(page, district.village.code, "宾馆门口")
    save(page)
    expect(page.locator("[data-list] > li")).to_have_count(1)
    state(page, "waiting")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_timeout(300)
    state(page, "waiting")
    assert numbers(live_app) == []
    page.context.unroute("**/record*/**")
    page.context.unroute("**/record")
    page.reload()
    ready(page)
    state(page, "sent")
    assert numbers(live_app) == ["宾馆门口"]


@WITHOUT_WORDS
def test_a_browser_without_storage_is_told_so_and_records_with_a_network(
    live_app: Flask, visit: Visit, officer: tuple[str, District, str]
) -> None:
    username, district, _colleague = officer
    visitor = visit("phone")
    visitor.page.add_init_script("indexedDB.open = () => { throw new DOMException('no', 'SecurityError'); }")
    visitor.sign_in(username, PASSWORD)
    visitor.open("/record")
    page = visitor.page
    expect(page.locator("[data-unable]")).to_be_visible()
    fill_in(page, district.village.code, "北门")
    save(page)
    page.wait_for_url("**/record/V*")
    assert numbers(live_app) == ["北门"]
