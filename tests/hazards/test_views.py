from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from tests.factories.hazards import NOW, PLAN, make_fixed, make_hazard, make_planned
from tests.factories.pictures import camera_photo
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.core.clock import today
from trafficedu.hazards.models import Hazard, HazardKind, HazardWatch

MakeUser = Callable[..., User]


def sent_photo(seed: int = 0, name: str = "IMG_1.jpg") -> tuple[io.BytesIO, str]:
    return io.BytesIO(camera_photo(seed=seed)), name


def only(session: Session, model: type[Any] = Hazard) -> Any:
    session.expire_all()
    return session.scalars(select(model)).one()


def report(client: Browser, village: Area, **values: Any) -> Any:
    form = {"kind": "surface", "risk": "high", "area_code": village.code, "place": "市心路人民路口"}
    return client.post("/hazards/new", data=form | values)


def test_from_the_phone_to_the_sheet(
    client: Browser, session: Session, village: Area, town: Area, make_user: MakeUser
) -> None:
    """Grid officer reports, leader plans and has it fixed, officer verifies; the photo has no position in it."""
    client.sign_in(make_user("grid", area=village))
    place = {"latitude": "30.178500", "longitude": "120.264700"}
    answer = report(client, village, photos=[sent_photo(1), sent_photo(2)], camera=sent_photo(3), **place)
    number = only(session).number
    assert answer.headers["Location"] == f"/hazards/{number}"
    picture = client.get(f"/hazards/{number}/photos/1")
    assert picture.mimetype == "image/jpeg"
    with Image.open(io.BytesIO(picture.data)) as opened:
        assert not opened.getexif()
    assert "市心路人民路口" in client.get("/").get_data(as_text=True)

    client.sign_in(make_user("leader", area=town))
    assert "待制定方案的隐患" in client.get("/").get_data(as_text=True)
    proposed = client.get(f"/hazards/{number}/plan").get_data(as_text=True)
    assert (today() + timedelta(days=7)).isoformat() in proposed
    plan = {"goal": "平整", "measures": "重铺", "responsible": "城建办", "deadline_on": today().isoformat()}
    client.post(f"/hazards/{number}/plan", data=plan | {"version": "1"})
    version = str(only(session).version)
    assert client.post(f"/hazards/{number}/begin", data={"version": version}).status_code == 303
    version = str(only(session).version)
    client.post(f"/hazards/{number}/fixed", data={"version": version, "photos": [sent_photo(4)]})

    client.sign_in(make_user("officer", area=town))
    version = str(only(session).version)
    client.post(f"/hazards/{number}/verify", data={"version": version, "decision": "yes"})
    assert (only(session).state, only(session).on_time) == ("verified", True)
    page = client.get(f"/hazards/{number}").get_data(as_text=True)
    assert "按期整改" in page
    assert client.get(f"/hazards/{number}/plan.pdf").data.startswith(b"%PDF")


def test_a_file_that_is_no_photo_is_said_at_its_field_and_nothing_is_written(
    client: Browser, session: Session, village: Area, make_user: MakeUser
) -> None:
    client.sign_in(make_user("officer", area=village))
    answer = report(client, village, photos=[(io.BytesIO(b"<svg/>"), "a.jpg")])
    assert answer.status_code == 422
    assert 'href="#photos"' in answer.get_data(as_text=True)
    assert "市心路人民路口" in answer.get_data(as_text=True)
    assert session.scalars(select(Hazard)).all() == []


def test_who_fixed_it_is_not_offered_to_verify_and_is_refused(
    client: Browser, session: Session, village: Area, town: Area, make_user: MakeUser
) -> None:
    fixer = make_user("officer", area=town)
    hazard = make_fixed(session, village, actor_of(fixer))
    session.commit()
    number, version = hazard.number, str(hazard.version)
    client.sign_in(fixer)
    assert f"/hazards/{number}/verify" not in client.get(f"/hazards/{number}").get_data(as_text=True)
    answer = client.post(f"/hazards/{number}/verify", data={"version": version, "decision": "yes"})
    assert answer.status_code == 422
    assert "须由他人验收" in answer.get_data(as_text=True)
    client.sign_in(make_user("officer", area=town))
    answer = client.post(f"/hazards/{number}/verify", data={"version": version, "decision": "no"})
    assert answer.status_code == 422
    client.post(f"/hazards/{number}/verify", data={"version": version, "decision": "no", "note": "坑还在"})
    assert only(session).state == "fixing"


def test_the_second_editor_gets_a_conflict(
    client: Browser, session: Session, village: Area, town: Area, make_user: MakeUser
) -> None:
    hazard = make_planned(session, village)
    session.commit()
    client.sign_in(make_user("leader", area=town))
    assert client.post(f"/hazards/{hazard.number}/fixed", data={"version": "1"}).status_code == 409
    assert client.get(f"/hazards/{hazard.number}/verify").status_code in {403, 409}


def test_a_photo_is_served_to_nobody_outside_and_not_after_it_was_withdrawn(
    client: Browser, session: Session, village: Area, town: Area, make_user: MakeUser
) -> None:
    hazard = make_hazard(session, village)
    session.commit()
    address = f"/hazards/{hazard.number}/photos/1"
    client.sign_in(make_user("officer", area=places.area(session, places.OTHER_TOWN)))
    assert client.get(address).status_code == 404
    supervisor = make_user("supervisor", area=town)
    client.sign_in(supervisor)
    assert client.get(address).status_code == 200
    assert client.get("/hazards/x/photos/99999999999999999999").status_code == 404
    client.post(f"{address}/withdraw", data={"reason": "拍到行人"})
    assert client.get(address).status_code == 404


def test_the_list_and_the_tiers_lead_to_one_another(
    client: Browser, session: Session, village: Area, make_user: MakeUser
) -> None:
    make_planned(session, village, now=NOW - timedelta(days=300), plan=PLAN)
    session.commit()
    district = places.area(session, places.DISTRICT)
    client.sign_in(make_user("analyst", area=district))
    top = client.get("/hazards/overdue").get_data(as_text=True)
    assert f"/hazards/overdue?area={places.TOWN}" in top
    below = client.get(f"/hazards/overdue?area={places.TOWN}").get_data(as_text=True)
    assert f"area={places.VILLAGE}" in below
    assert re.search(r"<a href=\"/hazards/overdue\?area=330109\">", below)
    assert client.get("/hazards?overdue=y&sort=deadline").status_code == 200
    exported = client.fetch("/hazards/export/csv").get_data(as_text=True)
    assert "湘湖路与时代大道口东侧" in exported


def test_a_town_is_listed_looked_at_and_taken_off(
    client: Browser, session: Session, town: Area, make_user: MakeUser
) -> None:
    officer = make_user("officer", area=town)
    client.sign_in(make_user("supervisor", area=town))
    form = {"area_code": town.code, "reason": "事故多发", "period_days": "7", "checker": officer.username}
    client.post("/hazards/checks/new", data=form | {"due_on": today().isoformat()})
    number = only(session, HazardWatch).number
    edited = form | {"period_days": "14", "due_on": today().isoformat(), "version": "1"}
    client.post(f"/hazards/checks/{number}/edit", data=edited)
    client.sign_in(officer)
    assert town.name in client.get("/hazards/checks?mine=y").get_data(as_text=True)
    client.post(f"/hazards/checks/{number}/look", data={"found": "1", "note": "一处坑洼", "version": "2"})
    assert only(session, HazardWatch).due_on == today() + timedelta(days=14)
    assert "一处坑洼" in client.get(f"/hazards/checks/{number}").get_data(as_text=True)
    client.sign_in(make_user("supervisor", area=town))
    client.post(f"/hazards/checks/{number}/end", data={"reason": "已整治", "version": "3"})
    assert only(session, HazardWatch).ended_reason == "已整治"
    assert number in client.get("/hazards/checks?ended=y").get_data(as_text=True)


def test_a_kind_is_added_renamed_and_taken_out_of_use(
    client: Browser, session: Session, village: Area, make_user: MakeUser
) -> None:
    client.sign_in(make_user("administrator"))
    new = {"code": "tunnel", "name_zh": "涵洞积水", "name_en": "Flooded underpass", "position": "13", "active": "y"}
    assert client.post("/hazards/kinds/new", data=new).status_code == 303
    assert client.post("/hazards/kinds/new", data=new).status_code == 422
    client.post("/hazards/kinds/tunnel", data=new | {"active": "", "version": "1"})
    kind = session.scalars(select(HazardKind).where(HazardKind.code == "tunnel")).one()
    assert not kind.active
    client.sign_in(make_user("officer", area=village))
    assert "涵洞积水" not in client.get("/hazards/new").get_data(as_text=True)
    assert report(client, village, kind="tunnel").status_code == 422
