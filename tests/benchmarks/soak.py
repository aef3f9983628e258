"""A soak of the server on PostgreSQL: eight clients ask for everything, and dead workers are counted.

Seats of full sessions, check-ins sent twice and taken back, records, lists, sign-ins, over connections that stay and
some that do not. The suspects of a segmentation fault can be left out one at a time; what was found is in
docs/adr/0025-a-crash-below-python.md. An hour of what is shipped, and ten minutes of a control:

    nice -n 19 .venv/bin/python -m tests.benchmarks.soak --minutes 60
    nice -n 19 .venv/bin/python -m tests.benchmarks.soak --minutes 10 --load own
    nice -n 19 .venv/bin/python -m tests.benchmarks.soak --minutes 10 --load crashed --driver python --no-freeze

``--pause`` leaves the machine to others: so many seconds on average between two acts of a client.
"""

from __future__ import annotations

import argparse
import gc
import http.client
import os
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import make_url, select

from tests import databases
from tests.benchmarks.recording import identity
from tests.factories.people import PASSWORD, make_user
from trafficedu.app import create_app
from trafficedu.areas.models import VILLAGE, Area
from trafficedu.core import clock, numbers, schema, serving
from trafficedu.core.actors import SYSTEM
from trafficedu.core.database import close_connections, database
from trafficedu.demo.plan import Plan
from trafficedu.demo.services import load_demo
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.rules.states import BookingState, TaskState
from trafficedu.education.services.seats import move_booking
from trafficedu.stations.models import Station
from trafficedu.wiring.work import REFERENCE

CLIENTS, CONTESTED = 8, 200
LISTS = ("/", "/violations", "/education", "/sessions", "/notices", "/riders", "/record", "/companies", "/messages")


@dataclass
class Place:
    """What the clients work on: accounts, villages, tasks, the session of today and who sits in it."""

    officers: list[str]
    keepers: list[str]
    villages: list[str]
    tasks: list[str]
    today: str
    seated: list[str]


def prepare(url: str) -> Place:
    """Fill a database with a demo district, and a session of today with forty riders."""
    os.environ["TRAFFICEDU_DATABASE_URL"] = url
    app = create_app()
    with app.app_context():
        schema.upgrade(database().engine)
        with database().sessionmaker() as session:
            session.info["writing"] = True
            now = clock.utc_now()
            for load in REFERENCE:
                load(session, now)
            load_demo(session, Plan(5_000, 12), now)
            district = session.scalars(select(Area).where(Area.parent_id.is_(None))).one()
            station = session.scalars(select(Station).limit(1)).one()
            officers = [make_user(session, "officer", area_id=district.id) for _ in range(CLIENTS)]
            keepers = [make_user(session, "station", station_id=station.id) for _ in range(CLIENTS)]
            villages = session.scalars(select(Area.code).where(Area.level == VILLAGE).limit(20)).all()
            booked = select(StudyTask).join(Booking).where(Booking.state == BookingState.BOOKED)
            tasks = session.scalars(booked.where(StudyTask.state == TaskState.BOOKED).limit(CONTESTED + 40)).all()
            starts = now + timedelta(minutes=30)
            today = StudySession(
                number=numbers.new_number("S"),
                course_id=tasks[0].course_id,
                station_id=station.id,
                starts_utc=starts,
                starts_on=clock.local_date(starts),
                ends_utc=starts + timedelta(minutes=50),
                capacity=40,
            )
            session.add(today)
            session.flush()
            seated = [task for task in tasks if task.course_id == today.course_id][:30]
            for task in seated:
                move_booking(session, task, today, SYSTEM, now)
            place = Place(
                [user.username for user in officers],
                [user.username for user in keepers],
                list(villages),
                [task.number for task in tasks if task not in seated],
                today.number,
                [task.number for task in seated],
            )
            session.commit()
        close_connections()
    return place


@dataclass
class Tally:
    """What was answered, by kind of request and status; a closed connection counts as "lost"."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, status: object) -> None:
        """Count one answer."""
        with self.lock:
            self.answers[kind, str(status)] += 1


class Client(threading.Thread):
    """One client: it chooses at random what to ask, as an officer or as station staff."""

    target: tuple[str, int] = ("", CONTESTED)
    """The session all clients want a seat in, and how often it was asked for."""
    pause = 0.0
    """Seconds between two acts, on average."""

    def __init__(self, port: int, place: Place, tally: Tally, until: float, seed: int) -> None:
        super().__init__()
        self.port, self.place, self.tally, self.until = port, place, tally, until
        self.random = random.Random(seed)
        self.officer, self.keeper = place.officers[seed], place.keepers[seed]
        self.connection: http.client.HTTPConnection | None = None
        self.cookies: dict[str, str] = {}
        self.tokens: dict[str, str] = {}

    def run(self) -> None:
        """Ask until the time is over."""
        acts: Sequence[tuple[int, Callable[[], None]]] = [
            (8, self.book),
            (5, self.check_in),
            (5, self.record),
            (4, self.read),
            (1, self.sign_in_anew),
        ]
        weights = [weight for weight, _ in acts]
        while time.monotonic() < self.until:
            time.sleep(self.random.uniform(0, 2 * Client.pause))
            if self.random.random() < 0.3:  # a phone comes and goes
                self.connection = None
            self.random.choices([act for _, act in acts], weights)[0]()

    def ask(self, kind: str, who: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Ask, keep the cookie and the token, and return status and page; a lost connection is status 0."""
        headers = {"Cookie": self.cookies[who]} if who in self.cookies else {}
        body = None if form is None else urlencode({**form, "csrf_token": self.tokens.get(who, "")})
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        fresh = self.connection is None
        connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.connection = connection
        try:
            connection.request("GET" if form is None else "POST", path, body, headers)
            answer = connection.getresponse()
            page = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            self.connection = None
            if fresh:  # a kept connection may be closed by the server between two requests
                self.tally.note(kind, "lost")
            return 0, ""
        self.tally.note(kind, answer.status)
        for cookie in answer.headers.get_all("Set-Cookie", []):
            if cookie.startswith("trafficedu="):
                self.cookies[who] = cookie.split(";")[0]
        if token := re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page):
            self.tokens[who] = token[1]
        return answer.status, page

    def sign_in(self, who: str) -> None:
        """Sign in where this client is not."""
        if who not in self.cookies:
            self.ask("sign-in page", who, "/sign-in")
            status, _ = self.ask("sign-in", who, "/sign-in", {"username": who, "password": PASSWORD})
            if status != 303:
                self.cookies.pop(who, None)
                return
            self.ask("page", who, "/record" if who == self.officer else "/sessions")

    def sign_in_anew(self) -> None:
        """Forget who it was, and sign in."""
        who = self.random.choice([self.officer, self.keeper])
        self.cookies.pop(who, None)
        self.sign_in(who)

    def book(self) -> None:
        """Ask for a seat in the session that everybody wants."""
        who = self.officer
        self.sign_in(who)
        session, asked = Client.target
        task = self.random.choice(self.place.tasks)
        if asked >= CONTESTED:
            _, page = self.ask("seat page", who, f"/education/{task}/seat")
            offered = re.findall(r'name="session"[^>]*value="(S[^"]+)"', page)
            if not offered:
                return
            session, asked = self.random.choice(offered), 0
        Client.target = (session, asked + 1)
        self.ask("seat", who, f"/education/{task}/seat", {"session": session})

    def check_in(self) -> None:
        """Check somebody in, twice as a thumb does, and take it back."""
        who = self.keeper
        self.sign_in(who)
        path = f"/sessions/{self.place.today}/riders/{self.random.choice(self.place.seated)}"
        for end in ("check-in", "check-in", "undo"):
            self.ask(end, who, f"{path}/{end}", {})

    def record(self) -> None:
        """Record a violation of somebody new."""
        who = self.officer
        self.sign_in(who)
        given = {
            "client_reference": secrets.token_hex(16),
            "kind": "2007",
            "occurred_at": datetime.now(clock.SHANGHAI).strftime("%Y-%m-%dT%H:%M"),
            "area_code": self.random.choice(self.place.villages),
            "place": "测试路口",
            "source": "field",
            "offender": "rider",
            "penalty": "fine",
            "fine_yuan": "20",
            "id_type": "identity_card",
            "id_number": identity(self.random.randrange(1_000_000)),
            "name": "测试",
            "company_code": "auto",
        }
        self.ask("record", who, "/record", given)

    def read(self) -> None:
        """Look at one of the lists."""
        who = self.random.choice([self.officer, self.keeper])
        self.sign_in(who)
        self.ask("list", who, self.random.choice(LISTS))


def serve(port: int, crashed: bool, freeze: bool) -> None:
    """Serve as ``trafficedu serve`` does, without what shall be left out.

    ``crashed``: as it did when it crashed, forks of a program that was connected before, frozen one by one.
    """
    frozen = gc.freeze if freeze else lambda: None
    app = create_app()
    if crashed:
        serving.when_ready = lambda _server: None
        serving.post_worker_init = lambda _worker: frozen()
        with app.app_context():
            schema.is_current(database().engine)
            close_connections()
    elif not freeze:
        serving.when_ready = lambda _server: serving.save_memory()
    serving.serve(app, "127.0.0.1", port, lambda _parent: time.sleep(1_000_000))


def started(options: argparse.Namespace, url: str, log: Any) -> subprocess.Popen[bytes]:
    """Start the server under test, with or without the suspects."""
    environment = {**os.environ, "TRAFFICEDU_DATABASE_URL": url, "PSYCOPG_IMPL": options.driver}
    port = str(options.port)
    if options.load == "own":
        environment["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp()
        command = ["-m", "gunicorn", "-c", "python:trafficedu.core.serving", "-b", f"127.0.0.1:{port}"]
        command.append("trafficedu.app:create_app()")
    elif options.load == "shipped" and not options.no_freeze:
        command = ["-c", "from trafficedu.cli import main; main()", "serve", "--port", port]
    else:
        frozen = ["--no-freeze"] if options.no_freeze else []
        command = ["-m", "tests.benchmarks.soak", "--serve", "--load", options.load, "--port", port, *frozen]
    return subprocess.Popen([sys.executable, "-X", "faulthandler", *command], env=environment, stderr=log, stdout=log)


def soak(options: argparse.Namespace, url: str) -> None:
    """Run one configuration and print what came of it."""
    place = prepare(url)
    Client.pause = options.pause
    tally, log = Tally(), Path(options.log or tempfile.mkstemp(prefix="soak-")[1])
    with log.open("wb") as out:
        server = started(options, url, out)
        try:
            for _ in range(600):
                with suppress(OSError):
                    http.client.HTTPConnection("127.0.0.1", options.port, timeout=5).connect()
                    break
                time.sleep(0.1)
            began = time.monotonic()
            until = began + options.minutes * 60
            clients = [Client(options.port, place, tally, until, seed) for seed in range(CLIENTS)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    report(options, tally, log.read_text("utf-8", "replace"), time.monotonic() - began)


def report(options: argparse.Namespace, tally: Tally, log: str, seconds: float) -> None:
    """Print how many requests were answered how, and the workers that died."""
    died = re.findall(r"Worker \(pid:\d+\) was sent (SIG\w+)", log)
    faults = [signal_ for signal_ in died if signal_ not in {"SIGTERM", "SIGQUIT"}]
    what = f"load {options.load}, driver {options.driver}, freeze {not options.no_freeze}, gssencmode {options.gss}"
    total = sum(tally.answers.values())
    took = f"{total} requests in {seconds / 60:.1f} min, workers killed {len(faults)} {faults}"
    print(f"Python {sys.version.split()[0]}, {what}: {took}")  # noqa: T201
    for (kind, status), count in sorted(tally.answers.items()):
        print(f"  {kind:14} {status:5} {count}")  # noqa: T201
    if "Fatal Python error" in log:
        print(log[log.index("Fatal Python error") :][:6000])  # noqa: T201
    sys.stdout.flush()


def main() -> None:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--load", choices=["shipped", "crashed", "own"], default="shipped")
    parser.add_argument("--driver", choices=["binary", "python"], default="binary", help="the variant of psycopg")
    parser.add_argument("--no-freeze", action="store_true", help="without gc.freeze (shipped and crashed)")
    parser.add_argument(
        "--gss", choices=["shipped", "prefer", "disable"], default="shipped", help="gssencmode of libpq"
    )
    parser.add_argument("--pause", type=float, default=0, help="seconds between two acts of a client, on average")
    parser.add_argument("--port", type=int, default=18700)
    parser.add_argument("--log", help="where the server's log goes")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.port, options.load == "crashed", not options.no_freeze)
        return
    with tempfile.TemporaryDirectory() as folder, databases.postgres_server(durable=True) as server:
        os.environ["TRAFFICEDU_INSTANCE"] = folder
        made = make_url(databases.create_postgres_database(server))
        if options.gss != "shipped":
            made = made.update_query_dict({"gssencmode": options.gss})
        soak(options, made.render_as_string(hide_password=False))


if __name__ == "__main__":
    main()
