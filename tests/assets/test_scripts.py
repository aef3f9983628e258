"""The scripts and the look, in a real browser under the strict policy: behaviour, accessibility, width."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from assets import build
from tests.assets import gallery

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # playwright's pipes at exit
]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    build.build()
    server = make_server("127.0.0.1", 0, gallery.create(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Give a desk page that fails the test on any message in the browser's console."""
    opened = chromium.new_page(viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    yield opened
    opened.close()
    assert not complaints


@pytest.mark.parametrize("address", ["/", "/kerb", "/error/404?anonymous=1", "/error/500"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    chromium: Browser, site: str, address: str, scheme: str, width: int
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    opened = context.new_page()
    opened.goto(site + address)
    found = Axe().run(opened)
    assert found.violations_count == 0, found.generate_report()
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_a_question_is_asked_before_a_deed(page: Page, site: str) -> None:
    page.goto(site)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="Void").first.click()
    assert page.locator("dialog").inner_text().startswith("Void one violation?")
    page.keyboard.press("Enter")  # the safe answer has the focus
    page.locator("dialog").wait_for(state="detached")
    assert not sent
    page.get_by_role("button", name="Void").first.click()
    with page.expect_navigation():
        page.locator("dialog").get_by_role("button", name="Void").click()
    assert len(sent) == 1


def test_a_double_click_sends_once_and_the_summary_gets_the_focus(page: Page, site: str) -> None:
    page.goto(f"{site}/kerb")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.evaluate("() => [1, 2, 3].forEach(() => document.querySelector('.bottom-bar button').click())")
    expect(page.locator(".error-summary")).to_be_focused()
    assert len(sent) == 1


def test_a_short_form_changes_its_piece_of_the_page_or_says_why_not(chromium: Browser, site: str) -> None:
    opened = chromium.new_page()
    opened.goto(f"{site}/short?lang=en")
    before = int(opened.locator("#count").inner_text())
    opened.locator("#rider button").click()
    expect(opened.locator("#rider")).to_have_text("here")
    expect(opened.locator("#rider")).to_be_focused()
    expect(opened.locator("#count")).to_have_text(str(before + 1))
    for _ in range(2):
        opened.locator("#message button").click()
        expect(opened.locator("#message [role=alert]")).to_have_text("This session is full.")
    opened.locator("#broken button").click()
    expect(opened.locator("#broken [role=alert]")).to_contain_text("The server cannot take it right now")
    opened.locator("#address button").click()
    opened.wait_for_url("**/kerb")
    opened.close()


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-26T22:30+08:00", "前天"),
        ("2026-11-26T23:59+08:00", "前天"),
        ("2026-11-27T00:00+08:00", "昨天"),
        ("2026-11-28T00:10+08:00", "20小时前"),
        ("2026-11-28T20:58+08:00", "3分钟前"),
        ("2026-11-28T21:01+08:00", "此刻"),
        ("2026-11-28T23:50+08:00", "2小时后"),
        ("2026-11-29T00:10+08:00", "明天"),
        ("2026-11-30T20:00+08:00", "后天"),
        ("2026-12-01T20:56+08:00", "3天后"),
        ("2026-10-14T21:00+08:00", ""),
    ],
)
def test_days_are_those_of_the_district_and_stand_beside_the_exact_time(
    chromium: Browser, site: str, at: str, said: str
) -> None:
    context = chromium.new_context(timezone_id="America/New_York")
    page = context.new_page()
    page.clock.install(time="2026-11-28T21:00:45+08:00")
    page.goto(f"{site}/?lang=zh")
    page.evaluate(f"""() => document.querySelector("main").insertAdjacentHTML("beforeend",
        '<p id="at"><time datetime="{at}" data-relative>exact</time></p>')""")
    page.clock.fast_forward(31_000)
    assert page.locator("#at").inner_text() == f"exact {said}".strip()
    page.emulate_media(media="print")
    assert page.locator("#at").inner_text().strip() == "exact"
    context.close()


def test_the_first_tap_fills_in_the_time_by_the_server_s_clock(chromium: Browser, site: str) -> None:
    context = chromium.new_context(timezone_id="America/New_York")
    page = context.new_page()
    page.clock.install(time="2026-11-28T09:00:00+08:00")  # a phone that is twelve hours behind
    page.goto(f"{site}/kerb?lang=zh")
    page.evaluate("""() => document.body.insertAdjacentHTML("beforeend", `<form id="here">
        <input type="radio" name="kind" value="a"><input type="radio" name="kind" value="b"><input name="place">
        <input type="datetime-local" data-first-tap="kind other_kind" data-now="1795871100"></form>`)""")
    field = page.locator("[data-first-tap]").last
    page.clock.run_for(1_260_000)
    page.locator("#here [name=place]").fill("东门路口")
    assert field.input_value() == ""
    page.locator("#here [value=a]").check()
    assert field.input_value() == "2026-11-28T21:26"
    page.clock.run_for(600_000)
    page.locator("#here [value=b]").check()
    assert field.input_value() == "2026-11-28T21:26"
    context.close()


def test_without_scripts_a_short_form_is_a_form(chromium: Browser, site: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(f"{site}/short?lang=en")
    opened.locator("#message button").click()
    assert opened.content().count("a page") == 1
    context.close()


def test_keyboard_rows_and_filters(page: Page, site: str) -> None:
    page.goto(f"{site}/?lang=en")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    with page.expect_navigation():
        page.select_option("select[name=kind]", "2007")
    assert page.url == f"{site}/?kind=2007"
    page.locator("tbody tr").first.locator("td").nth(2).click()
    page.wait_for_url("**/kerb")


def test_charts_are_drawn_and_can_be_taken_along(page: Page, site: str) -> None:
    page.goto(f"{site}/?lang=en")
    page.locator("#rates").scroll_into_view_if_needed()
    page.wait_for_selector("#rates svg text")
    with page.expect_download() as image:
        page.locator("#rates [data-chart-save=image]").click()
    assert image.value.path().read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as table:
        page.locator("#kinds [data-chart-save=csv]").click()
    written = table.value.path().read_bytes().decode("utf-8-sig").splitlines()
    assert written == ['"Category","Red light"', '"2026-09","1204"', '"2026-10","988"']


def test_a_chart_out_of_sight_costs_nothing_and_its_place_is_kept(chromium: Browser, site: str) -> None:
    low = chromium.new_page(viewport={"width": 800, "height": 40})
    fetched: list[str] = []
    low.on("request", lambda request: fetched.append(request.url))
    low.goto(f"{site}/?lang=en")
    low.wait_for_load_state("networkidle")
    assert not [address for address in fetched if "/charts-" in address]
    before = low.locator("#kinds").bounding_box()
    assert low.locator("#kinds svg").count() == 0
    low.locator("#kinds").scroll_into_view_if_needed()
    low.wait_for_selector("#kinds svg text")
    drawn = low.locator("#kinds").bounding_box()
    assert before
    assert drawn
    assert (before["width"], before["height"]) == (drawn["width"], drawn["height"])
    assert len([address for address in fetched if "/charts-" in address]) == 1
    low.close()


def test_on_paper_a_chart_never_seen_stands_as_its_table(chromium: Browser, site: str) -> None:
    low = chromium.new_page(viewport={"width": 800, "height": 40})
    low.goto(f"{site}/?lang=en")
    low.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert low.locator("#kinds td").first.is_visible()
    low.close()


def test_keys_and_the_next_action_are_large_enough_for_a_glove(chromium: Browser, site: str) -> None:
    phone = chromium.new_page(viewport={"width": 390, "height": 800})
    phone.goto(f"{site}/kerb")
    for selector in (".key label", ".bottom-bar .btn"):
        box = phone.locator(selector).first.bounding_box()
        assert box
        assert box["height"] >= 56
    bar = phone.locator(".bottom-bar").bounding_box()
    assert bar
    assert bar["y"] + bar["height"] == 800
    phone.close()


def test_everything_reads_without_javascript(chromium: Browser, site: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(f"{site}/?lang=en")
    opened.locator("#kinds summary").click()
    assert opened.locator("#kinds td").first.inner_text() == "1,204"
    assert opened.locator(".chart-canvas:visible, [data-copy]:visible, .chart-tools:visible").count() == 0
    context.close()
