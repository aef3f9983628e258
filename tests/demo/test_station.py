"""The station of the demo while a session goes on, at any hour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.core.clock import local_date
from trafficedu.demo.plan import Plan
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.door import DoorTap
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask
from trafficedu.education.queries.sessions import list_roster
from trafficedu.education.rules.door import Outcome
from trafficedu.education.rules.states import TaskState
from trafficedu.issued.models import Document
from trafficedu.quizzes.models import Question
from trafficedu.reaching.models import RiderContact, RiderMessage
from trafficedu.reaching.rules.telling import MessageState

NOW = datetime(2026, 6, 17, 8, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 16, 16, 10, tzinfo=UTC)
"""Ten minutes into a day: the session began the day before."""
PLAN = Plan(violations=900, months=6, seed=7)
Elsewhere = Callable[[Plan, datetime], Session]


@pytest.fixture(params=[NOW, MIDNIGHT], ids=["afternoon", "midnight"])
def station(request: pytest.FixtureRequest, demo: Session, elsewhere: Elsewhere) -> tuple[Session, datetime]:
    """The demo at some hour, and the hour."""
    return (demo if request.param == NOW else elsewhere(PLAN, request.param)), request.param


def going_on(session: Session, now: datetime) -> StudySession:
    """Return the session that goes on at the station of the documented account."""
    clerk = session.scalars(select(User).where(User.username == "station")).one()
    query = select(StudySession).where(
        StudySession.station_id == clerk.station_id, StudySession.starts_utc <= now, StudySession.ends_utc > now
    )
    return session.scalars(query.order_by(StudySession.id.desc()).limit(1)).one()


def attendances(session: Session, now: datetime) -> Sequence[Attendance]:
    roster = list_roster(session, going_on(session, now).id)
    return [booking.attendance for booking in roster if booking.attendance is not None]


def test_a_session_goes_on_and_nothing_in_it_lies_ahead(station: tuple[Session, datetime]) -> None:
    session, now = station
    study = going_on(session, now)
    came = attendances(session, now)
    assert study.seats_taken == len(list_roster(session, study.id)) >= len(came) > 0
    assert all(one.checked_in_utc <= now for one in came)
    assert all(record.started_utc <= now for one in came for record in one.modules)
    here = select(DoorTap.outcome).join(DoorTap.booking).where(Booking.session_id == study.id)
    assert Outcome.DONE in set(session.scalars(here))


def test_the_station_has_days_behind_it(station: tuple[Session, datetime]) -> None:
    session, now = station
    reports = session.scalars(select(Document).where(Document.kind == "station_day")).all()
    assert len(reports) == 2
    assert session.scalar(select(func.count()).where(Question.newest > 1)) == 1
    assert session.scalar(select(func.count()).where(StudySession.state == "cancelled")) == 1
    assert session.scalar(select(func.count()).where(RiderContact.declined)) == 3
    paused = session.scalars(select(StudyTask).where(StudyTask.paused_until.is_not(None))).all()
    assert paused
    assert all(task.state == TaskState.AWAY for task in paused)
    assert all(task.paused_until and task.paused_until > local_date(now) for task in paused)
    phones = session.scalars(
        select(func.count(Attendance.id)).where(Attendance.device.is_not(None)).group_by(Attendance.device)
    ).all()
    assert max(phones) == 4


def test_messages_of_the_last_days_ended_in_every_way(station: tuple[Session, datetime]) -> None:
    states = set(station[0].scalars(select(RiderMessage.state)))
    assert set(MessageState) - states <= {MessageState.SENDING, MessageState.DECLINED}
