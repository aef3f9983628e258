"""Two hundred riders for twenty seats, and check-ins that are each sent twice, beside a light page in the same run.

Posted by eight clients over kept connections, in turn as a browser without scripts does it, the redirect not followed,
and as the pages' own script does it, which is told a sentence or the piece that has changed. Exactly twenty get a seat,
and every rider is checked in once: both are asserted, whatever the pace. Printed are requests a minute.

    .venv/bin/python -m tests.benchmarks.contested --database sqlite
    .venv/bin/python -m tests.benchmarks.contested --database postgresql
"""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.benchmarks.fresh import filling, fresh_database, options_of
from tests.benchmarks.recording import Officer, served
from tests.factories.education import make_rider, make_session
from tests.factories.people import make_user
from trafficedu.app import create_app
from trafficedu.areas.models import VILLAGE, Area
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.database import database
from trafficedu.core.numbers import new_number
from trafficedu.demo.plan import Plan
from trafficedu.demo.services import load_demo
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask
from trafficedu.education.queries.courses import find_course
from trafficedu.stations.models import Station

CLIENTS, SEATS, RIDERS, ROSTER = 8, 20, 200, 40
LIGHT = "/messages"
WAYS = {"form": 303, "short": 200}
"""How it is posted, and what says that it was done."""
Request = tuple[str, str, str]


@dataclass(frozen=True)
class Turn:
    """One round: the session that everybody wants, the tasks of those who want it, the check-ins to be sent."""

    session_id: int
    number: str
    tasks: Sequence[str]
    check_ins: Sequence[str]


def prepare(rounds: int) -> tuple[str, str, list[Turn]]:
    """Fill a database with a demo district; return a supervisor, somebody at the station, and what each round needs."""
    with filling() as session:
        load_demo(session, Plan(2_000, 6), utc_now())
        village = session.scalars(select(Area).where(Area.level == VILLAGE).order_by(Area.code)).first()
        district = session.scalars(select(Area).where(Area.parent_id.is_(None))).one()
        assert village is not None
        station = Station(code="BENCH", name="测速站", area_id=village.id, seats=ROSTER)
        session.add(station)
        session.flush()
        add_choice(session, station)
        manager = make_user(session, "supervisor", area_id=district.id).username
        staff = make_user(session, "station", station_id=station.id).username
        turns = [add_turn(session, station, village) for _ in range(rounds)]
    return manager, staff, turns


def add_choice(session: Session, station: Station) -> None:
    """Add forty sessions with free seats: the page offers as many."""
    for number in range(40):
        make_session(session, station, utc_now() + timedelta(days=3, minutes=number), capacity=ROSTER)


def add_turn(session: Session, station: Station, village: Area) -> Turn:
    """Add a session of twenty seats that two hundred riders want, and five rosters of today to be checked in."""
    wanted = make_session(session, station, utc_now() + timedelta(days=2), capacity=SEATS)
    tasks = [add_task(session, village).number for _ in range(RIDERS)]
    check_ins = []
    for _ in range(RIDERS // ROSTER):
        study = make_session(session, station, utc_now(), capacity=ROSTER)
        for _ in range(ROSTER):
            task = add_task(session, village, state="booked")
            session.add(Booking(task_id=task.id, session_id=study.id, booked_utc=utc_now()))
            check_ins.append(f"/sessions/{study.number}/riders/{task.number}/check-in")
        study.seats_taken = ROSTER
    session.flush()
    return Turn(wanted.id, wanted.number, tasks, check_ins)


def add_task(session: Session, village: Area, state: str = "open") -> StudyTask:
    """Add a rider of the village who owes a study."""
    today = local_date(utc_now())
    task = StudyTask(
        number=new_number("T"),
        rider_id=make_rider(session, village).id,
        course_id=find_course(session, "basic").id,
        area_id=village.id,
        opened_utc=utc_now(),
        opened_on=today,
        due_on=today + timedelta(days=15),
        state=state,
    )
    session.add(task)
    session.flush()
    return task


def send(port: int, requests: Sequence[Request], cookie: str, way: str = "form") -> tuple[float, Counter[int], int]:
    """Send everything from eight clients; return requests a minute, the statuses, and the bytes of the answers."""
    queue, lock, statuses, size = iter(requests), threading.Lock(), Counter[int](), 0

    def work() -> None:
        nonlocal size
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        if way == "short":
            headers["Accept"] = "application/json"
        while True:
            with lock:
                request = next(queue, None)
            if request is None:
                return
            method, path, body = request
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            read = len(answer.read())
            with lock:
                statuses[answer.status] += 1
                size += read

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(requests) / (time.perf_counter() - began) * 60, statuses, size


def sign_in(port: int, username: str) -> tuple[str, str]:
    """Return the cookie and the token of somebody signed in."""
    somebody = Officer(port, username, [], [], page="/messages")
    return somebody.cookie, somebody.token


def measure(url: str, rounds: int, warm: int = 1) -> None:
    """Print what each round made a minute, and of each way the medians and their ratios to the light page."""
    supervisor, staff, turns = prepare((rounds + warm) * len(WAYS))
    paces: dict[str, list[tuple[float, float, float]]] = {way: [] for way in WAYS}
    with served("trafficedu.app:create_app()", url) as port:
        people = sign_in(port, supervisor), sign_in(port, staff)
        for number, turn in enumerate(turns):
            way = list(WAYS)[number % len(WAYS)]
            pace = take_turn(port, turn, way, *people)
            if number >= warm * len(WAYS):
                paces[way].append(pace)
    assert_exact(turns)
    for way, values in paces.items():
        light, seats, arrivals = (statistics.median(column) for column in zip(*values, strict=True))
        print(f"{way}: seats {seats:.0f} a minute ({seats / light:.2f} of {LIGHT}), ", end="")  # noqa: T201
        print(f"check-ins {arrivals:.0f} a minute ({arrivals / light:.2f})")  # noqa: T201


def take_turn(
    port: int, turn: Turn, way: str, manager: tuple[str, str], desk: tuple[str, str]
) -> tuple[float, float, float]:
    """Send one round in one way; return requests a minute: of the light page, of seats, of check-ins."""
    done = WAYS[way]
    light, _, _ = send(port, [("GET", LIGHT, "")] * RIDERS, manager[0])
    seat = urlencode({"session": turn.number, "csrf_token": manager[1]})
    wanted = [("POST", f"/education/{task}/seat", seat) for task in turn.tasks]
    seats, statuses, size = send(port, wanted, manager[0], way)
    assert statuses == {done: SEATS, 422: RIDERS - SEATS}, statuses
    token = urlencode({"csrf_token": desk[1]})
    twice = [("POST", path, token) for path in turn.check_ins for _ in range(2)]
    arrivals, arrived, _ = send(port, twice, desk[0], way)
    assert arrived == {done: 2 * RIDERS}, arrived
    line = f"{way:5} {LIGHT} {light:6.0f}  seats {seats:6.0f} ({size // RIDERS} bytes)  check-ins {arrivals:6.0f}"
    print(line, flush=True)  # noqa: T201
    return light, seats, arrivals


def assert_exact(turns: Sequence[Turn]) -> None:
    """Raise where a seat was given twice or not at all, or a rider was checked in twice or not at all."""
    app = create_app()
    with app.app_context(), database().sessionmaker() as session:
        for turn in turns:
            taken = session.get_one(StudySession, turn.session_id).seats_taken
            booked = session.scalar(select(func.count()).where(Booking.session_id == turn.session_id))
            assert (taken, booked) == (SEATS, SEATS), (taken, booked)
        present = session.scalar(
            select(func.count())
            .select_from(Attendance)
            .join(Booking)
            .join(StudySession)
            .where(StudySession.station.has(code="BENCH"))
        )
        assert present == RIDERS * len(turns), present


def main() -> None:
    """Run on the database named on the command line."""
    options = options_of(__doc__, rounds=5)
    with fresh_database(options.database) as url:
        measure(url, options.rounds)


if __name__ == "__main__":
    main()
