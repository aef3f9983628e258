"""A real browser against a real server on a database of its own; CSRF checks are on.

Without a Chromium on the machine these tests are skipped by name. With ``--pictures``, screenshots of every step
go to ``tests/browser/screenshots`` (not committed), named after test, database, width and language.

A story is told on both databases, at each width and in each language, but not in every way of joining the three:
what depends on the database depends on neither of the others.

axe takes half of the time of these tests, and its verdict depends on elements, attributes, texts being there, style,
width and language, never on the database that the texts came from: a page that was found without fault is not
inspected again where all of that is the same (see :data:`STRUCTURE`).
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from trafficedu.accounts.queries import find_actor
from trafficedu.core.database import close_connections
from trafficedu.core.job_running import Runner
from trafficedu.wiring.work import JOBS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SCREENSHOTS = Path(__file__).parent / "screenshots"
STRUCTURE = """() => {
  const written = (value) => value.replace(/[0-9a-f]{6,}|[A-Z0-9]{8,}|[0-9]+/g, "#");
  const open = new Set(["href", "src", "action", "value", "content", "nonce", "d", "points", "transform"]);
  const one = (node) => {
    const parts = [node.tagName];
    for (const { name, value } of node.attributes) {
      parts.push(name, open.has(name) ? String(value !== "") : written(value));
    }
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE && child.data.trim()) parts.push("text");
    }
    const box = node.getBoundingClientRect();
    parts.push(String(box.width > 0 && box.height > 0), getComputedStyle(node).color);
    parts.push(getComputedStyle(node).backgroundColor);
    return parts.join(" ");
  };
  const all = [innerWidth, document.documentElement.lang, ...[...document.querySelectorAll("*")].map(one)];
  return [location.pathname.replace(/[^/]*[0-9][^/]*/g, "#"), document.title !== "", ...all].join("\\n");
}"""
"""What a page is made of, with record numbers, counts and addresses left out."""
WIDTHS = {"phone": (390, 844), "desk": (1440, 900)}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell a story on SQLite in Chinese on a phone and in English at a desk, on PostgreSQL the other way round."""
    if config.getoption("--db") != "both":
        return
    here = [
        item for item in items if isinstance(item, pytest.Function) and item.path.is_relative_to(Path(__file__).parent)
    ]
    left = [item for item in here if told_elsewhere(item)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


def told_elsewhere(item: pytest.Function) -> bool:
    """Tell whether another way of telling a story covers this one; a test for one language runs on both databases."""
    ways = item.callspec.params if hasattr(item, "callspec") else {}
    one_language = any("locale" in mark.args[0] for mark in item.iter_markers("parametrize"))
    if one_language or not {"database_kind", "locale"} <= ways.keys():
        return False
    usual = (ways["locale"] == "en") == (ways.get("width") == "desk")
    return usual != (ways["database_kind"] == "sqlite")


@pytest.fixture
def live_app(fresh_url: str, make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """An application with every protection on."""
    app = make_app(fresh_url, WTF_CSRF_ENABLED=True)
    yield app
    with app.app_context():
        close_connections()


class Patient(WSGIRequestHandler):
    """Gives up on a connection that a browser opened in advance and never used."""

    timeout = 5


class Server(ThreadedWSGIServer):
    """Closing it waits for the answers that the browser no longer waits for: they hold database connections."""

    daemon_threads = False
    block_on_close = True


def whole(app: Flask) -> WSGIApplication:
    """Finish every answer before it is sent: Werkzeug does not close one that a browser no longer waits for."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        with closing(app.wsgi_app(environ, start_response)) as parts:  # type: ignore[type-var]
            return [b"".join(parts)]

    return answer


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an application by threads, as in production; gives its address."""
    server = Server("127.0.0.1", 0, whole(app), Patient)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def address(live_app: Flask) -> Iterator[str]:
    """Where ``live_app`` is served."""
    with served(live_app) as address:
        yield address


@pytest.fixture
def at_work(live_app: Flask) -> Iterator[None]:
    """Background jobs are run, as the process beside the pages does."""
    runner = Runner(live_app, JOBS, find_actor)
    thread = threading.Thread(target=runner.run_until_stopped)
    thread.start()
    yield
    runner.stopping.set()
    thread.join()


@dataclass
class Visitor:
    """Somebody at a browser: a page with the steps that every story needs."""

    page: Page
    address: str
    name: str
    faultless: set[str]
    pictures: bool = False

    def open(self, path: str) -> None:
        """Go to a page of the service."""
        self.page.goto(self.address + path)

    def sign_in(self, username: str, password: str) -> None:
        """Sign in by typing, like everybody."""
        self.open("/sign-in")
        self.page.locator("#username").fill(username)
        self.page.locator("#password").fill(password)
        self.page.locator("main button[type=submit]").click()
        self.page.wait_for_url(re.compile(r"/$|/password$"))

    def look(self, step: str) -> None:
        """Refuse horizontal scrolling and what axe finds; with ``--pictures`` take a screenshot first."""
        self.page.wait_for_load_state()
        if self.pictures:
            SCREENSHOTS.mkdir(exist_ok=True)
            self.page.screenshot(path=str(SCREENSHOTS / f"{self.name}-{step}.png"), full_page=True)
        self.check(step)

    def check(self, step: str) -> None:
        """Refuse horizontal scrolling and what axe finds, without a picture."""
        self.check_width(step)
        structure = hashlib.sha256(self.page.evaluate(STRUCTURE).encode()).hexdigest()
        if structure in self.faultless:
            return
        found = Axe().run(self.page).response["violations"]
        faults = [f"{fault['id']}: {fault['nodes'][0]['html'][:160]}" for fault in found]
        assert faults == [], f"{step}: {faults}"
        self.faultless.add(structure)

    def check_width(self, step: str) -> None:
        """Refuse horizontal scrolling."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{step}: {wide} px too wide"


@pytest.fixture(params=["zh", "en"])
def locale(request: pytest.FixtureRequest) -> str:
    """The language a story is told in."""
    return str(request.param)


@pytest.fixture(scope="session")
def faultless() -> set[str]:
    """What the pages are made of in which axe has found nothing."""
    return set()


@pytest.fixture
def visit(
    chromium: Browser,
    address: str,
    locale: str,
    database_kind: str,
    faultless: set[str],
    request: pytest.FixtureRequest,
) -> Iterator[Callable[[str], Visitor]]:
    """Open a new browser, without history, at ``phone`` or ``desk`` width."""
    contexts = []
    pictures = bool(request.config.getoption("--pictures"))

    def visitor(width: str) -> Visitor:
        page = new_page(chromium, address, locale, WIDTHS[width])
        contexts.append(page.context)
        name = f"{request.node.originalname}-{database_kind}-{width}-{locale}"
        return Visitor(page, address, name, faultless, pictures)

    yield visitor
    for context in contexts:
        context.close()


def new_page(chromium: Browser, address: str, locale: str, size: tuple[int, int]) -> Page:
    """Open a browser without history, and choose the language as a visitor does."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="zh-CN" if locale == "zh" else "en-GB",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    if locale == "en":
        page.locator("button[lang=en]:visible, summary:visible").first.click()
        if page.locator("button[lang=en]:visible").count():
            page.locator("button[lang=en]:visible").first.click()
    return page
