"""Pages of points as a role meets them: entering with evidence, taking back, files in and out, the catalogue."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today, utc_now
from trafficedu.core.month import Month
from trafficedu.core.reading import Row
from trafficedu.core.services import services_of
from trafficedu.core.tabular import ImportReport, numbered, silent
from trafficedu.points.imports import COLUMNS, IMPORTER, list_rows
from trafficedu.points.models import PointActivity, PointEntry, PointExpectation


@pytest.fixture
def grid(session: Session, make_user: Callable[..., User]) -> User:
    return make_user("grid", area_id=places.area(session, places.VILLAGE).id)


@pytest.fixture
def supervisor(session: Session, make_user: Callable[..., User]) -> User:
    return make_user("supervisor", area_id=places.area(session).id)


def photo() -> bytes:
    """A photo that says where it was taken, lying on its side."""
    picture = Image.new("RGB", (40, 20), "red")
    exif = picture.getexif()
    exif[0x0112] = 6
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825)[1] = "N"
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif)
    return file.getvalue()


def form(**values: object) -> dict[str, object]:
    given = {"target": f"village:{places.VILLAGE}", "activity": "publicity", "occurred_on": today().isoformat()}
    return {**given, "note": "在集市发放头盔", **values}


def test_an_entry_is_made_with_a_cleaned_photo_and_taken_back(
    app: Flask, client: Browser, session: Session, grid: User
) -> None:
    client.sign_in(grid)
    sent = photo()
    assert b"SecretPhone" in sent
    answer = client.post("/points/entries/new", data=form(evidence=(io.BytesIO(sent), "IMG.jpg")))
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"])
    assert "在集市发放头盔" in page.get_data(as_text=True)
    kept = client.get(f"{answer.headers['Location']}/evidence", buffered=True)
    assert kept.mimetype == "image/jpeg"
    assert "attachment" in kept.headers["Content-Disposition"]
    picture = Image.open(io.BytesIO(kept.data))
    assert (picture.size, dict(picture.getexif())) == ((20, 40), {}), "upright, and nothing but the picture"
    entry = session.scalars(select(PointEntry)).one()
    assert entry.evidence_key is not None
    path = services_of(session).settings.instance / "evidence" / entry.evidence_key[:2] / entry.evidence_key
    path.write_bytes(b"something else")
    assert client.get(f"/points/entries/{entry.number}/evidence").status_code == 404, "changed on the disk"
    counter = f"/points/entries/{entry.number}/counter"
    assert client.post(counter, data={"reason": " "}).status_code == 422
    assert client.post(counter, data={"reason": "登记有误"}).status_code == 303
    target = client.get(f"/points/targets/village/{places.VILLAGE}").get_data(as_text=True)
    assert "登记有误" in target
    assert "−5" in target


def test_a_wrong_entry_is_shown_at_its_field_and_leaves_nothing(client: Browser, session: Session, grid: User) -> None:
    client.sign_in(grid)
    tomorrow = (today() + timedelta(days=1)).isoformat()
    for values in ({"occurred_on": tomorrow}, {"target": "village:1"}, {"evidence": (io.BytesIO(b"MZ"), "a.exe")}):
        answer = client.post("/points/entries/new", data=form(**values))
        assert answer.status_code == 422, values
        assert "field-error" in answer.get_data(as_text=True)
    assert session.scalar(select(PointEntry.id)) is None


def test_somebody_elses_entry_is_the_supervisors_to_take_back(
    client: Browser, session: Session, grid: User, supervisor: User, make_user: Callable[..., User]
) -> None:
    client.sign_in(supervisor)
    number = client.post("/points/entries/new", data=form()).headers["Location"].rsplit("/", 1)[-1]
    client.sign_in(grid)
    assert client.get(f"/points/entries/{number}").status_code == 200
    assert client.post(f"/points/entries/{number}/counter", data={"reason": "不服"}).status_code == 403
    other = make_user("leader", area_id=places.area(session, places.OTHER_TOWN).id)
    client.sign_in(other)
    for address in (f"/points/entries/{number}", f"/points/targets/village/{places.VILLAGE}"):
        assert client.get(address).status_code == 404
    assert number not in client.get("/points/entries").get_data(as_text=True)


def rows(*lines: str) -> Iterator[Row]:
    return numbered([dict(zip(COLUMNS.names, line.split(","), strict=True)) for line in lines])


def take(session: Session, *lines: str, skip_errors: bool = False) -> ImportReport:
    return IMPORTER.run(session, rows(*lines), SYSTEM, utc_now(), skip_errors=skip_errors, progress=silent)


def test_a_file_is_taken_in_once_and_never_changes_the_ledger(session: Session) -> None:
    company = places.add_company(session)
    good = (
        f"R1,village,{places.VILLAGE},2026-06-03,publicity,5,集市宣传",
        f"R2,area,{places.TOWN},2026-06-04,criticised,-10,",
        f"R3,company,{company.code},2026-06-05,safety_training,5,",
        f"R4,company,{company.code},2026-06-05,safety_training,-5,R3 更正",
    )
    assert take(session, *good).added == 4
    assert take(session, *good).unchanged == 4
    exported = [
        ",".join(str(row[name]) for name in COLUMNS.names)
        for row in list_rows(session, SYSTEM, utc_now(), Month.of(today()), False)
    ]
    assert exported == [], "the month narrows"
    exported = [
        ",".join(str(row[name]) for name in COLUMNS.names) for row in list_rows(session, SYSTEM, utc_now(), None, False)
    ]
    assert exported[0] == good[0]
    assert take(session, *exported).unchanged == 4, "an export imports again"
    bad = {
        f"R1,village,{places.VILLAGE},2026-06-03,publicity,8,": "reference",
        f"R5,town,{places.VILLAGE},2026-06-03,publicity,5,": "target_code",
        "R6,village,1,2026-06-03,publicity,5,": "target_code",
        f"R7,street,{places.VILLAGE},2026-06-03,publicity,5,": "target_kind",
        f"R8,village,{places.VILLAGE},2099-06-03,publicity,5,": "date",
        f"R9,village,{places.VILLAGE},2026-06-03,nothing,5,": "activity",
        f"R10,village,{places.VILLAGE},2026-06-03,safety_training,5,": "activity",
        f"R11,village,{places.VILLAGE},2026-06-03,publicity,0,": "points",
    }
    report = take(session, *bad, skip_errors=True)
    assert [row.column for row in report.refused] == list(bad.values())
    assert report.added == 0


def test_the_ledger_is_exported_as_filtered(client: Browser, supervisor: User) -> None:
    client.sign_in(supervisor)
    client.post("/points/entries/new", data=form())
    client.post("/points/entries/new", data=form(target=f"town:{places.TOWN}", activity="meeting"))
    answer = client.fetch("/points/entries/export/csv?activity=meeting")
    lines = answer.get_data(as_text=True).lstrip("\ufeff").splitlines()
    assert lines[0] == "发生日期,代码,积分对象,积分事项,积分,来源,备注,状态,编号"
    assert len(lines) == 2
    assert f",{places.TOWN}," in lines[1]


def test_an_administrator_keeps_the_catalogue(
    client: Browser, session: Session, make_user: Callable[..., User], grid: User
) -> None:
    client.sign_in(make_user("administrator"))
    new = {"code": "school_visit", "name_zh": "校园宣讲", "name_en": "School visit", "direction": "earned"}
    new |= {"points": "4", "valid_from": "2026-01-01"}
    kinds = {"kinds": ["village", "town"]}
    assert client.post("/points/activities/new", data=new).status_code == 422, "for nobody"
    assert client.post("/points/activities/new", data=new | kinds).status_code == 303
    again = new | kinds | {"valid_from": today().isoformat(), "points": "6", "version": "1", "seen_from": "2026-01-01"}
    assert client.post("/points/activities/school_visit", data=again).status_code == 303
    stale = again | {"valid_from": (today() + timedelta(days=9)).isoformat()}
    assert client.post("/points/activities/school_visit", data=stale).status_code == 409
    versions = session.scalars(select(PointActivity.points).where(PointActivity.code == "school_visit")).all()
    assert sorted(versions) == [4, 6]
    figure = {"kind": "village", "month": "2026-01", "points": "8", "code": ""}
    assert client.post("/points/expectations", data=figure).status_code == 303
    assert client.post("/points/expectations", data=figure | {"code": "1"}).status_code == 422
    assert session.scalars(select(PointExpectation.points)).one() == 8
    client.sign_in(grid)
    assert "校园宣讲" in client.get("/points/entries/new").get_data(as_text=True)
    assert "0 / 8" in client.get("/points").get_data(as_text=True)
