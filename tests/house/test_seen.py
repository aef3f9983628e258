"""What a page saw: every POST carries it, and none is acted upon where that is another by now.

Told in a small demo district, whose pages are walked as every role: each form that is found is sent with a mark that is
not its own, and asked to be shown again with what was typed.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from tests.conftest import Browser
from tests.walking import FILES, Answer, Walk
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import Role
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.database import close_connections
from trafficedu.core.transactions import WRITES
from trafficedu.demo.accounts import USERNAMES
from trafficedu.demo.plan import Plan
from trafficedu.demo.services import load_demo

OTHER = "0" * 24
NOT_SEEN = {
    "accidents.export",
    "accidents.new",
    "accidents.open_linked",
    "accounts.create_user",
    "accounts.language",
    "accounts.password",
    "accounts.sign_in",
    "accounts.sign_out",
    "areas.outlines",
    "bulletin.issue_bulletin",
    "bulletin.issue_indicators",
    "bulletin.issue_scorecards",
    "campaigns.create",
    "companies.create",
    "courses.create",
    "desk.find",
    "door.arrivals",
    "door.check_in_list",
    "door.prove",
    "door.queued",
    "education.chosen",
    "escalation.export",
    "outcomes.export",
    "escalation.new_replay",
    "evaluation.again",
    "evaluation.export",
    "evaluation.new_rule_set",
    "feedback.new_draft",
    "feedback.new_step",
    "films.new",
    "films.watch_beat",
    "films.watch_begin",
    "films.watch_check",
    "films.watch_end",
    "hazards.export",
    "hazards.new",
    "hazards.new_check",
    "hazards.new_kind",
    "hazards.queued",
    "helmets.create_draw",
    "helmets.create_site",
    "helmets.create_survey",
    "helmets.receive",
    "lists.new",
    "messages.channels",
    "patrols.begin",
    "patrols.create",
    "patrols.queued",
    "photos.take",
    "points.export",
    "points.new_activity",
    "quizzes.gift",
    "quizzes.new",
    "quizzes.phone_answer",
    "quizzes.tablet_answer",
    "points.record",
    "public.close",
    "public.find",
    "public.receipt",
    "public.verify",
    "reaching.gateway",
    "riders.export_look_ups",
    "riders.index",
    "riders.register",
    "riders.unmask",
    "calendar.open_feed",
    "quizzes.tablet_hand_over",
    "sessions.create",
    "sessions.create_weekly",
    "stations.create",
    "stations.create_room",
    "transfers.confirm",
    "transfers.export",
    "transfers.headings",
    "transfers.job_again",
    "transfers.upload",
    "violations.chosen",
    "violations.export",
    "violations.new_kind",
    "violations.open_photos",
    "violations.phone",
    "violations.photos",
    "violations.queued",
    "violations.record",
    "violations.rider",
    "violations.riders_typed",
    "violations.signature",
    "violations.undo_item",
    "violations.vehicle",
}
"""What may be posted without saying what the page saw; why, its view says. Nothing is added here lightly."""


def posts(app: Flask) -> Iterator[str]:
    """Yield the endpoints that take a POST."""
    yield from {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())} - {"static"}


def says_what_it_saw(view: Callable[..., object]) -> bool:
    """Tell whether a view, or a function that it calls in its module or in another of views, calls ``seen``."""
    waiting, known = [inspect.unwrap(view)], set[Callable[..., object]]()
    while waiting:
        function = waiting.pop()
        if function in known:
            continue
        known.add(function)
        called = [node.func for node in ast.walk(_tree_of(function)) if isinstance(node, ast.Call)]
        if any(isinstance(name, ast.Name) and name.id == "seen" for name in called):
            return True
        waiting += filter(None, (_called(function, name) for name in called))
    return False


def _tree_of(function: Callable[..., object]) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def _called(by: Callable[..., object], name: ast.expr) -> Callable[..., object] | None:
    """Return the function of our own views that ``name`` calls where ``by`` is written."""
    names = vars(inspect.getmodule(by))
    if isinstance(name, ast.Name):
        meant = names.get(name.id)
    elif isinstance(name, ast.Attribute) and isinstance(name.value, ast.Name):
        meant = vars(names[name.value.id]).get(name.attr) if inspect.ismodule(names.get(name.value.id)) else None
    else:
        return None
    is_ours = inspect.isfunction(meant) and ".views" in str(meant.__module__)
    return meant if is_ours else None


@pytest.mark.one_database
def test_every_post_says_what_it_saw_or_why_it_need_not(app: Flask) -> None:
    views = {name: app.view_functions[name] for name in posts(app)}
    assert {name for name, view in views.items() if hasattr(view, "unseen_reason")} == NOT_SEEN
    silent = {name for name, view in views.items() if name not in NOT_SEEN and not says_what_it_saw(view)}
    assert silent == set()


class Everything(set[str]):
    """What need not be asked for: all sorts and filters, for the forms of a list are the same under each."""

    def __contains__(self, _name: object) -> bool:
        return True


@dataclass
class Form:
    """A form that posts, as a page shows it."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page that post, filled as they are."""

    def __init__(self, path: str, html: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._path, self._inside = path, False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in a form, or a field of one."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("method", "get").lower() == "post"
            if self._inside:
                self.found.append(Form(given.get("action") or self._path))
        elif self._inside and tag == "input" and given.get("name"):
            self.found[-1].fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        """Leave a form."""
        self._inside = self._inside and tag != "form"


@pytest.fixture(scope="module")
def demo(make_app: Callable[..., Flask], copy_template: Callable[[str], str]) -> Iterator[Flask]:
    app = make_app(copy_template("sqlite"), SEEN_REQUIRED=True)
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        load_demo(session, Plan(violations=300, months=6), utc_now())
        session.commit()
    yield app
    with app.app_context():
        close_connections()


def signed_in(demo: Flask, role: Role) -> Browser:
    demo.test_client_class = Browser
    client = demo.test_client()
    assert isinstance(client, Browser)
    with demo.app_context(), demo.extensions["sqlalchemy"].sessionmaker() as session:
        client.sign_in(session.scalars(select(User).where(User.username == USERNAMES[role])).one())
    return client


def changes(demo: Flask) -> int:
    with demo.app_context(), demo.extensions["sqlalchemy"].sessionmaker() as session:
        written = select(func.count()).where(AuditEntry.action.not_in(("feedback:notice:open", "riders:rider:open")))
        return session.scalar(written) or 0


def test_what_comes_from_another_page_is_refused_and_shown_again(demo: Flask) -> None:
    urls, known, tried = demo.url_map.bind("localhost"), dict[str, str](), dict[str, list[str]]()
    for role in Role:
        client, pages = signed_in(demo, role), list[tuple[str, str]]()

        def get(path: str, client: Browser = client, pages: list[tuple[str, str]] = pages) -> Answer:
            if path.endswith(FILES):
                return 200, ""
            answer = client.get(path, buffered=True)
            html = answer.text if answer.mimetype == "text/html" else ""
            pages.append((path, html))
            return answer.status_code, html

        for _ in Walk(demo, role, get, known, chosen=Everything()).pages():
            pass
        for path, html in pages:
            for form in Forms(path, html).found:
                endpoint = endpoint_of(urls, form.action)
                if endpoint not in NOT_SEEN and endpoint not in tried:
                    tried[endpoint] = [f"{endpoint} on {path}: {fault}" for fault in faults(client, path, form)]
    wrong = [fault for found in tried.values() for fault in found]
    assert wrong == [], "\n".join(wrong)
    assert len(tried) > 40, sorted(tried)


def endpoint_of(urls: MapAdapter, action: str) -> str:
    """Return what a form posts to; "" where nothing takes it."""
    try:
        return str(urls.match(action.partition("?")[0], method="POST")[0])
    except HTTPException:
        return ""


def faults(client: Browser, path: str, form: Form) -> Iterator[str]:
    """Send a form with another mark, without one, and ask for it to be shown again; yield what is wrong."""
    if not re.fullmatch("[0-9a-f]{24}", form.fields.get("seen", "")):
        yield "says not what it saw"
        return
    before = changes(client.application)
    for mark in (OTHER, ""):
        answer = client.post(form.action, data=form.fields | {"seen": mark}, headers={"Referer": f"http://host{path}"})
        if answer.status_code != 409:
            yield f"answers {answer.status_code} where the mark is {mark!r}"
    if changes(client.application) != before:
        yield "changed something all the same"
    if client.get(form.action, buffered=True).status_code == 200:
        shown = client.post(form.action, data=form.fields | {"again": "show"})
        if shown.status_code != 200:
            yield f"answers {shown.status_code} instead of showing it again"
