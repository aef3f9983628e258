"""What the list of violations is narrowed by: places, ends of plates, officers, penalties; what cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import District, make_violation, new_rider
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core import paging, reach

ALL_DAYS = {"since": "2020-01-01"}


def shown(browser: Browser, **chosen: str) -> list[str]:
    html = browser.get("/violations", query_string=ALL_DAYS | chosen).text
    return list(dict.fromkeys(re.findall(r'href="/violations/(V[0-9A-Z]{11})"', html)))


@pytest.mark.parametrize("words", ["金城路", "Rd. No", "A00042", "a00042", "0042", "００４２"])
def test_a_record_is_found_by_a_part_of_its_place_or_the_end_of_its_plate(
    session: Session, desk: Browser, district: District, words: str
) -> None:
    meant = make_violation(session, district.village, place="市心路与金城路口 rd. no 5", plate="演示A00042")
    make_violation(session, district.village, place="通惠路", plate="演示A00043")
    session.commit()
    assert shown(desk, q=words) == [meant.number]
    file = desk.fetch("/violations/export/csv", query_string={"q": words}).get_data().decode("utf-8-sig")
    assert [line.split(",")[0] for line in file.splitlines()[1:]] == [meant.number]


def test_a_rider_so_called_goes_before_places_of_that_name(session: Session, desk: Browser, district: District) -> None:
    person = make_violation(session, district.village, rider=new_rider(name="金城路"))
    make_violation(session, district.village, place="金城路")
    session.commit()
    assert shown(desk, q="金城路") == [person.number]


def test_a_place_is_looked_for_no_further_than_a_page_says(
    session: Session, desk: Browser, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (paging, reach):
        monkeypatch.setattr(module, "WINDOW", 3)
    old = make_violation(session, district.village, place="金城路")
    for _ in range(4):
        make_violation(session, district.village, place="通惠路")
    session.commit()
    page = desk.get("/violations", query_string={"q": "金城路"}).text
    assert old.number not in page
    assert "Looked through to" in page
    further = re.search(r'href="([^"]*after=[^"]*)"', page)
    assert further
    assert old.number in desk.get(further[1].replace("&amp;", "&")).text


def test_who_is_not_told_of_plates_finds_places_and_no_plates(
    session: Session, client: Browser, district: District, make_user: Callable[..., User]
) -> None:
    made = make_violation(session, district.village, place="金城路", plate="演示A00042")
    session.commit()
    client.sign_in(make_user("analyst", area_id=district.root.id))
    assert shown(client, q="金城路") == [made.number]
    assert shown(client, q="00042") == []


def test_records_of_an_officer_by_name_or_user_name(
    session: Session, desk: Browser, district: District, officer_user: User, make_user: Callable[..., User]
) -> None:
    officer_user.display_name = "林一"
    other = make_user("officer", area_id=district.root.id)
    other.display_name = "林二"
    mine = make_violation(session, district.village, actor_of(officer_user))
    theirs = make_violation(session, district.village, actor_of(other))
    session.commit()
    assert shown(desk, officer="林一") == shown(desk, officer=officer_user.username) == [mine.number]
    assert set(shown(desk, officer="林")) == {mine.number, theirs.number}
    page = desk.get("/violations", query_string={"officer": "林"}).text
    assert "Which one?" in page
    assert f"officer={other.username}" in page
    assert "No officer here has this name" in desk.get("/violations?officer=无此人").text


def test_penalty_and_age_narrow(session: Session, desk: Browser, district: District) -> None:
    fined = make_violation(session, district.village, penalty="fine", fine_yuan=30)
    warned = make_violation(session, district.village)
    warned.minor = True
    session.commit()
    assert shown(desk, penalty="fine") == [fined.number]
    assert shown(desk, minor="y") == [warned.number]
    assert shown(desk, minor="y", penalty="fine") == []


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"since": "abc"}, "Write the date like 2026-11-23."),
        ({"since": "2026-02-02", "until": "2026-01-01"}, "This day lies before the first one."),
        ({"state": "nothing"}, "This is not in the list."),
        ({"kind": "9999"}, "This is not in the list."),
        ({"penalty": "prison"}, "This is not in the list."),
    ],
)
def test_what_the_address_cannot_mean_is_said(
    session: Session, desk: Browser, district: District, chosen: dict[str, str], said: str
) -> None:
    made = make_violation(session, district.village)
    session.commit()
    page = desk.get("/violations", query_string=chosen).text
    assert said in page
    assert (made.number in page) == (len(chosen) == 1), "what cannot be read narrows nothing"
    assert "Correct it first" in desk.fetch("/violations/export/csv", query_string=chosen).text


@pytest.mark.parametrize("path", ["/companies?state=perhaps", "/users?role=king", "/stations?town=x"])
def test_every_list_says_so(client: Browser, district: District, make_user: Callable[..., User], path: str) -> None:
    client.sign_in(make_user("administrator"))
    assert "列表中没有这一项" in client.get(path).text
