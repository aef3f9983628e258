"""Every link of every push leads to a page that its receiver may open."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

import trafficedu
from tests.conftest import Browser
from tests.factories import places
from tests.factories.evaluation import NOW
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import PERMISSIONS, Role
from trafficedu.areas.queries import tree as areas
from trafficedu.evaluation.services.alarms import keep_and_tell
from trafficedu.evaluation.services.results import TrendResult
from trafficedu.evaluation.services.watching import judge
from trafficedu.messages.models import Push

PACKAGE = Path(trafficedu.__file__).parent
WATCHERS = {Role.GRID, Role.LEADER}
"""``accounts.queries.watchers_of``."""
ANSWERING = {Role.COMPANY, *WATCHERS}
"""``accounts.queries.answering_for``."""
COMMAND = {Role.SUPERVISOR, Role.ANALYST}
RECEIVERS = {
    "alarm": WATCHERS | COMMAND,
    "colour": ANSWERING,
    "contradicted": {*COMMAND, Role.LEADER},
    "correction": {Role.OFFICER},
    "demo": set(Role) - {Role.ADMINISTRATOR},
    "hazard": WATCHERS,
    "hazard-check": WATCHERS,
    "job": set(Role),
    "list": WATCHERS,
    "notice": ANSWERING,
    "objection": {Role.COMPANY},
    "silent": {*COMMAND, Role.LEADER},
    "study": WATCHERS,
}
"""First word of a push's key -> whom it is made for."""
OF_LINK = {
    ("colour", "/evaluation/"): WATCHERS,
    ("colour", "/scorecards"): {Role.COMPANY},
    ("demo", "/overview"): WATCHERS,
    ("study", "/education/"): WATCHERS,
    ("study", "/notices"): {Role.COMPANY},
}
"""Where one key has several links: whom this one is made for."""
FITTING = {
    "/evaluation/2026-10/2026-10/2026-10": "/evaluation/2026-10/village/330109001001",
    "/coverage/2026-10/2026-10/2026-10": "/coverage/violations/330109001/2026-10",
}
"""Addresses with closed lists in them."""


@dataclass(frozen=True)
class Made:
    """One place of the code that makes pushes: the first word of their key, and an address like theirs."""

    where: str
    word: str
    path: str


def written(node: ast.expr, known: dict[str, list[ast.expr]]) -> list[str]:
    """Return what a text expression may say, with ``2026-10`` for everything that is filled in."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        said = "".join(str(part.value) if isinstance(part, ast.Constant) else "2026-10" for part in node.values)
        return [said]
    name = node.id if isinstance(node, ast.Name) else node.func.id if isinstance(node, ast.Call) else ""  # type: ignore[attr-defined]
    return [text for value in known.get(name, []) for text in written(value, known)]


def texts_of(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """Return what names of a module stand for: assigned texts, returns of functions, and elements of tuples."""
    known: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            known.setdefault(node.targets[0].id, []).append(node.value)
        if isinstance(node, ast.FunctionDef):
            returned = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value is not None]
            known.setdefault(node.name, []).extend(returned)
        if isinstance(node, ast.comprehension) and isinstance(node.target, ast.Tuple):
            for row in getattr(node.iter, "elts", []):
                for name, value in zip(node.target.elts, row.elts, strict=True):
                    known.setdefault(getattr(name, "id", ""), []).append(value)
    return known


@cache
def pushes_made() -> list[Made]:
    """Return every push that the product can make."""
    return list(_found())


def _found() -> Iterator[Made]:
    for file in sorted(PACKAGE.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if "NewPush(" not in text:
            continue
        tree = ast.parse(text)
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            known = texts_of(tree) | texts_of(ast.Module([function], []))
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                named = call.func
                if "NewPush" not in {getattr(named, "id", ""), getattr(named, "attr", "")}:
                    continue
                keys, paths = written(call.args[0], known), written(call.args[3], known)
                where = f"{file.relative_to(PACKAGE)}:{call.lineno}"
                assert keys, f"{where}: cannot be read; write the key as a text"
                assert paths, f"{where}: cannot be read; write the path as a text"
                yield from (Made(where, key.partition(":")[0], path) for key in keys for path in paths if "/" in path)


def test_every_push_of_the_product_is_known_here() -> None:
    assert {made.word for made in pushes_made()} == set(RECEIVERS)
    assert len({made.where for made in pushes_made()}) >= 12


@pytest.mark.one_database
def test_every_link_leads_to_a_page_that_its_receivers_may_open(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    for made in pushes_made():
        path = made.path.partition("?")[0]
        path = FITTING.get(path, path)
        try:
            endpoint, _ = adapter.match(path)
        except NotFound:
            pytest.fail(f"{made.where}: nothing is at {path}")
        permission = getattr(app.view_functions[endpoint], "permission", None)
        links = (roles for (word, start), roles in OF_LINK.items() if word == made.word and path.startswith(start))
        receivers = next(links, RECEIVERS[made.word])
        without = {role for role in receivers if permission is not None and permission not in PERMISSIONS[role]}
        assert not without, f"{made.where}: {without} may not open {path}"


@pytest.mark.parametrize("role", sorted(WATCHERS | COMMAND))
def test_an_alarm_leads_to_the_page_that_shows_it(
    client: Browser, session: Session, make_user: Callable[..., User], role: str
) -> None:
    root, town = places.area(session, places.DISTRICT), places.area(session, places.TOWN)
    user = make_user(role, area_id=(root if role in COMMAND else town).id)
    watch = {town.code: [{"months": 1, "count": 31, "expected": 9.0, "k": 0.01}]}
    parts = areas.list_children(session, root, NOW.date())
    payload = judge({"violations": {"watch": watch}}, parts, "2026-10") | {"revision": 2}
    answer = TrendResult(payload, NOW, lambda own: None)
    assert keep_and_tell(session, root, answer, NOW) == 1
    session.commit()
    push = session.scalars(select(Push).where(Push.user_id == user.id)).one()
    client.sign_in(user)
    page = client.get(push.path)
    assert page.status_code == 200
    assert town.name in page.text
