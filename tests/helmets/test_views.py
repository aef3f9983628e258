from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
import python_calamine
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.helmets import make_company, make_site, make_survey, tree
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core.clock import day_bounds, local, today, utc_now
from trafficedu.core.security import POLICY
from trafficedu.helmets.models import HelmetCount, HelmetSite, HelmetSurvey

MakeUser = Callable[..., User]
RECENT = utc_now().replace(microsecond=0) - timedelta(hours=2)


@pytest.fixture
def places(session: Session) -> dict[str, Area]:
    return tree(session)


@pytest.fixture
def site(session: Session, places: dict[str, Area]) -> HelmetSite:
    return make_site(session, places["A1"], "K1")


def body(site: HelmetSite, observer: str, **values: object) -> dict[str, object]:
    now = int(utc_now().timestamp() * 1000)
    return {
        "key": "phone-0123456789abcdef",
        "site": site.code,
        "code": "7K3M",
        "started": now - 600_000,
        "until": now,
        "clock": now,
        "ended": False,
        "observer": observer,
        "taps": [[1, "other", "rider", "", "helmeted", 1], [2, "other", "rider", "", "bare", 1]],
        **values,
    }


def test_the_phone_learns_what_it_needs_and_sends_once(
    session: Session, client: Browser, site: HelmetSite, places: dict[str, Area], make_user: MakeUser
) -> None:
    make_company(session)
    make_site(session, places["B1"], "FAR")
    client.sign_in(make_user("officer", area_id=places["A"].id))
    facts = client.get("/helmets/count/facts").get_json()
    assert [one["code"] for one in facts["sites"]] == ["K1"]
    assert {"code": "MT", "name": "公司MT"} in facts["companies"]
    for _ in range(2):
        answer = client.post("/helmets/count/sheets", json=body(site, facts["observer"]))
        assert (answer.status_code, answer.get_json()["last"]) == (200, 2)
    assert session.execute(select(func.sum(HelmetCount.helmeted), func.sum(HelmetCount.bare))).one() == (1, 1)
    assert client.post("/helmets/count/sheets", json=body(site, "somebody else")).status_code == 409
    gap = body(site, facts["observer"], taps=[[9, "other", "rider", "", "bare", 1]])
    assert client.post("/helmets/count/sheets", json=gap).status_code == 422
    far = body(site, facts["observer"]) | {"site": "FAR", "key": "phone-another-sheet-1"}
    assert client.post("/helmets/count/sheets", json=far).status_code == 422


@pytest.mark.parametrize(
    "wrong", ["not json", "[]", "{}", '{"key": 1}', json.dumps({"taps": [[1]]}), '{"started": 1e400}', "null"]
)
def test_nonsense_is_answered_in_json(client: Browser, site: HelmetSite, make_user: MakeUser, wrong: str) -> None:
    client.sign_in(make_user("officer", area_id=site.area_id))
    answer = client.post("/helmets/count/sheets", data=wrong, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["error"]


def test_the_page_that_a_phone_keeps_bears_no_name_and_no_inline_script(
    session: Session, client: Browser, site: HelmetSite, make_user: MakeUser
) -> None:
    user = make_user("officer", area_id=site.area_id)
    user.display_name = "王晓明"
    session.commit()
    client.sign_in(user)
    page, kept = client.get("/helmets/count"), client.get("/helmets/count/kept")
    assert "王晓明" in page.text
    assert "王晓明" not in kept.text
    assert kept.headers["Content-Security-Policy"] == POLICY
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", kept.text)
    assert not re.search(r"\son\w+=|style=", kept.text)


def test_a_survey_entered_whole_arrives_once_however_often_it_is_sent(
    session: Session, client: Browser, site: HelmetSite, make_user: MakeUser
) -> None:
    client.sign_in(make_user("officer", area_id=site.area_id))
    form = {
        "client_reference": "1",
        "site_code": "K1",
        "started_at": local(RECENT).strftime("%Y-%m-%dT%H:%M"),
        "minutes": "30",
        "method": "video",
        "company_code": "",
        "delivery_rider_helmeted": "12",
        "other_passenger_bare": "3",
    }
    answers = [client.post("/helmets/surveys/new", data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    survey = session.scalars(select(HelmetSurvey)).one()
    assert (survey.method, survey.source) == ("video", "form")
    page = client.get(f"/helmets/surveys/{survey.number}")
    assert page.status_code == 200
    empty = client.post(
        "/helmets/surveys/new",
        data={**form, "client_reference": "2", "delivery_rider_helmeted": "", "other_passenger_bare": ""},
    )
    assert empty.status_code == 422
    wrong = client.post("/helmets/surveys/new", data={**form, "client_reference": "3", "minutes": "x"})
    assert wrong.status_code == 422
    assert 'value="12"' in wrong.text


def test_surveys_sites_and_plans_of_others_do_not_exist(
    session: Session, client: Browser, site: HelmetSite, places: dict[str, Area], make_user: MakeUser
) -> None:
    survey = make_survey(session, site, 9, 1, when=RECENT)
    session.commit()
    client.sign_in(make_user("supervisor", area_id=places["A"].id))
    drawn = client.post(
        "/helmets/plans/new",
        data={"area_code": places["A"].code, "month": "2026-04", "sites": "1", "stratified_by": "none", "seed": ""},
    )
    plan = drawn.headers["Location"]
    assert client.get(plan).status_code == 200
    assert survey.number in client.get("/helmets/surveys").text
    client.sign_in(make_user("supervisor", area_id=places["B"].id))
    for address in (
        f"/helmets/surveys/{survey.number}",
        "/helmets/sites/K1",
        plan,
    ):
        assert client.get(address).status_code == 404, address
    elsewhere = client.get(f"/helmets?area={places['A'].code}&lang=en").text
    assert "There is no place with this name or code." in elsewhere
    assert places["A"].name not in elsewhere
    assert (
        client.post(f"/helmets/surveys/{survey.number}/void", data={"reason": "x", "version": "1"}).status_code == 404
    )
    for address in ("/helmets/surveys", "/helmets/sites", "/helmets/plans", "/helmets"):
        text = client.get(address).text
        assert survey.number not in text
        assert "路口K1" not in text
    book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(client.fetch("/helmets/table.xlsx", "GET").data))
    assert not any("K1" in str(cell) for row in book.get_sheet_by_index(0).to_python() for cell in row)


def test_the_page_of_results_says_what_the_numbers_prove(
    session: Session, client: Browser, site: HelmetSite, places: dict[str, Area], make_user: MakeUser
) -> None:
    this_month = max(RECENT, day_bounds(today().replace(day=1))[0])
    make_survey(session, site, 95, 5, 3, when=this_month)
    make_survey(session, make_site(session, places["A1"], "K2"), 80, 20, when=this_month)
    make_survey(session, site, 70, 30, when=this_month, method="video")
    session.commit()
    leader = make_user("leader", area_id=places["A"].id)
    leader.locale = "en"
    session.commit()
    client.sign_in(leader)
    running = local(this_month).strftime("%Y-%m")
    assert "(175 / 200)" not in client.get("/helmets").text, "the running month is not over"
    text = client.get(f"/helmets?last={running}").text
    assert "87.5 %" in text
    assert "(175 / 200)" in text
    assert "is not judged: fewer than 3 sites" in text
    assert "mean of the sites" in text
    assert "On site the rate is" in text or "agree within what chance explains" in text
    video = client.get(f"/helmets?method=video&last={running}").text
    assert "(70 / 100)" in video
    book = python_calamine.CalamineWorkbook.from_filelike(
        BytesIO(client.fetch(f"/helmets/table.xlsx?last={running}", "GET").data)
    )
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0][0] == "Breakdown"
    assert [row[3] for row in rows if row[0] == "site"] == [95, 80]
    assert client.get("/helmets?first=2020-01&last=nonsense&group=x&role=y&method=z").status_code == 200


def test_voiding_takes_the_survey_out_of_the_page(
    session: Session, client: Browser, site: HelmetSite, places: dict[str, Area], make_user: MakeUser
) -> None:
    survey = make_survey(session, site, 9, 1, when=RECENT)
    session.commit()
    client.sign_in(make_user("supervisor", area_id=places["A"].id))
    shown = f"/helmets?last={local(RECENT):%Y-%m}"
    assert "(9 / 10)" in client.get(shown).text
    void = f"/helmets/surveys/{survey.number}/void"
    assert client.post(void, data={"reason": "", "version": "1"}).status_code == 422
    assert client.post(void, data={"reason": "wrong road", "version": "7"}).status_code == 409
    assert client.post(void, data={"reason": "wrong road", "version": "1"}).status_code == 303
    assert "(9 / 10)" not in client.get(shown).text
    assert "wrong road" in client.get(f"/helmets/surveys/{survey.number}").text


def test_sites_are_added_and_changed_with_what_was_typed_kept(
    session: Session, client: Browser, places: dict[str, Area], make_user: MakeUser
) -> None:
    client.sign_in(make_user("supervisor", area_id=places["A"].id))
    good = {"code": "N-1", "name": "新路口", "area_code": places["A1"].code, "road_class": "branch", "active": "y"}
    assert client.post("/helmets/sites/new", data=good).status_code == 303
    again = client.post("/helmets/sites/new", data={**good, "name": "另一路口"})
    assert again.status_code == 422
    assert "另一路口" in again.text
    changed = {**good, "name": "改名", "latitude": "30.16", "longitude": "120.26", "version": "1"}
    assert client.post("/helmets/sites/N-1", data=changed).status_code == 303
    assert client.post("/helmets/sites/N-1", data=changed).status_code == 409
    session.expire_all()
    assert session.scalars(select(HelmetSite).where(HelmetSite.code == "N-1")).one().latitude == 30.16


def test_panels_show_where_they_have_something_to_say(
    session: Session, client: Browser, app: Flask, site: HelmetSite, places: dict[str, Area], make_user: MakeUser
) -> None:
    make_survey(session, site, 95, 5, when=RECENT)
    session.commit()
    client.sign_in(make_user("officer", area_id=places["A"].id))
    assert "/helmets/count" in client.get("/").text
    month = local(RECENT).strftime("%Y-%m")
    assert "(95 / 100)" in client.get(f"/overview?first={month}&last={month}").text
    client.sign_in(make_user("analyst", area_id=places["A"].id))
    assert 'href="/helmets/count"' not in client.get("/").text
    client.sign_in(make_user("leader", area_id=places["B"].id))
    assert "(95 / 100)" not in client.get(f"/overview?first={month}&last={month}").text
