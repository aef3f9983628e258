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
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import Enum, String, func, or_, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.sides import Side, make_sides
from tests.house.test_access import fit
from trafficedu.accounts.rules import Role
from trafficedu.core.orm import Base

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
YEAR_ONE = {"date": "0001-01-01", "datetime-local": "0001-01-01T00:00"}
YEAR_9999 = {"date": "9999-12-31", "datetime-local": "9999-12-31T23:59"}
UNSEEN = "一\u202e二\u200b三\u2066四"
"""Marks that turn the direction of what follows, and a blank that nobody sees."""
HALF_A_PAIR = "%ed%a0%bd"
TRIES = int(os.environ.get("HOSTILE_TRIES", "1"))
"""How many hostile values each field gets; raise it for a night of looking."""


@dataclass
class _Form:
    """A form as a page shows it, filled in as somebody in a hurry would."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    days: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


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
            self.found[-1].texts.append(name)
        elif name and tag == "input" and given.get("type") == "radio":
            fields.setdefault(name, given.get("value", ""))
        elif name and tag == "input" and given.get("type") != "file":
            kind = given.get("type", "text")
            if kind in YEAR_ONE:
                self.found[-1].days[name] = kind
            elif kind in {"text", "search", "tel", "password"}:
                self.found[-1].texts.append(name)
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
        "films": "key-violations",
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
    first |= dict.fromkeys(("sessions", "study", "door", "rooms", "vr", "closing", "signing", "quizzes"), "session")
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.endpoint == "static":
            continue
        blueprint = rule.endpoint.partition(".")[0]
        number = {"violations.objection": "objection", "education.certificate": "certificate", **watched}.get(
            rule.endpoint
        )
        values = {**fixed, "code": codes.get(blueprint), "number": here.numbers[number or first.get(blueprint, "task")]}
        if blueprint == "films":
            values["number"] = 1  # of the version
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


@pytest.mark.one_database
def test_no_form_takes_what_nobody_means_or_sees(app: Flask, client: Browser, here: Side, session: Session) -> None:
    urls, seen = app.url_map.bind("localhost"), set()
    for role in Role:
        client.sign_in(here.users[role])
        for address in _addresses(app, here):
            page = client.get(address, buffered=True)
            if page.mimetype != "text/html" or page.status_code != 200:
                continue
            reader = _Forms()
            reader.feed(page.get_data(as_text=True))
            for form in reader.found:
                target = form.action or address
                if form.method != "post" or "sign-out" in target or "password" in target:
                    continue
                endpoint, _ = urls.match(target.partition("?")[0], method="POST")
                if (form.days or form.texts) and endpoint not in seen:
                    seen.add(endpoint)
                    _try_whole(client, target, form)
                    client.sign_in(here.users[role])
    assert len(seen) > 40, sorted(seen)
    assert _stored(session) == []


def _try_whole(client: Browser, target: str, form: _Form) -> None:
    """Send a form with days that nobody means, with marks that nobody sees in every text, and as JSON."""
    for far in (YEAR_ONE, YEAR_9999):
        if form.days:
            answer = client.post(target, data=form.fields | {name: far[kind] for name, kind in form.days.items()})
            assert answer.status_code in {400, 401, 403, 404, 409, 422}, f"{target} takes {far} at {[*form.days]}"
    _calm(client, "POST", target, data=form.fields | dict.fromkeys(form.texts, UNSEEN))
    halves = urlencode({name: value for name, value in form.fields.items() if name not in form.texts})
    body = "&".join([halves, *(f"{name}={HALF_A_PAIR}" for name in form.texts)])
    _calm(client, "POST", target, data=body, content_type="application/x-www-form-urlencoded")
    for body in ('"x"', "[]", "{}"):
        assert client.post(target, data=body, content_type="application/json").status_code == 415, target


def _stored(session: Session) -> list[str]:
    """Return the columns in which something unseen, or NUL, was stored."""
    found = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, String) and not isinstance(column.type, Enum):
                marks = [column.contains(mark) for mark in ("\u202e", "\u200b", "\u2066")]
                if session.scalar(select(func.count()).where(or_(*marks)).select_from(table)):
                    found.append(f"{table.name}.{column.name}")
    return found


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


def test_json_is_no_form_for_anybody(client: Browser, here: Side) -> None:
    for address in ("/sign-in", "/receipt", "/verify", f"/n/{here.violation.number}", "/record"):
        answer = client.post(address, data='"x"', content_type="application/json")
        assert answer.status_code == 415, address
        assert "只接收表单" in answer.text


@pytest.mark.one_database
def test_a_filter_that_is_no_day_or_ends_before_it_begins_is_said(client: Browser, here: Side) -> None:
    client.sign_in(here.users[Role.SUPERVISOR])
    for address in ("/violations", "/accidents", "/hazards", "/patrols", "/notices", "/sessions"):
        assert "日期请写成" in client.get(address, query_string={"since": "abc"}).text, address
        backwards = client.get(address, query_string={"since": "2026-11-20", "until": "2026-11-01"}).text
        assert "结束日期早于开始日期" in backwards, address
    tasks = client.get("/education", query_string={"due_from": "2026-11-20", "due_until": "2026-11-01"}).text
    assert "结束日期早于开始日期" in tasks
