"""The escalation policy as the administrator changes it: versions by day, a preview, nothing overwritten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.feedback import make_notice, make_world
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today, utc_now
from trafficedu.core.errors import Refusal
from trafficedu.feedback.models import EscalationStep
from trafficedu.feedback.queries import policy
from trafficedu.feedback.rules.policy import Escalation, Measure, MeasureKind, Receiver, Window
from trafficedu.feedback.rules.policy import ladder as ladder_of
from trafficedu.feedback.services.policy import StepInput, add_step, end_step, renew_step

SHIPPED = date(2020, 1, 1)


def line(
    count: int, measure: MeasureKind, day: date, *, days: int | None = None, window: int = 30, receiver: str = "company"
) -> StepInput:
    return StepInput(Receiver(receiver), Escalation(count, Window(days=window), Measure(measure, days)), day)


def test_the_ladder_says_what_each_count_leads_to() -> None:
    steps = [
        Escalation(2, Window(days=30), Measure(MeasureKind.ORDERS_REDUCED)),
        Escalation(3, Window(days=90), Measure(MeasureKind.SUSPENDED, 3)),
    ]
    assert ladder_of(steps) == [
        (1, None),
        (2, Measure(MeasureKind.ORDERS_REDUCED)),
        (3, Measure(MeasureKind.SUSPENDED, 3)),
        (4, Measure(MeasureKind.SUSPENDED, 3)),
    ]
    assert ladder_of([]) == [(1, None)]


def test_a_new_version_advises_from_its_day_on(session: Session) -> None:
    world, now = make_world(session), today()
    notice = make_notice(session, world.village, company=world.company)
    first = policy.find_step(session, "company", 1, SHIPPED)
    renew_step(session, first, line(1, MeasureKind.ORDERS_REDUCED, now), first.version, now, SYSTEM, utc_now())
    assert first.valid_to == now - timedelta(days=1)
    assert policy.recommendations(session, [notice])[notice.id].measure == Measure(MeasureKind.CRITICISED)
    later = policy.advice_for(session, notice.rider_id, world.company.id, utc_now()).present
    assert later.measure == Measure(MeasureKind.ORDERS_REDUCED)
    assert policy.steps_on(session, "company", now - timedelta(days=1))[0].measure == Measure(MeasureKind.CRITICISED)
    assert policy.steps_on(session, "company", now)[0].measure == Measure(MeasureKind.ORDERS_REDUCED)


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (line(1, MeasureKind.SUSPENDED, today(), days=2), "violations_from"),
        (line(7, MeasureKind.SUSPENDED, today()), "days"),
        (line(7, MeasureKind.DISMISSED, today(), days=2), "days"),
        (line(7, MeasureKind.DISMISSED, today() - timedelta(days=1)), "valid_from"),
        (line(7, MeasureKind.DISMISSED, today(), receiver="village"), "measure"),
    ],
)
def test_a_line_that_cannot_be_is_refused_at_its_field(session: Session, new: StepInput, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        add_step(session, new, today(), SYSTEM, utc_now())
    assert refused.value.field == field


def test_a_line_to_come_can_be_taken_back_and_never_holds(session: Session) -> None:
    now, soon = today(), today() + timedelta(days=10)
    step = add_step(session, line(7, MeasureKind.DISMISSED, soon), now, SYSTEM, utc_now())
    end_step(session, step, now, step.version, now, SYSTEM)
    assert [found.violations_from for found in policy.steps_on(session, "company", soon)] == [1, 2, 3, 5]
    with pytest.raises(Refusal, match="do not change"):
        end_step(session, step, now - timedelta(days=2), step.version, now, SYSTEM)
    add_step(session, line(7, MeasureKind.DISMISSED, soon + timedelta(days=1)), now, SYSTEM, utc_now())


def test_the_administrator_looks_before_saving(
    client: Browser, session: Session, make_user: Callable[..., User]
) -> None:
    admin = client.sign_in(make_user("administrator"))
    assert "/escalation/company/3/2020-01-01" in admin.get("/escalation").text
    data = {"violations_from": "2", "window_days": "60", "measure": "home_visit", "days": ""}
    data |= {"valid_from": today().isoformat(), "version": "1", "reason": "会议"}
    address = "/escalation/company/3/2020-01-01?lang=en"
    looked = admin.post(address, data=data | {"look": "1"})
    assert looked.status_code == 200
    assert "Suspended for 3 days" in looked.text
    assert "Visited at home" in looked.text
    assert session.scalar(select(EscalationStep.id).where(EscalationStep.valid_to.is_not(None))) is None
    refused = admin.post(address, data=data)
    assert refused.status_code == 422  # two violations have a line of their own
    assert admin.post(address, data=data | {"violations_from": "4"}).status_code == 303
    session.expire_all()
    assert Measure(MeasureKind.HOME_VISIT) in [step.measure for step in policy.steps_on(session, "company", today())]
    assert admin.get("/escalation/company/3/never").status_code == 404
    ending = admin.post("/escalation/village/2/2020-01-01/end", data={"last_day": today().isoformat(), "version": "1"})
    assert ending.status_code == 303


def test_a_single_step_says_why_and_stands_in_the_history_with_a_name(
    client: Browser, session: Session, make_user: Callable[..., User]
) -> None:
    user = make_user("administrator")
    admin, name = client.sign_in(user), user.display_name
    data = {"receiver_kind": "company", "violations_from": "7", "window_kind": "days", "window_days": "30"}
    data |= {"measure": "blacklisted", "days": "", "valid_from": today().isoformat()}
    assert "Steps changed by themselves" not in admin.get("/escalation?lang=en").text
    refused = admin.post("/escalation/new?lang=en", data=data | {"reason": " "})
    assert (refused.status_code, "Say why. It stands in the history." in refused.text) == (422, True)
    adopted = {"valid_from": data["valid_from"], "reason": " "}
    assert admin.post("/escalation/choices/ningbo/adopt", data=adopted).status_code == 422
    assert admin.post("/escalation/new", data=data | {"reason": "支队会议纪要<7>号"}).status_code == 303
    step = session.scalars(select(EscalationStep).where(EscalationStep.violations_from == 7)).one()
    assert (step.entered_by_id, step.reason) == (user.id, "支队会议纪要<7>号")
    for lang, title in (("zh", "单独调整的档次"), ("en", "Steps changed by themselves")):
        page = admin.get(f"/escalation?lang={lang}").text
        listed = page[page.index(title) :]
        assert "支队会议纪要&lt;7&gt;号" in listed
        assert name in listed
