"""What is kept of how sources call things is listed, renamed and deleted by who imports that kind of table."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import District
from trafficedu.accounts.models import User
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.transfers.models import ImportMapping

MakeUser = Callable[..., User]
ADDRESS = "/imports/mappings/accidents/" + quote("甲平台")


@pytest.fixture
def kept(session: Session) -> ImportMapping:
    made = ImportMapping(
        kind="accidents",
        name="甲平台",
        headings={"事发地": "place", "备注2": ""},
        words={"severity": {"伤": "slight"}},
        changed_utc=utc_now(),
    )
    session.add(made)
    session.commit()
    return made


@pytest.fixture
def supervisor(client: Browser, make_user: MakeUser, district: District) -> Browser:
    client.sign_in(make_user("supervisor", area_id=district.root.id))
    return client


def mark(page: str, action: str) -> str:
    found = re.search(rf'action="[^"]*{action}".*?name="seen" value="(\w+)"', page, re.DOTALL)
    assert found
    return found[1]


def test_it_is_listed_and_read(supervisor: Browser, kept: ImportMapping) -> None:
    assert "甲平台" in supervisor.get("/imports/mappings").text
    page = supervisor.get(ADDRESS).text
    assert all(said in page for said in ("事发地", "备注2", "伤", "地点"))
    assert "/imports/mappings" in supervisor.get("/imports").text


def test_it_gets_another_name_unless_that_is_taken(session: Session, supervisor: Browser, kept: ImportMapping) -> None:
    session.add(ImportMapping(kind="accidents", name="乙平台", headings={}, words={}, changed_utc=utc_now()))
    session.commit()
    for wrong in ("乙平台", "甲/乙", ".."):
        assert supervisor.post(ADDRESS, data={"name": wrong}).status_code == 422
    answer = supervisor.post(ADDRESS, data={"name": "丙平台"})
    assert answer.status_code == 303
    assert "丙平台" in supervisor.get(answer.headers["Location"]).text
    session.expire_all()
    assert kept.name == "丙平台"
    assert supervisor.get(ADDRESS).status_code == 404
    assert session.scalar(select(func.count()).where(AuditEntry.action == "transfers:mapping:rename")) == 1


def test_it_is_deleted_after_a_question(session: Session, supervisor: Browser, kept: ImportMapping) -> None:
    page = supervisor.get(ADDRESS).text
    assert "data-confirm" in page
    assert supervisor.post(f"{ADDRESS}/delete", data={"seen": mark(page, "/delete")}).status_code == 303
    assert session.scalar(select(func.count()).select_from(ImportMapping)) == 0
    assert session.scalar(select(func.count()).where(AuditEntry.action == "transfers:mapping:delete")) == 1


def test_who_does_not_import_the_kind_sees_none(
    client: Browser, make_user: MakeUser, district: District, kept: ImportMapping
) -> None:
    client.sign_in(make_user("administrator"))
    assert "甲平台" not in client.get("/imports/mappings").text
    assert client.get(ADDRESS).status_code == 404
    assert client.post(f"{ADDRESS}/delete").status_code == 404
