"""What nobody means, in every field and address of policies and replays: a clear answer, nothing half-written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.feedback import World
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today, utc_now
from trafficedu.escalation.models import PolicyReplay
from trafficedu.feedback.models import EscalationPolicy
from trafficedu.feedback.queries.choices import find_choice
from trafficedu.feedback.services import policies

HOSTILE = [
    *("", "\x00", "0001-01-01", "9999-12-31", "-1", "99999999999999999999"),
    *("1e9", "'; --", "一\u202e二", "[]", "字" * 5000),
]


@pytest.fixture
def admin(client: Browser, world: World, make_user: Callable[..., User]) -> Browser:
    return client.sign_in(make_user("administrator"))


@pytest.mark.parametrize("value", HOSTILE)
def test_no_field_breaks_a_form(admin: Browser, session: Session, value: str) -> None:
    number = policies.begin_draft(session, "草案", find_choice("qingdao").lines, SYSTEM, utc_now()).number
    session.commit()
    soon = (today() + timedelta(days=9)).isoformat()
    line = {"receiver_kind": "company", "violations_from": "2", "window_kind": "days", "window_days": "30"}
    line |= {"measure": "suspended", "days": "3", "version": "1"}
    forms = {
        "/escalation/replays/new": {"first": "in_force", "second": "qingdao"},
        "/escalation/choices/ningbo/adopt": {"valid_from": soon, "reason": "会议"},
        "/escalation/drafts/new": {"name": "草案", "start": "present"},
        f"/escalation/drafts/{number}": line,
        f"/escalation/drafts/{number}/adopt": {"valid_from": soon, "reason": "会议"},
    }
    before = session.scalar(select(func.count()).select_from(EscalationPolicy))
    for address, filled in forms.items():
        for name in filled:
            answer = admin.post(address, data={**filled, name: value})
            assert answer.status_code in {303, 409, 422, 400}, (address, name, answer.status_code)
    session.expire_all()
    written = session.scalars(select(EscalationPolicy).order_by(EscalationPolicy.id)).all()
    assert all(policy.valid_from >= today() and policy.reason for policy in written[before or 0 :])
    replays = session.scalars(select(PolicyReplay)).all()
    assert all(replay.second["lines"] is not None or replay.first["lines"] is not None for replay in replays)


@pytest.mark.parametrize("value", ["%00", "%ff", "..%2f..", "E" * 300, "%F0%9F%9A%B2", "0"])
def test_no_address_breaks_a_page(admin: Browser, value: str) -> None:
    for path in ("choices", "drafts", "replays", "policies"):
        for rest in ("", "/adopt", "/export/csv", "/take-back", "/remove/company/999999999999999999999"):
            for send in (admin.get, admin.post):
                assert send(f"/escalation/{path}/{value}{rest}").status_code < 500
    for query in ("month", "sort", "after", "second"):
        for page in ("companies", "replays/new"):
            assert admin.get(f"/escalation/{page}?{query}={value}").status_code < 500
    assert admin.get("/escalation/companies?month=0001-01").status_code == 200
    assert admin.get("/escalation/companies?month=9999-12").status_code == 200
