"""A patrol without a network: begun, counted and ended on the phone, refused and put right, sent once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from tests.browser.conftest import Visitor
from tests.browser.steps import kept, ready, state
from tests.factories import places
from tests.factories.people import PASSWORD, make_user
from trafficedu.core.transactions import WRITES
from trafficedu.patrols.models import Patrol

pytestmark = pytest.mark.browser
WITHOUT_WORDS = pytest.mark.parametrize("locale", ["zh"])
Visit = Callable[[str], Visitor]


@pytest.fixture
def officer(live_app: Flask) -> str:
    """An officer's user name; the post is a village."""
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        user = make_user(session, "officer", area_id=places.area(session, places.VILLAGE).id)
        session.commit()
        return user.username


def patrols(app: Flask) -> list[tuple[int | None, str, bool]]:
    """The stops and the note of every patrol, and whether it has ended."""
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        found = session.scalars(select(Patrol).order_by(Patrol.id))
        return [(patrol.stops, patrol.note, patrol.ended_utc is not None) for patrol in found]


def open_now(visitor: Visitor) -> Page:
    """Open the page with a network, until the phone keeps it."""
    visitor.open("/patrols/now")
    page = visitor.page
    ready(page)
    kept(page, "/patrols/now/kept")
    return page


def press(page: Page, name: str) -> None:
    page.locator(f"[data-patrol-{name}]").click()


def bar(page: Page) -> None:
    page.locator(".bottom-bar button:visible").click()


def stops(page: Page, count: int) -> None:
    expect(page.locator("[data-patrol-stops]")).to_have_text(str(count))


def test_without_a_network_a_patrol_is_counted_refused_mended_and_sent_once(
    live_app: Flask, visit: Visit, officer: str
) -> None:
    visitor = visit("phone")
    visitor.sign_in(officer, PASSWORD)
    page = open_now(visitor)
    page.context.set_offline(True)
    page.reload()
    ready(page)
    assert "测试officer" not in page.content(), "the kept page bears a name"
    visitor.look("begin")
    bar(page)
    for _ in range(4):
        press(page, "stop")
    press(page, "undo")
    stops(page, 3)
    page.reload()
    ready(page)
    stops(page, 3)
    visitor.look("counting")
    press(page, "finish")
    page.locator("[name=past-note]").fill("晚高峰")
    late = page.locator("[name=past-ended_at]").input_value()
    page.locator("[name=past-ended_at]").fill(late.replace("20", "19", 1))
    visitor.look("ending")
    bar(page)
    expect(page.locator("[data-list] > li")).to_have_count(1)
    expect(page.locator("form#begin")).to_be_visible()

    lost: list[int] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        if len(lost) == 1:
            route.abort()
        else:
            route.continue_()

    page.context.set_offline(False)
    state(page, "refused")
    assert patrols(live_app) == []
    visitor.look("refused")
    page.locator("[data-list] .buttons button").first.click()
    page.wait_for_url("**/patrols/now")
    expect(page.locator("[name=past-note]")).to_have_value("晚高峰")
    page.locator("[name=past-ended_at]").fill(late)
    visitor.look("mending")
    page.context.route("**/patrols/queued", lose)
    bar(page)
    state(page, "sent")
    assert lost[0] == 200
    assert len(lost) > 1, "the answer that got lost was not asked for again"
    assert patrols(live_app) == [(3, "晚高峰", True)]


@WITHOUT_WORDS
def test_one_that_began_with_a_network_goes_on_without_one_and_the_sign_out_warns(
    live_app: Flask, visit: Visit, officer: str
) -> None:
    visitor = visit("phone")
    visitor.sign_in(officer, PASSWORD)
    page = open_now(visitor)
    bar(page)
    page.locator("form[data-patrol-tap='1']").wait_for()
    ready(page)
    bar(page)
    expect(page.locator("form[data-patrol-tap='-1'] button")).to_be_enabled()
    ready(page)
    assert patrols(live_app) == [(1, "", False)]
    page.context.set_offline(True)
    bar(page)
    stops(page, 2)
    page.reload()
    ready(page)
    stops(page, 2)
    press(page, "stop")
    stops(page, 3)  # it counts for the officer once it is shown, and is kept by then
    page.context.set_offline(False)
    page.goto(f"{visitor.address}/patrols/now")
    ready(page)
    stops(page, 3)
    page.locator(".account-wide form[data-leaves] button").evaluate("button => button.form.requestSubmit()")
    expect(page.locator("dialog[open]")).to_contain_text("1")
    page.locator("dialog[open] .btn:not(.btn-primary)").click()
    press(page, "finish")
    bar(page)
    expect(page.locator("[data-list] > li")).to_have_count(1)
    state(page, "sent")
    assert patrols(live_app) == [(3, "", True)]
    expect(page.locator("form#begin")).to_be_visible()
