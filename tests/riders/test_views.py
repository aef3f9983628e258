from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.riders import make_area, make_company, make_identity, make_rider
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import today, utc_now
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.queries import people as queries
from trafficedu.riders.queries.plates import rider_of, uses_of_rider
from trafficedu.riders.rules import IdType
from trafficedu.riders.services import engagements, plates
from trafficedu.riders.services.engagements import NewEngagement


@pytest.fixture
def village(session: Session) -> Area:
    area = make_area(session, "甲村")
    session.commit()
    return area


@pytest.fixture
def officer(client: Browser, make_user: Callable[..., User], village: Area) -> Browser:
    """The browser of an officer of the village, in English."""
    return client.sign_in(make_user("officer", area_id=village.id, locale="en"))


def entered(rider: Rider, session: Session, **values: str) -> dict[str, str]:
    """What the edit form sends with nothing touched but ``values``."""
    shown = queries.describe(session, rider)
    return {
        "id_type": rider.id_type,
        "id_number": shown.id_masked,
        "name": rider.name,
        "phone": shown.phone_masked,
        "home_area_id": rider.home_area.code if rider.home_area else "",
        "version": str(rider.version),
        **values,
    }


def test_before_a_search_only_riders_of_the_own_area_are_listed(
    officer: Browser, session: Session, village: Area
) -> None:
    assert "No riders in your area yet" in officer.get("/riders").text
    make_rider(session, name="欧阳近", home_area_id=village.id)
    make_rider(session, name="欧阳远", home_area_id=make_area(session, "乙村").id)
    session.commit()
    page = officer.get("/riders").text
    assert "欧阳近" in page
    assert "欧阳远" not in page


def test_a_document_opens_its_rider_wherever_at_home_but_no_address_holds_it(
    officer: Browser, session: Session
) -> None:
    number = make_identity()
    rider = make_rider(session, id_number=number, home_area_id=make_area(session, "乙村").id)
    session.commit()
    assert officer.get(f"/riders/{rider.number}").status_code == 404
    answer = officer.post("/riders", data={"words": number})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/riders/{rider.number}")
    page = officer.get(answer.headers["Location"])
    assert page.status_code == 200
    assert number not in page.text
    assert queries.describe(session, rider).id_masked in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_a_name_lists_the_own_area_only(officer: Browser, session: Session, village: Area) -> None:
    for name in ("欧阳近", "欧阳近二"):
        make_rider(session, name=name, home_area_id=village.id)
    make_rider(session, name="欧阳远", home_area_id=make_area(session, "乙村").id)
    session.commit()
    page = officer.post("/riders", data={"words": "欧阳"})
    assert page.status_code == 200
    assert "欧阳近二" in page.text
    assert "欧阳远" not in page.text
    assert "No rider found" in officer.post("/riders", data={"words": "司马"}).text
    assert officer.post("/riders", data={"words": ""}).status_code == 422


def test_registering_leads_to_the_rider_and_again_to_the_same(
    officer: Browser, session: Session, village: Area
) -> None:
    number = make_identity()
    typed = {
        "id_type": IdType.IDENTITY_CARD,
        "id_number": f" {number.lower()} ",
        "name": "张小明",
        "phone": "+86 138 0013 8000",
        "home_area_id": village.code,
        "plate": "杭州·a12345",
    }
    first = officer.post("/riders/new", data=typed)
    assert first.status_code == 303, first.text
    second = officer.post("/riders/new", data=typed)
    assert second.headers["Location"] == first.headers["Location"]
    page = officer.get(first.headers["Location"]).text
    assert "138****8000" in page
    assert "杭州A12345" in page
    assert "already" in page
    assert len(session.scalars(select(Rider)).all()) == 1


def test_a_broken_number_is_told_at_its_field_and_nothing_typed_is_lost(officer: Browser, session: Session) -> None:
    typed = {"id_type": IdType.IDENTITY_CARD, "id_number": "110105194912310021", "name": "张小明", "home_area_id": "0"}
    page = officer.post("/riders/new", data={**typed, "plate": "杭州A12345"})
    assert page.status_code == 422
    assert "The check digit of this number is wrong." in page.text
    assert 'value="110105194912310021"' in page.text
    assert 'value="杭州A12345"' in page.text
    page = officer.post("/riders/new", data={**typed, "id_number": make_identity(), "plate": "A1"})
    assert page.status_code == 422
    assert session.scalars(select(Rider)).all() == []


def test_unmasking_shows_the_data_once_with_a_purpose_in_the_audit_trail(
    officer: Browser, session: Session, village: Area
) -> None:
    number = make_identity()
    rider = make_rider(session, id_number=number, phone="13800138000", home_area_id=village.id)
    session.commit()
    address = f"/riders/{rider.number}/unmask"
    refused = officer.post(address, data={"purpose": ""})
    assert refused.status_code == 422
    assert number not in refused.text
    shown = officer.post(address, data={"purpose": "contact"})
    assert number in shown.text
    assert "13800138000" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert officer.get(address).status_code == 303
    assert number not in officer.get(f"/riders/{rider.number}").text
    rows = session.scalars(select(AuditEntry).where(AuditEntry.action == "riders:identity:unmask")).all()
    assert [(row.subject_id, row.detail) for row in rows] == [(rider.id, {"purpose": "contact"})]


def test_an_edit_keeps_masked_values_and_the_second_editor_is_told(
    officer: Browser, session: Session, village: Area
) -> None:
    number = make_identity()
    rider = make_rider(session, id_number=number, phone="13800138000", home_area_id=village.id)
    session.commit()
    address, typed = f"/riders/{rider.number}/edit", entered(rider, session, name="改名")
    page = officer.get(address).text
    assert "138****8000" in page
    assert "1990-05-17" not in page
    asked = officer.post(address, data=typed)
    assert asked.status_code == 422
    assert "Say why it is another one now." in asked.text
    typed |= {"renaming": "misspelt"}
    assert officer.post(address, data=typed).status_code == 303
    session.refresh(rider)
    assert (rider.name, queries.phone_of(session, rider)) == ("改名", "13800138000")
    assert queries.id_number_of(session, rider) == number
    assert officer.post(address, data=typed).status_code == 409
    broken = officer.post(address, data=entered(rider, session, phone="12345"))
    assert broken.status_code == 422
    assert "A mobile number has eleven digits" in broken.text


def test_an_engagement_is_recorded_and_ended(officer: Browser, session: Session, village: Area) -> None:
    rider, company = make_rider(session, home_area_id=village.id), make_company(session, "云达物流")
    session.commit()
    new = f"/riders/{rider.number}/engagements/new"
    assert officer.post(new, data={"company_id": "0", "engaged_from": "2026-01-01"}).status_code == 422
    typed = {"company_id": str(company.id), "engaged_from": "2026-01-01", "legal_basis": ""}
    assert officer.post(new, data=typed).status_code == 303
    assert officer.post(new, data=typed).status_code == 422
    page = officer.get(f"/riders/{rider.number}").text
    assert "云达物流" in page
    assert "none: notices are held" in page
    address = f"/riders/{rider.number}/engagements/{company.code}/2026-01-01"
    assert 'value="2026-01-01"' in officer.get(address).text
    ended = {"engaged_from": "2026-01-01", "engaged_to": "2026-02-01", "legal_basis": "consent", "version": "1"}
    assert officer.post(address, data=ended | {"engaged_to": "2025-02-01"}).status_code == 422
    assert officer.post(address, data=ended).status_code == 303
    engagement = session.scalars(select(Engagement)).one()
    session.refresh(engagement)
    assert (engagement.engaged_to, engagement.legal_basis) == (date(2026, 2, 1), "consent")
    assert officer.post(address, data=ended).status_code == 409
    for wrong in ("2026-01-02", "yesterday"):
        assert officer.get(f"/riders/{rider.number}/engagements/{company.code}/{wrong}").status_code == 404


def test_plates_are_noted_ended_and_told_with_their_history(officer: Browser, session: Session, village: Area) -> None:
    rider = make_rider(session, home_area_id=village.id, name="卢安华")
    session.commit()
    address = f"/riders/{rider.number}/plates/new"
    given = {"plate": "浙a·12345", "relation": "owner", "used_from": "2026-01-02", "reason": "看过行驶证"}
    assert officer.post(address, data=given | {"plate": "??"}).status_code == 422
    assert officer.post(address, data=given | {"reason": ""}).status_code == 422
    assert officer.post(address, data=given).status_code == 303
    [use] = uses_of_rider(session, rider.id)
    change = {"used_to": "2026-01-31", "reason": "已报废", "version": "1"}
    assert officer.post(f"/riders/{rider.number}/plates/{use.number}", data=change).status_code == 303
    assert officer.post(f"/riders/{rider.number}/plates/{use.number}", data=change).status_code == 409
    for page in (f"/riders/{rider.number}", f"/vehicles/{use.vehicle.number}"):
        text = officer.get(page).text
        assert all(shown in text for shown in ("2026-01-02", "2026-01-31", "已报废", "registered owner")), page
    assert "卢安华" in officer.get(f"/vehicles/{use.vehicle.number}").text


def test_a_new_rider_on_a_known_plate_is_asked_about(officer: Browser, session: Session, village: Area) -> None:
    known = make_rider(session, home_area_id=village.id, name="卢安华")
    plates.note(session, plates.Seen("浙A12345", known, today()), SYSTEM)
    session.commit()
    given = {"id_type": "identity_card", "id_number": make_identity(), "name": "借车人", "plate": "浙A12345"}
    asked = officer.post("/riders/new", data=given)
    assert asked.status_code == 422
    assert "卢安华" in asked.text
    assert session.scalar(select(func.count()).select_from(Rider)) == 1
    answer = {"plate_met": known.number, "plate_answer": "borrowed"}
    assert officer.post("/riders/new", data=given | answer).status_code == 303
    assert rider_of(session, "浙A12345", today()) is known


def test_every_page_of_a_rider_elsewhere_does_not_exist(officer: Browser, session: Session) -> None:
    rider = make_rider(session, home_area_id=make_area(session, "乙村").id)
    company = make_company(session)
    engagements.engage(session, rider, NewEngagement(company.id, date(2026, 1, 1)), SYSTEM, utc_now())
    session.commit()
    base = f"/riders/{rider.number}"
    plates.note(session, plates.Seen("杭州A12345", rider, today()), SYSTEM)
    session.commit()
    [use] = uses_of_rider(session, rider.id)
    for address in (
        "",
        "/edit",
        "/engagements/new",
        f"/engagements/{company.code}/2026-01-01",
        f"/plates/{use.number}",
    ):
        assert officer.get(base + address).status_code == 404, address
    for address in ("/edit", "/unmask", "/engagements/new", "/plates/new", f"/plates/{use.number}"):
        typed = {"purpose": "contact", "plate": "杭州A12345", "words": "x"}
        assert officer.post(base + address, data=typed).status_code == 404, address
    assert officer.get(f"/vehicles/{use.vehicle.number}").status_code == 404
    session.expire_all()
    assert [use.used_to for use in uses_of_rider(session, rider.id)] == [None]


def test_no_log_line_holds_what_was_searched_for(
    officer: Browser, session: Session, village: Area, caplog: pytest.LogCaptureFixture
) -> None:
    number = make_identity()
    make_rider(session, id_number=number, name="诸葛不亮", phone="13712345678", home_area_id=village.id)
    session.commit()
    logger = logging.getLogger("trafficedu")
    logger.propagate = True
    with caplog.at_level(logging.INFO, logger="trafficedu"):
        for words in (number, "诸葛不亮", "13712345678"):
            officer.get(officer.post("/riders", data={"words": words}).headers["Location"])
    written = " ".join(str(vars(record)) for record in caplog.records)
    assert "/riders" in written
    for secret in (number, "诸葛不亮", "13712345678"):
        assert secret not in written
