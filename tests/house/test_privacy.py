"""What must hold of every page at once: tokens, headers, first passwords, and no personal data where it may stay."""

from __future__ import annotations

import base64
import logging
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from tests.conftest import Browser
from tests.factories.people import PASSWORD
from tests.factories.sides import Side, make_sides
from tests.house.test_access import routes
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import PERMISSIONS, Role
from trafficedu.core import audit
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.encryption import Keyring
from trafficedu.core.orm import Base
from trafficedu.core.services import services_of

PERSONAL = ("name", "local_name", "id_number", "local_id", "phone", "plate", "guardian", "contact")
NOTED_PLATE = {"plate": "杭州A99999", "relation": "owner", "used_from": "2026-01-01", "reason": "看过行驶证"}
OPEN_WITH_FIRST_PASSWORD = {"accounts.password", "accounts.sign_out", "accounts.language"}


@pytest.fixture
def side(session: Session) -> Side:
    return make_sides(session)[0]


def _posts(app: Flask) -> Iterator[tuple[Rule, str]]:
    return ((rule, address) for rule, method, address in routes(app) if method == "POST")


@pytest.mark.one_database
def test_every_post_needs_its_token(
    app: Flask, client: Browser, make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    users = {role: make_user(role) for role in Role}
    for rule, address in _posts(app):
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        role = next((role for role in Role if permission in PERMISSIONS[role]), Role.OFFICER)
        client.sign_in(users[role])
        assert client.post(address).status_code == 400, rule.endpoint


def test_every_answer_carries_the_headers(app: Flask, client: Browser, side: Side) -> None:
    client.sign_in(side.users[Role.SUPERVISOR])
    download = {"export-kind": "violations", "export-suffix": "csv"}
    answers = [client.get(path) for path in ("/", "/nowhere", "/users", "/n/%00", "/healthz", "/static/none.css")]
    answers += [client.fetch("/exports", data=download), client.delete("/violations")]
    answers += [client.get(f"/notices/{side.notice.number}.pdf"), client.get(f"/riders/{side.rider.number}")]
    for answer in answers:
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], answer.request.path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert {answer.status_code for answer in answers} >= {200, 303, 403, 404, 405} - {303}
    assert answers[6].headers["Content-Disposition"].startswith("attachment; filename=violations-")
    assert answers[6].headers["Cache-Control"] == "no-store"


@pytest.mark.one_database
def test_a_first_password_opens_nothing_but_choosing_an_own_one(
    app: Flask, client: Browser, make_user: Callable[..., User]
) -> None:
    for role in Role:
        client.sign_in(make_user(role, must_change_password=True))
        for rule, method, address in routes(app):
            view = app.view_functions[rule.endpoint]
            if hasattr(view, "open_reason") or rule.endpoint in OPEN_WITH_FIRST_PASSWORD:
                continue
            answer = client.open(address, method=method, buffered=True)
            expected = (303, "/password") if method == "GET" else (403, None)
            assert (answer.status_code, answer.headers.get("Location")) == expected, f"{role} {method} {address}"


ELSEWHERE = ("//evil.example", "///evil.example", "/\\evil.example", "https://evil.example", "//[", "/\t/evil.example")


@pytest.mark.parametrize("wanted", [*ELSEWHERE, "\\\\evil.example", "javascript:alert(1)", " //evil.example"])
def test_signing_in_leads_nowhere_else(wanted: str, client: Browser, make_user: Callable[..., User]) -> None:
    given = {"username": make_user("officer").username, "password": PASSWORD, "next": wanted}
    for path in ("/sign-in", "/language"):
        answer = client.post(path, data=given | {"locale": "en"}, query_string={"next": wanted})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_signing_in_leads_back(client: Browser, make_user: Callable[..., User]) -> None:
    given = {"username": make_user("officer").username, "password": PASSWORD}
    answer = client.post("/sign-in", data=given, query_string={"next": "/violations?q=V1&area=330109"})
    assert answer.headers["Location"] == "/violations?q=V1&area=330109"


def test_a_foreign_forwarded_address_is_not_believed(client: Browser, session: Session, side: Side) -> None:
    """Without a proxy configured, naming another address with each guess does not escape the lock."""
    guess = {"number": side.violation.number, "last_four": "0000"}
    for guessed in range(6):
        answer = client.post("/receipt", data=guess, headers={"X-Forwarded-For": f"203.0.113.{guessed}"})
    assert answer.status_code == 429
    username = side.users[Role.OFFICER].username
    for guessed in range(6):
        given = {"username": username, "password": "wrong"}
        answer = client.post("/sign-in", data=given, headers={"X-Forwarded-For": f"203.0.113.{guessed}"})
    assert answer.status_code == 429
    locked = select(AuditEntry.action).where(AuditEntry.result == audit.REFUSED)
    assert {"accounts:session:open", "public:receipt:open"} <= set(session.scalars(locked))


class _Everything(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += f"{record.getMessage()} {record.__dict__}\n"


def test_logs_cookies_and_addresses_hold_nobodys_data(app: Flask, client: Browser, side: Side) -> None:
    heard, secrets = _Everything(), {name: side.secrets[name] for name in PERSONAL}
    logger = logging.getLogger("trafficedu")
    level, disabled = logger.level, logger.disabled
    logger.addHandler(heard)
    logger.setLevel(logging.DEBUG)
    logger.disabled = False
    try:
        client.sign_in(side.users[Role.OFFICER])
        found = [client.post("/riders", data={"words": words}) for words in secrets.values()]
        found += [client.get(f"/riders/{side.rider.number}"), client.get(f"/violations/{side.violation.number}")]
        found += [client.post(f"/riders/{side.rider.number}/unmask", data={"purpose": "contact"})]
        found += [
            client.post("/receipt", data={"number": side.violation.number, "last_four": secrets["id_number"][-4:]})
        ]
        found += [client.get(f"/n/{side.violation.number}"), client.get("/violations?page=x"), client.get("/nowhere")]
    finally:
        logger.removeHandler(heard)
        logger.setLevel(level)
        logger.disabled = disabled
    assert "/riders/<number>" in heard.text
    assert side.secrets["id_number"] in found[-5].text, "the unmasking itself worked"
    kept = heard.text + "".join(str(answer.headers) + answer.request.url for answer in found)
    kept += "".join(_opened(cookie.value) for cookie in (client._cookies or {}).values())
    assert not [name for name, secret in secrets.items() if secret in kept]


def _opened(cookie: str) -> str:
    """Return what anybody can read in a signed cookie."""
    body = cookie.lstrip(".").split(".")[0]
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        return (zlib.decompress(raw) if cookie.startswith(".") else raw).decode("utf-8", "replace") + cookie
    except (ValueError, zlib.error):
        return cookie


@pytest.mark.parametrize("role", [Role.LEADER, Role.ANALYST, Role.ADMINISTRATOR])
def test_who_reads_figures_reads_nobodys_data(role: Role, app: Flask, client: Browser, side: Side) -> None:
    client.sign_in(side.users[role])
    paths = ["/", "/violations", "/notices", "/education", "/sessions", "/overview", "/imports", "/audit", "/companies"]
    paths += [
        f"/violations/{side.violation.number}",
        f"/education/{side.task.number}",
        f"/sessions/{side.study.number}",
    ]
    paths += [f"/notices/{number}{end}" for number in (side.notice.number, side.village_notice.number) for end in ("",)]
    secrets = {name: side.secrets[name] for name in (*PERSONAL, "note")}
    for path in paths:
        answer = client.get(path)
        assert not [name for name, secret in secrets.items() if secret in answer.text], f"{role} {path}"
    if role is Role.ANALYST:
        answer = client.fetch("/violations/export/csv")
        assert side.violation.number in answer.text
        assert not [name for name, secret in secrets.items() if secret in answer.text]


def test_the_database_holds_no_number_in_clear(session: Session, side: Side) -> None:
    rows = {table.name: str(session.execute(select(table)).all()) for table in Base.metadata.sorted_tables}
    for name in ("id_number", "local_id", "phone", "contact"):
        assert not [table for table, stored in rows.items() if side.secrets[name] in stored], name
    for name in PERSONAL:
        assert side.secrets[name] not in rows["audit_entry"] + rows["attempts"], name


def test_a_lookup_hash_is_of_no_use_without_the_key(session: Session, side: Side) -> None:
    own, other = services_of(session).keyring, Keyring.parse(Keyring.generate())
    stored = side.rider.id_number_hash
    number = side.secrets["id_number"]
    assert stored not in {other.lookup_hash(text, "rider.id_number") for text in (number, f"identity_card:{number}")}
    assert stored.startswith(f"{own.current}.")


@pytest.mark.parametrize(
    ("role", "path", "data"),
    [
        (Role.OFFICER, "/riders", {"words": "无人"}),
        (Role.OFFICER, "/violations/{violation}/rider", {}),
        (Role.SUPERVISOR, "/violations/{pending}/confirm", {}),
        (Role.SUPERVISOR, "/violations/{pending}/reject", {"reason": "看不清"}),
        (Role.SUPERVISOR, "/violations/{violation}/void", {"reason": "记错了"}),
        (Role.SUPERVISOR, "/objections/{objection}", {"outcome": "dismissed", "decision": "证据充分"}),
        (Role.SUPERVISOR, "/education/{waiting}/waive", {"reason": "已搬离本区，无法参加"}),
        (Role.SUPERVISOR, "/exports", {"export-kind": "riders", "export-suffix": "csv"}),
        (Role.SUPERVISOR, "/violations/export/xlsx", {}),
        (Role.OFFICER, "/riders/{rider}/unmask", {"purpose": "contact"}),
        (Role.OFFICER, "/riders/{rider}/plates/new", NOTED_PLATE),
        (Role.OFFICER, "/violations/{violation}/vehicle", {}),
        (Role.GRID, "/notices/{village_notice}/answer", {"measure": "criticised"}),
        (Role.OFFICER, "/language", {"locale": "en"}),
        (Role.OFFICER, "/sign-out", {}),
        (Role.OFFICER, "/users/new", {}),
    ],
)
def test_what_changes_or_is_refused_is_in_the_trail(
    role: Role, path: str, data: dict[str, str], client: Browser, session: Session, side: Side
) -> None:
    client.sign_in(side.users[role])
    count = select(func.count()).select_from(AuditEntry).where(AuditEntry.actor_id == side.users[role].id)
    before = session.scalar(count) or 0
    answer = client.fetch(path.format(**side.numbers), data=data)
    assert answer.status_code in {200, 303, 403}, answer.status_code
    assert (session.scalar(count) or 0) > before


def test_the_trail_is_not_emptied(session: Session, side: Side, database_kind: str) -> None:
    assert audit.seal(session, utc_now() + timedelta(hours=1)) > 0
    session.commit()
    for statement in ("DELETE FROM audit_entry", "UPDATE audit_entry SET actor_id = 1", "DELETE FROM audit_seal"):
        with pytest.raises(Exception, match="append"), session.begin_nested():
            session.execute(text(statement))
    if database_kind == "postgresql":
        with pytest.raises(Exception, match="append"), session.begin_nested():
            session.execute(text("TRUNCATE audit_entry"))
