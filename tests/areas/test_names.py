"""A place is chosen in a filter by its name or its code; the names come in a file that browsers keep."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from tests.factories.accidents import make_accident
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.areas.queries.choices import list_named
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.clock import utc_now

DAY = date(2026, 11, 28)
TOWN = Actor(1, "x", scope=Scope(area_path=f"{places.DISTRICT}/{places.TOWN}/"))


@pytest.fixture
def twins(session: Session) -> list[Area]:
    """Two villages of one name in two towns, and one whose name contains it."""
    return places.twins(session)


def test_a_code_or_a_whole_name_is_meant_before_a_part_of_one(session: Session, twins: list[Area]) -> None:
    def codes(text: str, by: Actor = SYSTEM) -> list[str]:
        return [code for code, _ in list_named(session, text, 13, DAY, by)]

    assert codes("双桥头") == ["t3"]
    assert codes("双桥头 t3") == codes("whatever t3") == ["t3"]
    assert codes("双桥") == ["t1", "t2"]
    assert codes("双桥", TOWN) == ["t1"]
    assert "t2" not in codes("桥", TOWN)
    assert codes("t2", TOWN) == codes("没有") == codes("%") == []
    assert list_named(session, "t1", 13, DAY, SYSTEM) == [("t1", f"{places.area(session).name} · 双桥")]


def test_a_list_is_narrowed_by_a_name_and_asks_which_of_several(
    session: Session, client: Browser, make_user: Callable[..., User], twins: list[Area]
) -> None:
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    for page in ("/violations", "/accidents", "/patrols", "/hazards", "/hazards/checks"):
        one = client.get(f"{page}?area=双桥头").get_data(as_text=True)
        assert f'value="{places.area(session).name} · 双桥头 t3"' in one, page
        several = client.get(f"{page}?area=双桥&sort=-occurred").get_data(as_text=True)
        assert 'href="' + page + "?area=t1&amp;sort=-occurred" in several, page
        assert "area=t2" in several, page
        assert len(one) < 60_000, page


@pytest.mark.parametrize("typed", ["Xiaoshan", "nonsense 999", "999999", "没有这里", "t2"])
def test_a_name_or_code_of_nowhere_is_answered_at_its_field_and_narrows_nothing(
    session: Session, client: Browser, make_user: Callable[..., User], twins: list[Area], typed: str
) -> None:
    client.sign_in(make_user("analyst", area_id=places.area(session).id))
    for page in ("/violations", "/accidents", "/patrols", "/hazards", "/hazards/checks"):
        for language, says in (
            ("zh", "没有使用这个名称或代码的区划。"),
            ("en", "There is no place with this name or code."),
        ):
            answer = client.get(page, query_string={"area": typed, "lang": language})
            assert answer.status_code == 200, page
            assert answer.text.count(says) == 1, page
            assert f'value="{typed}"' in answer.text, page


def test_a_list_stands_as_it_is_while_the_place_is_not_known(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    now = utc_now()
    made = make_accident(session, places.area(session, places.VILLAGE), now=now, occurred_utc=now)
    session.commit()
    assert made.number in client.get("/accidents?area=Xiaoshan").text
    assert made.number not in client.get(f"/accidents?area={places.OTHER_VILLAGE}").text


def test_no_file_is_made_of_more_than_the_place_that_was_meant(
    session: Session, client: Browser, make_user: Callable[..., User], twins: list[Area]
) -> None:
    client.sign_in(make_user("supervisor", area_id=places.area(session, places.DISTRICT).id))
    for name, is_made in (("双桥头", True), ("双桥", False), ("没有这里", False), ("Xiaoshan", False)):
        answer = client.fetch(f"/violations/export/csv?area={name}")
        assert (answer.mimetype == "text/csv") is is_made, name
        assert ("请先在列表页选定" in answer.text) is not is_made, name


def test_a_name_of_very_many_says_that_not_all_are_offered(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    town = places.area(session)
    client.sign_in(make_user("analyst", area_id=town.id))
    for number in range(13):
        code = f"m{number:02d}"
        session.add(
            Area(
                code=code,
                name=f"清溪{number}",
                level="village",
                parent_id=town.id,
                path=f"{town.path}{code}/",
                valid_from=DAY,
            )
        )
        session.commit()
        page = client.get("/hazards?area=清溪").get_data(as_text=True) if number > 10 else ""
        assert ("area=m11" in page) is (number > 10)
        assert ("只列出前几个" in page) is (number == 12)
    assert "area=m12" not in page


def test_a_part_of_the_name_above_tells_two_of_one_name_apart(session: Session, twins: list[Area]) -> None:
    town, other = places.area(session).name, places.area(session, places.OTHER_TOWN).name

    def codes(text: str) -> list[str]:
        return [code for code, _ in list_named(session, text, 13, DAY, SYSTEM)]

    assert codes(f"{other} 双桥") == codes(f"{other[:2]} · 双桥") == ["t2"]
    assert codes(f"{town}·双桥头") == ["t3"]
    assert codes(f"{other} 双桥头") == codes("双" * 121) == codes("·") == []


def test_names_are_of_the_own_area_and_kept_by_the_browser(
    session: Session, client: Browser, make_user: Callable[..., User], twins: list[Area]
) -> None:
    client.sign_in(make_user("officer", area_id=places.area(session).id))
    address = f"/areas/names/{places.TOWN}.json"
    assert client.get("/areas/names.json").location == address
    assert set(places.names_in(client.get("/record").text)) == {address, "/areas/names/everywhere.json"}
    answer = client.get(address)
    assert answer.headers["Cache-Control"] == "private, max-age=3600, stale-while-revalidate=604800"
    assert "Cookie" not in answer.vary, "the address says whose names they are; the cookie changes all the time"
    rows = answer.json or []
    assert rows[0] == [places.TOWN, places.area(session).name, -1, "town"]
    assert ["t3", "双桥头", 0, "village"] in rows
    assert not {"t2", places.OTHER_TOWN, places.DISTRICT} & {code for code, *_ in rows}
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_names_outside_of_the_post_are_given_to_those_whose_forms_ask_for_homes(
    session: Session, client: Browser, make_user: Callable[..., User], twins: list[Area]
) -> None:
    statuses = {}
    for role in ("officer", "leader"):
        client.sign_in(make_user(role, area_id=places.area(session).id))
        for name in (places.OTHER_TOWN, places.DISTRICT, places.VILLAGE, "everywhere"):
            statuses[role, name] = client.get(f"/areas/names/{name}.json").status_code
    mine = {places.OTHER_TOWN: 404, places.DISTRICT: 404, places.VILLAGE: 200}
    assert {name: status for (role, name), status in statuses.items() if role == "leader"} == mine | {"everywhere": 403}
    assert {name: status for (role, name), status in statuses.items() if role == "officer"} == mine | {
        "everywhere": 200
    }
    client.sign_in(make_user("officer", area_id=places.area(session).id))
    codes = {code for code, *_ in client.get("/areas/names/everywhere.json").json or []}
    assert {"t1", "t2", places.DISTRICT} <= codes
