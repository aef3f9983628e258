"""Drafts of a policy as their pages make them: what a page carries is what it posts; no step is an answer as well."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from trafficedu.accounts.models import User
from trafficedu.core.clock import today
from trafficedu.feedback.models import EscalationDraft, EscalationStep
from trafficedu.feedback.queries import policy as queries

LINE = {"receiver_kind": "company", "window_kind": "days", "window_days": "30", "days": ""}
NONE = {"zh": "对该接收单位无建议", "en": "No recommendation for this receiver"}


@pytest.fixture
def admin(client: Browser, make_user: Callable[..., User]) -> Browser:
    return client.sign_in(make_user("administrator"))


def begin(admin: Browser, name: str = "本区", start: str = "qingdao") -> str:
    return admin.post("/escalation/drafts/new", data={"name": name, "start": start}).headers["Location"]


def carried(page: str) -> dict[str, str]:
    """Return what the form of a drawn page carries unseen: the version, and the mark of what it showed."""
    drawn = page[page.index('id="step"') :]
    fields = [re.search(rf'<input[^>]*name="{name}"[^>]*>', drawn) for name in ("version", "seen")]
    return {
        name: re.search(r'value="([^"]*)"', field[0])[1]  # type: ignore[index]
        for name, field in zip(("version", "seen"), fields, strict=True)
        if field
    }


def test_a_step_is_added_to_and_replaced_in_a_draft_with_what_its_page_carries(
    admin: Browser, session: Session
) -> None:
    draft = begin(admin)
    first = carried(admin.get(draft).text)
    assert set(first) == {"version", "seen"}
    new = LINE | {"violations_from": "4", "measure": "dismissed"}
    assert admin.post(draft, data=new | first).status_code == 303
    assert admin.post(draft, data=new | first | {"measure": "blacklisted"}).status_code == 409
    assert admin.post(draft, data=new | {"version": first["version"]}).status_code == 409
    second = carried(admin.get(draft).text)
    assert admin.post(draft, data=new | second | {"measure": "blacklisted"}).status_code == 303
    session.expire_all()
    kept = session.scalars(select(EscalationDraft)).one().lines
    assert [line[4] for line in kept if line[:2] == ["company", 4]] == ["blacklisted"]


@pytest.mark.parametrize("receiver", ["company", "village"])
def test_a_draft_without_a_step_for_one_receiver_says_so_and_is_laid_aside(
    admin: Browser, session: Session, receiver: str
) -> None:
    draft = begin(admin)
    for line in session.scalars(select(EscalationDraft)).one().lines:
        if line[0] == receiver:
            assert admin.post(f"{draft}/remove/{receiver}/{line[1]}").status_code == 303
    for lang, words in NONE.items():
        for address in (draft, f"{draft}/adopt"):
            page = admin.get(f"{address}?lang={lang}")
            assert (page.status_code, page.text.count(words)) == (200, 1), address
    soon = (today() + timedelta(days=9)).isoformat()
    assert admin.post(f"{draft}/adopt", data={"valid_from": soon, "reason": "会议"}).status_code == 303
    assert admin.post(f"{draft}/discard").status_code == 303
    assert admin.get(draft).status_code == 404


@pytest.mark.parametrize("receiver", ["company", "village"])
def test_the_day_after_every_step_for_one_receiver_has_ended(
    admin: Browser, session: Session, monkeypatch: pytest.MonkeyPatch, receiver: str
) -> None:
    now = today()
    for step in session.scalars(select(EscalationStep).where(EscalationStep.receiver_kind == receiver)).all():
        address = f"/escalation/{receiver}/{step.violations_from}/{step.valid_from}/end"
        assert admin.post(address, data={"last_day": now.isoformat(), "version": "1"}).status_code == 303
    pages = {"/escalation": 1, "/escalation/choices/qingdao": 1, "/escalation/choices/qingdao/adopt": 1}
    for days, said in ((0, 0), (1, 1)):
        day = now + timedelta(days=days)
        assert bool(queries.steps_on(session, receiver, day)) is not bool(said)
        monkeypatch.setattr("trafficedu.feedback.views.policies.today", lambda day=day: day)
        for address, times in pages.items():
            for lang, words in NONE.items():
                page = admin.get(f"{address}?lang={lang}")
                assert (page.status_code, page.text.count(words)) == (200, times * said), address


def test_a_step_that_is_not_there_is_not_said_to_be_removed(admin: Browser, session: Session) -> None:
    draft = begin(admin)
    before = session.scalars(select(EscalationDraft)).one().version
    answer = admin.post(f"{draft}/remove/company/77", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "Step removed" not in admin.get(f"{draft}?lang=en").text
    session.expire_all()
    assert session.scalars(select(EscalationDraft)).one().version == before


def test_two_drafts_do_not_have_the_same_name_and_the_list_of_replays_tells_them_apart(admin: Browser) -> None:
    draft = begin(admin, "Ours")
    again = admin.post("/escalation/drafts/new?lang=en", data={"name": "ours", "start": "qingdao"})
    assert (again.status_code, "a draft of this name" in again.text) == (422, True)
    number = draft.rsplit("/", 1)[1]
    assert f"Ours · {number}" in admin.get("/escalation/replays/new").text
    assert admin.post(f"{draft}/discard").status_code == 303
    assert admin.post("/escalation/drafts/new", data={"name": "ours", "start": "qingdao"}).status_code == 303


def test_what_is_chosen_from_is_named_in_the_language_of_the_page(admin: Browser) -> None:
    replays, drafts = "/escalation/replays/new", "/escalation/drafts/new"
    assert admin.get(f"{replays}?lang=zh").text.count(">当时施行的规则</option>") == 2
    assert admin.get(f"{replays}?lang=en").text.count(">What was in force at the time</option>") == 2
    assert ">现行规则</option>" in admin.get(f"{drafts}?lang=zh").text
    assert ">the policy in force today</option>" in admin.get(f"{drafts}?lang=en").text
