"""Counting helmets on a phone: one thumb, no network, a reload, an answer that got lost, and every tap once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, expect
from sqlalchemy import func, select

from tests.browser.conftest import Visitor
from tests.factories.helmets import make_company, make_site, tree
from tests.factories.people import PASSWORD, make_user
from trafficedu.core.transactions import WRITES
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSurvey

pytestmark = pytest.mark.browser
WITHOUT_WORDS = pytest.mark.parametrize("locale", ["zh"])
"""Nothing is read here: one language does."""
Visit = Callable[[str], Visitor]
NEXT_TRY_MS = 15_000
"""How long the page waits before it sends again (``assets/js/offline/sender.js``)."""


@pytest.fixture
def officer(live_app: Flask) -> str:
    """An officer's user name; the village has a site called K1, and there is a company."""
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        village = tree(session)["A1"]
        make_site(session, village, "K1")
        make_company(session)
        user = make_user(session, "officer", area_id=village.id)
        session.commit()
        return user.username


def stored(app: Flask) -> dict[str, Any]:
    """What the server has: sums, surveys, sheets, and the last tap of each sheet."""
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        sums = session.execute(
            select(func.sum(HelmetCount.helmeted), func.sum(HelmetCount.bare), func.sum(HelmetCount.unclear))
        ).one()
        return {
            "sums": tuple(value or 0 for value in sums),
            "surveys": session.scalar(select(func.count()).select_from(HelmetSurvey)),
            "ended": session.scalars(select(HelmetSheet.ended_utc.is_not(None)).order_by(HelmetSheet.id)).all(),
        }


def begin(page: Page) -> None:
    page.locator("[data-counting][data-ready]").wait_for()
    page.locator("#site option[value=K1]").wait_for(state="attached")
    page.locator("#site").select_option("K1")
    page.locator("[data-start]").click()
    page.locator("[data-screen-count]").wait_for()


def tap(page: Page, result: str, times: int = 1) -> None:
    key = page.locator(f"[data-result={result}]")
    for _ in range(times):
        key.click()


def shown(page: Page, cell: str) -> Any:
    return page.locator(f"[data-cell={cell}]")


def finish(page: Page) -> None:
    page.locator("[data-finish]").click()
    page.locator("dialog button[value=finish]").click()
    page.locator("[data-screen-start]").wait_for()


def worker_ready(page: Page) -> None:
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")


def test_counting_survives_no_network_and_reloads_and_is_sent_once(live_app: Flask, visit: Visit, officer: str) -> None:
    visitor = visit("phone")
    visitor.sign_in(officer, PASSWORD)
    visitor.open("/helmets/count")
    page = visitor.page
    begin_ready = page.locator("[data-counting][data-ready]")
    begin_ready.wait_for()
    visitor.look("start")
    worker_ready(page)
    begin(page)
    tap(page, "helmeted", 3)
    expect(shown(page, "delivery-rider-helmeted")).to_have_text("3")
    page.locator("label[for=other]").click()
    tap(page, "bare", 2)
    page.locator("label[for=passenger]").click()
    tap(page, "unclear")
    expect(shown(page, "other-passenger-unclear")).to_have_text("1")
    visitor.look("counting")

    page.context.set_offline(True)
    page.locator("label[for=rider]").click()
    tap(page, "bare", 4)
    page.locator("[data-undo]").click()
    expect(shown(page, "other-rider-bare")).to_have_text("5")
    visitor.look("offline")

    page.reload()
    expect(page.locator("[data-screen-count]")).to_be_visible()
    expect(shown(page, "other-rider-bare")).to_have_text("5")
    expect(shown(page, "delivery-rider-helmeted")).to_have_text("3")
    html = page.content()
    assert "测试officer" not in html, "the kept page bears a name"
    finish(page)
    expect(page.locator("[data-status]")).to_have_text(re.compile(r"\d"))
    visitor.look("kept")
    assert stored(live_app)["sums"] != (3, 5, 1)

    page.context.set_offline(False)
    expect(page.locator("[data-status]")).to_have_attribute("data-state", "sent", timeout=30_000)
    assert stored(live_app) == {"sums": (3, 5, 1), "surveys": 1, "ended": [True]}
    page.reload()
    page.locator("[data-counting][data-ready]").wait_for()
    page.locator("[data-send]").click()
    expect(page.locator("[data-status]")).to_have_attribute("data-state", "sent")
    visitor.look("sent")
    assert stored(live_app) == {"sums": (3, 5, 1), "surveys": 1, "ended": [True]}


@WITHOUT_WORDS
def test_an_answer_that_gets_lost_leads_to_no_second_count(live_app: Flask, visit: Visit, officer: str) -> None:
    visitor = visit("phone")
    visitor.sign_in(officer, PASSWORD)
    page = visitor.page
    page.clock.install()  # the page's next try comes after 15 s: nobody needs to wait for it
    visitor.open("/helmets/count")
    begin(page)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if len(lost) < 2:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/helmets/count/sheets", lose)
    tap(page, "helmeted", 7)
    expect(shown(page, "delivery-rider-helmeted")).to_have_text("7")
    finish(page)
    for _ in range(400):
        if len(lost) == 2:
            break
        page.wait_for_timeout(50)
    page.clock.fast_forward(NEXT_TRY_MS)
    expect(page.locator("[data-status]")).to_have_attribute("data-state", "sent", timeout=40_000)
    assert lost == [200, 200]
    assert stored(live_app) == {"sums": (7, 0, 0), "surveys": 1, "ended": [True]}


@WITHOUT_WORDS
def test_the_browser_dies_between_two_taps_and_knows_them_all(live_app: Flask, visit: Visit, officer: str) -> None:
    visitor = visit("phone")
    visitor.sign_in(officer, PASSWORD)
    visitor.open("/helmets/count")
    begin(visitor.page)
    tap(visitor.page, "bare", 5)
    expect(shown(visitor.page, "delivery-rider-bare")).to_have_text("5")
    context = visitor.page.context
    visitor.page.close()
    page = context.new_page()
    page.goto(visitor.address + "/helmets/count")
    expect(shown(page, "delivery-rider-bare")).to_have_text("5")
    second = context.new_page()
    second.goto(visitor.address + "/helmets/count")
    expect(shown(second, "delivery-rider-bare")).to_have_text("5")
    for here in (page, second, page, second):
        tap(here, "bare")
    expect(shown(page, "delivery-rider-bare")).to_have_text(re.compile("[89]"))
    finish(second)
    expect(second.locator("[data-status]")).to_have_attribute("data-state", "sent", timeout=30_000)
    assert stored(live_app)["sums"] == (0, 9, 0)


@WITHOUT_WORDS
def test_somebody_elses_counts_wait_for_their_own_account(live_app: Flask, visit: Visit, officer: str) -> None:
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        from trafficedu.accounts.queries import find_account  # noqa: PLC0415 - beside its only use

        other = make_user(session, "officer", area_id=find_account(session, officer).area_id)
        session.commit()
        colleague = other.username
    visitor = visit("phone")
    visitor.sign_in(officer, PASSWORD)
    visitor.open("/helmets/count")
    page = visitor.page
    page.route("**/helmets/count/sheets", lambda route: route.abort())
    begin(page)
    tap(page, "helmeted", 2)
    expect(shown(page, "delivery-rider-helmeted")).to_have_text("2")
    finish(page)
    page.goto("about:blank")  # an answer to what the page still asks would set a cookie after they are gone
    page.context.clear_cookies()
    page.unroute("**/helmets/count/sheets")
    visitor.sign_in(colleague, PASSWORD)
    visitor.open("/helmets/count")
    expect(page.locator(".counting-kept .state-problem")).to_be_visible(timeout=30_000)
    visitor.look("another-account")
    assert stored(live_app)["surveys"] == 0
    page.goto("about:blank")
    page.context.clear_cookies()
    visitor.sign_in(officer, PASSWORD)
    visitor.open("/helmets/count")
    page.locator("[data-counting][data-ready]").wait_for()
    page.locator("[data-send]").click()
    expect(page.locator("[data-status]")).to_have_attribute("data-state", "sent", timeout=30_000)
    assert stored(live_app)["sums"] == (2, 0, 0)


@WITHOUT_WORDS
def test_what_a_phone_kept_before_the_update_is_still_sent(live_app: Flask, visit: Visit, officer: str) -> None:
    visitor = visit("phone")
    visitor.sign_in(officer, PASSWORD)
    page = visitor.page
    page.evaluate(
        """async () => {
          const { observer } = await (await fetch("/helmets/count/facts")).json();
          const asked = indexedDB.open("helmets", 1);
          asked.onupgradeneeded = () => {
            asked.result.createObjectStore("sheets", { keyPath: "key" });
            asked.result.createObjectStore("taps", { keyPath: ["key", "sequence"] });
            asked.result.createObjectStore("facts", { keyPath: "name" });
          };
          const database = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
          const kept = database.transaction(["sheets", "taps"], "readwrite");
          const [key, now] = ["kept-before-the-update", Date.now()];
          const sheet = { key, site: "K1", siteName: "K1", code: "AB12", observer, started: now - 60000, until: now };
          const rest = { last: 2, sent: 0, ended: true, done: false, problem: "", number: "" };
          kept.objectStore("sheets").put({ ...sheet, ...rest });
          const tap = { key, group: "other", role: "rider", company: "", result: "bare", step: 1 };
          [1, 2].forEach((sequence) => kept.objectStore("taps").put({ ...tap, sequence }));
          await new Promise((done) => (kept.oncomplete = done));
          database.close();
        }"""
    )
    visitor.open("/helmets/count")
    page.locator("[data-counting][data-ready]").wait_for()
    expect(page.locator("[data-kept] .state-done")).to_be_visible(timeout=30_000)
    assert stored(live_app) == {"sums": (0, 2, 0), "surveys": 1, "ended": [True]}
