"""Who may open what. Every route names its guard, and every route is tried as every role and as nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.conftest import Browser
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import ALL_PERMISSIONS, PERMISSIONS, Role
from trafficedu.core.addresses import MonthConverter

OPEN_TO_ALL = {
    "accounts.language",
    "accounts.sign_in",
    "calendar.feed",
    "door.enter",
    "door.let_in",
    "door.prove",
    "films.picture",
    "films.watch",
    "films.watch_beat",
    "films.watch_begin",
    "films.watch_check",
    "films.watch_end",
    "films.watch_video",
    "health.alive",
    "health.metrics",
    "health.ready",
    "installed.manifest",
    "installed.worker",
    "overview.home",
    "public.certificate_pdf",
    "public.close",
    "public.film",
    "public.find",
    "public.give_up_seat",
    "public.keep",
    "public.move",
    "public.objection",
    "public.own_printed",
    "public.own_strip",
    "public.receipt",
    "public.receipt_pdf",
    "public.reminders",
    "public.strip_length",
    "public.verified",
    "public.verify",
    "quizzes.phone_answer",
    "quizzes.phone_begin",
    "quizzes.phone_hand_in",
    "quizzes.phone_overview",
    "quizzes.phone_picture",
    "quizzes.phone_question",
    "quizzes.phone_start",
    "quizzes.sign",
}
SIGNED_IN_ONLY = {"accounts.password", "accounts.sign_out"}
PLACEHOLDER = "0"


def fit(rule: Rule, name: str) -> str:
    """Return a value that a rule takes for one of its arguments: a month, one of a closed list, or anything."""
    converter = rule._converters[name]
    return "2026-10" if isinstance(converter, MonthConverter) else min(getattr(converter, "items", {PLACEHOLDER}))


def routes(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Yield every rule with each of its methods and an address that fits it."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        with app.test_request_context():
            adapter = app.url_map.bind("localhost")
            address = adapter.build(rule.endpoint, {name: fit(rule, name) for name in rule.arguments})
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
            yield rule, method, address


@pytest.mark.one_database
def test_every_view_says_who_may_open_it(app: Flask) -> None:
    for rule, _, _ in routes(app):
        view = app.view_functions[rule.endpoint]
        marks = [hasattr(view, mark) for mark in ("permission", "open_reason", "signed_in_only")]
        assert marks.count(True) == 1, f"{rule.endpoint} needs exactly one guard"
        assert getattr(view, "permission", None) in ALL_PERMISSIONS | {None}, f"{rule.endpoint}: nobody holds it"


@pytest.mark.one_database
def test_what_is_open_without_a_permission_is_listed_here(app: Flask) -> None:
    views = app.view_functions.items()
    assert {name for name, view in views if hasattr(view, "open_reason")} == OPEN_TO_ALL
    assert {name for name, view in views if hasattr(view, "signed_in_only")} == SIGNED_IN_ONLY


@pytest.mark.one_database
def test_nobody_is_sent_to_sign_in(app: Flask, client: Browser) -> None:
    for rule, method, address in routes(app):
        if hasattr(app.view_functions[rule.endpoint], "open_reason"):
            continue
        answer = client.open(address, method=method, buffered=True)
        if method == "GET":
            assert answer.status_code == 302, address
            assert "/sign-in" in answer.headers["Location"]
        else:
            assert answer.status_code == 401, address


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_what_its_permissions_say(
    role: Role, app: Flask, client: Browser, make_user: Callable[..., User]
) -> None:
    user = make_user(role)
    for rule, method, address in routes(app):
        if getattr(app.view_functions[rule.endpoint], "permission", None) not in PERMISSIONS[role]:
            continue
        client.sign_in(user)
        answer = client.open(address, method=method, buffered=True)
        assert answer.status_code not in {401, 403}, f"{role} {method} {address}"
        assert answer.status_code < 500, f"{role} {method} {address}"


@pytest.mark.one_database
@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_refused_everything_else(
    role: Role, app: Flask, client: Browser, make_user: Callable[..., User]
) -> None:
    user = make_user(role)
    for rule, method, address in routes(app):
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        if permission is None or permission in PERMISSIONS[role]:
            continue
        client.sign_in(user)
        answer = client.open(address, method=method, buffered=True)
        assert answer.status_code == 403, f"{role} {method} {address}"
