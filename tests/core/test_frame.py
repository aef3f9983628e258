"""What every page carries, and what stands there when something goes wrong."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import Browser
from trafficedu.accounts.models import User
from trafficedu.core import access, logs
from trafficedu.core.database import close_connections

MakeUser = Callable[..., User]


def test_headers_forbid_what_pages_do_not_need(client: Browser) -> None:
    headers = client.get("/sign-in").headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_a_form_without_its_token_is_refused(make_app: Callable[..., Flask], template_url: str) -> None:
    app = make_app(template_url, WTF_CSRF_ENABLED=True)
    answer = app.test_client().post("/language", data={"locale": "en"})
    assert answer.status_code == 400
    assert "没有保存任何内容" in answer.text
    with app.app_context():
        close_connections()


def test_an_unknown_address_is_answered_in_the_readers_language(client: Browser) -> None:
    assert client.get("/nowhere").status_code == 404
    assert "Nothing found" in client.get("/nowhere?lang=en").text


def test_a_huge_upload_is_answered_with_a_page(make_app: Callable[..., Flask], template_url: str) -> None:
    app = make_app(template_url, MAX_CONTENT_LENGTH=1000)
    answer = app.test_client().post("/sign-in", data={"file": (io.BytesIO(b"0" * 2000), "a.csv")})
    assert answer.status_code == 413
    assert "文件" in answer.text
    with app.app_context():
        close_connections()


def test_a_broken_view_shows_a_page_and_logs_no_value(
    make_app: Callable[..., Flask], template_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(template_url, PROPAGATE_EXCEPTIONS=False)

    @app.get("/broken/<number>")
    @access.open_to_all("a test")
    def broken(number: str) -> str:
        raise RuntimeError(f"rider {number}")

    with caplog.at_level(logging.INFO, "trafficedu"):
        answer = app.test_client().get("/broken/330109199001011234?lang=en")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "rider 3301" not in answer.text
    written = [logs.QuietTraceback("%(message)s").format(record) for record in caplog.records]
    assert all("330109199001011234" not in line for line in written)
    assert any("RuntimeError at test_frame.py" in line for line in written)
    assert any(json.loads(line).get("route") == "/broken/<number>" for line in written)
    with app.app_context():
        close_connections()


def test_alive_and_ready(client: Browser) -> None:
    assert client.get("/healthz").text == "alive\n"
    assert client.get("/readyz").text == "ready\n"


def test_a_database_without_schema_is_alive_but_not_ready(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    app = make_app(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    assert app.test_client().get("/healthz").status_code == 200
    assert app.test_client().get("/readyz").status_code == 503


def test_metrics_answer_this_machine_or_the_token(client: Browser) -> None:
    client.get("/sign-in")
    assert 'route="/sign-in"' in client.get("/metrics").text
    elsewhere = client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert elsewhere.status_code == 403
