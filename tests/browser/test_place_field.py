"""A place is entered by keyboard at a desk, by one thumb on a phone, and by typing where no script runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from tests.browser.conftest import Visitor
from tests.browser.steps import writing
from tests.factories import places
from tests.factories.people import PASSWORD, make_user
from trafficedu.areas.models import Area
from trafficedu.hazards.models import Hazard

pytestmark = pytest.mark.browser
ENGLISH = pytest.mark.parametrize("locale", ["en"])


@pytest.fixture
def supervisor(live_app: Flask) -> str:
    """A user name; the post is the district, where two villages have one name."""
    with writing(live_app) as session:
        places.twins(session)
        return make_user(session, "supervisor", area_id=places.area(session, places.DISTRICT).id).username


def town_name(app: Flask, code: str = places.TOWN) -> str:
    with writing(app) as session:
        return places.area(session, code).name


def offered(page: Page, **which: Any) -> Locator:
    return page.get_by_role("listbox").get_by_role("option", **which)


def active(page: Page) -> str:
    """What a screen reader says is pointed at."""
    said = page.evaluate(
        "document.getElementById(document.activeElement.getAttribute('aria-activedescendant') ?? '')?.innerText"
    )
    return str(said)


@ENGLISH
def test_by_keyboard(live_app: Flask, visit: Callable[[str], Visitor], supervisor: str) -> None:
    visitor = visit("desk")
    visitor.sign_in(supervisor, PASSWORD)
    visitor.open("/hazards/new")
    page, town, other = visitor.page, town_name(live_app), town_name(live_app, places.OTHER_TOWN)
    field = page.get_by_role("combobox", name="Village")
    expect(field).to_have_attribute("aria-expanded", "false")
    field.focus()
    page.keyboard.type("双桥")
    expect(page.get_by_role("listbox", name="Village")).to_be_visible()
    nearest_first = [f"{town} · 双桥", f"{other} · 双桥", f"{town} · 双桥头", "新塘街道 · 双桥社区"]
    expect(offered(page)).to_have_text(nearest_first)
    expect(page.get_by_role("status").filter(has_text="4")).to_be_attached()
    visitor.look("offered")
    page.keyboard.press("ArrowUp")
    assert active(page) == "新塘街道 · 双桥社区"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert active(page) == f"{other} · 双桥"
    page.keyboard.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("双桥")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value(f"{other} · 双桥 t2")
    assert page.url.endswith("/hazards/new"), "Enter chose, it did not send"
    page.keyboard.press("Control+a")
    page.keyboard.type("t3")
    expect(offered(page)).to_have_count(1)
    page.keyboard.press("Enter")
    expect(field).to_have_value(f"{town} · 双桥头 t3")
    page.keyboard.press("Control+a")
    page.keyboard.type("没有这里")
    expect(offered(page, disabled=True)).to_have_text("No place to choose has this name.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.locator("#place")).to_be_focused()


@ENGLISH
def test_enter_while_places_are_offered_sends_nothing(
    live_app: Flask, visit: Callable[[str], Visitor], supervisor: str
) -> None:
    visitor = visit("desk")
    visitor.sign_in(supervisor, PASSWORD)
    visitor.open("/hazards/new")
    page = visitor.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    field = page.locator("#area_code")
    field.fill("双桥")
    expect(offered(page)).to_have_count(4)
    page.keyboard.press("Enter")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value("双桥")
    field.fill("t2")
    expect(offered(page)).to_have_count(1)
    page.keyboard.press("Enter")
    page.locator("#kind").select_option("surface")
    page.locator("label[for=risk-0]").click()
    page.locator("#place").fill("湘湖路口东侧")
    page.locator("button[form=hazard]").click()
    page.wait_for_url(re.compile(r"/hazards/[A-Z]\w{11}$"))
    assert len(sent) == 1


@ENGLISH
def test_before_anything_is_typed_a_town_without_villages_is_offered_too(
    live_app: Flask, visit: Callable[[str], Visitor], supervisor: str
) -> None:
    with writing(live_app) as session:
        above = places.area(session, places.DISTRICT)
        facts = {"level": "town", "parent_id": above.id, "path": f"{above.path}t9/", "valid_from": above.valid_from}
        session.add(Area(code="t9", name="新围镇", **facts))
        district = above.name
    visitor = visit("desk")
    visitor.sign_in(supervisor, PASSWORD)
    page = visitor.page
    for address, field in (("/hazards/new", "#area_code"), ("/points/entries/new", "#target")):
        visitor.open(address)
        page.locator(field).click()
        expect(offered(page, name=re.compile(town_name(live_app)))).to_have_count(1)
        expect(offered(page, name="新围镇")).to_have_text(f"{district} · 新围镇")


@ENGLISH
def test_places_that_read_alike_are_offered_with_their_codes(
    live_app: Flask, visit: Callable[[str], Visitor], supervisor: str
) -> None:
    town = town_name(live_app)
    with writing(live_app) as session:
        places.area(session, places.OTHER_TOWN).name = town
    visitor = visit("desk")
    visitor.sign_in(supervisor, PASSWORD)
    visitor.open("/hazards/new")
    page = visitor.page
    page.locator("#area_code").fill("双桥")
    alike = [f"{town} · 双桥 t1", f"{town} · 双桥 t2", f"{town} · 双桥头", "新塘街道 · 双桥社区"]
    expect(offered(page)).to_have_text(alike)
    offered(page, name="双桥 t2").click()
    expect(page.locator("#area_code")).to_have_value(f"{town} · 双桥 t2")


@contextmanager
def asked_for(page: Page) -> Iterator[list[tuple[str, bool]]]:
    """Note the files of names that the page reads: the address, and whether the browser had it."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    asked: list[tuple[str, bool]] = []

    def note(answer: dict[str, Any]) -> None:
        told = answer["response"]
        if "/areas/names" in told["url"]:
            asked.append((told["url"], told["fromDiskCache"]))

    cdp.on("Network.responseReceived", note)
    yield asked
    cdp.detach()


def test_by_thumb(live_app: Flask, visit: Callable[[str], Visitor], supervisor: str, locale: str) -> None:
    visitor = visit("phone")
    visitor.sign_in(supervisor, PASSWORD)
    page, town = visitor.page, town_name(live_app)
    field = page.locator("#area_code")
    with asked_for(page) as asked:
        visitor.open("/hazards/new")
        field.click()
        offered(page, name=re.compile(f"{town} …$")).click()
        expect(field).to_have_value(f"{town} ")
        expect(offered(page).first).to_contain_text(f"{town} · ")
        visitor.look("narrowed")
        heights = offered(page).evaluate_all("(all) => all.map((one) => one.offsetHeight)")
        assert min(heights) >= 56, "as high as every key at the kerb"
        offered(page, name=re.compile("双桥头$")).click()
        expect(field).to_have_value(f"{town} · 双桥头 t3")
        expect(page.get_by_role("listbox")).to_be_hidden()
        page.locator("#kind").select_option("surface")
        page.locator("label[for=risk-0]").click()
        page.locator("#place").fill("湘湖路口东侧")
        page.locator("button[form=hazard]").click()
        page.wait_for_url(re.compile(r"/hazards/[A-Z]\w{11}$"))
    # sent once; what the phone keeps for where there is no network is read from what the browser has by then
    assert [kept for _, kept in asked][0] is False
    assert all(kept for _, kept in asked[1:])
    with asked_for(page) as again:
        visitor.open("/record")
        expect(field).to_have_value(f"{town} · 双桥头 t3")
        field.click()
        offered(page).first.wait_for()
    assert again == [(asked[0][0], True)], "sent once, though the cookie has changed meanwhile"


@ENGLISH
def test_a_list_is_narrowed_at_once(live_app: Flask, visit: Callable[[str], Visitor], supervisor: str) -> None:
    visitor = visit("desk")
    visitor.sign_in(supervisor, PASSWORD)
    visitor.open("/hazards")
    page = visitor.page
    page.locator("#area").fill("双桥头")
    offered(page, name=re.compile("双桥头$")).click()
    page.wait_for_url(re.compile(r"[?&]area="))
    expect(page.locator("#area")).to_have_value(f"{town_name(live_app)} · 双桥头 t3")


@ENGLISH
def test_one_more_of_several_is_a_ticked_box(live_app: Flask, visit: Callable[[str], Visitor], supervisor: str) -> None:
    visitor = visit("desk")
    visitor.sign_in(supervisor, PASSWORD)
    visitor.open("/campaigns/new")
    page = visitor.page
    for name in ("双桥头", "t2"):
        page.locator("#villages").fill(name)
        expect(offered(page)).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.locator("#villages")).to_have_value("")
    ticked = page.locator("input[type=checkbox][name=villages]:checked")
    assert ticked.evaluate_all("(all) => all.map((one) => one.value)") == ["t3", "t2"]
    visitor.look("several")


@ENGLISH
def test_without_a_network_the_name_is_typed_and_found(
    live_app: Flask, visit: Callable[[str], Visitor], supervisor: str
) -> None:
    visitor = visit("phone")
    visitor.sign_in(supervisor, PASSWORD)
    page = visitor.page
    page.route("**/areas/names/**", lambda route: route.abort())
    visitor.open("/hazards/new")
    page.locator("#area_code").fill("双桥")
    page.locator("#place").fill("湘湖路口东侧")
    page.locator("#kind").select_option("surface")
    page.locator("label[for=risk-0]").click()
    page.locator("button[form=hazard]").click()
    page.locator(".place-matches").wait_for()
    visitor.look("which")
    expect(page.locator("#place")).to_have_value("湘湖路口东侧")
    page.locator("label[for=area_code-t2]").click()
    page.locator("button[form=hazard]").click()
    page.wait_for_url(re.compile(r"/hazards/[A-Z]\w{11}$"))


def test_without_scripts_one_of_those_it_may_mean_is_picked(
    live_app: Flask, chromium: Browser, address: str, supervisor: str
) -> None:
    size: Any = {"width": 390, "height": 844}
    context = chromium.new_context(java_script_enabled=False, viewport=size, locale="en-GB")
    page = context.new_page()
    page.goto(f"{address}/sign-in?lang=en")
    page.locator("#username").fill(supervisor)
    page.locator("#password").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.goto(f"{address}/hazards/new?lang=en")
    page.locator("#area_code").fill("双桥")
    page.locator("#kind").select_option("surface")
    page.locator("label[for=risk-0]").click()
    page.locator("#place").fill("湘湖路口东侧")
    page.locator("button[form=hazard]").click()
    expect(page.locator("#area_code-error")).to_have_text("Which one?")
    expect(page.locator("#area_code")).to_have_value("双桥")
    page.locator("label[for=area_code-t2]").click()
    page.locator("button[form=hazard]").click()
    page.wait_for_url(re.compile(r"/hazards/[A-Z]\w{11}$"))
    context.close()
    with writing(live_app) as session:
        assert session.scalars(select(Area.code).join(Hazard, Hazard.area_id == Area.id)).one() == "t2"
