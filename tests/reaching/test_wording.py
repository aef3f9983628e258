"""What riders are told, and whom to ring up, is what still holds: by the figures, and by what happened since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.education import District, assign, make_session, make_violation
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.services.absence import mark_absent
from trafficedu.education.services.door import check_in
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.queries.log import count_calls, list_calls
from trafficedu.reaching.rules.telling import MessageKind, MessageState
from trafficedu.reaching.services.wording import text_of
from trafficedu.riders.models import Rider

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_who_pauses_for_some_days_is_told_until_when(
    session: Session, district: District, rider: Rider, staff: Actor
) -> None:
    for days in (1, 2):
        make_session(session, district.at_a, NOW + timedelta(days=days))
    task = assign(session, make_violation(session, rider, district.a), SYSTEM, NOW)
    assert task is not None
    for days in (1, 2):
        booking = live_booking(session, task.id)
        assert booking is not None
        mark_absent(session, booking, staff, NOW + timedelta(days=days, minutes=20))
    assert task.is_away
    assert task.paused_until is not None
    missed = select(RiderMessage).where(RiderMessage.kind == MessageKind.MISSED).order_by(RiderMessage.id.desc())
    row = session.scalars(missed).first()
    assert row is not None
    told = text_of(session, row, "zh", NOW + timedelta(days=2, hours=1)) or ""
    assert f"{task.paused_until.isoformat()}前系统不自动安排" in told
    assert "不再自动安排" not in told
    task.paused_until = None
    assert "不再自动安排" in (text_of(session, row, "zh", NOW + timedelta(days=2, hours=1)) or "")


def test_nobody_is_rung_up_about_a_seat_who_came_to_it(
    session: Session, district: District, rider: Rider, staff: Actor
) -> None:
    study = make_session(session, district.at_a, NOW + timedelta(days=1))
    task = assign(session, make_violation(session, rider, district.a), SYSTEM, NOW)
    assert task is not None
    row = session.scalars(select(RiderMessage).where(RiderMessage.task_id == task.id)).one()
    row.state, row.ended_utc = MessageState.NO_WAY, NOW
    session.flush()
    assert [call.message for call in list_calls(session, staff, study.number)] == [row]
    assert count_calls(session, staff) == 1
    check_in(session, task.bookings[0], staff, study.starts_utc)
    assert list_calls(session, staff) == []
    assert count_calls(session, staff) == 0
