"""What is done at the kerb never waits behind desks, and nothing that is asked on a page runs without end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from sqlalchemy import text

from trafficedu.app import create_app
from trafficedu.core import lanes
from trafficedu.core.access import open_to_all
from trafficedu.core.database import close_connections, database, session
from trafficedu.core.lanes import KERB_THREADS, THREADS, Crossing, Desk, kerb
from trafficedu.core.settings import Settings

ENDLESS = {
    "sqlite": "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more) SELECT count(*) FROM more",
    "postgresql": "SELECT pg_sleep(60)",
}
LIMIT_SHOWN = "SELECT setting FROM pg_settings WHERE name = 'statement_timeout'"

MakeNarrow = Callable[..., Flask]


@pytest.fixture
def narrow_app(fresh_url: str, data_key: str, tmp_path: Path) -> Iterator[MakeNarrow]:
    """Build an application with one place for desks, and pages that take as long as the test says."""
    made: list[Flask] = []

    def make(**settings: Any) -> Flask:
        given = {"desk_requests": 1, "desk_wait_seconds": 0, **settings}
        app = create_app(Settings(tmp_path, fresh_url, "only-for-tests", data_key, **given))
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            close_connections()


def page(app: Flask, address: str, act: Callable[[], Any], *marks: Callable[[Any], Any]) -> None:
    """Add a page for everybody that answers what ``act`` returns."""

    def view() -> Any:
        made = act()
        return made if isinstance(made, Response) else str(made)

    for mark in (open_to_all("a test"), *marks):
        mark(view)
    app.add_url_rule(address, address.strip("/"), view)


def waiting(begun: threading.Event, go_on: threading.Event) -> bool:
    begun.set()
    return go_on.wait(10)


def test_a_full_desk_is_told_at_once_and_the_kerb_passes(narrow_app: MakeNarrow) -> None:
    app, begun, go_on = narrow_app(), threading.Event(), threading.Event()
    page(app, "/slow", lambda: waiting(begun, go_on))
    desk = threading.Thread(target=lambda: app.test_client().get("/slow"))
    desk.start()
    assert begun.wait(10)
    for _ in range(2):
        turned_away = app.test_client().get("/violations")
        assert turned_away.status_code == 503
        assert turned_away.headers["Retry-After"] == "5"
        assert "系统繁忙" in turned_away.text
        assert "The service is busy" in turned_away.text
    for address in ("/sign-in", "/readyz", "/healthz", "/static/icon.svg"):
        assert app.test_client().get(address, buffered=True).status_code == 200
    assert app.test_client().get("/record").status_code == 302
    go_on.set()
    desk.join()
    assert app.test_client().get("/violations").status_code == 302
    metrics = app.test_client().get("/metrics").text
    assert "trafficedu_desk_refused_total" in metrics
    assert 'trafficedu_requests_running{lane="desk"} 0.0' in metrics


def offer_file(app: Flask) -> None:
    def file() -> Response:
        return Response(iter([b"half", b"the rest"]))

    open_to_all("a test")(file)
    app.add_url_rule("/file", "file", file)


@pytest.mark.one_database
@pytest.mark.parametrize("places", [1, 4, THREADS - KERB_THREADS])
@pytest.mark.parametrize("ends", ["read", "hung up", "only asked for its head"])
def test_files_that_are_sent_slowly_take_no_thread_of_the_kerb(
    narrow_app: MakeNarrow, monkeypatch: pytest.MonkeyPatch, ends: str, places: int
) -> None:
    """Each takes a thread as long as whoever fetches it reads: desks have so many, however they are divided."""
    monkeypatch.setattr(lanes, "LONG_SECONDS", 0)
    app = narrow_app(desk_requests=places)
    offer_file(app)
    other = app.test_client()
    for _ in range(2):  # as many again once all of them ended
        sent = [app.test_client().get("/file") for _ in range(THREADS - KERB_THREADS - 1)]
        assert {answer.status_code for answer in sent} == {200}
        assert other.get("/violations").status_code == 302
        if ends == "only asked for its head":
            app.test_client().head("/file").close()
            assert other.get("/violations").status_code == 302
        sent.append(app.test_client().get("/file"))
        for address in ("/violations", "/file"):
            assert other.get(address).status_code == 503
        assert other.get("/sign-in").status_code == 200
        if ends == "read":
            assert {answer.data for answer in sent} == {b"halfthe rest"}
        for answer in sent:
            answer.close()
    assert 'trafficedu_requests_running{lane="desk"} 0.0' in other.get("/metrics").text


@pytest.mark.one_database
def test_four_slow_downloads_leave_the_desks_their_places(
    narrow_app: MakeNarrow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "LONG_SECONDS", 0)
    app = narrow_app(desk_requests=4)
    offer_file(app)
    begun, go_on = [threading.Event() for _ in range(4)], threading.Event()
    numbers = iter(range(4))
    page(app, "/slow", lambda: waiting(begun[next(numbers)], go_on))
    downloads = [app.test_client().get("/file") for _ in range(4)]
    answers: list[int] = []
    desks = [threading.Thread(target=lambda: answers.append(app.test_client().get("/slow").status_code)) for _ in begun]
    for desk in desks:
        desk.start()
    assert all(each.wait(10) for each in begun), "four pages run beside the four downloads"
    assert app.test_client().get("/violations").status_code == 503
    assert app.test_client().get("/sign-in").status_code == 200
    go_on.set()
    for desk in desks:
        desk.join()
    assert answers == [200] * 4
    for download in downloads:
        assert download.data == b"halfthe rest"
        download.close()


@pytest.mark.one_database
def test_who_is_turned_away_or_waits_takes_no_connection(narrow_app: MakeNarrow) -> None:
    app = narrow_app(desk_wait_seconds=5)
    begun, go_on = threading.Event(), threading.Event()
    page(app, "/slow", lambda: waiting(begun, go_on))
    answers: list[int] = []
    clients = [threading.Thread(target=lambda: answers.append(app.test_client().get("/slow").status_code))]
    clients[0].start()
    assert begun.wait(10)
    clients += [
        threading.Thread(target=lambda: answers.append(app.test_client().get("/violations").status_code))
        for _ in range(3)
    ]
    for client in clients[1:]:
        client.start()
    with app.app_context():
        assert database().engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert answers == []
    go_on.set()
    for client in clients:
        client.join()
    assert sorted(answers) == [200, 302, 302, 302]


def test_a_line_that_is_full_is_not_joined() -> None:
    desk = Desk(places=1, beside=1, patience=5)
    assert desk.enter()
    waited: list[bool] = []
    second = threading.Thread(target=lambda: waited.append(desk.enter()))
    second.start()
    while desk._beside:
        second.join(0.01)
    assert not desk.enter()
    desk.leave()
    second.join()
    assert waited == [True]


def test_one_page_of_a_desk_computes_at_a_time_and_a_long_one_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "LONG_SECONDS", 60)
    desk = Desk(places=2, beside=1, patience=0)
    assert desk.enter()
    assert not desk.enter(), "the first one has just begun"
    monkeypatch.setattr(lanes, "LONG_SECONDS", 0.05)
    patient = Desk(places=2, beside=1, patience=10)
    assert patient.enter()
    began = time.monotonic()
    assert patient.enter()
    assert 0.04 < time.monotonic() - began < 10, "the first one has become long, and there was a second place"
    hasty = Desk(places=2, beside=1, patience=0.2)
    assert hasty.enter()
    assert hasty.enter()
    assert not hasty.enter(), "all places are taken, however long those have been at it"


def test_who_came_first_is_first_and_nobody_overtakes_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "LONG_SECONDS", 60)
    desk, came = Desk(places=1, beside=8, patience=30), list[int]()
    assert desk.enter()

    def sit(number: int) -> None:
        assert desk.enter()
        came.append(number)

    line = []
    for number in range(4):
        line.append(threading.Thread(target=sit, args=(number,)))
        line[-1].start()
        while len(desk._line) <= number:
            line[-1].join(0.01)
    desk.leave()
    for number in range(4):
        line[number].join(10)
        assert came == list(range(number + 1))
        desk.leave()
    hasty = Desk(places=1, beside=8, patience=0)
    hasty._line.append(threading.Condition(hasty._lock))
    assert not hasty.enter(), "a place is free, and somebody stands before it"
    hasty._line.clear()
    assert hasty.enter()


def test_desks_stand_still_while_somebody_is_at_the_kerb_and_not_for_ever() -> None:
    crossing = Crossing()
    crossing.let_pass(60)
    crossing.enter()
    crossing.enter()
    began = time.monotonic()
    crossing.let_pass(0.05)
    assert time.monotonic() - began >= 0.05
    passed = threading.Event()

    def sit() -> None:
        crossing.let_pass(60)
        passed.set()

    desk = threading.Thread(target=sit)
    desk.start()
    crossing.leave()
    assert not passed.wait(0.05), "one is still there"
    crossing.leave()
    assert passed.wait(10)
    desk.join()


@pytest.mark.one_database
def test_it_is_the_statements_of_desks_that_wait(narrow_app: MakeNarrow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not those of the kerb itself, which would wait for each other; and what is over is forgotten, failed or not."""
    waits: list[str] = []
    monkeypatch.setattr(lanes, "_crossing", crossing := Crossing())
    monkeypatch.setattr(crossing, "let_pass", lambda: waits.append(str(crossing._passing)))
    app = narrow_app()
    page(app, "/of-a-desk", lambda: session().scalar(text("SELECT 1")))
    page(app, "/kerb", lambda: session().scalar(text("SELECT 1")), kerb)
    page(app, "/fails", lambda: 1 // 0, kerb)
    page(app, "/film", lambda: Response(iter(["a", "b"])), kerb)
    assert app.test_client().get("/kerb").text == "1"
    assert waits == []
    assert app.test_client().get("/fails").status_code == 500
    assert app.test_client().get("/of-a-desk").text == "1"
    sent = app.test_client().get("/film")  # whoever fetches it reads nothing yet
    assert app.test_client().get("/of-a-desk").text == "1"
    assert set(waits) == {"0"}, "what is only sent holds up no desk"
    sent.close()
    assert crossing._passing == 0


def test_a_page_of_a_desk_that_asks_without_end_is_stopped(narrow_app: MakeNarrow, database_kind: str) -> None:
    app = narrow_app(desk_limit_seconds=1)
    page(app, "/endless", lambda: session().execute(text(ENDLESS[database_kind])).all())
    page(app, "/quick", lambda: session().scalar(text("SELECT 1")))
    answer = app.test_client().get("/endless")
    assert answer.status_code == 503
    assert "本次查询用时过长" in answer.text
    assert app.test_client().get("/quick").text == "1"


def test_each_lane_has_its_limit_and_jobs_have_none(narrow_app: MakeNarrow, database_kind: str) -> None:
    if database_kind == "sqlite":
        pytest.skip("SQLite is stopped by the clock, which the test above shows")
    app = narrow_app(desk_limit_seconds=20, kerb_limit_seconds=7)
    page(app, "/of-a-desk", lambda: session().scalar(text(LIMIT_SHOWN)))
    page(app, "/kerb", lambda: session().scalar(text(LIMIT_SHOWN)), kerb)
    for _ in range(2):  # on a connection opened for the first of them
        assert [app.test_client().get(path).text for path in ("/of-a-desk", "/kerb")] == ["20000", "7000"]
    with app.app_context():
        assert session().scalar(text(LIMIT_SHOWN)) == "0"
        session().close()
        close_connections()
        assert session().scalar(text(LIMIT_SHOWN)) == "0"
