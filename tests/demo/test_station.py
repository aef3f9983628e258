"""The station of the demo while a session goes on, at any hour: everything a station knows has happened there."""

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
from trafficedu.education.models.rooms import VrTurn
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask
from trafficedu.education.queries.sessions import list_roster
from trafficedu.education.rules.door import Outcome
from trafficedu.education.rules.states import TaskState
from trafficedu.issued.models import Document
from trafficedu.quizzes.models import Attempt, Question
from trafficedu.quizzes.rules.words import AttemptState
from trafficedu.reaching.models import RiderContact, RiderMessage
from trafficedu.reaching.rules.telling import MessageState

NOW = datetime(2026, 6, 17, 8, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 12, 31, 16, 10, tzinfo=UTC)
"""Ten minutes into a year: the session began in the last one."""
PLAN = Plan(violations=900, months=6, seed=7)
Elsewhere = Callable[[Plan, datetime], Session]


@pytest.fixture(params=[NOW, MIDNIGHT], ids=["afternoon", "new-year"])
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


def test_a_session_goes_on_with_check_ins_of_every_kind(station: tuple[Session, datetime]) -> None:
    session, now = station
    study = going_on(session, now)
    roster, came = list_roster(session, study.id), attendances(session, now)
    assert all(one.checked_in_utc <= now for one in came)
    assert study.seats_taken == len(roster) > len(came)
    assert any(one.device for one in came), "by the own phone"
    assert any(one.received_utc and one.received_utc > one.checked_in_utc for one in came), "tapped without a network"
    assert any(one.identified_utc for one in came), "scanned by the clerk"
    assert any(one.has_left for one in came)
    assert any(booking.is_booked for booking in roster), "not here yet"
    here = select(DoorTap.outcome).join(DoorTap.booking).where(Booking.session_id == study.id)
    assert {Outcome.DONE, Outcome.SEATED, Outcome.LATE_SEATED} <= set(session.scalars(here))


def test_its_rooms_its_machines_and_its_quiz_are_in_use(station: tuple[Session, datetime]) -> None:
    session, now = station
    came = attendances(session, now)
    running = {record.module.kind for one in came for record in one.modules if record.ended_utc is None}
    assert {"lecture", "film", "vr", "quiz"} == running
    turns = session.scalars(select(VrTurn)).all()
    assert any(turn.called_utc for turn in turns)
    assert any(turn.missed for turn in turns)
    own = Attempt.attendance_id.in_([one.id for one in came])
    states = set(session.scalars(select(Attempt.state).where(own)))
    assert states == {AttemptState.RUNNING, AttemptState.HANDED_IN}
    assert any(one.quiz_by_hand for one in came)


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
