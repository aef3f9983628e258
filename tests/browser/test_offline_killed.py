"""Fifty records with photos made without a network, while phone and server die and the session ends.

The server is the real one, in a process of its own, and the browser keeps a profile on disk: both are killed without
a warning, as a phone out of power and a machine out of memory are.
"""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from tests import chromium as machine
from tests.browser.steps import kept, ready
from tests.databases import free_port
from tests.factories.people import PASSWORD, make_user
from tests.factories.violations import District, identity, make_district
from trafficedu.core.transactions import WRITES
from trafficedu.evidence.models import Photo
from trafficedu.violations.models.records import Violation

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

RECORDS, REFUSED = 50, (7, 31)
"""How many are made, and which of them name a village that is not the officer's: refused, then mended."""
PATIENCE_SECONDS = 120

QUEUE = """async (rows) => {
  const form = document.querySelector("form#record");
  const reference = () => form.elements.client_reference.value;
  const until = async (holds) => { while (!holds()) await new Promise((next) => setTimeout(next, 5)); };
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
  for (const { at, ...row } of rows) {
    const before = reference();
    document.querySelector("#kind-0").click();
    const typed = { name: "离线骑手", plate: "", ...row };
    for (const [name, value] of Object.entries(typed)) form.elements[name].value = value;
    const pen = canvas.getContext("2d");
    pen.fillStyle = `rgb(${at * 5}, 0, 200)`;
    pen.fillRect(0, 0, 64, 48);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const chosen = new DataTransfer();
    chosen.items.add(new File([blob], `${at}.png`, { type: "image/png" }));
    const input = document.querySelector("#photo-input");
    input.files = chosen.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    await until(() => document.querySelectorAll("[data-thumbs] img").length === 1);
    form.requestSubmit();
    await until(() => reference() !== before);
  }
}"""
"""Fill the form and press its key for each row, with a photo in a colour of its own."""


def signal_all(text: str) -> None:
    """Kill every process whose command line names ``text``."""
    for found in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError, ProcessLookupError):
            if text.encode() in found.read_bytes() and int(found.parent.name) != os.getpid():
                os.kill(int(found.parent.name), signal.SIGKILL)


@dataclass
class Service:
    """The program, serving in a process of its own on one port however often it is started."""

    settings: dict[str, str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        program = Path(sys.executable).with_name("trafficedu")
        command = [sys.executable, str(program), "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **self.settings},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return
            time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Phone:
    """A browser with a profile on disk, which outlives its death."""

    browser: Browser
    profile: Path
    service: Service
    context: BrowserContext | None = None

    def open(self) -> Page:
        self.context = self.browser.browser_type.launch_persistent_context(
            self.profile,
            executable_path=machine.PROGRAM,
            args=machine.FLAGS,
            viewport={"width": 390, "height": 844},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        return self.context.pages[0]

    def sign_in(self, page: Page, username: str) -> None:
        page.goto(f"{self.service.address}/sign-in?next=/record")
        page.locator("#username").fill(username)
        page.locator("#password").fill(PASSWORD)
        page.locator("main button[type=submit]").click()
        page.wait_for_url("**/record")
        ready(page)

    def die(self) -> None:
        signal_all(str(self.profile))
        assert self.context is not None
        with suppress(Exception):  # it is gone, and cannot say goodbye
            self.context.close()


@pytest.fixture
def service(fresh_url: str, data_key: str, tmp_path: Path) -> Iterator[Service]:
    service = Service(
        {
            "TRAFFICEDU_INSTANCE": str(tmp_path / "instance"),
            "TRAFFICEDU_DATABASE_URL": fresh_url,
            "TRAFFICEDU_DATA_KEY": data_key,
            "TRAFFICEDU_SECRET_KEY": "only-for-tests",
        }
    )
    service.start()
    yield service
    service.kill()


@pytest.fixture
def phone(chromium: Browser, service: Service, tmp_path: Path) -> Iterator[Phone]:
    phone = Phone(chromium, tmp_path / "profile", service)
    yield phone
    phone.die()


@pytest.fixture
def officer(live_app: Flask) -> tuple[str, District]:
    """An officer's user name, and the district."""
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        district = make_district(session)
        user = make_user(session, "officer", area_id=district.town.id)
        session.commit()
        session.refresh(district.village)
        session.refresh(district.other_village)
        username = user.username
        session.expunge_all()
        return username, district


def arrived(app: Flask) -> int:
    """Count the records that the server has."""
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        return len(session.scalars(select(Violation.id)).all())


def wait_for(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < ends, "it never came to that"
        time.sleep(0.02)


def rows(district: District) -> list[dict[str, object]]:
    return [
        {
            "at": at,
            "place": f"路口{at:02d}",
            "id_number": number_of(at),
            "area_code": (district.other_village if at in REFUSED else district.village).code,
        }
        for at in range(RECORDS)
    ]


def number_of(at: int) -> str:
    """Return the identity number of a rider of this file, each of another year."""
    return identity(date(1950 + at % 50, 1 + at % 12, 1))


def mend(page: Page, village: str) -> None:
    """Put right the first record that was refused."""
    page.locator("[data-fold] > summary").first.click()
    page.locator("[data-list] .buttons button").first.click()
    page.locator("form#record[data-mends]").wait_for()
    page.locator("#area_code").fill(village)
    page.locator(".bottom-bar .btn-primary").click()


def test_fifty_records_with_photos_arrive_once_each_whatever_dies(
    live_app: Flask, phone: Phone, service: Service, officer: tuple[str, District], tmp_path: Path
) -> None:
    username, district = officer
    page = phone.open()
    phone.sign_in(page, username)
    kept(page, "/record/kept")
    assert phone.context is not None
    phone.context.set_offline(True)
    page.reload()
    ready(page)
    page.evaluate(QUEUE, rows(district))
    phone.die()

    page = phone.open()
    phone.sign_in(page, username)  # the session ended with the phone
    wait_for(lambda: arrived(live_app) >= 10)
    service.kill()
    held = arrived(live_app)
    service.start()
    wait_for(lambda: arrived(live_app) >= held + 10)
    phone.die()
    assert arrived(live_app) < RECORDS - len(REFUSED), "it died while it was sending"

    page = phone.open()
    phone.sign_in(page, username)
    for _ in REFUSED:
        expect(page.locator("[data-waiting]")).to_have_attribute("data-state", "refused", timeout=60_000)
        mend(page, district.village.code)
        page.wait_for_url("**/record/V*")
        page.goto(f"{service.address}/record")
        ready(page)
    expect(page.locator("[data-waiting]")).to_have_attribute("data-state", "sent", timeout=60_000)

    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        places = dict(session.execute(select(Violation.id, Violation.place)).tuples().all())
        photos = session.scalars(select(Photo)).all()
    assert sorted(places.values()) == [f"路口{at:02d}" for at in range(RECORDS)]
    assert len(photos) == RECORDS
    shown = {photo.subject_id: colour_of(tmp_path / "instance", photo.file_key) for photo in photos}
    assert {places[key]: at for key, at in shown.items()} == {f"路口{at:02d}": at for at in range(RECORDS)}


def colour_of(instance: Path, key: str) -> int:
    """Return which record a photo was drawn for, by the red in it."""
    (path,) = [found for found in instance.rglob(f"*{key}*") if found.is_file()]
    red = Image.open(io.BytesIO(path.read_bytes())).convert("RGB").getpixel((20, 20))
    assert isinstance(red, tuple)
    return round(red[0] / 5)
