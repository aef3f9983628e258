"""Corrections that an officer asks for once the own minutes are over: granted, refused, overtaken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import NOW, District, make_violation
from tests.violations.test_correcting import said
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.errors import Denied, Refusal, Stale
from trafficedu.messages.models import Push
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.inbox import Queue, Waiting
from trafficedu.violations.queries.requests import REQUESTS, list_wanted
from trafficedu.violations.services import correcting, requests, reviewing, undoing
from trafficedu.violations.services.inbox import decide

LATER = NOW + timedelta(hours=2)


@pytest.fixture
def supervisor(acting: Callable[[str, Area], Actor], district: District) -> Actor:
    return acting("supervisor", district.town)


@pytest.fixture
def violation(session: Session, district: District, officer: Actor) -> Violation:
    return make_violation(session, district.village, officer, place="东门")


def test_what_is_granted_is_corrected_and_the_officer_is_told(
    session: Session, violation: Violation, officer: Actor, supervisor: Actor
) -> None:
    asked = requests.ask(session, violation, replace(said(violation), place="西门"), "写错了门", officer, LATER)
    queue = Queue(session, supervisor, LATER.date())
    item = queue.after(None)
    assert item is not None
    assert (item.kind, item.number, queue.counts()[Waiting.CORRECTION]) == (Waiting.CORRECTION, violation.number, 1)
    assert [(line.now, line.then) for line in list_wanted(session, asked, "zh")] == [("东门", "西门")]
    decide(session, item, "accept", "", supervisor, LATER)
    assert (violation.place, asked.state, queue.after(None)) == ("西门", "granted", None)
    push = session.scalars(select(Push)).one()
    assert (push.user_id, push.path) == (officer.user_id, f"/violations/{violation.number}")
    with pytest.raises(Stale):
        decide(session, item, "accept", "", supervisor, LATER)


def test_what_was_corrected_meanwhile_stays(
    session: Session, violation: Violation, officer: Actor, supervisor: Actor
) -> None:
    asked = requests.ask(session, violation, replace(said(violation), place="西门"), "写错了门", officer, LATER)
    other = replace(said(violation), kind_code="2004", penalty="fine", fine_yuan=20)
    correcting.correct(session, violation, other, "看错了", violation.version, supervisor, LATER)
    requests.grant(session, asked, supervisor, LATER)
    assert (violation.place, violation.kind.code, violation.fine_yuan) == ("西门", "2004", 20)


def test_a_fine_is_asked_for_with_its_penalty(
    session: Session, violation: Violation, officer: Actor, supervisor: Actor
) -> None:
    fined = replace(said(violation), penalty="fine", fine_yuan=20)
    requests.grant(session, requests.ask(session, violation, fined, "已缴款", officer, LATER), supervisor, LATER)
    assert (violation.penalty, violation.fine_yuan) == ("fine", 20)


def test_the_wrong_person_is_voided_on_asking(
    session: Session, violation: Violation, officer: Actor, supervisor: Actor
) -> None:
    asked = requests.ask(session, violation, None, "认错了人", officer, LATER)
    requests.grant(session, asked, supervisor, LATER)
    assert (violation.state, violation.state_reason, asked.state) == ("voided", "认错了人", "granted")


def test_a_refusal_says_why_and_is_taken_back_at_once(
    session: Session, violation: Violation, officer: Actor, supervisor: Actor
) -> None:
    asked = requests.ask(session, violation, None, "认错了人", officer, LATER)
    with pytest.raises(Refusal):
        requests.refuse(session, asked, " ", supervisor, LATER)
    requests.refuse(session, asked, "证据清楚", supervisor, LATER)
    assert (violation.state, asked.state, asked.decision) == ("confirmed", "refused", "证据清楚")
    with pytest.raises(Refusal):
        undoing.reopen_request(session, asked, supervisor, LATER + timedelta(hours=1))
    undoing.reopen_request(session, asked, supervisor, LATER)
    assert (asked.state, asked.decision, REQUESTS.page(session, supervisor, None).total) == ("open", "", 1)


def test_a_refusal_is_not_taken_back_once_the_record_is_void(
    session: Session, violation: Violation, officer: Actor, supervisor: Actor
) -> None:
    asked = requests.ask(session, violation, None, "认错了人", officer, LATER)
    requests.refuse(session, asked, "证据清楚", supervisor, LATER)
    reviewing.void(session, violation, "重复", supervisor, LATER)
    with pytest.raises(Stale):
        undoing.reopen_request(session, asked, supervisor, LATER)
    assert REQUESTS.page(session, supervisor, None).total == 0


def test_one_at_a_time_by_who_recorded_it_and_only_what_may_be(
    session: Session, district: District, violation: Violation, officer: Actor, acting: Callable[[str, Area], Actor]
) -> None:
    facts = replace(said(violation), place="西门")
    with pytest.raises(Denied):
        requests.ask(session, violation, facts, "x", acting("officer", district.town), LATER)
    with pytest.raises(Refusal):
        requests.ask(session, violation, said(violation), "nothing is another", officer, LATER)
    with pytest.raises(Refusal) as refusal:
        requests.ask(session, violation, replace(facts, penalty="fine", fine_yuan=5000), "x", officer, LATER)
    assert refusal.value.field == "fine_yuan"
    requests.ask(session, violation, facts, "写错了门", officer, LATER)
    with pytest.raises(Refusal):
        requests.ask(session, violation, None, "x", officer, LATER)


def test_a_void_overtakes_what_was_asked(
    session: Session, violation: Violation, officer: Actor, supervisor: Actor
) -> None:
    asked = requests.ask(session, violation, replace(said(violation), place="西门"), "写错了门", officer, LATER)
    reviewing.void(session, violation, "重复", supervisor, LATER)
    assert (asked.state, REQUESTS.page(session, supervisor, None).total) == ("dropped", 0)
    assert [push.user_id for push in session.scalars(select(Push))] == [officer.user_id], "told, though nobody decided"
    with pytest.raises(Stale):
        requests.grant(session, asked, supervisor, LATER)
    with pytest.raises(Stale):
        requests.ask(session, violation, None, "x", officer, LATER)


def test_it_waits_for_who_answers_for_the_place(
    session: Session, district: District, violation: Violation, officer: Actor, acting: Callable[[str, Area], Actor]
) -> None:
    requests.ask(session, violation, None, "认错了人", officer, LATER)
    elsewhere = acting("supervisor", district.other_town)
    assert REQUESTS.page(session, elsewhere, None).total == 0
    there = replace(said(violation), area_code=district.other_village.code)
    correcting.correct(session, violation, there, "x", violation.version, acting("supervisor", district.root), LATER)
    assert REQUESTS.page(session, elsewhere, None).total == 1


def test_the_pages_lead_from_asking_to_the_decision(
    session: Session, district: District, client: Browser, make_user: Callable[..., User]
) -> None:
    asker, decider = make_user("officer", area=district.town), make_user("supervisor", area=district.town)
    moment = utc_now() - timedelta(hours=2)
    record = make_violation(session, district.village, actor_of(asker), moment, occurred_utc=moment, place="东门")
    session.commit()
    client.sign_in(asker)
    reason = "认错了人，已当面核对"
    assert client.post(f"/violations/{record.number}/take-back", data={"reason": reason}).status_code == 303
    client.sign_in(decider)
    address = f"/inbox/correction/{record.number}"
    assert client.get("/inbox").location == address
    page = client.get(f"{address}?lang=en").text
    assert reason in page
    assert "Void the record" in page
    assert client.post(address, data={"act": "refuse"}).status_code == 422
    refused = {"act": "refuse", "reason": "核对无误"}
    assert client.post(f"{address}?kind=correction", data=refused).location == "/inbox?kind=correction"
    assert 'action="/inbox/undo?kind=correction"' in client.get("/inbox?kind=correction").text, "also of the last one"
    assert client.post("/inbox/undo?kind=correction").location == f"{address}?kind=correction"
    assert client.post(address, data={"act": "accept"}).status_code == 303
    session.refresh(record)
    assert (record.state, record.voided_by_id) == ("voided", decider.id)
    acts = session.scalars(
        select(AuditEntry.action).where(AuditEntry.action.startswith("violations:correction:"))
    ).all()
    assert acts == [f"violations:correction:{act}" for act in ("ask", "decide", "reopen", "decide")]
