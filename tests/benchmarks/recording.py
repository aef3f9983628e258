"""Recording a violation over HTTP against a bare Flask insert of one row, on the same database, in one run.

Each is served by gunicorn with the configuration of ``trafficedu serve``, alone while its turn lasts; the same threads
post to both in turn.
Recording is the whole of it: session, CSRF, validation, rider, engagement, task, seat, notice, audit, one commit.

    .venv/bin/python -m tests.benchmarks.recording --database sqlite
    .venv/bin/python -m tests.benchmarks.recording --database postgresql
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session
from stdnum.iso7064 import mod_11_2

from tests.benchmarks.fresh import add_bare_table, filling, fresh_database, options_of
from tests.factories.people import PASSWORD, make_user
from trafficedu.areas.models import VILLAGE, Area
from trafficedu.companies.models import Company
from trafficedu.core import clock, connections, numbers
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.demo.plan import Plan
from trafficedu.demo.services import load_demo
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.riders.services.people import NewRider, find_or_register
from trafficedu.stations.models import Station

PORTS = itertools.count(18600)
THREADS = 8
VILLAGES = 20
VIOLATIONS, MONTHS = 5_000, 12


def bare_app() -> Flask:
    """Insert one row and commit: the least that recording anything over HTTP can cost."""
    app = Flask("bare")
    engine = create_engine(os.environ["TRAFFICEDU_DATABASE_URL"], pool_size=20)
    connections.prepare_engine(engine)

    @app.post("/")
    def insert() -> str:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO bare_row (body) VALUES (:body)"), {"body": secrets.token_hex(40)})
        return "done"

    return app


def prepare(riders: int) -> tuple[str, list[str], list[str]]:
    """Fill a database with a demo district, and more riders with seats for them; returns user, villages, identities.

    The riders are engaged by a company and live in many villages, each with a station of its own near by. The
    district has been at work for a year: in empty tables PostgreSQL would plan, and keep, to read them from end to end.
    """
    with filling() as session:
        load_demo(session, Plan(VIOLATIONS, MONTHS), clock.utc_now())
        add_bare_table(session)
        villages = session.scalars(select(Area).where(Area.level == VILLAGE).order_by(Area.code)).all()
        villages = villages[:: len(villages) // VILLAGES]
        district = session.scalars(select(Area).where(Area.parent_id.is_(None))).one()
        officer = make_user(session, "officer", area_id=district.id).username
        identities = [identity(number) for number in range(riders)]
        engage_all(session, villages, identities)
        for village in villages:
            add_sessions(session, village, riders // len(villages) + THREADS)
        codes = [village.code for village in villages]
    return officer, codes, identities


def identity(number: int) -> str:
    """Return an identity number of an unassigned region, with its check digit."""
    body = f"990{number // 1000:03d}19900101{number % 1000:03d}"
    return body + str(mod_11_2.calc_check_digit(body))


def engage_all(session: Session, villages: Sequence[Area], identities: list[str]) -> None:
    """Register every rider, at home in the villages in turn, engaged by one company that may be told."""
    company = Company(code="BENCH", name="测速配送")
    session.add(company)
    session.flush()
    for number, village in zip(identities, itertools.cycle(villages), strict=False):
        rider = find_or_register(
            session, NewRider("identity_card", number, "测速", home_area_id=village.id), SYSTEM, utc_now()
        )
        engage(session, rider, NewEngagement(company.id, date(2020, 1, 1), None, "contract"), SYSTEM, utc_now())


def add_sessions(session: Session, village: Area, riders: int) -> None:
    """Add sessions of every course, each with room for 40, enough for everybody."""
    station = Station(code=f"B{village.id}", name=f"测速站{village.id}", area_id=village.id, seats=40)
    session.add(station)
    session.flush()
    starts = clock.utc_now() + timedelta(days=2)
    for course in session.scalars(select(Course)):
        for number in range(riders // 40 + 1):
            when = starts + timedelta(minutes=number)
            session.add(
                StudySession(
                    number=numbers.new_number("S"),
                    course_id=course.id,
                    station_id=station.id,
                    starts_utc=when,
                    starts_on=clock.local_date(when),
                    ends_utc=when + timedelta(minutes=50),
                    capacity=40,
                )
            )


@contextlib.contextmanager
def served(application: str, url: str) -> Iterator[int]:
    """Serve an application with the project's gunicorn configuration; yields the port."""
    port = next(PORTS)
    environment = {**os.environ, "TRAFFICEDU_DATABASE_URL": url, "PROMETHEUS_MULTIPROC_DIR": tempfile.mkdtemp()}
    command = [sys.executable, "-m", "gunicorn", "-c", "python:trafficedu.core.serving", "-b", f"127.0.0.1:{port}"]
    server = subprocess.Popen([*command, application], env=environment, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def rate(port: int, requests: int, make: Callable[[int], tuple[str, str, dict[str, str]]], good: set[int]) -> float:
    """Post ``requests`` times from several threads over kept connections; returns requests a second."""
    queue = iter(range(requests))
    lock, wrong = threading.Lock(), []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with lock:
                number = next(queue, None)
            if number is None:
                return
            path, body, headers = make(number)
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status not in good:
                wrong.append(answer.status)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if wrong:
        raise RuntimeError(f"{len(wrong)} answers were wrong, such as {wrong[0]}")
    return requests / took


class Officer:
    """Somebody signed in, who posts the record form with the session's own token."""

    def __init__(
        self, port: int, username: str, villages: list[str], identities: list[str], page: str = "/record"
    ) -> None:
        self.villages, self.identities, self.used = villages, identities, itertools.count()
        connection = http.client.HTTPConnection("127.0.0.1", port)
        cookie, token = self._token(connection, "/sign-in", "")
        form = urlencode({"username": username, "password": PASSWORD, "csrf_token": token})
        connection.request("POST", "/sign-in", form, self._headers(cookie))
        answer = connection.getresponse()
        answer.read()
        self.cookie, self.token = self._token(connection, page, self._session(answer, cookie))

    @staticmethod
    def _headers(cookie: str) -> dict[str, str]:
        return {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}

    def _token(self, connection: http.client.HTTPConnection, path: str, cookie: str) -> tuple[str, str]:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        page = answer.read().decode()
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found is not None, (path, answer.status)
        return self._session(answer, cookie), found[1]

    @staticmethod
    def _session(answer: http.client.HTTPResponse, before: str) -> str:
        """Return the session's cookie after an answer; the one before where the answer set none."""
        fresh = [value.split(";")[0] for value in answer.headers.get_all("Set-Cookie", [])]
        return next((one for one in fresh if one.startswith("trafficedu=")), before)

    def form(self, _number: int) -> tuple[str, str, dict[str, str]]:
        """Return one violation of a rider not yet used."""
        rider = next(self.used)
        body = urlencode(
            {
                "csrf_token": self.token,
                "client_reference": secrets.token_hex(16),
                "kind": "2007",
                "occurred_at": datetime.now(clock.SHANGHAI).strftime("%Y-%m-%dT%H:%M"),
                "area_code": self.villages[rider % len(self.villages)],
                "place": "测速路口",
                "source": "field",
                "offender": "rider",
                "penalty": "fine",
                "fine_yuan": "20",
                "id_type": "identity_card",
                "id_number": self.identities[rider],
                "name": "测速",
                "company_code": "auto",
            }
        )
        return "/record", body, self._headers(self.cookie)


def measure(url: str, requests: int, rounds: int) -> None:
    """Print the rates of both, round by round, and the median of the ratios."""
    username, villages, identities = prepare((requests + 40) * rounds)
    ratios = []
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    with served("trafficedu.app:create_app()", url) as full:
        officer = Officer(full, username, villages, identities)
    for turn in range(rounds):
        with served("tests.benchmarks.recording:bare_app()", url) as bare:
            rate(bare, 40, lambda _n: ("/", "", headers), {200})
            plain = rate(bare, requests, lambda _n: ("/", "", headers), {200})
        with served("trafficedu.app:create_app()", url) as full:
            rate(full, 40, officer.form, {302, 303})
            recorded = rate(full, requests, officer.form, {302, 303})
        ratios.append(recorded / plain)
        print(f"round {turn + 1}: bare {plain:7.1f}/s  recording {recorded:7.1f}/s  ratio {ratios[-1]:.3f}")  # noqa: T201
    print(f"median ratio {statistics.median(ratios):.3f} (at least 0.25, aim 0.4)")  # noqa: T201


def main() -> None:
    """Run on the database named on the command line; on a busy machine many short rounds say more."""
    options = options_of(__doc__, rounds=3, requests=600)
    with fresh_database(options.database) as url:
        measure(url, options.requests, options.rounds)


if __name__ == "__main__":
    main()
