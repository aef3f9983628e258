"""Answers are small, files are kept, and no secret can be guessed from how long an answer is."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher

import brotli
import pytest
from flask import Flask, Response, g, request
from flask_wtf.csrf import generate_csrf

from tests.conftest import Browser
from trafficedu.core import pages, tokens
from trafficedu.core.access import open_to_all
from trafficedu.core.database import close_connections

OWN = {"Accept-Encoding": "gzip, br", "Sec-Fetch-Site": "same-origin"}
TOKEN = re.compile(r'(?:name="csrf_token" value|name="csrf-token" content)="([^"]+)"')


@pytest.fixture
def guarded(make_app: Callable[..., Flask], template_url: str) -> Iterator[Flask]:
    app = make_app(template_url, WTF_CSRF_ENABLED=True)
    yield app
    with app.app_context():
        close_connections()


def longest_common(one: str, other: str) -> int:
    return SequenceMatcher(None, one, other, autojunk=False).find_longest_match().size


@pytest.mark.one_database
@pytest.mark.parametrize(("accepted", "unpack"), [("gzip, br", brotli.decompress), ("gzip", gzip.decompress)])
def test_a_page_is_compressed_for_those_who_take_it(
    client: Browser, accepted: str, unpack: Callable[[bytes], bytes]
) -> None:
    plain, small = client.get("/sign-in"), client.get("/sign-in", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == accepted.split(", ")[-1]
    assert "Accept-Encoding" in small.headers["Vary"]
    assert small.headers["Cache-Control"] == "no-store"
    assert len(small.data) == small.content_length < len(plain.data) / 2
    assert 'name="username"' in unpack(small.data).decode()


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("headers", "path", "compressed"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, "/verify?number=abc", True),
        ({"Sec-Fetch-Site": "none"}, "/verify?number=abc", True),
        ({"Sec-Fetch-Site": "cross-site"}, "/verify?number=abc", False),
        ({"Sec-Fetch-Site": "same-site"}, "/verify", False),
        ({"Sec-Fetch-Site": ""}, "/verify", False),
        ({}, "/verify", True),
        ({}, "/verify?number=abc", False),
    ],
)
def test_what_a_stranger_may_have_asked_is_not_compressed(
    client: Browser, headers: dict[str, str], path: str, compressed: bool
) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "br", **headers})
    assert answer.status_code == 200
    assert ("Content-Encoding" in answer.headers) is compressed


@pytest.mark.one_database
def test_refused_forms_probes_and_streams_stay_as_they_are(guarded: Flask) -> None:
    @guarded.get("/streamed")
    @open_to_all("a test")
    def streamed() -> Response:
        return Response((f"<p>{line}</p>" for line in range(1000)), mimetype="text/html")

    browser = guarded.test_client()
    assert browser.post("/sign-in", data={"username": "a" * 900}, headers=OWN).status_code == 400
    for answer in (
        browser.post("/sign-in", data={"username": "a" * 900}, headers=OWN),
        browser.get("/healthz", headers=OWN),
        browser.get("/streamed", headers=OWN),
    ):
        assert "Content-Encoding" not in answer.headers


@pytest.mark.one_database
def test_an_answer_with_a_mark_is_not_sent_twice(guarded: Flask) -> None:
    @guarded.get("/marked")
    @open_to_all("a test")
    def marked() -> Response:
        answer = Response("<p>the same</p>" * 200)
        answer.set_etag("mark")
        return answer.make_conditional(request)  # type: ignore[return-value]

    browser = guarded.test_client()
    first = browser.get("/marked", headers=OWN)
    assert first.headers["ETag"] == '"mark:br"'
    again = browser.get("/marked", headers={**OWN, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""
    plain = browser.get("/marked", headers={"If-None-Match": '"mark"'})
    assert plain.status_code == 304


@pytest.mark.one_database
def test_every_answer_writes_the_token_differently_and_takes_it_back(guarded: Flask) -> None:
    browser = guarded.test_client()
    pages_of_one = [browser.get("/sign-in").text for _ in range(3)]
    written = [set(TOKEN.findall(page)) for page in pages_of_one]
    assert [len(tokens_of_a_page) for tokens_of_a_page in written] == [1, 1, 1]
    (first,), (second,), (third,) = written
    assert max(longest_common(first, second), longest_common(second, third)) < 8
    for token in (first, second, third):
        answer = browser.post("/sign-in", data={"csrf_token": token, "username": "nobody", "password": "x"})
        assert answer.status_code == 422, "the token was taken, the password was not"
    answer = browser.post("/sign-in", headers={"X-CSRFToken": third}, data={"username": "nobody", "password": "x"})
    assert answer.status_code == 422, "the token was taken, the password was not"


@pytest.mark.one_database
def test_the_plain_token_of_a_session_is_not_what_pages_send(guarded: Flask) -> None:
    with guarded.test_request_context():
        one = generate_csrf()
        g.pop("csrf_token")
        assert longest_common(one, generate_csrf()) > 40, "masking would have become needless"
        assert tokens.unmasked(tokens.masked(one)) == one


@pytest.mark.one_database
@pytest.mark.parametrize(
    "change", [lambda token: "", lambda token: token[:-4], lambda token: "é", lambda token: "a" * 91]
)
def test_a_token_that_was_tampered_with_is_refused(guarded: Flask, change: Callable[[str], str]) -> None:
    browser = guarded.test_client()
    (token,) = set(TOKEN.findall(browser.get("/sign-in").text))
    answer = browser.post("/sign-in", data={"csrf_token": change(token), "username": "a", "password": "b"})
    assert answer.status_code == 400
    assert "请重新输入密码登录" in answer.text


@pytest.mark.one_database
@pytest.mark.parametrize("name", ["app.css", "app.js", "charts.js"])
def test_built_files_are_small_kept_for_good_and_carry_the_headers(client: Browser, app: Flask, name: str) -> None:
    with app.test_request_context():
        address = pages.asset(name)
    plain, small = client.get(address, buffered=True), client.get(address, buffered=True, headers=OWN)
    assert small.headers["Content-Encoding"] == "br"
    assert brotli.decompress(small.data) == plain.data
    assert client.get(address, buffered=True, headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    for answer in (plain, small):
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.one_database
def test_a_file_without_a_hash_is_kept_for_a_day_only(client: Browser) -> None:
    answer = client.get("/static/icon.svg", buffered=True)
    assert answer.headers["Cache-Control"] == "max-age=86400, public"
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert client.get("/static/none.css").status_code == 404


@pytest.mark.one_database
def test_webassembly_runs_in_one_worker_and_on_no_page(client: Browser, app: Flask) -> None:
    def policy(name: str) -> str:
        with app.test_request_context():
            address = pages.asset(name)
        return str(client.get(address, buffered=True).headers["Content-Security-Policy"])

    assert "script-src 'self' 'wasm-unsafe-eval';" in policy("scan-worker.js")
    for other in ("scan.js", "kerb.js", "app.js", "zxing_reader.wasm"):
        assert "unsafe" not in policy(other)
    assert "unsafe" not in client.get("/sign-in").headers["Content-Security-Policy"]
