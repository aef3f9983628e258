"""What no browser sends: every field of every form and every query argument is tried with values made to break things.

An answer may refuse, never fail: no status of 500 or more, on either database.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.sides import Side, make_sides
from tests.house.test_access import fit
from trafficedu.accounts.rules import Role

HOSTILE = (
    "",
    "\0",
    "a\0b",
    "²",
    "-1",
    "99999999999999999999",
    "2147483648",
    "9" * 5000,
    "0001-01-01",
    "9999-12-31",
    "0001-01",
    "9999-12",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "2026-02-30",
    "NaN",
    "1e400",
    "' OR 1=1 --",
    "%s%(x)s{0}",
    "{{ 7*7 }}",
    "x" * 70_000,
    "//evil.example",
    "//[",
    "\u202e\ud7ff\U0010ffff",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
)
TYPABLE = tuple(value for value in HOSTILE if "\0" not in value and len(value) < 10_000)
ARGUMENTS = (
    *("after", "before", "sort", "lang", "next", "area", "station", "course", "company", "kind", "q", "since"),
    *("until", "from"),
    *("first", "last", "month", "state", "source", "due_from", "due_until", "words", "role", "active", "action"),
    *("actor", "result", "below", "receiver", "free", "mine", "suffix", "number", "code", "locale", "level", "day"),
    *("endpoint", "_external", "_scheme", "_anchor", "_method"),
)
PATHS = ("/n/%00", "/n/%ff", "/verify/%00", "/violations/%00", "/users/a%00", "/%ff%fe", "/n/../../x")
TRIES = int(os.environ.get("HOSTILE_TRIES", "1"))
"""How many hostile values each field gets; raise it for a night of looking."""


@dataclass
class _Form:
    """A form as a page shows it, filled in as somebody in a hurry would."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    """Reads the forms of a page."""

    FILLED = {"date": "2026-11-20", "month": "2026-10", "number": "3", "tel": "13812345678", "time": "09:00"}
    FILLED |= {"datetime-local": "2026-11-20T10:00", "checkbox": "y"}

    def __init__(self) -> None:
        super().__init__()
        self.found: list[_Form] = []
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(_Form(given.get("action", ""), given.get("method", "get").lower()))
        if not self.found:
            return
        fields, name = self.found[-1].fields, given.get("name", "")
        if tag == "option" and self._select and given.get("value") and not fields.get(self._select):
            fields[self._select] = given["value"]
        elif name and tag == "select":
            self._select = name
            fields.setdefault(name, "")
        elif name and tag == "textarea":
            fields[name] = "说明"
        elif name and tag == "input" and given.get("type") == "radio":
            fields.setdefault(name, given.get("value", ""))
        elif name and tag == "input" and given.get("type") != "file":
            kind = given.get("type", "text")
            fields[name] = given.get("value") or self.FILLED.get(kind, "3" if "inputmode" in given else "测试")


@pytest.fixture
def here(session: Session) -> Side:
    return make_sides(session)[0]


def _addresses(app: Flask, here: Side) -> Iterator[str]:
    """Yield the address of every page, with this side's numbers where it takes one."""
    fixed = {"position": 1, "company": here.company.code, "since": "2026-11-01", "suffix": "csv"}
    fixed |= {"day": "2026-10-01", "username": here.users[Role.OFFICER].username, "task": here.task.number}
    codes = {"areas": here.village.code, "stations": here.station.code, "companies": here.company.code}
    codes |= {
        "violations": "2007",
        "hazards": "surface",
        "courses": "basic",
        "configuration": "violations.latest_days_back",
    }
    first = {
        "riders": "rider",
        "violations": "violation",
        "feedback": "notice",
        "education": "task",
        "public": "violation",
        "hazards": "hazard",
    }
    watched = {f"hazards.{page}": "watch" for page in ("check", "edit_check", "look", "end_check")}
    first |= {"sessions": "session", "study": "session"}
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.endpoint == "static":
            continue
        blueprint = rule.endpoint.partition(".")[0]
        number = {"violations.objection": "objection", "education.certificate": "certificate", **watched}.get(
            rule.endpoint
        )
        values = {**fixed, "code": codes.get(blueprint), "number": here.numbers[number or first.get(blueprint, "task")]}
        yield adapter.build(rule.endpoint, {name: values.get(name) or fit(rule, name) for name in rule.arguments})


def _calm(client: Browser, method: str, address: str, **sent: Any) -> None:
    answer = client.open(address, method=method, buffered=True, **sent)
    assert answer.status_code < 500, f"{method} {address} {str(sent)[:300]}"
    answer.close()


@pytest.mark.parametrize("role", [None, *Role])
def test_no_query_argument_breaks_a_page(role: Role | None, app: Flask, client: Browser, here: Side) -> None:
    if role is not None:
        client.sign_in(here.users[role])
    luck = random.Random(str(role))
    for address in _addresses(app, here):
        if client.get(address, buffered=True).status_code != 200 or address.endswith(".pdf"):
            continue
        for _ in range(TRIES):
            _calm(client, "GET", address, query_string={name: luck.choice(TYPABLE) for name in ARGUMENTS})
            some = luck.sample(ARGUMENTS, 3)
            _calm(client, "GET", address, query_string={name: luck.choice(TYPABLE) for name in some})


@pytest.mark.parametrize("role", [None, *Role])
def test_no_field_breaks_a_form(role: Role | None, app: Flask, client: Browser, here: Side) -> None:
    if role is not None:
        client.sign_in(here.users[role])
    luck, seen = random.Random(str(role)), set()
    for address in _addresses(app, here):
        page = client.get(address, buffered=True)
        if page.mimetype != "text/html" or page.status_code != 200:
            continue
        reader = _Forms()
        reader.feed(page.get_data(as_text=True))
        for form in reader.found:
            target = form.action or address
            if form.method != "post" or target in seen or "sign-out" in target:
                continue
            seen.add(target)
            for name in form.fields:
                for value in luck.sample(HOSTILE, min(TRIES, len(HOSTILE))):
                    _calm(client, "POST", target, data=form.fields | {name: value})
                if role is not None:
                    client.sign_in(here.users[role])


@pytest.mark.parametrize("path", PATHS)
def test_no_path_breaks_the_site(path: str, client: Browser, here: Side) -> None:
    for role in (None, Role.SUPERVISOR, Role.ADMINISTRATOR):
        if role is not None:
            client.sign_in(here.users[role])
        for method in ("GET", "POST"):
            _calm(client, method, path)


@pytest.mark.parametrize("body", [b"\0", b"a=%00", b"a=%ff", b"\xff\xfe", b"a=%ed%a0%80&username=%ed%a0%80&password=x"])
def test_no_body_breaks_signing_in(body: bytes, client: Browser, here: Side) -> None:
    kind = "application/x-www-form-urlencoded"
    for address in ("/sign-in", "/receipt", "/verify", "/language"):
        _calm(client, "POST", address, data=body, content_type=kind)
    _calm(client, "POST", "/sign-in", data=b"--x\r\nbroken", content_type="multipart/form-data; boundary=x")
    _calm(client, "GET", "/", headers={"Cookie": "trafficedu=\xff; trafficedu_device=a.b.c; trafficedu_receipt=.."})
    _calm(client, "GET", "/", headers={"Accept-Language": "x" * 5000, "Authorization": "Bearer \xff"})
    _calm(client, "GET", "/metrics", headers={"Authorization": "Bearer \xff"})
