"""Every page a role can reach, on the narrowest phone: nothing scrolls sideways, axe finds nothing.

Told on a small demo district, as its documented accounts. From the pages that need no argument a visitor
follows the links inside the pages, to one page of each kind. Layout does not depend on the database, so one
does. axe, the slow part, looks at a page when the first role meets it; every role's first screen is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from tests.browser.conftest import Visitor, new_page, served
from trafficedu.accounts.rules import PERMISSIONS, Role
from trafficedu.core.clock import utc_now
from trafficedu.core.database import close_connections
from trafficedu.core.transactions import WRITES
from trafficedu.demo.accounts import PASSWORD, USERNAMES
from trafficedu.demo.plan import Plan
from trafficedu.demo.services import load_demo

pytestmark = pytest.mark.browser
NARROW = (360, 780)
DOWNLOADS = (".pdf", ".csv", ".xlsx", ".gift", ".ics", ".svg", ".json", ".js", ".webmanifest")
NOT_PAGES = {
    "static",
    "health.alive",
    "health.ready",
    "health.metrics",
    "accounts.sign_in",
    "door.facts",
    "helmets.facts",
    "hazards.facts",
    "hazards.photo",
    "patrols.facts",
    "photos.show",
    "public.strip_length",
    "quizzes.gift_file",
    "quizzes.phone_picture",
    "quizzes.picture",
    "quizzes.sign",
    "quizzes.tablet_picture",
    "violations.around",
    "violations.photo",
    "violations.small_photo",
    "violations.record_facts",
    "violations.signature_picture",
}
"""Files, probes, data a script asks for, and the page that sends on whoever is signed in."""
MUST_REACH = {
    Role.OFFICER: {"overview.home", "violations.record", "violations.show", "riders.index", "riders.show"},
    Role.SUPERVISOR: {"violations.reviews", "violations.objections", "violations.void", "transfers.index"},
    Role.STATION: {"sessions.show", "door.check_in_list", "sessions.create_weekly", "education.task"},
    Role.COMPANY: {"feedback.notices", "feedback.notice"},
    Role.GRID: {"feedback.notices", "education.tasks", "areas.index"},
    Role.LEADER: {"overview.overview", "feedback.notices"},
    Role.ANALYST: {"overview.overview", "violations.index"},
    Role.ADMINISTRATOR: {"accounts.users", "accounts.user", "accounts.audit_trail", "areas.edit", "courses.course"},
    None: {"public.find", "public.verify"},
}
STORIES = [(role, "zh") for role in MUST_REACH] + [
    (Role.OFFICER, "en"),
    (Role.STATION, "en"),
]


@pytest.fixture(scope="module")
def demo_app(make_app: Callable[..., Flask], copy_template: Callable[[str], str]) -> Iterator[Flask]:
    """A small demo district, served with every protection on."""
    app = make_app(copy_template("sqlite"), WTF_CSRF_ENABLED=True)
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        load_demo(session, Plan(violations=300, months=6), utc_now())
        session.commit()
    yield app
    with app.app_context():
        close_connections()


@pytest.fixture(scope="module")
def demo_address(demo_app: Flask) -> Iterator[str]:
    with served(demo_app) as address:
        yield address


@pytest.fixture(scope="module")
def inspected() -> set[tuple[str, str]]:
    """Which pages axe has seen, in which language."""
    return set()


def endpoint_of(urls: MapAdapter, path: str) -> str | None:
    """Return which page an address leads to, or None where it leads to no page."""
    try:
        endpoint, _ = urls.match(path, method="GET")
    except HTTPException:
        return None
    return None if endpoint in NOT_PAGES or path.endswith(DOWNLOADS) else str(endpoint)


def beginnings(app: Flask, role: Role | None) -> list[str]:
    """Return the addresses without arguments that a role may open, the first screen before all others."""
    held = PERMISSIONS[role] if role else frozenset()
    found = ["/"]
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        allowed = getattr(view, "permission", None) in held if hasattr(view, "permission") else True
        if hasattr(view, "signed_in_only"):
            allowed = role is not None
        if allowed and not rule.arguments and "GET" in (rule.methods or ()) and rule.endpoint not in NOT_PAGES:
            found.append(rule.rule)
    return found


@pytest.mark.parametrize(("role", "language"), STORIES, ids=lambda value: str(value or "nobody"))
def test_no_page_scrolls_sideways_or_shuts_anybody_out(
    demo_app: Flask,
    demo_address: str,
    chromium: Browser,
    inspected: set[tuple[str, str]],
    faultless: set[str],
    role: Role | None,
    language: str,
) -> None:
    page = new_page(chromium, demo_address, language, NARROW)
    visitor = Visitor(page, demo_address, f"every-{role or 'nobody'}-{language}", faultless)
    if role is not None:
        visitor.sign_in(USERNAMES[role], PASSWORD)
    urls = demo_app.url_map.bind("localhost")
    waiting, seen, faults = beginnings(demo_app, role), set[str](), list[str]()
    while waiting:
        path = waiting.pop(0)
        endpoint = endpoint_of(urls, path)
        if endpoint is None or endpoint in seen:
            continue
        seen.add(endpoint)
        answer = page.goto(demo_address + path)
        if answer is None or answer.status >= 400:
            faults.append(f"{path}: {answer.status if answer else 'nothing'}")
            continue
        inspect = endpoint == "overview.home" or (endpoint, language) not in inspected
        inspected.add((endpoint, language))
        try:
            visitor.check(path) if inspect else visitor.check_width(path)
        except AssertionError as fault:
            faults.append(str(fault).splitlines()[0])
        links = page.eval_on_selector_all("main a[href]", "links => links.map(link => link.href)")
        waiting += [urlsplit(link).path for link in links if link.startswith(demo_address)]
    page.context.close()
    assert faults == []
    assert seen >= MUST_REACH[role]
