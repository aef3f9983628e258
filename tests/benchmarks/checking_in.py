"""Check-ins at the door over HTTP, each sent twice at once, beside an empty page, a light one and a bare insert.

Three hundred riders in ten sessions a round; five clerks' devices scan them over eight kept connections, as the page's
script does. The application is served by gunicorn with the configuration of ``trafficedu serve``; the bare insert
(``tests.benchmarks.recording``) by the same, alone while its turn lasts. That every rider is in once is asserted.
Printed are answers a second, the median and the 95th percentile of one answer in milliseconds, and ratios of the rate.

    .venv/bin/python -m tests.benchmarks.checking_in --database sqlite
    .venv/bin/python -m tests.benchmarks.checking_in --database postgresql
"""

from __future__ import annotations

import http.client
import statistics
import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.benchmarks.contested import sign_in
from tests.benchmarks.fresh import add_bare_table, filling, fresh_database, options_of
from tests.benchmarks.recording import bare_app, served
from tests.factories.education import District, make_district, make_rider, make_session, make_task
from tests.factories.people import make_user
from trafficedu.app import create_app
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import database
from trafficedu.education.models.tasks import Attendance, Booking

SESSIONS, EACH, CLERKS, CONNECTIONS = 10, 30, 5, 8
RIDERS = SESSIONS * EACH
EMPTY, LIGHT = "/healthz", "/messages"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
__all__ = ["bare_app", "main"]


@dataclass(frozen=True)
class Request:
    """What is sent once, on whose account."""

    method: str
    path: str
    fields: tuple[tuple[str, str], ...] = ()
    account: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Pace:
    """How fast answers came: how many a second, and how long one took."""

    rate: float
    median: float
    p95: float

    def __str__(self) -> str:
        return f"{self.rate:6.0f} /s  p50 {self.median:6.1f} ms  p95 {self.p95:6.1f} ms"


def prepare(rounds: int) -> tuple[list[str], list[list[tuple[str, str]]]]:
    """Fill a database; return the clerks, and of each round sessions and the tasks of those who come to them."""
    with filling() as session:
        add_bare_table(session)
        district = make_district(session)
        clerks = [make_user(session, "station", station_id=district.at_a.id).username for _ in range(CLERKS)]
        filled = [fill(session, district) for _ in range(rounds)]
    return clerks, filled


def fill(session: Session, district: District) -> list[tuple[str, str]]:
    """Add the sessions of a round, all seats taken."""
    seats = []
    for number in range(SESSIONS):
        starts = utc_now() + timedelta(minutes=45, seconds=number)
        study = make_session(session, district.at_a, starts, EACH, seats_taken=EACH)
        for _ in range(EACH):
            rider = make_rider(session, district.a)
            task = make_task(session, rider, district.a, state="booked", due_on=today() + timedelta(days=15))
            session.add(Booking(task_id=task.id, session_id=study.id, booked_utc=utc_now()))
            seats.append((study.number, task.number))
    session.flush()
    return seats


def send(port: int, requests: Sequence[Request], good: set[int]) -> Pace:
    """Send everything over kept connections at once; RuntimeError for an answer that is none of the ``good`` ones."""
    queue, lock, took, statuses = iter(requests), threading.Lock(), list[float](), Counter[int]()

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with lock:
                request = next(queue, None)
            if request is None:
                return
            cookie, token = request.account
            body = urlencode([*request.fields, ("csrf_token", token)]) if request.method == "POST" else None
            began = time.perf_counter()
            connection.request(request.method, request.path, body, {**FORM, "Cookie": cookie})
            answer = connection.getresponse()
            answer.read()
            with lock:
                took.append(time.perf_counter() - began)
                statuses[answer.status] += 1

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = time.perf_counter() - began
    if set(statuses) - good:
        raise RuntimeError(f"not what was expected: {statuses}")
    return Pace(len(requests) / whole, statistics.median(took) * 1e3, statistics.quantiles(took, n=20)[-1] * 1e3)


def taps_of(seats: Sequence[tuple[str, str]], accounts: Sequence[tuple[str, str]]) -> list[Request]:
    """Return each rider's scan twice, one right after the other, so that both are on their way at once."""
    taps = []
    for number, (study, task) in enumerate(seats):
        fields = (("words", task), ("nonce", str(uuid.uuid4())))
        taps += [Request("POST", f"/sessions/{study}/arrivals", fields, accounts[number % len(accounts)])] * 2
    return taps


def measure(url: str, rounds: int) -> None:
    """Print what each round made, and of all the medians and their ratios."""
    clerks, filled = prepare(rounds + 1)
    made: dict[str, list[Pace]] = {"empty": [], "light": [], "bare": [], "check-in": []}
    for number, seats in enumerate(filled):
        with served("tests.benchmarks.checking_in:bare_app()", url) as port:
            send(port, [Request("POST", "/")] * 40, {200})
            turn = {"bare": send(port, [Request("POST", "/")] * RIDERS, {200})}
        with served("trafficedu.app:create_app()", url) as port:
            accounts = [sign_in(port, name) for name in clerks]
            turn["empty"] = send(port, [Request("GET", EMPTY)] * RIDERS, {200})
            turn["light"] = send(port, [Request("GET", LIGHT, (), accounts[0])] * RIDERS, {200})
            turn["check-in"] = send(port, taps_of(seats, accounts), {200})
        for name, pace in turn.items():
            print(f"{'warm' if number == 0 else number:>4}  {name:9}{pace}", flush=True)  # noqa: T201
            if number:
                made[name].append(pace)
    assert_exact((rounds + 1) * RIDERS)
    rates = {name: statistics.median(pace.rate for pace in paces) for name, paces in made.items()}
    middle = [statistics.median(getattr(pace, name) for pace in made["check-in"]) for name in ("median", "p95")]
    print(f"check-ins sent: {rates['check-in']:.0f} /s, {rates['check-in'] / 2:.0f} riders /s, ", end="")  # noqa: T201
    print(f"p50 {middle[0]:.0f} ms, p95 {middle[1]:.0f} ms; of the rate of ", end="")  # noqa: T201
    print(", ".join(f"{name} {rates['check-in'] / rates[name]:.2f}" for name in ("empty", "light", "bare")))  # noqa: T201


def assert_exact(riders: int) -> None:
    """Raise where a rider was checked in twice or not at all."""
    app = create_app()
    with app.app_context(), database().sessionmaker() as session:
        counts = func.count(Attendance.id), func.count(Attendance.booking_id.distinct())
        present = session.execute(select(*counts)).tuples().one()
        assert present == (riders, riders), present


def main() -> None:
    """Run on the database named on the command line."""
    options = options_of(__doc__, rounds=5)
    with fresh_database(options.database) as url:
        measure(url, options.rounds)


if __name__ == "__main__":
    main()
