"""The policy as a whole: put in force from a day on, taken back before it, drafted; what was recommended stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today, utc_now
from trafficedu.core.errors import Refusal, Stale
from trafficedu.feedback.models import EscalationDraft, EscalationPolicy
from trafficedu.feedback.queries import policy as queries
from trafficedu.feedback.queries.choices import list_choices
from trafficedu.feedback.rules.policy import Escalation, Measure, MeasureKind, PolicyLine, Receiver, Window
from trafficedu.feedback.services import policies


def adopt(session: Session, code: str, day: date, reason: str = "会议决定") -> EscalationPolicy:
    return policies.adopt(session, policies.chosen(code, day, reason), today(), SYSTEM, utc_now())


def counts_on(session: Session, day: date, receiver: str = "company") -> list[int]:
    return [step.violations_from for step in queries.steps_on(session, receiver, day)]


def test_a_policy_takes_the_place_of_the_present_one_from_its_day_on(session: Session) -> None:
    soon = today() + timedelta(days=10)
    adopt(session, "guangzhou", soon)
    assert counts_on(session, soon - timedelta(days=1)) == [1, 2, 3, 5]
    assert counts_on(session, soon) == [1, 3]
    before, after = queries.policy_on(session, soon - timedelta(days=1)), queries.policy_on(session, soon)
    assert before is not None
    assert after is not None
    assert (before.code, before.valid_to, after.code, after.valid_to) == (
        "default",
        soon - timedelta(days=1),
        "guangzhou",
        None,
    )


def test_each_policy_that_comes_with_the_program_can_be_put_in_force_one_after_the_other(session: Session) -> None:
    for place, choice in enumerate(list_choices()):
        day = today() + timedelta(days=place)
        adopt(session, choice.code, day)
        assert queries.lines_on(session, day) == sorted(
            choice.lines, key=lambda line: (list(Receiver).index(line.receiver), line.escalation.violations_from)
        )


def test_what_is_taken_back_before_its_day_leaves_everything_as_it_was(session: Session) -> None:
    soon = today() + timedelta(days=10)
    held = queries.lines_on(session, soon)
    policy = adopt(session, "qingdao", soon)
    with pytest.raises(Refusal, match="Another policy begins"):
        adopt(session, "yangzhou", soon - timedelta(days=3))
    policies.take_back(session, policy, today(), SYSTEM)
    assert queries.lines_on(session, soon) == held
    assert policy.is_taken_back
    with pytest.raises(Stale):
        policies.take_back(session, policy, today(), SYSTEM)
    again = adopt(session, "qingdao", soon)
    assert counts_on(session, soon) == [1, 2, 3, 5]
    assert queries.policy_on(session, soon) is again


def test_what_is_in_force_is_not_taken_back_and_no_past_day_is_touched(session: Session) -> None:
    policy = adopt(session, "wenling", today())
    with pytest.raises(Stale):
        policies.take_back(session, policy, today(), SYSTEM)
    with pytest.raises(Refusal, match="do not change"):
        adopt(session, "qingdao", today() - timedelta(days=1))


def test_a_draft_is_changed_line_by_line_and_put_in_force(session: Session) -> None:
    draft = policies.begin_draft(session, "本区规则", [], SYSTEM, utc_now())
    line = PolicyLine(Receiver.COMPANY, Escalation(2, Window(days=60), Measure(MeasureKind.SUSPENDED, 1)))
    policies.set_line(session, draft, line, draft.version, SYSTEM)
    with pytest.raises(Stale):
        policies.set_line(session, draft, line, draft.version - 1, SYSTEM)
    harder = PolicyLine(Receiver.COMPANY, Escalation(2, Window(days=60), Measure(MeasureKind.DISMISSED)))
    policies.set_line(session, draft, harder, draft.version, SYSTEM)
    wrong = PolicyLine(Receiver.VILLAGE, Escalation(2, Window(), Measure(MeasureKind.BLACKLISTED)))
    with pytest.raises(Refusal):
        policies.set_line(session, draft, wrong, draft.version, SYSTEM)
    policies.adopt(session, policies.drafted(draft, today(), "试行"), today(), SYSTEM, utc_now())
    assert queries.lines_on(session, today()) == [harder]
    policies.remove_line(session, draft, "company", 2, draft.version, SYSTEM)
    with pytest.raises(Refusal, match="no step"):
        policies.adopt(session, policies.drafted(draft, today(), "试行"), today(), SYSTEM, utc_now())


def test_the_pages_choose_draft_and_take_back(
    client: Browser, session: Session, make_user: Callable[..., User]
) -> None:
    admin, soon = client.sign_in(make_user("administrator")), (today() + timedelta(days=9)).isoformat()
    assert "Not in the source" in admin.get("/escalation/choices/wenling?lang=en").text
    assert admin.get("/escalation/choices/atlantis").status_code == 404
    without = admin.post("/escalation/choices/wenling/adopt", data={"valid_from": soon, "reason": ""})
    assert without.status_code == 422
    assert (
        admin.post("/escalation/choices/wenling/adopt", data={"valid_from": soon, "reason": "会议"}).status_code == 303
    )
    page = admin.get("/escalation?lang=en").text
    assert f"From {soon}: Wenling 2021" in page
    number = session.scalars(select(EscalationPolicy.number).where(EscalationPolicy.code == "wenling")).one()
    assert admin.post(f"/escalation/policies/{number}/take-back").status_code == 303
    assert "withdrawn before it began" in admin.get("/escalation?lang=en").text
    assert 'selected value="yangzhou"' in admin.get("/escalation/drafts/new?start=yangzhou").text
    begun = admin.post("/escalation/drafts/new", data={"name": "<script>本区</script>", "start": "qingdao"})
    draft = begun.headers["Location"]
    assert "&lt;script&gt;本区" in admin.get(draft).text
    line = {"receiver_kind": "company", "violations_from": "4", "window_kind": "days", "window_days": ""}
    line |= {"measure": "dismissed", "days": "", "version": "1"}
    assert "Enter a whole number" in admin.post(f"{draft}?lang=en", data=line).text
    assert admin.post(draft, data=line | {"window_kind": "week"}).status_code == 303
    assert "calendar week" in admin.get(f"{draft}?lang=en").text
    assert admin.post(f"{draft}/remove/company/4").status_code == 303
    assert admin.post(f"{draft}/adopt", data={"valid_from": soon, "reason": "会议"}).status_code == 303
    assert admin.post(f"{draft}/discard").status_code == 303
    assert admin.get(draft).status_code == 404
    assert session.scalars(select(EscalationDraft.discarded_utc)).one() is not None


def test_a_policy_of_before_the_choices_has_no_source_and_is_read_all_the_same(
    client: Browser, session: Session, make_user: Callable[..., User]
) -> None:
    (present,) = session.scalars(select(EscalationPolicy)).all()
    present.about = {}
    session.commit()
    page = client.sign_in(make_user("administrator")).get("/escalation")
    assert page.status_code == 200
    assert present.name_zh in page.text or present.name_en in page.text


def test_a_supervisor_reads_and_cannot_put_in_force(client: Browser, make_user: Callable[..., User]) -> None:
    supervisor = client.sign_in(make_user("supervisor"))
    page = supervisor.get("/escalation?lang=en")
    assert page.status_code == 200
    assert "In force today" in page.text
    assert "Draft a policy" not in page.text
    assert supervisor.get("/escalation/choices/qingdao/adopt").status_code == 403
    assert supervisor.get("/escalation/drafts/new").status_code == 403
