"""A district whose station is served over HTTP as in production, with as many riders as a test needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.education import District, make_district, make_rider, make_task, make_violation
from tests.factories.people import make_user
from tests.loading import served
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import database
from trafficedu.core.transactions import WRITES
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, TaskViolation
from trafficedu.education.rules.states import BookingState
from trafficedu.riders.queries.people import last_four

CLERKS = 5


@dataclass(frozen=True)
class Seat:
    """One rider as a clerk knows them: the session, the task, the receipt."""

    session: str
    task: str
    receipt: str
    last_four: str = ""


@pytest.fixture
def crowded(fresh_app: Flask) -> District:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES, expire_on_commit=False) as session:
        district = make_district(session)
        session.commit()
        return district


@pytest.fixture
def clerks(fresh_app: Flask, crowded: District) -> list[str]:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        names = [make_user(session, "station", station_id=crowded.at_a.id).username for _ in range(CLERKS)]
        session.commit()
        return names


@pytest.fixture
def address(fresh_app: Flask, fresh_url: str, data_key: str, tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()
    with served(fresh_url, data_key, folder) as address:
        yield address


def seat_of(session: Session, district: District, study: StudySession | None = None) -> Seat:
    """Add a rider who owes a study, with a seat in a session where one is given."""
    rider, state = make_rider(session, district.a), "booked" if study else "open"
    violation = make_violation(session, rider, district.a, utc_now() - timedelta(days=1))
    task = make_task(session, rider, district.a, state=state, due_on=today() + timedelta(days=15))
    session.add(TaskViolation(violation_id=violation.id, task_id=task.id))
    if study is not None:
        session.add(Booking(task_id=task.id, session_id=study.id, booked_utc=utc_now()))
    return Seat(study.number if study else "", task.number, violation.number, last_four(session, rider))


def assert_counted(session: Session) -> None:
    """Hold the counter of each session against its bookings, and both against its seats."""
    live = Booking.state != BookingState.CANCELLED  # who did not come kept the seat
    rows = session.execute(
        select(StudySession.seats_taken, StudySession.capacity, func.count(Booking.id).filter(live))
        .outerjoin(Booking, Booking.session_id == StudySession.id)
        .group_by(StudySession.id)
    ).tuples()
    for taken, capacity, booked in rows:
        assert taken == booked <= capacity
