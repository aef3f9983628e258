"""The text field of the list: a number as it is read, a plate, a rider, an officer, the number of a source."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import NOW, District, identity, make_violation, new_rider
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.configuration.queries import find_wording
from trafficedu.configuration.services import set_wording
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.riders.queries.plates import PLACE
from trafficedu.violations.models.decisions import Objection
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import ObjectionState
from trafficedu.violations.services.objections import raise_objection


@pytest.fixture
def listed(session: Session, desk: Browser, district: District, officer_user: User) -> Callable[..., list[str]]:
    """Return what the list shows for words; ``own`` is the one record they should lead to."""
    officer_user.display_name = "林 Officer"
    own = make_violation(
        session, district.village, actor_of(officer_user), rider=new_rider(name="阿卜杜拉·库尔班"), plate="杭州A77777"
    )
    own.reference, own.reference_source = "POLICE-2026-77", "camera"
    for number in range(3):
        make_violation(session, district.village, rider=new_rider(name=f"王小{number}"), plate=f"杭州B0000{number}")
    session.commit()

    def ask(words: str) -> list[str]:
        words = own.number if words == "own" else words
        html = desk.get("/violations", query_string={"q": words}).text
        found = re.findall(r'href="/violations/(V[0-9A-Z]{11})"', html)
        assert set(found) <= {own.number} or "王" in words
        return list(dict.fromkeys(found))

    return ask


@pytest.mark.parametrize(
    "words",
    ["own", "杭州・a77777", "阿卜杜拉•库尔班", "库\u200b尔", "林 officer", "POLICE-2026-77", "police-2026-77"],
)
def test_a_record_is_found_by_what_is_known_of_it(listed: Callable[..., list[str]], words: str) -> None:
    assert len(listed(words)) == 1


def test_what_nobody_has_finds_nothing_and_a_common_part_all(listed: Callable[..., list[str]]) -> None:
    assert listed("无此人") == []
    assert len(listed("王小")) == 3


def test_who_sees_no_riders_finds_none_by_name_or_plate(
    session: Session, client: Browser, district: District, make_user: Callable[..., User]
) -> None:
    made = make_violation(session, district.village, rider=new_rider(name="保密人"), plate="杭州C77777")
    session.commit()
    client.sign_in(make_user("analyst", area_id=district.root.id))
    for words in ("保密人", "杭州C77777"):
        assert made.number not in client.get("/violations", query_string={"q": words}).text
    assert made.number in client.get("/violations", query_string={"q": made.number}).text


def test_words_and_an_area_narrow_together(session: Session, desk: Browser, district: District) -> None:
    here = make_violation(session, district.village, rider=new_rider(name="赵一"))
    there = make_violation(session, district.neighbour, rider=new_rider(name="赵二"))
    session.commit()
    html = desk.get("/violations", query_string={"q": "赵", "area": district.neighbour.code}).text
    assert there.number in html
    assert here.number not in html


@pytest.fixture
def waiting(session: Session, district: District, officer_user: User) -> list[Violation]:
    """Two camera records that wait for their review, of the same officer, the first with a rare name."""
    officer_user.display_name = "林 Officer"
    made = [
        make_violation(session, district.village, actor_of(officer_user), source="camera", plate=plate, rider=rider)
        for plate, rider in (("演示A00042", new_rider(name="𠮷田䶮")), ("演示B00043", None))
    ]
    session.commit()
    return made


@pytest.mark.parametrize(
    ("words", "places"),
    [("演示·a00042", {0}), ("演示B00043", {1}), ("䶮", {0}), ("林 officer", {0, 1}), ("无此人", set())],
)
def test_reviews_are_searched(desk: Browser, waiting: list[Violation], words: str, places: set[int]) -> None:
    html = desk.get("/reviews", query_string={"q": words}).text
    assert {place for place, one in enumerate(waiting) if one.number in html} == places
    assert ("Nothing found for" in html) == (not places)
    for place in places:
        assert waiting[place].number in desk.get("/reviews", query_string={"q": waiting[place].number.lower()}).text


def test_objections_are_searched(session: Session, desk: Browser, district: District, officer_user: User) -> None:
    officer_user.display_name = "林 Officer"
    raised = {}
    for name, plate in (("𠮷田䶮", "演示A00042"), ("王小明", "演示B00043")):
        violation = make_violation(
            session, district.village, actor_of(officer_user), rider=new_rider(name=name), plate=plate
        )
        raised[name] = raise_objection(session, violation, "不是我骑的", "", NOW)
    session.commit()

    def found(words: str) -> set[str]:
        html = desk.get("/objections", query_string={"q": words}).text
        return {name for name, objection in raised.items() if objection.number in html}

    assert found("") == set(raised)
    assert found("林") == set(raised)
    for words in ("吉", "𠮷", "演示A 00042", raised["𠮷田䶮"].number, raised["𠮷田䶮"].violation.number):
        assert found(words) == (set() if words == "吉" else {"𠮷田䶮"}), words
    assert "Nothing found for" in desk.get("/objections", query_string={"q": "无此人"}).text
    session.get_one(Objection, raised["王小明"].id).state = ObjectionState.DISMISSED
    session.commit()
    assert found("王小明") == set()


@pytest.fixture
def own_place(session: Session) -> None:
    """The district's plates begin with its name, as somebody configured."""
    set_wording(session, find_wording(session, PLACE), "演示", 1, SYSTEM)
    session.commit()


@pytest.mark.usefixtures("own_place")
@pytest.mark.parametrize("typed", ["A00042", "ａ０００４２", " a 00042 ", "A-00042", "a·00042", "演示A00042"])
def test_letters_and_digits_alone_are_a_plate_of_this_district(
    session: Session, desk: Browser, district: District, typed: str
) -> None:
    made = make_violation(session, district.village, plate="演示A00042")
    bare = make_violation(session, district.village, plate="A00042")
    other = make_violation(session, district.village, plate="杭州A00042")
    session.commit()
    html = desk.get("/violations", query_string={"q": typed}).text
    assert made.number in html
    assert bare.number in html, "a file may have brought it without the name"
    assert other.number not in html
    assert made.number not in desk.get("/violations", query_string={"q": "杭州A00042"}).text


@pytest.mark.usefixtures("own_place")
@pytest.mark.parametrize(
    ("typed", "stored"),
    [("a 00042", "演示A00042"), ("Ａ－０００４２", "演示A00042"), ("杭州·a00042", "杭州A00042"), ("", "")],
)
def test_the_kerb_stores_a_plate_with_the_name_of_the_district(
    session: Session, phone: Browser, district: District, typed: str, stored: str
) -> None:
    form = phone.get("/record").text
    assert 'data-plate-place="演示"' in form
    answer = phone.post(
        "/record",
        data={
            "kind": "2007",
            "area_code": district.village.code,
            "occurred_at": f"{utc_now() + timedelta(hours=8):%Y-%m-%dT%H:%M}",
            "place": "市心路口",
            "source": "field",
            "offender": "rider",
            "penalty": "warning",
            "plate": typed,
            "id_type": "identity_card",
            "id_number": identity(),
            "name": "测试骑手",
        },
    )
    assert answer.status_code == 303, re.findall(r"field-error[^>]*>([^<]*)", answer.text)
    assert session.scalars(select(Violation.plate)).one() == stored


@pytest.mark.usefixtures("own_place")
def test_the_kerb_looks_a_rider_up_by_the_short_plate_and_shows_the_whole_one(
    session: Session, phone: Browser, district: District
) -> None:
    make_violation(session, district.village, plate="演示A00042", rider=new_rider(name="王小明"))
    session.commit()
    html = phone.post("/record", data={"action": "look_up", "plate": "a00042"}).text
    assert "王小明" in html
    assert 'value="演示A00042"' in html
