from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from trafficedu.accounts.models import User
from trafficedu.companies import queries
from trafficedu.core.actors import SYSTEM

MakeUser = Callable[..., User]
NEW = {"code": "meituan-1", "name": "美好配送", "contact_name": "王", "contact_phone": "0571-8200", "active": "y"}


def test_the_administrator_adds_changes_and_deactivates(session: Session, client: Browser, make_user: MakeUser) -> None:
    client.sign_in(make_user("administrator"))
    assert client.post("/companies/new", data=NEW).headers["Location"].endswith("/companies/MEITUAN-1")
    change = {"name": "美好配送", "contact_phone": "0571-8201", "version": "1"}
    assert client.post("/companies/MEITUAN-1/edit", data=change).status_code == 303
    company = queries.find_visible_company(session, "MEITUAN-1", SYSTEM)
    assert (company.contact_phone, company.active, company.contact_name) == ("0571-8201", False, "")
    assert company.id not in [choice for choice, _ in queries.choices(session)]
    assert client.post("/companies/MEITUAN-1/edit", data=change).status_code == 409
    assert "美好配送" not in client.get("/companies").text
    assert "美好配送" in client.get("/companies?state=all").text


def test_a_taken_code_or_name_is_said_at_its_field(session: Session, client: Browser, make_user: MakeUser) -> None:
    places.add_company(session, code="MEITUAN-1", name="另一家")
    session.commit()
    client.sign_in(make_user("administrator"))
    answer = client.post("/companies/new", data=NEW)
    assert answer.status_code == 422
    assert "该代码已被其他企业使用" in answer.text
    answer = client.post("/companies/new", data=NEW | {"code": "B", "name": "另一家"})
    assert "已有同名企业" in answer.text
    assert "0571-8200" in answer.text


def test_a_contact_sees_the_own_company_only(session: Session, client: Browser, make_user: MakeUser) -> None:
    own, other = places.add_company(session), places.add_company(session)
    client.sign_in(make_user("company", company_id=own.id))
    page = client.get("/companies?state=all").text
    assert own.name in page
    assert other.name not in page
    assert client.get(f"/companies/{own.code}").status_code == 200
    assert client.get(f"/companies/{other.code}").status_code == 404
    assert client.post(f"/companies/{own.code}/edit", data={}).status_code == 403


def test_search_and_sort(session: Session) -> None:
    for code, name in (("ZZ1", "甲乙丙"), ("ZZ2", "乙丙丁")):
        places.add_company(session, code=code, name=name)
    found = queries.COMPANIES.page(session, SYSTEM, queries.CompanyFilter("zz"), "-code")
    assert [company.code for company in found.items] == ["ZZ2", "ZZ1"]
    assert queries.COMPANIES.page(session, SYSTEM, queries.CompanyFilter("甲")).total == 1
    assert queries.COMPANIES.page(session, SYSTEM, queries.CompanyFilter("%")).total == 0


def test_the_page_shows_the_panels_of_higher_features(
    session: Session, app: Flask, client: Browser, make_user: MakeUser, monkeypatch: Any
) -> None:
    company = places.add_company(session)
    asked = []

    def panel(company_id: int) -> str:
        asked.append(company_id)
        return "<p>aus höherer Etage</p>"

    tables = replace(app.extensions["trafficedu"], panels={"companies.show": [panel]})
    monkeypatch.setitem(app.extensions, "trafficedu", tables)
    client.sign_in(make_user("administrator"))
    assert "aus höherer Etage" in client.get(f"/companies/{company.code}").text
    assert asked == [company.id]
