"""Sums of notices and answers: a page reads what a full count gives, in whatever order things come."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.feedback import World, make_notice, make_rider, make_world
from trafficedu.core.actors import SYSTEM
from trafficedu.core.month import Month, Period
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries import monthly, rates
from trafficedu.feedback.queries.rates import FeedbackCounts
from trafficedu.feedback.rules.policy import Receiver
from trafficedu.settled import services as settling
from trafficedu.settled.models import LateChange
from trafficedu.violations.models.records import Violation

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
FIGURES = [monthly.FIGURE, monthly.OF_COMPANIES]
PERIOD = Period(Month(2026, 8), Month(2026, 11))


def sent(notice: Notice, moment: datetime, answered: datetime | None = None) -> Notice:
    """Date a notice by hand, due after 72 hours; its violation is older than all of them."""
    notice.sent_utc, notice.due_utc, notice.answered_utc = moment, moment + timedelta(hours=72), answered
    notice.violation.occurred_on = date(2026, 8, 1)
    return notice


def settle(session: Session) -> None:
    session.commit()
    settling.settle_due(session, NOW, FIGURES)


def assert_exact(session: Session, world: World) -> None:
    session.commit()
    for area in (world.district, world.town, world.village, world.other_village):
        full = rates.count_feedback(session, SYSTEM, PERIOD.first_day, PERIOD.after, NOW, area.path)
        assert monthly.count_feedback(session, SYSTEM, area.path, PERIOD, NOW) == full
    company = rates.count_feedback(session, SYSTEM, PERIOD.first_day, PERIOD.after, NOW, company_id=world.company.id)
    assert monthly.count_of_company(session, world.company.id, PERIOD, NOW) == company[0]
    assert settling.compare_all(session, FIGURES) == []


def test_a_small_case_by_hand(session: Session) -> None:
    world = make_world(session)

    def to_company(moment: datetime, answered: datetime | None = None) -> Notice:
        return sent(make_notice(session, world.village, company=world.company), moment, answered)

    to_company(datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 10, 6, tzinfo=UTC))  # in time
    open_one = to_company(datetime(2026, 10, 31, 17, tzinfo=UTC))  # November in Shanghai; due, unanswered
    to_company(NOW - timedelta(hours=1))  # not yet due
    resident = make_rider(session, world.other_village)
    sent(make_notice(session, world.village, rider=resident), datetime(2026, 9, 1, tzinfo=UTC))
    settle(session)
    november = Period(Month(2026, 11), Month(2026, 11))
    assert monthly.count_feedback(session, SYSTEM, world.village.path, november, NOW)[0] == FeedbackCounts(
        Receiver.COMPANY, sent=2, answered=0, not_yet_due=1, due=1, answered_on_time=0
    )
    assert_exact(session, world)
    open_one.answered_utc = NOW
    session.commit()
    assert [(row.part, row.n) for row in session.scalars(select(LateChange).order_by(LateChange.figure))] == [
        ("company.answered", 1),
        ("answered", 1),
    ]
    assert monthly.count_feedback(session, SYSTEM, world.town.path, november, NOW)[0].answered == 1
    assert_exact(session, world)


def test_any_order_reads_the_same(session: Session) -> None:
    world = make_world(session)
    chance = random.Random(5)
    made: list[Notice] = []
    for _ in range(24):
        what = chance.random()
        moment = NOW - timedelta(hours=chance.randrange(24 * 100))
        if what < 0.5 or not made:
            village = chance.choice([world.village, world.other_village])
            rider = make_rider(session, chance.choice([world.village, world.other_village]))
            company = chance.choice([None, world.company])
            made.append(sent(make_notice(session, village, rider=rider, company=company), moment))
        elif what < 0.7:
            answered = chance.choice(made)
            assert answered.sent_utc is not None
            answered.answered_utc = min(answered.sent_utc + timedelta(hours=chance.randrange(200)), NOW)
        elif what < 0.78:
            made.pop().state = "voided"  # type: ignore[assignment]
        elif what < 0.86:
            settling.fold(session, monthly.FIGURE)
        else:
            settle(session)
        assert_exact(session, world)
    assert session.scalar(select(Violation.id)) is not None
