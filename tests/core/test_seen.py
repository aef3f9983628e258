"""What the page saw: a mark of the record it acts on; a form that comes too late is held, with what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import make_company
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import Role
from trafficedu.companies.models import Company


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found, name
    return found[1]


@pytest.fixture
def company(session: Session) -> Company:
    made = make_company(session)
    session.commit()
    return made


@pytest.fixture
def at_desk(app: Flask, client: Browser, make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch) -> Browser:
    monkeypatch.setitem(app.config, "SEEN_REQUIRED", True)
    return client.sign_in(make_user(Role.ADMINISTRATOR))


def _form(client: Browser, address: str, **typed: str) -> dict[str, Any]:
    page = client.get(address).text
    return {name: hidden(page, name) for name in ("opened", "seen", "version")} | typed


def test_what_somebody_else_changed_is_told_and_what_was_typed_stays(
    at_desk: Browser, company: Company, session: Session
) -> None:
    address = f"/companies/{company.code}/edit"
    mine = _form(at_desk, address, name="我的名称", contact_phone="0571-1", active="y")
    other = _form(at_desk, address, name="他人先改的名称", active="y")
    assert at_desk.post(address, data=other).status_code == 303

    late = at_desk.post(address, data=mine)
    assert late.status_code == 409
    assert "尚未保存" in late.text
    assert "您修改了记录" in late.text
    assert 'value="我的名称"' in late.text
    session.refresh(company)
    assert company.name == "他人先改的名称"

    again = {name: hidden(late.text, name) for name in ("opened", "seen", "version")}
    assert at_desk.post(address, data=mine | again).status_code == 303
    session.refresh(company)
    assert company.name == "我的名称"


def test_a_form_without_a_mark_is_refused(at_desk: Browser, company: Company, session: Session) -> None:
    answer = at_desk.post(f"/companies/{company.code}/edit", data={"name": "没有标记", "active": "y"})
    assert answer.status_code == 409
    session.refresh(company)
    assert company.name != "没有标记"
