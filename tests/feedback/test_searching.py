"""Notices are found by number, case, rider, plate and officer, as far as whoever looks is told of these."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.feedback import World, make_notice, make_rider
from trafficedu.accounts.models import User
from trafficedu.feedback.models import Notice
from trafficedu.feedback.rules.notices import NoticeState

MakeUser = Callable[..., User]


@dataclass(frozen=True)
class Sent:
    """A notice to the company, one to another company, one to the village."""

    own: Notice
    others: Notice
    village: Notice


@pytest.fixture
def sent(session: Session, world: World, make_user: MakeUser) -> Sent:
    officer = make_user("officer", area_id=world.district.id, display_name="林 Officer")
    named = {
        "阿卜杜拉·库尔班": world.company,
        "𠮷田䶮": world.other_company,
        "王小明": None,
    }
    made = []
    for place, (name, company) in enumerate(named.items()):
        rider = make_rider(session, world.village, name)
        notice = make_notice(session, world.village, rider=rider, company=company)
        notice.violation.plate, notice.violation.officer_id = f"演示A0000{place}", officer.id
        notice.violation.reference, notice.violation.reference_source = f"POLICE-{place}", "f"
        notice.violation.reference_year = 2026
        made.append(notice)
    session.commit()
    return Sent(*made)


def listed(browser: Browser, words: str) -> set[str]:
    return set(re.findall(r'href="/notices/(N[0-9A-Z]{11})"', browser.get("/notices", query_string={"q": words}).text))


def test_the_police_find_a_notice_by_whatever_is_known(
    client: Browser, make_user: MakeUser, world: World, sent: Sent
) -> None:
    client.sign_in(make_user("supervisor", area_id=world.district.id))
    own = sent.own
    for words in ("阿卜杜拉•库尔班", "库尔", "演示·a00000", "POLICE-0", own.number.lower(), own.violation.number):
        assert listed(client, words) == {own.number}, words
    assert listed(client, "䶮") == {sent.others.number}
    assert listed(client, "林 officer") == {sent.own.number, sent.others.number, sent.village.number}
    assert listed(client, "无此人") == set()


def test_a_company_finds_its_own_by_rider_and_number_and_no_more(
    session: Session, client: Browser, make_user: MakeUser, world: World, sent: Sent
) -> None:
    client.sign_in(make_user("company", company_id=world.company.id))
    own, others = sent.own, sent.others
    for words in ("阿卜杜拉·库尔班", "库\u200b尔", own.number, own.violation.number, "POLICE-0"):
        assert listed(client, words) == {own.number}, words
    for words in ("𠮷田䶮", others.number, others.violation.number, "王小明", "演示A00000", "林 officer"):
        assert listed(client, words) == set(), words
    html = client.get("/notices", query_string={"q": "演示A00000", "lang": "zh"}).text
    assert "抄告或案件编号、驾驶人" in html
    assert "没有找到“演示A00000”" in html
    own.state = NoticeState.VOIDED
    session.commit()
    assert listed(client, "库尔班") == set(), "a withdrawn notice names nobody any more"
    assert listed(client, own.number) == {own.number}


def test_no_rider_is_found_by_a_document_or_a_phone(
    client: Browser, make_user: MakeUser, world: World, sent: Sent
) -> None:
    client.sign_in(make_user("company", company_id=world.company.id))
    html = client.get("/notices", query_string={"q": "33010919900101123X", "lang": "zh"}).text
    assert sent.own.number not in html
    assert "列表不按证件号码或手机号查找" in html


@pytest.mark.parametrize(("role", "by_name"), [("grid", True), ("leader", False)])
def test_a_village_finds_its_own_as_far_as_it_is_told_names(
    client: Browser, make_user: MakeUser, world: World, sent: Sent, role: str, by_name: bool
) -> None:
    client.sign_in(make_user(role, area_id=world.village.id))
    assert listed(client, "王小明") == ({sent.village.number} if by_name else set())
    assert listed(client, sent.village.violation.number) == {sent.village.number}
    for words in ("演示A00002", "林 officer", "库尔班", sent.own.number):
        assert listed(client, words) == set(), words


def test_an_analyst_finds_by_number_only(client: Browser, make_user: MakeUser, world: World, sent: Sent) -> None:
    client.sign_in(make_user("analyst", area_id=world.district.id))
    for words in ("王小明", "演示A00002", "林 officer"):
        assert listed(client, words) == set(), words
    assert listed(client, sent.village.number) == {sent.village.number}
