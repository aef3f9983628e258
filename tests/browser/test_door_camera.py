"""The camera at the door: it stays open, reads the receipt of whoever holds one up, and the screen answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.browser.steps import ready
from tests.browser.test_door import Room, here
from tests.browser.test_scanning import camera, film, sees
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.browser


def test_a_receipt_before_the_camera_checks_its_rider_in(
    chromium: Browser, live_app: Flask, address: str, tmp_path: Path
) -> None:
    room = Room(live_app)
    file = film(tmp_path / "receipt.y4m", f"{address}/n/{room.receipts[3]}")
    with camera(chromium, *sees(file)) as browser:
        opened = browser.new_context(viewport={"width": 820, "height": 1180}, locale="zh-CN", reduced_motion="reduce")
        page = opened.new_page()
        page.goto(f"{address}/sign-in?next={room.path}")
        page.locator("#username").fill(room.clerk)
        page.locator("#password").fill(PASSWORD)
        page.locator("main button[type=submit]").click()
        ready(page)
        page.locator("button[data-scan]").click()
        expect(page.locator(f"#{room.tasks[3]}")).to_contain_text("已到", timeout=20_000)
        expect(page.locator("dialog.scan-stays")).to_be_visible()  # for the next rider
        assert here(live_app) == {room.tasks[3]: 1}, "held up for longer than a moment, it counts once"
        page.locator("dialog.scan-stays button", has_text="关闭").click()
        expect(page.locator("dialog.scan-stays")).to_have_count(0)
        opened.close()
