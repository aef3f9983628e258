"""Accidents are found by number, the number of the source, who was in them, their plates, who recorded them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.accidents import NOW, make_accident
from tests.factories.riders import make_rider
from tests.factories.violations import District
from trafficedu.accidents.models import Accident, AccidentRider
from trafficedu.accidents.rules import AccidentRole
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import local_date
from trafficedu.riders.rules import Relation
from trafficedu.riders.services.plates import NewUse, add_use

MakeUser = Callable[..., User]


@pytest.fixture
def known(session: Session, district: District, officer: Actor, officer_user: User) -> Accident:
    """An accident of a rider with a plate until that day, recorded by an officer, with a number of the police."""
    officer_user.display_name = "林 Officer"
    accident = make_accident(session, district.village, officer)
    accident.reference, accident.reference_source, accident.reference_year = "POLICE-2026-77", "police", 2026
    rider = make_rider(session, name="阿卜杜拉·库尔班")
    session.add(AccidentRider(accident_id=accident.id, rider_id=rider.id, role=AccidentRole.RIDER))
    used = NewUse("演示A00042", Relation.REGULAR, date(2026, 1, 1), local_date(NOW), "见过行驶证", False)
    add_use(session, rider, used, SYSTEM, local_date(NOW))
    earlier = NewUse("演示B00043", Relation.REGULAR, date(2025, 1, 1), date(2025, 12, 31), "见过行驶证", False)
    add_use(session, rider, earlier, SYSTEM, local_date(NOW))
    make_accident(session, district.village)
    session.commit()
    return accident


def listed(browser: Browser, words: str, **more: str) -> set[str]:
    html = browser.get("/accidents", query_string={"q": words, **more}).text
    return set(re.findall(r'href="/accidents/(A[0-9A-Z]{11})"', html))


@pytest.mark.parametrize(
    "words", ["POLICE-2026-77", "police-2026-77", "阿卜杜拉•库尔班", "库\u200b尔", "演示·a00042", "林 officer"]
)
def test_an_accident_is_found_by_what_is_known_of_it(
    client: Browser, make_user: MakeUser, district: District, known: Accident, words: str
) -> None:
    client.sign_in(make_user("supervisor", area_id=district.root.id))
    assert listed(client, words) == {known.number}
    assert listed(client, known.number.lower()) == {known.number}
    assert listed(client, words, severity="slight") == {known.number}
    assert listed(client, words, severity="fatal") == set()


@pytest.mark.parametrize("words", ["演示B00043", "POLICE-2026-7", "无此人"])
def test_what_does_not_belong_to_it_finds_nothing(
    client: Browser, make_user: MakeUser, district: District, known: Accident, words: str
) -> None:
    """The other plate is one that the rider had no more on that day."""
    client.sign_in(make_user("supervisor", area_id=district.root.id))
    assert listed(client, words) == set()
    assert f"没有找到“{words}”" in client.get("/accidents", query_string={"q": words, "lang": "zh"}).text


def test_who_is_shown_no_riders_finds_no_accident_by_them(
    client: Browser, make_user: MakeUser, district: District, known: Accident
) -> None:
    client.sign_in(make_user("analyst", area_id=district.root.id))
    for words in ("阿卜杜拉·库尔班", "演示A00042"):
        assert listed(client, words) == set(), words
    for words in ("POLICE-2026-77", "林 officer"):
        assert listed(client, words) == {known.number}, words


def test_nobody_finds_an_accident_outside_the_own_post(
    client: Browser, make_user: MakeUser, district: District, known: Accident
) -> None:
    client.sign_in(make_user("officer", area_id=district.other_village.id))
    for words in ("阿卜杜拉·库尔班", "演示A00042", "POLICE-2026-77", known.number):
        assert listed(client, words) == set(), words
