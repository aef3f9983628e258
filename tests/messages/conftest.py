"""Receivers on this machine: a web server that keeps what it was sent, and a mail server."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from trafficedu.core.database import database
from trafficedu.core.services import services_of


@dataclass
class Receiver:
    """What a server was sent (path and JSON), and what it answers in turn; the last answer is repeated."""

    address: str = ""
    got: list[tuple[str, Any]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=lambda: [(200, {"errcode": 0, "code": 0})])
    hang: threading.Event | None = None


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """Serve in a thread."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A robot's server, over plain HTTP on this machine."""
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append((self.path, json.loads(body)))
            if kept.hang is not None:
                kept.hang.wait(10)
            status, said = kept.answers.pop(0) if len(kept.answers) > 1 else kept.answers[0]
            answer = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.address = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield kept


@dataclass
class Mailbox:
    """What a mail server took (sender, receivers, text), and with what it answers a receiver."""

    url: str = ""
    got: list[tuple[str, list[str], str]] = field(default_factory=list)
    answer: str = "250 ok"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server on this machine that speaks as much SMTP as a delivery needs (RFC 5321)."""
    kept = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            sender, receivers = "", []
            self.say("220 test")
            for line in iter(lambda: self.rfile.readline().decode().strip(), ""):
                verb = line[:4].upper()
                if verb == "MAIL":
                    sender = line.partition(":")[2].split()[0]
                elif verb == "RCPT":
                    receivers.append(line.partition(":")[2].split()[0])
                    self.say(kept.answer)
                    continue
                elif verb == "DATA":
                    self.say("354 go on")
                    lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                    kept.got.append((sender, receivers, "".join(lines)))
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                self.say("250 ok")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    kept.url = f"mailto://127.0.0.1:{server.server_address[1]}?from=jiaozhitong@example.cn"
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
        monkeypatch.setitem(maker.kw, "info", changed)
        session.info.update(changed)

    return change
