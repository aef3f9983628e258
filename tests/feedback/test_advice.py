"""What the policy recommends at the kerb: counted by stops up to a moment, for whoever would be told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.feedback import World, make_rider, make_violation
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date, utc_now
from trafficedu.feedback.queries.display import fewer_now
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.feedback.queries.policy import advice_for, recommendations
from trafficedu.feedback.rules.policy import Measure, MeasureKind, Receiver
from trafficedu.messages.models import Push
from trafficedu.riders.queries.people import id_number_of
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services.reviewing import void


def test_stops_are_counted_not_records_and_only_those_up_to_the_moment(session: Session, world: World) -> None:
    now, rider = utc_now(), make_rider(session)
    for hours in (50, 49.95, 30, 29.9, 29.9):  # two stops, of which one came to three records
        make_violation(session, world.village, rider, world.company, occurred=now - timedelta(hours=hours))
    advice = advice_for(session, rider.id, world.company.id, now)
    assert (advice.receiver, advice.present.count) == (Receiver.COMPANY, 2)
    assert advice.present.measure == Measure(MeasureKind.ORDERS_REDUCED)
    assert advice.following.measure == Measure(MeasureKind.SUSPENDED, 3)
    assert advice_for(session, rider.id, world.company.id, now - timedelta(hours=40)).present.count == 1
    assert advice_for(session, rider.id, world.other_company.id, now).present.count == 0
    assert advice_for(session, rider.id, world.company.id, now, one_more=True).present.count == 3
    assert advice_for(session, None, None, now, one_more=True).present.measure == Measure(MeasureKind.CRITICISED)
    assert advice_for(session, rider.id, None, now).receiver == Receiver.VILLAGE


def test_what_goes_on_is_one_stop(session: Session, world: World) -> None:
    now = utc_now()
    last = make_violation(session, world.village, None, world.company, occurred=now - timedelta(minutes=4))
    assert advice_for(session, last.rider_id, world.company.id, now, one_more=True).present.count == 1
    later = now + timedelta(minutes=30)
    assert advice_for(session, last.rider_id, world.company.id, later, one_more=True).present.count == 2


def test_the_recorded_page_and_the_card_say_it(
    client: Browser, session: Session, world: World, make_user: Callable[..., User]
) -> None:
    officer = make_user("officer", area=world.district)
    rider = make_rider(session, world.village)
    violation = make_violation(session, world.village, rider, occurred=utc_now() - timedelta(days=1))
    violation.plate, violation.officer_id = "演示A00001", officer.id
    session.commit()
    browser = client.sign_in(officer)
    page = browser.get(f"/record/{violation.number}?lang=en").text
    assert "Stop 1 in 30 days" in page
    assert "Recommended: Criticised and educated" in page
    assert "One more: Visited at home" in page
    card = browser.post("/record?lang=en", data={"action": "look_up", "id_number": id_number_of(session, rider)}).text
    assert "If you record now" in card
    assert "Stop 2 in 30 days" in card
    assert "Recommended: Visited at home" in card


def test_a_notice_keeps_what_it_said_and_its_receiver_hears_of_a_stop_withdrawn_since(
    session: Session, world: World, make_user: Callable[..., User]
) -> None:
    contact, now = make_user("company", company_id=world.company.id), utc_now()
    rider = make_rider(session)
    make_violation(session, world.village, rider, world.company, occurred=now - timedelta(days=5))
    second = make_violation(session, world.village, rider, world.company, occurred=now - timedelta(days=3))
    notice = notice_of_violation(session, second.id)
    assert notice is not None
    said = recommendations(session, [notice])[notice.id]
    assert (said.count, said.measure) == (2, Measure(MeasureKind.ORDERS_REDUCED))
    assert said.basis is not None
    assert said.basis.name_en == "Default policy"
    make_violation(session, world.village, rider, world.company, occurred=now - timedelta(days=4))
    assert recommendations(session, [notice])[notice.id] == said  # recorded late, and not told of again
    assert fewer_now(session, notice) is None
    make_violation(session, world.village, rider, world.company, occurred=now - timedelta(days=1))
    for wrong in session.scalars(
        select(Violation).where(Violation.occurred_on < local_date(second.occurred_utc))
    ).all():
        void(session, wrong, "认错了人，已经核实", SYSTEM, now)
    assert recommendations(session, [notice])[notice.id] == said
    fewer = fewer_now(session, notice)
    assert fewer is not None
    assert (str(fewer.counted), str(fewer.advice)) == ("Stop 1 in 30 days", "Criticised and educated")
    keys = session.scalars(select(Push.key).where(Push.user_id == contact.id)).all()
    assert [key for key in keys if key.startswith(f"notice:{notice.number}:fewer:")]
