"""How long the kerb waits while everything else goes on, in a district of a million violations.

    .venv/bin/python -m tests.benchmarks.kerb --database postgresql
    .venv/bin/python -m tests.benchmarks.kerb --database sqlite

Two officers record, a station checks in, and somebody signs in, each every quarter of a second: first alone, then while
a file of 200,000 violations is imported, all violations are exported, a month is evaluated, and twenty people open the
overview at once, each with another period, again and again until the others have ended. Printed: for each of the three
the percentiles in milliseconds, and every answer that was none; and the same of the overviews. The district
(``districts``; built first where it is not there) is copied, and the copy thrown away.
"""

from __future__ import annotations

import argparse
import itertools
import os
import secrets
import statistics
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, select
from sqlalchemy.orm import Session

from tests.benchmarks.contested import ROSTER, add_task
from tests.benchmarks.districts import DATA, copy_of, drop, environment, name_of, ready, say, server_of
from tests.benchmarks.recording import identity
from tests.benchmarks.violations_import import write_file
from tests.benchmarks.visiting import COMMAND, Reply, Visitor, serving
from tests.factories.education import make_session
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import Role
from trafficedu.app import create_app
from trafficedu.areas.models import VILLAGE, Area
from trafficedu.core import clock
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.database import database
from trafficedu.core.month import Month
from trafficedu.core.settings import load_settings
from trafficedu.core.transactions import WRITES
from trafficedu.demo.accounts import USERNAMES
from trafficedu.education.models.tasks import Booking

ALONE, EVERY, LONGEST = 30.0, 0.25, 600.0
"""Seconds that are measured without anything else, between two requests of one person, and at most with all else."""
IMPORTED, OVERVIEWS, OFFICERS = 200_000, 20, 2
GOALS = {"postgresql": 200, "sqlite": 500}
"""Milliseconds of the 99th percentile that are wanted."""
PATIENCE = 10_000
"""Milliseconds of the same that an overview may take of the twenty meanwhile."""


@dataclass
class Kerb:
    """What the people at the kerb met: by act, milliseconds of each answer, and statuses that were no success."""

    times: dict[str, list[float]] = field(default_factory=dict)
    wrong: dict[str, Counter[str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, act: str, took: float, status: str, success: str = "303") -> None:
        """Take in one answer; any other than ``success`` is none."""
        with self.lock:
            self.times.setdefault(act, []).append(took)
            if status != success:
                self.wrong.setdefault(act, Counter())[status] += 1

    def lines(self, when: str, goal: int) -> Iterator[str]:
        """Yield the lines of the table."""
        for act, times in sorted(self.times.items()):
            p50, p95, p99 = (statistics.quantiles(times, n=100)[place - 1] for place in (50, 95, 99))
            wrong = ", ".join(f"{count} x {status}" for status, count in self.wrong.get(act, {}).items()) or "none"
            mark = "" if p99 < goal and wrong == "none" else "**"
            yield (
                f"| {act} | {when} | {len(times)} | {p50:.0f} / {p95:.0f} / {mark}{p99:.0f}{mark} / {max(times):.0f} "
                f"| {wrong} |"
            )


def prepare(folder: Path, url: str) -> tuple[list[str], list[str]]:
    """Seat people in sessions of today at the station of the demo's user; return villages and check-ins to be sent."""
    app = create_app(load_settings(environment(folder, url)))
    with app.app_context(), database().sessionmaker(info=WRITES) as session:
        villages = session.scalars(select(Area).where(Area.level == VILLAGE).order_by(Area.code).limit(20)).all()
        staff = session.scalars(select(User).where(User.username == USERNAMES[Role.STATION])).one()
        assert staff.station is not None
        check_ins = [
            path for _ in range(int(LONGEST / EVERY / ROSTER) + 4) for path in _roster(session, staff, villages)
        ]
        session.commit()
        return [village.code for village in villages], check_ins


def _roster(session: Session, staff: User, villages: Sequence[Area]) -> Iterator[str]:
    assert staff.station is not None
    study = make_session(session, staff.station, utc_now(), capacity=ROSTER)
    for number in range(ROSTER):
        task = add_task(session, villages[number % len(villages)], state="booked")
        session.add(Booking(task_id=task.id, session_id=study.id, booked_utc=utc_now()))
        yield f"/sessions/{study.number}/riders/{task.number}/check-in"
    study.seats_taken = ROSTER


class People:
    """The people at the kerb, each a thread that acts every quarter of a second, late or not."""

    def __init__(self, port: int, villages: Sequence[str], check_ins: Sequence[str]) -> None:
        self._port, self._villages = port, villages
        self._riders, self._check_ins, self._lock = itertools.count(), iter(check_ins), threading.Lock()
        self._recorders = [Visitor(port, Role.OFFICER) for _ in range(OFFICERS)]
        self._desk = Visitor(port, Role.STATION)
        self._record_token = [one.token("/record") for one in self._recorders]
        self._desk_token = self._desk.token("/messages")

    def act_until(self, ended: Callable[[], bool]) -> Kerb:
        """Let everybody act until something has ended; return what they met."""
        kerb = Kerb()
        acts: list[tuple[str, Callable[[], Reply]]] = [
            *(
                ("record", lambda one=one, token=token: self._record(one, token))
                for one, token in zip(self._recorders, self._record_token, strict=True)
            ),
            ("check in", self._check_in),
            ("sign in", self._sign_in),
        ]
        threads = [threading.Thread(target=self._repeat, args=(kerb, act, send, ended)) for act, send in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return kerb

    def _repeat(self, kerb: Kerb, act: str, send: Callable[[], Reply], ended: Callable[[], bool]) -> None:
        following = time.perf_counter()
        while not ended():
            began = time.perf_counter()
            try:
                reply = send()
            except OSError as error:
                kerb.note(act, 1000 * (time.perf_counter() - began), type(error).__name__)
            else:
                kerb.note(act, reply.took, str(reply.status))
            following = max(following + EVERY, time.perf_counter())
            time.sleep(max(0.0, following - time.perf_counter()))

    def _record(self, officer: Visitor, token: str) -> Reply:
        rider = next(self._riders)
        return officer.post(
            "/record",
            {
                "csrf_token": token,
                "client_reference": secrets.token_hex(16),
                "kind": "2007",
                "occurred_at": datetime.now(clock.SHANGHAI).strftime("%Y-%m-%dT%H:%M"),
                "area_code": self._villages[rider % len(self._villages)],
                "place": "测速路口",
                "source": "field",
                "offender": "rider",
                "penalty": "fine",
                "fine_yuan": "20",
                "id_type": "identity_card",
                "id_number": identity(rider),
                "name": "测速",
                "company_code": "auto",
            },
        )

    def _check_in(self) -> Reply:
        with self._lock:
            path = next(self._check_ins)
        return self._desk.post(path, {"csrf_token": self._desk_token})

    def _sign_in(self) -> Reply:
        somebody = Visitor(self._port, None)
        somebody.role = Role.GRID
        return somebody.sign_in()


@contextmanager
def everything_else(
    folder: Path, url: str, readers: Sequence[Visitor], file: Path, longest: float
) -> Iterator[tuple[Callable[[], bool], Kerb]]:
    """Import, export, evaluate and open overviews; yields what tells whether all that has ended, and the overviews."""
    given = {**os.environ, **environment(folder, url)}
    month = str(Month.of(local_date(utc_now())) - 1)
    commands = {
        "import": ["import", "violations", str(file), "--skip-errors"],
        "export": ["export", "violations", str(file.with_name("exported.csv"))],
        "evaluation": ["evaluate", month],
    }
    began = time.perf_counter()
    running = {
        what: subprocess.Popen([COMMAND, *command], env=given, stdout=subprocess.DEVNULL)
        for what, command in commands.items()
    }
    took: dict[str, str] = {}

    def ended() -> bool:
        for what, process in running.items():
            if what not in took and process.poll() is not None:
                took[what] = f"{what} {time.perf_counter() - began:.0f} s" + (
                    f" (failed: {process.returncode})" if process.returncode else ""
                )
        return len(took) == len(running) or time.perf_counter() - began > longest

    overviews = Kerb()
    reading = [threading.Thread(target=_read_overviews, args=(each, ended, overviews)) for each in enumerate(readers)]
    for thread in reading:
        thread.start()
    try:
        yield ended, overviews
    finally:
        for process in running.values():
            process.terminate()
            process.wait(60)
        for thread in reading:
            thread.join()
        say("; ".join(took.values()))


def _read_overviews(reader: tuple[int, Visitor], ended: Callable[[], bool], overviews: Kerb) -> None:
    """Open the overview with a period of one's own, cold the first time."""
    back, analyst = reader
    last = Month.of(local_date(utc_now())) - 1
    while not ended():
        try:
            reply = analyst.get(f"/overview?first={last - 12 - back}&last={last - back % 12}")
        except OSError:
            continue
        overviews.note("overview", reply.took, str(reply.status), "200")
        time.sleep(1)


def measure(kind: str, folder: Path, url: str, rows: int, longest: float) -> None:
    """Print how the kerb fares alone and with everything else."""
    villages, check_ins = prepare(folder, url)
    file = folder / "violations.csv"
    write_file(file, rows, rows // 4, villages, seed=1)
    with serving(folder, url) as server:
        people = People(server.port, villages, check_ins)
        readers = [Visitor(server.port, Role.ANALYST) for _ in range(OVERVIEWS)]
        until = time.perf_counter() + ALONE
        alone = people.act_until(lambda: time.perf_counter() > until)
        with everything_else(folder, url, readers, file, longest) as (ended, overviews):
            loaded = people.act_until(ended)
        say(f"memory of the server afterwards: {server.memory():.0f} MB")
    say(f"{kind}, wanted: p99 under {GOALS[kind]} ms, every answer a success")
    say("| act | when | answers | p50 / p95 / p99 / longest ms | other answers |")
    say("| --- | --- | --- | --- | --- |")
    for line in (*alone.lines("alone", GOALS[kind]), *loaded.lines("with everything else", GOALS[kind])):
        say(line)
    for line in overviews.lines("meanwhile, at their desks", PATIENCE):
        say(line)


@contextmanager
def throwaway(folder: Path, server: URL | None, violations: int) -> Iterator[str]:
    """Yield the address of a copy of a district."""
    ready(folder, server, violations)
    copied = "kerb"
    yield copy_of(folder, server, name_of(violations), copied)
    drop(folder, server, copied)


def main() -> None:
    """Run on the database named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--violations", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=IMPORTED, help="rows of the file that is imported meanwhile")
    parser.add_argument("--longest", type=float, default=LONGEST, help="seconds with all else, where it takes longer")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    with ExitStack() as undo:
        server = undo.enter_context(server_of(options.database, options.data))
        url = undo.enter_context(throwaway(options.data, server, options.violations))
        measure(options.database, options.data, url, options.rows, options.longest)


if __name__ == "__main__":
    main()
