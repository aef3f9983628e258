"""A place is entered in a form by its code, by its name, or by a part of one; of several it may mean, one is picked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from tests.factories.riders import make_identity
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.campaigns.models import Campaign
from trafficedu.core.clock import today
from trafficedu.hazards.models import Hazard
from trafficedu.points.models import PointEntry
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station
from trafficedu.violations.models.records import Violation

MakeUser = Callable[..., User]


@pytest.fixture
def twins(session: Session) -> list[Area]:
    return places.twins(session)


@pytest.fixture
def officer(client: Browser, make_user: MakeUser, session: Session, twins: list[Area]) -> Browser:
    """An officer of the whole district, in English."""
    return client.sign_in(make_user("officer", area_id=places.area(session, places.DISTRICT).id, locale="en"))


def report(client: Browser, *area: str, lang: str = "en") -> Any:
    sent = {"kind": "surface", "risk": "high", "area_code": list(area), "place": "市心路人民路口"}
    return client.post(f"/hazards/new?lang={lang}", data=sent)


def line(html: str, name: str) -> str:
    """What stands in the field."""
    found = re.search(rf'<input [^>]*data-places="[^>]*name="{name}"[^>]*>', html)
    assert found is not None
    return found[0].partition('value="')[2].rstrip('">')


@pytest.mark.parametrize(
    "typed", [" t3 ", "双桥头", "城厢 双桥头", "城厢街道 · 双桥头 t3", "anything t3", "330109001001"]
)
def test_what_means_one_place_is_taken(officer: Browser, session: Session, typed: str) -> None:
    assert report(officer, typed).status_code == 303
    code = session.scalars(select(Area.code).join(Hazard, Hazard.area_id == Area.id)).one()
    assert code == ("330109001001" if typed.isdecimal() else "t3")
    assert line(officer.get("/hazards/new").text, "area_code").endswith(f" {code}"), "the next begins there"


def test_of_two_villages_of_one_name_one_is_picked_and_nothing_typed_is_lost(
    officer: Browser, session: Session, twins: list[Area]
) -> None:
    asked = report(officer, "双桥")
    assert asked.status_code == 422
    assert "Which one?" in asked.text
    assert line(asked.text, "area_code") == "双桥"
    assert 'value="市心路人民路口"' in asked.text
    for twin in twins[:2]:
        town = session.get_one(Area, twin.parent_id).name
        assert re.search(
            rf'type="radio" name="area_code" id="[^"]+" value="{twin.code}">\s*<label[^>]*>{town} · 双桥<', asked.text
        )
    assert 'value="t3"' not in asked.text
    assert session.scalar(select(Hazard.id)) is None
    assert report(officer, "双桥", "t2").status_code == 303
    assert session.scalars(select(Hazard.area_id)).one() == twins[1].id


def test_places_that_read_alike_are_told_apart_by_their_codes(
    officer: Browser, session: Session, twins: list[Area]
) -> None:
    town = places.area(session)
    places.area(session, places.OTHER_TOWN).name = town.name
    session.commit()
    asked = report(officer, "双桥").text
    assert [f">{town.name} · 双桥 {code}</label>" in asked for code in ("t1", "t2")] == [True, True]


def test_of_what_is_sent_without_scripts_an_empty_line_goes_before_what_was_picked(
    officer: Browser, session: Session, twins: list[Area]
) -> None:
    assert report(officer, "", "t2").status_code == 303
    assert session.scalars(select(Hazard.area_id)).one() == twins[1].id


def test_a_village_that_has_ended_is_entered_by_name_for_a_day_it_existed_on(
    officer: Browser, session: Session, twins: list[Area]
) -> None:
    before, last, after = (today() - timedelta(days=days) for days in (9, 6, 3))
    twins[2].valid_to = last
    session.commit()
    sent = {
        "kind": "NM-PHONE",
        "id_type": "identity_card",
        "id_number": make_identity(),
        "name": "张小明",
        "area_code": "双桥头",
        "place": "市心路人民路口",
        "source": "field",
        "offender": "rider",
        "penalty": "warning",
    }
    refused = officer.post("/record", data=sent | {"occurred_at": f"{after}T08:00"})
    assert f"双桥头 did not exist on {after}." in refused.text
    assert officer.post("/record", data=sent | {"occurred_at": f"{before}T08:00"}).status_code == 303
    assert session.scalars(select(Violation.area_id)).one() == twins[2].id
    home = {"id_type": "identity_card", "id_number": make_identity(), "name": "李小明", "home_area_id": "双桥头"}
    unknown = officer.post("/riders/new", data=home).text
    assert "There is no place with this name or code." in unknown, "of what no rule checks the day only what exists"


def test_what_the_field_shows_is_taken_however_long_the_names_are(
    officer: Browser, session: Session, twins: list[Area]
) -> None:
    session.get_one(Area, twins[1].parent_id).name, twins[1].name = "乡" * 80, "村" * 80
    session.commit()
    rider = {"id_type": "identity_card", "id_number": make_identity(), "name": "张小明"}
    shown = f"{'乡' * 80} · {'村' * 80} t2"
    assert officer.post("/riders/new", data=rider | {"home_area_id": shown}).status_code == 303
    made = session.scalars(select(Rider)).one()
    assert made.home_area_id == twins[1].id
    assert line(officer.get(f"/riders/{made.number}/edit").text, "home_area_id") == shown


def test_what_is_unknown_or_outside_of_the_post_is_refused_at_the_field(
    client: Browser, session: Session, make_user: MakeUser, twins: list[Area]
) -> None:
    client.sign_in(make_user("officer", area_id=places.area(session).id, locale="en"))
    said = {
        "没有这里": "There is no place with this name or code.",
        "双" * 200: "There is no place with this name or code.",
        "· ·": "There is no place with this name or code.",
        "t2": "no village with the code t2 in your area. Enter its name or code.",
        places.OTHER_VILLAGE: f"no village with the code {places.OTHER_VILLAGE} in your area. Enter its name or code.",
        "": "Choose the village.",
    }
    for typed, says in said.items():
        refused = report(client, typed)
        assert refused.status_code == 422, typed
        assert says in refused.text, typed
        assert line(refused.text, "area_code") == typed
    assert "您的辖区内没有代码为 t2 的村社，请输入村社名称或代码。" in report(client, "t2", lang="zh").text
    assert report(client, "双桥").status_code == 303, "the other one of this name is out of sight"
    assert session.scalars(select(Hazard.area_id)).one() == twins[0].id


def test_a_town_with_villages_is_not_offered_where_records_name_villages(officer: Browser, session: Session) -> None:
    town = places.area(session)
    assert "There is no place with this name or code." in report(officer, town.name).text
    refused = report(officer, town.code).text
    assert "Choose the village where the hazard is." in refused, "a code is left to the rules of the record"
    assert line(refused, "area_code").endswith(f"{town.name} {town.code}")


def test_the_only_village_of_a_post_is_there_from_the_beginning(
    client: Browser, session: Session, make_user: MakeUser
) -> None:
    client.sign_in(make_user("grid", area_id=places.area(session, places.VILLAGE).id))
    assert line(client.get("/hazards/new").text, "area_code").endswith(f" {places.VILLAGE}")
    with client.session_transaction() as cookie:
        cookie["village"] = places.OTHER_VILLAGE
    assert line(client.get("/hazards/new").text, "area_code").endswith(f" {places.VILLAGE}"), "another post's is not"


def test_a_form_does_not_begin_with_a_village_that_has_ended(officer: Browser, session: Session) -> None:
    assert report(officer, "t3").status_code == 303
    ended = places.area(session, "t3")
    ended.valid_to = date(2026, 2, 1)
    session.commit()
    assert line(officer.get("/hazards/new").text, "area_code") == ""


@pytest.mark.parametrize(("typed", "home"), [("t2", "t2"), ("双桥头", "t3"), ("", None), ("0", None)])
def test_a_home_is_any_village_also_outside_of_the_post(
    client: Browser, session: Session, make_user: MakeUser, twins: list[Area], typed: str, home: str | None
) -> None:
    client.sign_in(make_user("officer", area_id=places.area(session).id, locale="en"))
    identity = {"id_type": "identity_card", "id_number": make_identity(), "name": "张小明"}
    sent = identity | {"home_area_id": typed}
    assert client.post("/riders/new", data=sent).status_code == 303
    rider = session.scalars(select(Rider)).one()
    assert (rider.home_area.code if rider.home_area else None) == home
    edit = client.get(f"/riders/{rider.number}/edit").text
    assert line(edit, "home_area_id").endswith(home or "")
    refused = client.post("/riders/new", data=sent | {"home_area_id": str(twins[0].id)})
    assert "There is no place with this name or code." in refused.text, "a number is only ever a code"
    assert 'value="t1"' in client.post("/riders/new", data=sent | {"home_area_id": "双桥"}).text


def test_only_the_levels_that_fit_are_taken(client: Browser, session: Session, make_user: MakeUser) -> None:
    client.sign_in(make_user("administrator", locale="en"))
    sent = {"code": "S9", "name": "测试站", "seats": "30", "active": "y", "area_code": places.DISTRICT}
    assert "There is no place with this name or code." in client.post("/stations/new", data=sent).text
    assert client.post("/stations/new", data=sent | {"area_code": places.area(session).name}).status_code == 303
    assert session.scalars(select(Station.area_id)).one() == places.area(session).id


def test_several_places_are_ticked_or_written_with_commas(
    client: Browser, session: Session, make_user: MakeUser, twins: list[Area]
) -> None:
    client.sign_in(make_user("supervisor", area_id=places.area(session, places.DISTRICT).id, locale="en"))
    sent: dict[str, Any] = {"name": "头盔月", "first_day": "2099-01-01", "last_day": "2099-01-31"}
    asked = client.post("/campaigns/new", data=sent | {"villages": [places.VILLAGE, "双桥头，双桥, 没有这里"]})
    assert asked.status_code == 422
    ticked = re.findall(r'type="checkbox" name="villages" id="[^"]+" value="([^"]+)" checked', asked.text)
    assert ticked == [places.VILLAGE, "t3"]
    assert re.findall(r'name="villages" id="[^"]+" value="([^"]+)">', asked.text) == ["t1", "t2"]
    assert line(asked.text, "villages") == "双桥、没有这里"
    assert client.post("/campaigns/new", data=sent | {"villages": [*ticked, "t2", ""]}).status_code == 303
    campaign = session.scalars(select(Campaign)).one()
    assert sorted(area.code for area in campaign.areas) == [places.VILLAGE, "t2", "t3"]
    assert client.get(f"/campaigns/{campaign.number}/edit").text.count(" checked") >= 3


def test_of_several_places_the_page_asks_once(
    client: Browser, session: Session, make_user: MakeUser, twins: list[Area]
) -> None:
    client.sign_in(make_user("supervisor", area_id=places.area(session, places.DISTRICT).id, locale="en"))
    sent: dict[str, Any] = {"name": "头盔月", "first_day": "2099-01-01", "last_day": "2099-01-31"}

    def boxes(html: str) -> list[tuple[str, bool]]:
        found = re.findall(r'type="checkbox" name="villages" id="[^"]+" value="([^"]+)"( checked)?>', html)
        return [(code, bool(ticked)) for code, ticked in found]

    asked = client.post("/campaigns/new", data=sent | {"villages": "双桥，没有这里"})
    assert boxes(asked.text) == [("t1", False), ("t2", False)]
    asked = client.post("/campaigns/new", data=sent | {"villages": [line(asked.text, "villages"), "t2"]})
    assert boxes(asked.text) == [("t2", True)], "which 双桥 is answered, the other name is not"
    assert line(asked.text, "villages") == "没有这里"
    asked = client.post("/campaigns/new", data=sent | {"villages": ["t2", "双桥"]})
    assert boxes(asked.text) == [("t2", True), ("t1", False)], "what was chosen before answers nothing"
    both = ["t2", line(asked.text, "villages"), "t1"]
    assert client.post("/campaigns/new", data=sent | {"villages": both}).status_code == 303
    assert sorted(area.code for area in session.scalars(select(Campaign)).one().areas) == ["t1", "t2"]
    assert client.post("/campaigns/new", data=sent | {"villages": ["双桥", "t2"]}).status_code == 303


def test_points_are_for_an_area_or_for_a_company(client: Browser, session: Session, make_user: MakeUser) -> None:
    company = places.add_company(session)
    client.sign_in(make_user("supervisor", area_id=places.area(session, places.DISTRICT).id, locale="en"))
    sent = {"activity": "publicity", "occurred_on": f"{today() - timedelta(days=3)}"}
    both = client.post("/points/entries/new", data=sent | {"target": places.VILLAGE, "company": company.code})
    assert "not both" in both.text
    assert "Choose an area or a company." in client.post("/points/entries/new", data=sent).text
    name = places.area(session, places.VILLAGE).name
    for target in (f"village:{places.VILLAGE}", places.VILLAGE, name):
        assert client.post("/points/entries/new", data=sent | {"target": target}).status_code == 303, target
    assert set(session.scalars(select(PointEntry.area_id))) == {places.area(session, places.VILLAGE).id}
    shown = client.get(f"/points/entries/new?target=company:{company.code}").text
    assert re.search(rf'<option selected value="{company.code}"', shown)
    assert line(shown, "target") == ""
