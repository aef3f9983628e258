"""Scanning a code at the kerb with a camera: Chromium's own, which shows what a file says, and a picture of a code."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import segno
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import ready
from tests.chromium import FLAGS, PROGRAM
from tests.factories.people import PASSWORD, make_user
from tests.factories.violations import make_district, make_violation, new_rider
from trafficedu.core.transactions import WRITES

pytestmark = pytest.mark.browser
WIDTH, HEIGHT, FRAMES = 640, 480, 15
PLATE, NAME = "演示A00042", "孟明帆"


@dataclass(frozen=True)
class Kerb:
    """Who stands there, and the record of the rider whose receipt is scanned."""

    username: str
    number: str


@pytest.fixture
def kerb(live_app: Flask) -> Kerb:
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        district = make_district(session)
        user = make_user(session, "officer", area_id=district.town.id)
        rider = new_rider(name=NAME, home_area_id=district.village.id)
        number = make_violation(session, district.village, rider=rider, plate=PLATE).number
        session.commit()
        return Kerb(user.username, number)


def picture_of(text: str) -> np.ndarray:
    """Return a grey picture with a code in the middle of it."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="png", scale=8, border=4)
    code = Image.open(out).convert("L")
    code.thumbnail((HEIGHT - 40, HEIGHT - 40))
    sheet = Image.new("L", (WIDTH, HEIGHT), 200)
    sheet.paste(code, ((WIDTH - code.width) // 2, (HEIGHT - code.height) // 2))
    return np.asarray(sheet)


def film(path: Path, text: str) -> Path:
    """Write what a camera sees of a code: YUV 4:2:0, without colour."""
    frame = picture_of(text).tobytes() + bytes([128]) * (WIDTH * HEIGHT // 2)
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F15:1 Ip A1:1 C420\n".encode()
    path.write_bytes(head + (b"FRAME\n" + frame) * FRAMES)
    return path


@contextmanager
def camera(chromium: Browser, *flags: str) -> Iterator[Browser]:
    browser = chromium.browser_type.launch(executable_path=PROGRAM, args=[*FLAGS, *flags])
    yield browser
    browser.close()


def sees(file: Path) -> list[str]:
    return [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={file}",
    ]


def on_the_page(browser: Browser, address: str, kerb: Kerb, **context: object) -> Page:
    opened = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", base_url=address, reduced_motion="reduce"
    )
    page = opened.new_page()
    page.goto("/sign-in?next=/record")
    page.locator("#username").fill(kerb.username)
    page.locator("#password").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    ready(page)
    return page


def watched(page: Page) -> list[str]:
    """Return what the page fetches from now on, and what it complains of."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.on("console", lambda said: seen.append(f"console {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: seen.append(f"error {error}"))
    return seen


def test_the_code_of_a_plate_finds_its_rider_and_nothing_typed_is_lost(
    chromium: Browser, address: str, kerb: Kerb, tmp_path: Path
) -> None:
    file = film(tmp_path / "plate.y4m", f"https://chepai.example/q?plate={PLATE}&t=1")
    with camera(chromium, *sees(file)) as browser:
        page = on_the_page(browser, address, kerb)
        seen = watched(page)
        page.locator("#place").fill("市心路口")
        page.locator("#note").fill("雨天")
        assert not [url for url in seen if re.search(r"scan|zxing", url)], "nothing of it comes with the page"
        page.locator("[data-scan]").click()
        expect(page.locator("#found .rider-card")).to_contain_text(NAME, timeout=15_000)
        expect(page.locator("dialog")).to_have_count(0)
        assert page.locator("#plate").input_value() == PLATE
        assert page.locator("#place").input_value() == "市心路口"
        assert page.locator("#note").input_value() == "雨天"
        assert [url for url in seen if url.endswith(".wasm") and url.startswith(address)], "read by our own worker"
        assert not [url for url in seen if url.startswith(("console", "error"))], seen
        assert not [url for url in seen if not url.startswith((address, "console", "error", "blob:", "data:"))], seen
        page.close()


def test_the_page_comes_in_less_than_a_hundred_kilobytes(chromium: Browser, address: str, kerb: Kerb) -> None:
    page = on_the_page(chromium, address, kerb)
    cookies = page.context.storage_state()
    page.context.close()
    fresh = chromium.new_context(base_url=address, storage_state=cookies, service_workers="block")
    page, sizes = fresh.new_page(), dict[str, int]()
    page.on("requestfinished", lambda request: sizes.update({request.url: request.sizes()["responseBodySize"]}))
    page.goto("/record", wait_until="networkidle")
    whole = {url: size for url, size in sizes.items() if "/record/" not in url}
    fresh.close()
    assert len(whole) >= 4
    assert sum(whole.values()) <= 100_000, whole


def test_the_receipt_of_an_earlier_record_finds_its_rider(
    chromium: Browser, address: str, kerb: Kerb, tmp_path: Path
) -> None:
    with camera(chromium, *sees(film(tmp_path / "n.y4m", f"https://jzt.example/n/{kerb.number}"))) as browser:
        page = on_the_page(browser, address, kerb)
        page.locator("[data-scan]").click()
        expect(page.locator("#found .rider-card")).to_contain_text(NAME, timeout=15_000)
        assert page.locator("input[name=rider_number]").count() == 1
        assert page.locator("#plate").input_value() == ""


def test_without_a_camera_a_picture_does_and_words_say_why(
    chromium: Browser, address: str, kerb: Kerb, tmp_path: Path
) -> None:
    with camera(chromium, "--deny-permission-prompts") as browser:
        page = on_the_page(browser, address, kerb)
        page.locator("[data-scan]").click()
        expect(page.locator(".scan-said")).to_contain_text(re.compile("摄像头"))
        for name, text, told in (("other", "https://example.org/", "没有车牌"), ("plate", "演示A00042", "")):
            chosen = tmp_path / f"{name}.png"
            Image.fromarray(picture_of(text)).save(chosen)
            page.locator("#scan-file").set_input_files(chosen)
            if told:
                expect(page.locator(".scan-said")).to_contain_text(told, timeout=15_000)
        expect(page.locator("#found .rider-card")).to_contain_text(NAME, timeout=15_000)
        blank = tmp_path / "blank.png"
        Image.new("L", (200, 200), 255).save(blank)
        page.locator("[data-scan]").click()
        page.locator("#scan-file").set_input_files(blank)
        expect(page.locator(".scan-said")).to_contain_text("没有识别到", timeout=15_000)
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
        expect(page.locator("[data-scan]")).to_be_focused()


def test_a_number_or_a_plate_is_found_anywhere_in_the_text(
    chromium: Browser, address: str, kerb: Kerb, make_text: Callable[[Page], Callable[[str], dict[str, str]]]
) -> None:
    page = on_the_page(chromium, address, kerb)
    code_of = make_text(page)
    plates = {
        "杭州A12345": "杭州A12345",
        "车牌号：杭州A12345": "杭州A12345",
        "杭州·A·12345": "杭州A12345",
        "ａ１２３４５": "A12345",
        "http://hz.example/ebike?cp=%E6%9D%AD%E5%B7%9EA12345": "杭州A12345",
        '{"id": 20261130001, "hphm": "萧山B54321", "color": "white"}': "萧山B54321",
        "330109|C12345|电动自行车": "C12345",
        "12345": "12345",
    }
    assert {text: code_of(text).get("plate") for text in plates} == plates
    for text in (
        f"https://jzt.example/n/{kerb.number}",
        kerb.number,
        f"https://jzt.example/n/{kerb.number.lower()}?k=1",
    ):
        assert code_of(text) == {"number": kerb.number}
    for text in ("", "https://example.org/", "无牌", "20261130001", "%E0%A4%A"):
        assert code_of(text) == {}
    page.context.close()


@pytest.fixture
def make_text() -> Callable[[Page], Callable[[str], dict[str, str]]]:
    """Return what a page's own script says of a text."""

    def of(page: Page) -> Callable[[str], dict[str, str]]:
        script = page.locator("[data-scan]").get_attribute("data-scan")
        return lambda text: dict(
            page.evaluate("async ([script, text]) => (await import(script)).codeOf(text)", [script, text])
        )

    return of
