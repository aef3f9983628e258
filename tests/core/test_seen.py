"""What the page saw: a mark of the record it acts on; a form that comes too late is held, with what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.people import PASSWORD
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


def test_who_was_signed_out_signs_in_on_top_of_the_form(at_desk: Browser, company: Company, session: Session) -> None:
    administrator = session.scalars(select(User).where(User.role == Role.ADMINISTRATOR)).one()
    address = f"/companies/{company.code}/edit"
    mine = _form(at_desk, address, name="会话结束前填写", contact_phone="0571-1", active="y")
    with at_desk.session_transaction() as cookie:
        cookie.clear()
    asked = at_desk.post(address, data=mine)
    assert asked.status_code == 401
    assert "不再处于登录状态" in asked.text
    assert "会话结束前填写" not in asked.text, "what was typed stays closed until its owner signs in"

    credentials = {"username": administrator.username, "password": PASSWORD, "kept": hidden(asked.text, "kept")}
    back = at_desk.post("/sign-in", data=credentials)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', back.text))
    assert f'action="{address}"' in back.text
    shown = at_desk.post(address, data=fields)
    assert shown.status_code == 200
    assert 'value="会话结束前填写"' in shown.text
    session.refresh(company)
    assert company.name != "会话结束前填写", "it is shown, not sent"

    again = mine | {name: hidden(shown.text, name) for name in ("opened", "seen", "version")}
    assert at_desk.post(address, data=again).status_code == 303
    session.refresh(company)
    assert company.name == "会话结束前填写"


def test_nobody_else_reads_what_was_typed(
    at_desk: Browser, company: Company, session: Session, make_user: Callable[..., User]
) -> None:
    address = f"/companies/{company.code}/edit"
    mine = _form(at_desk, address, name="他人不得看到")
    with at_desk.session_transaction() as cookie:
        cookie.clear()
    sealed = hidden(at_desk.post(address, data=mine).text, "kept")
    other = make_user(Role.SUPERVISOR)
    credentials = {"username": other.username, "password": PASSWORD, "kept": sealed}
    page = at_desk.post("/sign-in", data=credentials, follow_redirects=True)
    assert "他人不得看到" not in page.text
    assert "无法显示" in page.text


def test_a_token_of_a_former_session_shows_the_form_again(
    app: Flask, at_desk: Browser, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    address = f"/companies/{company.code}/edit"
    mine = _form(at_desk, address, name="旧令牌", csrf_token="x")
    shown = at_desk.post(address, data=mine)
    assert shown.status_code == 400
    assert 'value="旧令牌"' in shown.text
    fresh = {name: hidden(shown.text, name) for name in ("opened", "seen", "version", "csrf_token")}
    assert at_desk.post(address, data=mine | fresh | {"active": "y"}).status_code == 303
    stranger = mine | {"opened": "1764388800000.0123456789abcdef0123"}
    assert 'value="旧令牌"' not in at_desk.post(address, data=stranger).text


def test_a_page_that_keeps_itself_is_told_where_to_go(at_desk: Browser, company: Company) -> None:
    address = f"/companies/{company.code}/edit"
    answer = at_desk.post(
        address, data=_form(at_desk, address, name="脚本提交", active="y"), headers={"X-Kept-Page": "1"}
    )
    assert (answer.status_code, answer.json) == (200, {"address": f"/companies/{company.code}"})
