"""Real commits from many threads: a seat is never given twice, a rider never gets two tasks, nobody teaches twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from threading import Barrier

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.education import (
    assign,
    course,
    make_area,
    make_district,
    make_kind,
    make_rider,
    make_session,
    make_station,
    make_violation,
)
from tests.factories.people import make_user
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import SHANGHAI, today, utc_now
from trafficedu.core.database import database
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.transactions import WRITES
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.services import seats
from trafficedu.education.services.sessions import NewSession, create_session
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station
from trafficedu.violations.events import ViolationEstablished
from trafficedu.violations.models.records import Violation

THREADS, EACH = 20, 10


def in_threads(app: Flask, work: Callable[[Session, int], None], count: int, threads: int = THREADS) -> None:
    def one(number: int) -> None:
        with app.app_context(), database().sessionmaker(info=WRITES) as session:
            work(session, number)
            session.commit()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(count)))


def tally(session: Session, study_id: int) -> tuple[int, int, int, int]:
    count = select(func.count())
    return (
        session.scalar(select(StudySession.seats_taken).where(StudySession.id == study_id)) or 0,
        session.scalar(count.select_from(Booking).where(Booking.state == "booked")) or 0,
        session.scalar(count.select_from(StudyTask).where(StudyTask.state == "booked")) or 0,
        session.scalar(count.select_from(StudyTask).where(StudyTask.state == "open")) or 0,
    )


def test_two_hundred_violations_at_once_fill_exactly_twenty_seats(fresh_app: Flask) -> None:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        district = make_district(session)
        study = make_session(session, district.at_a, utc_now() + timedelta(days=2), capacity=20)
        violations = [
            make_violation(session, make_rider(session), district.a, utc_now()).id for _ in range(THREADS * EACH)
        ]
        study_id = study.id
        session.commit()

    in_threads(
        fresh_app,
        lambda session, n: publish(session, ViolationEstablished(utc_now(), SYSTEM, violations[n])),
        THREADS * EACH,
    )
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        assert tally(session, study_id) == (20, 20, 20, 180)


def test_two_hundred_bookings_of_waiting_tasks_fill_exactly_twenty(fresh_app: Flask) -> None:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        district = make_district(session)
        tasks = []
        for _ in range(THREADS * EACH):
            task = assign(
                session, make_violation(session, make_rider(session), district.a, utc_now()), SYSTEM, utc_now()
            )
            assert task is not None
            tasks.append(task.id)
        study = make_session(session, district.at_a, utc_now() + timedelta(days=2), capacity=20)
        study_id = study.id
        session.commit()

    def book(session: Session, number: int) -> None:
        seats.book(session, session.get_one(StudyTask, tasks[number]), SYSTEM, utc_now())

    in_threads(fresh_app, book, THREADS * EACH)
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        assert tally(session, study_id) == (20, 20, 20, 180)


def test_violations_of_one_rider_at_once_share_one_task(fresh_app: Flask) -> None:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        district = make_district(session)
        for code in ("basic", "intermediate", "intensive"):
            make_session(session, district.at_a, utc_now() + timedelta(days=2), code=code)
        make_kind(session)
        rider_id, area_id = make_rider(session).id, district.a.id
        session.commit()

    def record(session: Session, _number: int) -> None:
        rider, area = session.get_one(Rider, rider_id), session.get_one(Area, area_id)
        publish(session, ViolationEstablished(utc_now(), SYSTEM, make_violation(session, rider, area, utc_now()).id))

    in_threads(fresh_app, record, THREADS)
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        task = session.scalars(select(StudyTask)).one()
        assert (task.course.code, len(task.links), task.state) == ("intensive", THREADS, "booked")
        assert session.scalar(select(func.count()).select_from(Violation)) == THREADS
        assert session.scalar(select(func.sum(StudySession.seats_taken))) == 1


def test_moves_in_opposite_directions_do_not_wait_for_each_other(fresh_app: Flask) -> None:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        district = make_district(session)
        starts = utc_now() + timedelta(days=2)
        studies = [make_session(session, station, starts, 40).id for station in (district.at_a, district.at_b)]
        tasks = []
        for _ in range(THREADS):
            violation = make_violation(session, make_rider(session), district.a, utc_now())
            task = assign(session, violation, SYSTEM, utc_now())
            assert task is not None
            tasks.append(task.id)
        session.commit()

    def move(session: Session, number: int) -> None:
        for target in (studies[number % 2], studies[1 - number % 2], studies[0]):
            study = session.get_one(StudySession, target)
            seats.move_booking(session, session.get_one(StudyTask, tasks[number]), study, SYSTEM, utc_now())
            session.commit()

    in_threads(fresh_app, move, THREADS)
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        assert session.get_one(StudySession, studies[0]).seats_taken == THREADS
        assert session.get_one(StudySession, studies[1]).seats_taken == 0


def test_stations_that_plan_a_lecturer_at_one_instant_follow_each_other(fresh_app: Flask) -> None:
    """Stations that have nothing else in common; each time of day is wanted by all of them."""
    rounds = 4
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        stations = [make_station(session, make_area(session, "district")) for _ in range(5)]
        staff = [make_user(session, "station", station_id=station.id).id for station in stations]
        ids = [station.id for station in stations]
        session.commit()
    first = datetime.combine(today() + timedelta(days=3), time(9), SHANGHAI).astimezone(UTC)
    together, refused = Barrier(len(ids), timeout=60), list[str | None]()

    def plan(session: Session, number: int) -> None:
        at = number % len(ids)
        by, station = actor_of(session.get_one(User, staff[at])), session.get_one(Station, ids[at])
        starts = first + timedelta(hours=number // len(ids) * 2)
        new = NewSession(course(session), station, starts, 20, "张老师")
        session.rollback()
        together.wait()
        try:
            create_session(session, new, by, utc_now())
        except Refusal as refusal:
            session.rollback()
            refused.append(refusal.field)

    in_threads(fresh_app, plan, rounds * len(ids), len(ids))
    with fresh_app.app_context(), database().sessionmaker() as session:
        held = session.execute(select(StudySession.starts_utc, func.count()).group_by(StudySession.starts_utc))
        assert refused == ["lecturer"] * rounds * (len(ids) - 1)
        assert sorted(held.tuples()) == [(first + timedelta(hours=2 * number), 1) for number in range(rounds)]
