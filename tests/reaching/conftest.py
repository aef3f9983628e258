"""A gateway on this machine: a web server that keeps what it was asked, and answers as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import people
from tests.factories.education import District, make_district, make_rider
from tests.messages.conftest import mailbox as mailbox
from tests.messages.conftest import serving
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import Actor
from trafficedu.core.database import database
from trafficedu.core.services import services_of
from trafficedu.riders.models import Rider

PHONE = "13857100001"
"""Nobody's: the tests alone use it."""
TAKEN: tuple[int, str, dict[str, str]] = (200, '{"code": 0}', {})


@dataclass
class Asked:
    """One request as the gateway saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Gate:
    """What a gateway was asked, and what it answers in turn; the last answer is repeated.

    ``hang`` holds answers, ``judge`` says of each request what a provider would.
    """

    address: str = ""
    got: list[Asked] = field(default_factory=list)
    answers: list[tuple[int, str, dict[str, str]]] = field(default_factory=lambda: [TAKEN])
    hang: threading.Event | None = None
    judge: Callable[[Asked], str] | None = None
    judged: list[str] = field(default_factory=list)


@pytest.fixture
def gate() -> Iterator[Gate]:
    kept = Gate()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            kept.got.append(Asked(self.command, self.path, dict(self.headers), body))
            if kept.judge is not None:
                kept.judged.append(kept.judge(kept.got[-1]))
            if kept.hang is not None:
                kept.hang.wait(10)
            status, said, headers = kept.answers.pop(0) if len(kept.answers) > 1 else kept.answers[0]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(said.encode())), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.encode())

        do_GET = do_POST = answer  # noqa: N815 - names of the library

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.address = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield kept


@pytest.fixture
def set_up(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Change settings for one test, for requests and for ``session``."""
    with app.app_context():
        maker = database().sessionmaker

    def change(**values: Any) -> None:
        services = services_of(session)
        changed = replace(services, settings=replace(services.settings, **values)).as_info()
        monkeypatch.setitem(maker.kw, "info", {**maker.kw["info"], **changed})
        session.info.update(changed)

    return change


@pytest.fixture
def district(session: Session) -> District:
    return make_district(session)


@pytest.fixture
def rider(session: Session, district: District) -> Rider:
    return with_phone(session, make_rider(session, district.a))


def with_phone(session: Session, rider: Rider, phone: str = PHONE) -> Rider:
    rider.phone_cipher = services_of(session).keyring.encrypt(phone, "rider.phone")
    session.flush()
    return rider


@pytest.fixture
def staff(session: Session, district: District) -> Actor:
    return actor_of(people.make_user(session, "station", station_id=district.at_a.id))
