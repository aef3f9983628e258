"""Sessions on the edges of the calendar: around midnight and New Year, on the 29th of February; the day of a code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.education import District, assign, make_rider, make_session, make_violation
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import local_date
from trafficedu.education.models.courses import StudySession
from trafficedu.education.queries.sessions import list_of_today
from trafficedu.education.rules.door import Outcome
from trafficedu.education.services import arriving, signing, study
from trafficedu.education.services.arriving import Answer, Asked

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
EDGES = {
    "midnight": datetime(2026, 11, 24, 15, 58, tzinfo=UTC),  # 23:58 in Shanghai
    "New Year": datetime(2026, 12, 31, 15, 50, tzinfo=UTC),
    "the first minute of a year": datetime(2026, 12, 31, 16, 0, tzinfo=UTC),
    "29 February": datetime(2028, 2, 29, 1, 0, tzinfo=UTC),
    "into 29 February": datetime(2028, 2, 28, 15, 55, tzinfo=UTC),
    "into 1 March": datetime(2028, 2, 29, 15, 55, tzinfo=UTC),
    "28 February of another year": datetime(2027, 2, 28, 15, 55, tzinfo=UTC),
}


def booked(session: Session, district: District, starts: datetime, name: str = "张测试") -> str:
    """Return the number of the receipt of a rider who has a seat in the only session."""
    violation = make_violation(session, make_rider(session, district.a, name), district.a, starts - 2 * DAY)
    assert assign(session, violation, SYSTEM, starts - 2 * DAY) is not None
    return violation.number


def shown(session: Session, held: StudySession, code: str, staff: Actor, at: datetime) -> Answer:
    return arriving.answer(session, Asked(held, code, at, at), staff)


@pytest.mark.parametrize("starts", EDGES.values(), ids=EDGES)
def test_a_session_goes_on_over_the_edge_of_a_day(
    session: Session, district: District, staff: Actor, starts: datetime
) -> None:
    held = make_session(session, district.at_a, starts)
    early, late = booked(session, district, starts), booked(session, district, starts, "李测试")
    before, after = starts - 5 * MINUTE, starts + 12 * MINUTE
    assert shown(session, held, early, staff, before).outcome == Outcome.DONE
    assert shown(session, held, late, staff, after).outcome == Outcome.DONE
    for moment in (before, after, starts + 40 * MINUTE):
        assert held in list_of_today(session, staff, moment), "it is on, whatever the day"
    booking = arriving.answer(session, Asked(held, late, after, after), staff).booking
    assert booking is not None
    now = after
    for module in held.plan.modules:
        study.start_module(session, booking, module.id, staff, now)
        now += module.minimum_minutes * MINUTE
        study.end_module(session, booking, module.id, staff, now)
    study.record_quiz(session, booking, 90, staff, now)
    certificate = signing.sign_off(session, booking, staff, now)
    assert booking.task.completed_on == local_date(now)
    assert certificate.issued_utc == now
    assert booking.attendance is not None
    assert [record.minutes for record in booking.attendance.modules] == [
        one.minimum_minutes for one in held.plan.modules
    ]


@pytest.mark.parametrize("starts", EDGES.values(), ids=EDGES)
def test_a_code_of_another_day_says_so_and_checks_nobody_in(
    session: Session, district: District, staff: Actor, starts: datetime
) -> None:
    held = make_session(session, district.at_a, starts)
    code = booked(session, district, starts)
    other = make_session(session, district.at_a, starts - DAY)
    told = shown(session, other, code, staff, starts - DAY)
    assert told.outcome == Outcome.OTHER_DAY
    assert f"{held.starts_on.month}" in str(told.text)
    assert held.seats_taken == 1
