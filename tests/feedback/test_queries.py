from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.feedback import World, acting, make_notice, make_rider, make_violation
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.clock import utc_now
from trafficedu.core.errors import Missing
from trafficedu.core.events import publish
from trafficedu.feedback.models import Feedback, Notice
from trafficedu.feedback.queries import display, notices, policy, rates
from trafficedu.feedback.queries.display import notices_at
from trafficedu.feedback.queries.notices import NoticeFilter
from trafficedu.feedback.queries.rates import FeedbackCounts
from trafficedu.feedback.rules.policy import Measure, MeasureKind, Receiver
from trafficedu.violations.events import ViolationVoided

AS_OF = datetime(2026, 11, 30, 12, tzinfo=UTC)
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


def sent(notice: Notice, sent_utc: datetime, answered_utc: datetime | None = None) -> Notice:
    """Date a notice by hand, due after 72 hours, and answer it."""
    notice.sent_utc, notice.due_utc = sent_utc, sent_utc + timedelta(hours=72)
    if answered_utc is not None:
        notice.feedback = Feedback(measure=MeasureKind.CRITICISED, answered_utc=answered_utc)
        notice.answered_utc = answered_utc
    return notice


def day(number: int, hour: int = 12, month: int = 11) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


def test_the_two_rates_of_an_example_counted_by_hand(session: Session, world: World) -> None:
    def to_company() -> Notice:
        return make_notice(session, world.village, company=world.company)

    sent(to_company(), day(3), day(4))  # in time
    sent(to_company(), day(5), day(9))  # late by a day
    sent(to_company(), day(6))  # due, unanswered
    sent(to_company(), day(29))  # not yet due on the 30th
    sent(to_company(), day(29), day(30, 11))  # answered before it is due
    sent(to_company(), day(29), day(30, 13))  # answered after the moment of counting: not yet known
    sent(to_company(), day(30, 13))  # sent after the moment of counting
    sent(to_company(), day(30, 12, month=10), day(31, month=10))  # sent in October, due in November, in time
    sent(to_company(), day(31, 17, month=10))  # November in Shanghai, and due
    make_notice(session, world.village, company=world.company, basis=None)  # held
    voided = sent(to_company(), day(4), day(5))
    publish(session, ViolationVoided(utc_now(), SYSTEM, voided.violation_id))
    sent(make_notice(session, world.village, rider=make_rider(session, world.other_village)), day(3), day(4))
    session.flush()

    companies, villages = rates.count_feedback(session, SYSTEM, NOVEMBER, DECEMBER, AS_OF)
    assert companies == FeedbackCounts(Receiver.COMPANY, sent=7, answered=3, not_yet_due=2, due=5, answered_on_time=2)
    assert villages == FeedbackCounts(Receiver.VILLAGE, sent=1, answered=1, not_yet_due=0, due=1, answered_on_time=1)


def test_rates_keep_to_the_scope_and_to_the_area_asked_for(session: Session, world: World) -> None:
    make_notice(session, world.village, company=world.company)
    make_notice(session, world.village, rider=make_rider(session, world.other_village))

    def count(scope: Scope, area_path: str | None = None) -> list[int]:
        by = Actor(None, "", scope=scope)
        now = utc_now()
        start, end = now.date() - timedelta(days=2), now.date() + timedelta(days=2)
        return [row.sent for row in rates.count_feedback(session, by, start, end, now, area_path)]

    assert count(Scope(area_path=world.town.path)) == [1, 1]
    assert count(Scope(area_path=world.village.path)) == [1, 0]
    assert count(Scope(area_path=world.other_village.path)) == [0, 1]
    assert count(Scope(area_path=world.village.path), world.town.path) == [1, 0]
    assert count(Scope(area_path=world.town.path), world.other_village.path) == [0, 1]
    assert count(Scope(company_id=world.company.id)) == [1, 0]
    assert count(Scope(company_id=world.other_company.id)) == [0, 0]
    assert count(Scope(station_id=1)) == [0, 0]
    assert count(Scope()) == [0, 0]


def test_each_reader_sees_own_notices_only(session: Session, world: World, make_user: Callable[..., User]) -> None:
    told = make_notice(session, world.village, company=world.company)
    held = make_notice(session, world.village, company=world.company, basis=None)
    village = make_notice(session, world.village, rider=make_rider(session, world.other_village))
    lost = make_notice(session, world.village)
    sees = {
        ("company", "company_id", world.company.id): {told},
        ("company", "company_id", world.other_company.id): set(),
        ("grid", "area_id", world.other_village.id): {village},
        ("grid", "area_id", world.village.id): set(),
        ("leader", "area_id", world.town.id): {village},
        ("leader", "area_id", world.district.id): {village},
        ("officer", "area_id", world.village.id): {told, held, village, lost},
        ("officer", "area_id", world.other_village.id): {village},
        ("analyst", "area_id", world.district.id): {told, held, village, lost},
        ("administrator", "", 0): set(),
    }
    for (role, post, place), expected in sees.items():
        by = acting(make_user(role, **({post: place} if post else {})))
        found = notices_at(by, utc_now()).page(session, by, NoticeFilter())
        assert {row.notice for row in found.items} == expected, role
        assert found.total == len(expected)
        unanswered = {notice for notice in expected if notice.is_sent}
        in_time, overdue = notices.list_unanswered(session, by, utc_now(), 10)
        assert {*in_time, *overdue} == unanswered
        assert notices.count_unanswered(session, by, utc_now()) == (len(unanswered), 0)
        for notice in (told, held, village, lost):
            if notice not in expected:
                with pytest.raises(Missing):
                    notices.find_notice(session, notice.number, by)


def test_the_least_time_left_comes_first(session: Session, world: World) -> None:
    now = utc_now()
    later = sent(make_notice(session, world.village, company=world.company), now)
    answered = sent(make_notice(session, world.village, company=world.company), now - timedelta(days=9), now)
    late = sent(make_notice(session, world.village, company=world.company), now - timedelta(days=4))
    held = make_notice(session, world.village)
    session.flush()

    def listed(state: str = "", until: date | None = None) -> list[Notice]:
        page = notices_at(SYSTEM, now).page(session, SYSTEM, NoticeFilter(state, until=until))
        return [row.notice for row in page.items]

    assert listed() == [late, later, held, answered]
    assert listed("unanswered") == [late, later]
    assert set(listed("late")) == {late, answered}
    assert listed("answered") == [answered]
    assert listed("held") == [held]
    assert listed("voided") == []
    assert notices.count_unanswered(session, SYSTEM, now) == (2, 1)
    assert listed(until=(now - timedelta(days=8)).date()) == [answered]


def test_a_company_is_advised_on_what_it_may_know_only(session: Session, world: World) -> None:
    rider = make_rider(session, world.village)
    before = utc_now() - timedelta(days=2)
    make_violation(session, world.village, rider=rider, occurred=before)  # on a free day: the company is not told of it
    three, two = (utc_now() - timedelta(hours=hours) for hours in (3, 2))  # stops of their own
    make_violation(session, world.village, rider=rider, company=world.company, occurred=three)
    notice = make_notice(session, world.village, rider=rider, company=world.company, occurred=two)
    advice = policy.recommendations(session, [notice])[notice.id]
    assert (advice.count, advice.measure) == (2, Measure(MeasureKind.ORDERS_REDUCED))
    village = make_notice(session, world.village, rider=rider)
    assert policy.recommendations(session, [village])[village.id].count == 4


def test_what_each_reader_learns_of_the_rider(session: Session, world: World, make_user: Callable[..., User]) -> None:
    told = make_notice(session, world.village, company=world.company)
    village = make_notice(session, world.village, rider=make_rider(session, world.village))

    def shown(notice: Notice, role: str, **post: int) -> tuple[str, str]:
        row = display.describe(session, [notice], acting(make_user(role, **post)), utc_now())[0]
        return row.rider_name, row.rider_id

    name, identity = shown(told, "company", company_id=world.company.id)
    assert name == "张三丰"
    assert "*" in identity
    assert shown(village, "grid", area_id=world.village.id)[0] == "张三丰"
    leader_name, leader_identity = shown(village, "leader", area_id=world.village.id)
    assert "*" in leader_name
    assert leader_identity == ""
    assert shown(told, "analyst", area_id=world.district.id) == ("", "")
    assert shown(told, "officer", area_id=world.village.id)[0] == "张三丰"
