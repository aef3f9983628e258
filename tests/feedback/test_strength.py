"""The order of the steps by their measures: more stops never lead to less, in force and in drafts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today, utc_now
from trafficedu.core.errors import Refusal
from trafficedu.feedback.models import EscalationDraft, EscalationStep
from trafficedu.feedback.queries.choices import list_choices
from trafficedu.feedback.rules.policy import Escalation, Measure, MeasureKind, PolicyLine, Receiver, Window, lines_for
from trafficedu.feedback.rules.strength import check_order, is_stronger
from trafficedu.feedback.services import policies
from trafficedu.feedback.services.policy import StepInput, add_step, renew_step

EVERY = [Measure(kind) for kind in MeasureKind if kind != MeasureKind.SUSPENDED]
EVERY += [Measure(MeasureKind.SUSPENDED, days) for days in (1, 3)]


def at(count: int, measure: MeasureKind, days: int | None = None) -> Escalation:
    return Escalation(count, Window(), Measure(measure, days))


def test_no_measure_is_stronger_than_itself_or_than_what_is_stronger_than_it() -> None:
    for one, other, third in product(EVERY, repeat=3):
        assert not (is_stronger(one, other) and is_stronger(other, one))
        assert not (is_stronger(one, other) and is_stronger(other, third)) or is_stronger(one, third)


@pytest.mark.parametrize(
    ("lower", "higher", "sound"),
    [
        (at(5, MeasureKind.DISMISSED), at(7, MeasureKind.CRITICISED), False),
        (at(2, MeasureKind.SUSPENDED, 3), at(3, MeasureKind.SUSPENDED, 1), False),
        (at(2, MeasureKind.SUSPENDED, 3), at(3, MeasureKind.ORDERS_REDUCED), False),
        (at(2, MeasureKind.SUSPENDED, 3), at(3, MeasureKind.SUSPENDED, 3), True),
        (at(2, MeasureKind.SUSPENDED, 3), at(3, MeasureKind.UNTIL_MONTH_END), True),
        (at(2, MeasureKind.UNTIL_MONTH_END), at(3, MeasureKind.SUSPENDED, 3), True),
        (at(2, MeasureKind.CRITICISED), at(3, MeasureKind.BLACKLISTED), True),
    ],
)
def test_it_does_not_matter_which_of_two_steps_is_entered_last(
    lower: Escalation, higher: Escalation, sound: bool
) -> None:
    for step, other in ((lower, higher), (higher, lower)):
        if sound:
            check_order(step, [other])
            continue
        with pytest.raises(Refusal) as refused:
            check_order(step, [other])
        assert (refused.value.field, refused.value.text.params["count"]) == ("measure", other.violations_from)


def test_every_policy_that_comes_with_the_program_is_in_order() -> None:
    for choice in list_choices():
        for line in choice.lines:
            check_order(line.escalation, lines_for(line.receiver, choice.lines))


def test_a_weaker_step_above_a_stronger_one_is_refused_at_its_measure(
    client: Browser, session: Session, make_user: Callable[..., User]
) -> None:
    admin = client.sign_in(make_user("administrator"))
    count = select(func.count()).select_from(EscalationStep)
    before = session.scalar(count)
    data = {"receiver_kind": "company", "violations_from": "7", "window_kind": "days", "window_days": "30"}
    data |= {"measure": "criticised", "days": "", "valid_from": today().isoformat(), "reason": "会议"}
    words = {"zh": "第5次起已建议“解除合作”", "en": "From stop 5 on, “Dismissed” is recommended, which is stronger"}
    for lang, said in words.items():
        for look in ({}, {"look": "1"}):
            answer = admin.post(f"/escalation/new?lang={lang}", data=data | look)
            assert (answer.status_code, said in answer.text) == (422, True), (lang, look)
    draft = admin.post("/escalation/drafts/new", data={"name": "本区", "start": "default"}).headers["Location"]
    answer = admin.post(f"{draft}?lang=en", data=data | {"version": "1"})
    assert (answer.status_code, words["en"] in answer.text) == (422, True)
    session.expire_all()
    assert session.scalar(count) == before
    assert [line[1] for line in session.scalars(select(EscalationDraft)).one().lines if line[0] == "company"] == [
        *(1, 2, 3, 5)
    ]


def test_a_step_to_come_is_held_against_those_of_its_days_alone(session: Session) -> None:
    now, soon = today(), today() + timedelta(days=10)
    policies.adopt(session, policies.chosen("guangzhou", soon, "会议"), now, SYSTEM, utc_now())
    with pytest.raises(Refusal, match="which is stronger"):
        add_step(session, StepInput(Receiver.COMPANY, at(4, MeasureKind.CRITICISED), soon), now, SYSTEM, utc_now())
    add_step(session, StepInput(Receiver.COMPANY, at(4, MeasureKind.UNTIL_MONTH_END), now), now, SYSTEM, utc_now())
    present = session.scalars(
        select(EscalationStep).where(EscalationStep.violations_from == 5, EscalationStep.valid_to < soon)
    ).one()
    weaker = StepInput(Receiver.COMPANY, at(5, MeasureKind.ORDERS_REDUCED), now)
    with pytest.raises(Refusal, match="which is stronger"):
        renew_step(session, present, weaker, present.version, now, SYSTEM, utc_now())


def test_a_draft_that_is_not_in_order_is_not_put_in_force(session: Session) -> None:
    lines = [PolicyLine(Receiver.COMPANY, at(1, MeasureKind.DISMISSED))]
    lines += [PolicyLine(Receiver.COMPANY, at(2, MeasureKind.CRITICISED))]
    draft = policies.begin_draft(session, "本区", lines, SYSTEM, utc_now())
    with pytest.raises(Refusal, match="More stops must not lead to less"):
        policies.adopt(session, policies.drafted(draft, today(), "试行"), today(), SYSTEM, utc_now())
