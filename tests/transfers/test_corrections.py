"""A source says something else than who corrected its record: listed, and decided with one tap."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from tests.factories.riders import make_identity, make_rider
from trafficedu.accounts.models import User
from trafficedu.companies.imports import IMPORTER
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.tabular import numbered, silent
from trafficedu.riders.queries import people as queries
from trafficedu.transfers.services.importing import Choices, File, import_file
from trafficedu.wiring.files import IMPORTERS

MakeUser = Callable[..., User]


def bring(session: Session, company: Company, telephone: str) -> None:
    row = {"code": company.code, "name": company.name, "contact_phone": telephone}
    report = IMPORTER.run(session, numbered([row]), SYSTEM, utc_now(), skip_errors=False, progress=silent)
    assert not report.refused
    session.commit()


@pytest.mark.parametrize(("act", "left"), [("keep", "222"), ("take", "333")])
def test_who_answers_for_a_record_decides_between_file_and_correction(
    session: Session, client: Browser, make_user: MakeUser, act: str, left: str
) -> None:
    company = places.add_company(session, code="K-1", contact_phone="111")
    session.commit()
    client.sign_in(make_user("administrator"))
    client.post(
        "/companies/K-1/edit", data={"name": company.name, "contact_phone": "222", "active": "y", "version": "1"}
    )
    bring(session, company, "111")
    assert "K-1" not in client.get("/corrections").text, "the file says what it always said"
    bring(session, company, "333")
    page = client.get("/corrections").text
    assert all(text in page for text in ("K-1", "222", "333"))
    assert "/corrections" in client.get("/").text
    mark = re.findall(rf'/company/\d+/{act}".*?name="seen" value="(\w+)"', page, re.DOTALL)[0]
    address = re.findall(rf'action="(/corrections/company/\d+/{act})"', page)[0]
    assert client.post(address, data={"seen": mark}).status_code == 303
    session.expire_all()
    assert company.contact_phone == left
    assert "K-1" not in client.get("/corrections").text
    assert client.post(address, data={"seen": mark}).status_code in {404, 409}
    shown = client.get("/companies/K-1").text
    assert "111 → 222" in re.sub(r"\s+", " ", shown)
    bring(session, company, "333")
    session.refresh(company)
    assert company.contact_phone == left


def test_nobody_decides_on_kinds_that_are_not_theirs(session: Session, client: Browser, make_user: MakeUser) -> None:
    company = places.add_company(session, code="K-1", contact_phone="111")
    session.commit()
    client.sign_in(make_user("administrator"))
    client.post(
        "/companies/K-1/edit", data={"name": company.name, "contact_phone": "222", "active": "y", "version": "1"}
    )
    bring(session, company, "333")
    client.sign_in(make_user("supervisor"))
    assert "K-1" not in client.get("/corrections").text
    assert client.post(f"/corrections/company/{company.id}/keep").status_code == 404
    client.sign_in(make_user("officer"))
    assert client.get("/corrections").status_code == 403


@pytest.mark.parametrize(("act", "name"), [("rename", "张珊"), ("dismiss", "张三")])
def test_a_document_with_another_name_is_decided_by_somebody(
    session: Session, client: Browser, make_user: MakeUser, tmp_path: Path, act: str, name: str
) -> None:
    rider = make_rider(session, name="张三", id_number=make_identity())
    rider.home_area_id = places.area(session, places.VILLAGE).id
    session.flush()
    row = {"id_type": "identity_card", "id_number": queries.id_number_of(session, rider), "name": "张珊"}
    path = places.write_csv(tmp_path / "riders.csv", list(row), [row])
    for _ in range(2):
        outcome = import_file(session, File("riders", IMPORTERS["riders"], path, SYSTEM, utc_now()), Choices())
        assert not outcome.written
    session.commit()
    client.sign_in(make_user("supervisor", area_id=places.area(session, places.DISTRICT).id))
    page = client.get("/corrections").text
    assert page.count("张珊") == 1, "the same name again is one question"
    found = re.search(rf'action="(/corrections/names/\d+/{act})".*?name="seen" value="(\w+)"', page, re.DOTALL)
    assert found
    assert client.post(found[1], data={"seen": found[2]}).status_code == 303
    session.refresh(rider)
    assert rider.name == name
    assert "张珊" not in client.get("/corrections").text
