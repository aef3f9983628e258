from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.events import published
from tests.factories.riders import area_actor, make_area, make_company, make_identity, make_rider
from tests.riders.test_services import NOW
from trafficedu.core import corrections
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import today, utc_now
from trafficedu.core.parsing import is_masked
from trafficedu.core.personal import mask_identity
from trafficedu.core.tabular import ImportReport, numbered, silent
from trafficedu.riders.events import HomeVillageRecorded, LegalBasisRecorded
from trafficedu.riders.imports.files import COLUMNS, EXPORTER, IMPORTER
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.queries import people as queries
from trafficedu.riders.rules import IdType
from trafficedu.riders.services import engagements, people
from trafficedu.riders.services.engagements import NewEngagement


def take(session: Session, rows: Iterable[dict[str, str]], by: Actor = SYSTEM) -> ImportReport:
    return IMPORTER.run(session, numbered(rows), by, NOW, skip_errors=True, progress=silent)


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, len(report.refused)


def row(**cells: str) -> dict[str, str]:
    return {"id_type": IdType.IDENTITY_CARD, "id_number": make_identity(), "name": "测试骑手", **cells}


def export(session: Session, by: Actor = SYSTEM, clear: bool = False) -> list[dict[str, Any]]:
    return [dict(row) for row in EXPORTER.rows(session, by, utc_now(), None, clear)]


def test_rows_are_riders_and_their_engagements_and_twice_adds_nothing(session: Session) -> None:
    village, company, other = make_area(session, "甲村"), make_company(session), make_company(session)
    number = make_identity()
    one = row(id_number=number, phone="13800138000", home_area_code=village.code)
    first = {"company_code": company.code, "engaged_from": "2026-01-05", "engaged_to": "2026/3/5"}
    second = {"company_code": other.code, "engaged_from": "2026-03-01T00:00:00", "legal_basis": "consent"}
    rows = [one | first, one | second, row(), row(id_type=IdType.PASSPORT, id_number="E12345678")]
    assert counts(take(session, rows)) == (4, 0, 0, 0)
    assert counts(take(session, rows)) == (0, 0, 4, 0)
    rider = queries.find_by_identity_key(session, number)
    assert rider is not None
    assert (rider.home_area_id, queries.phone_of(session, rider)) == (village.id, "13800138000")
    assert rider.birth_date == date(1990, 5, 17)
    held = [(e.company_id, e.engaged_from, e.engaged_to, e.legal_basis) for e in rider.engagements]
    assert held == [
        (other.id, date(2026, 3, 1), None, "consent"),
        (company.id, date(2026, 1, 5), date(2026, 3, 5), None),
    ]
    assert session.scalar(select(func.count()).select_from(Rider)) == 3
    files = session.scalars(select(AuditEntry).where(AuditEntry.action == "riders:rider:import")).all()
    assert [entry.detail["added"] for entry in files] == [4, 0]


def test_a_last_day_is_set_kept_and_taken_away(session: Session) -> None:
    """C15: a file could set it and never empty it again."""
    company, other, number = make_company(session), make_company(session), make_identity()
    one = row(id_number=number, company_code=company.code, engaged_from="2026-01-05")
    for cells, outcome, last in (
        ({}, (1, 0, 0, 0), None),
        ({"engaged_to": "2026-03-05"}, (0, 1, 0, 0), date(2026, 3, 5)),
        ({"engaged_to": ""}, (0, 0, 1, 0), date(2026, 3, 5)),
        ({"engaged_to": "none"}, (0, 1, 0, 0), None),
        ({"engaged_to": "无"}, (0, 0, 1, 0), None),
        ({"engaged_from": "2026-02-01"}, (0, 0, 0, 1), None),
        ({"engaged_from": "2026-02-01", "company_code": other.code, "engaged_to": "none"}, (1, 0, 0, 0), None),
        ({"company_code": "none", "engaged_from": ""}, (0, 0, 1, 0), None),
    ):
        assert counts(take(session, [one | cells])) == outcome, cells
        rider = queries.find_by_identity_key(session, number)
        assert rider is not None
        (engagement,) = [each for each in rider.engagements if each.company_id == company.id]
        assert (engagement.engaged_to, engagement.source) == (last, "file")


def test_an_export_imports_again_without_showing_anybody(session: Session) -> None:
    company, number = make_company(session), make_identity()
    rider = make_rider(session, id_number=number, name="诸葛不亮", phone="13800138000")
    engagements.engage(session, rider, NewEngagement(company.id, date(2026, 1, 1), None, "contract"), SYSTEM, NOW)
    make_rider(session, name="王五", id_type=IdType.PASSPORT, id_number="E12345678")
    rows = export(session)
    assert all(set(cells) <= set(COLUMNS.names) for cells in rows)
    written = " ".join(" ".join(cells.values()) for cells in rows)
    for secret in (number, number[-4:], number[6:14], "诸葛不亮", "王五", "13800138000", "E12345678"):
        assert secret not in written
    assert counts(take(session, rows)) == (0, 0, 2, 0)
    rows[0]["engaged_to"] = "2026-06-30"
    rows[1]["phone"] = "13900139000"
    assert counts(take(session, rows)) == (0, 2, 0, 0)
    assert rider.engagements[0].engaged_to == date(2026, 6, 30)
    assert (rider.name, queries.phone_of(session, rider)) == ("诸葛不亮", "13800138000")


def test_a_clear_export_imports_into_another_installation(session: Session) -> None:
    number = make_identity()
    make_rider(session, id_number=number, name="诸葛不亮", phone="13800138000")
    [cells] = export(session, clear=True)
    assert (cells["id_number"], cells["name"], cells["phone"]) == (number, "诸葛不亮", "13800138000")
    assert not any(is_masked(cell) for cell in cells.values())
    assert counts(take(session, [cells])) == (0, 0, 1, 0)


def test_empty_cells_leave_what_is_known(session: Session) -> None:
    village, number = make_area(session, "甲村"), make_identity()
    rider = make_rider(session, id_number=number, phone="13800138000", home_area_id=village.id)
    assert counts(take(session, [row(id_number=number)])) == (0, 0, 1, 0)
    assert (rider.home_area_id, queries.phone_of(session, rider)) == (village.id, "13800138000")


def test_a_difference_is_an_update_and_raises_the_version(session: Session) -> None:
    village, number = make_area(session, "甲村"), make_identity()
    rider = make_rider(session, id_number=number, phone="13800138000")
    seen = rider.version
    changed = row(id_number=number, name=rider.name, phone="13900139000", home_area_code=village.code)
    assert counts(take(session, [changed])) == (0, 1, 0, 0)
    session.refresh(rider)
    assert (rider.home_area_id, rider.version) == (village.id, seen + 1)
    assert queries.phone_of(session, rider) == "13900139000"
    assert list(queries.list_exact(session, "13900139000", today())) == [rider]


def test_a_known_document_with_another_name_renames_nobody(session: Session) -> None:
    """A number that a spreadsheet destroyed may be a stranger's: the second man must not overwrite the first."""
    number = make_identity()
    rider = make_rider(session, id_number=number, name="甲")
    report = take(session, [row(id_number=number, name="乙", phone="13900139000")])
    assert (counts(report), report.refused[0].column) == ((0, 0, 0, 1), "name")
    session.refresh(rider)
    assert rider.name == "甲"
    change = people.NewRider("identity_card", "*", "丙", "*")
    people.update_rider(session, rider, change, rider.version, SYSTEM, NOW, "看过身份证", "misspelt")
    assert counts(take(session, [row(id_number=number, name="甲")])) == (0, 0, 1, 0), "what its source always wrote"
    assert take(session, [row(id_number=number, name="乙")]).refused


def test_what_somebody_corrected_outlives_the_file(session: Session) -> None:
    village, other, number = make_area(session, "甲村"), make_area(session, "乙村"), make_identity()
    first = row(id_number=number, phone="13800138000", home_area_code=village.code)
    take(session, [first])
    rider = queries.list_exact(session, number, today())[0]
    change = people.NewRider("identity_card", "*", rider.name, "13900139000", other.id)
    people.update_rider(session, rider, change, rider.version, SYSTEM, NOW)
    assert counts(take(session, [first])) == (0, 0, 1, 0)
    session.refresh(rider)
    assert (queries.phone_of(session, rider), rider.home_area_id) == ("13900139000", other.id)
    assert {each.state for each in corrections.history(session, rider)} == {"held"}
    take(session, [first | {"phone": "13700137000", "home_area_code": other.code}])
    states = {each.field: each.state for each in corrections.history(session, rider)}
    assert states == {"phone": "differs", "home_area_id": "agreed"}
    assert queries.phone_of(session, rider) == "13900139000"
    assert "139" not in "".join(each.told for each in corrections.history(session, rider))


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"id_number": "11010519491231002X"[::-1]}, "id_number"),
        ({"id_number": "110105194912310021"}, "id_number"),
        ({"id_number": "990*************12"}, "id_number"),
        ({"id_number": "990*************12#R0000000000A"}, "id_number"),
        ({"id_type": "driving_licence"}, "id_type"),
        ({"name": ""}, "name"),
        ({"name": "张*"}, "name"),
        ({"phone": "138****8000"}, "phone"),
        ({"home_area_code": "nowhere"}, "home_area_code"),
        ({"company_code": "nobody", "engaged_from": "2026-01-01"}, "company_code"),
        ({"company_code": "KNOWN"}, "engaged_from"),
        ({"engaged_from": "2026-01-01"}, "engaged_from"),
        ({"company_code": "KNOWN", "engaged_from": "05.01.2026"}, "engaged_from"),
        ({"company_code": "KNOWN", "engaged_from": "2026-02-01", "engaged_to": "2026-01-01"}, "engaged_to"),
        ({"company_code": "KNOWN", "engaged_from": "2026-02-01", "legal_basis": "gossip"}, "legal_basis"),
    ],
)
def test_a_bad_row_is_refused_at_its_column(session: Session, cells: dict[str, str], column: str) -> None:
    company = make_company(session)
    given = row(**cells)
    given = {name: company.code if cell == "KNOWN" else cell for name, cell in given.items()}
    report = take(session, [row(), given])
    assert counts(report) == (1, 0, 0, 1)
    [refused] = report.refused
    assert (refused.line, refused.column) == (3, column)
    assert session.scalar(select(func.count()).select_from(Rider)) == 1


def test_a_refused_row_shows_no_personal_data(session: Session) -> None:
    broken = "110105194912310021"
    report = take(session, [row(id_number=broken), row(phone="1380013800")])
    assert counts(report) == (1, 0, 0, 1)
    assert [(remark.line, remark.column) for remark in report.remarks] == [(3, "phone")]
    shown = str(report.as_json("zh"))
    assert broken not in shown
    assert "1380013800" not in shown


def test_engagements_of_one_company_do_not_overlap(session: Session) -> None:
    company, one = make_company(session), row()
    first = one | {"company_code": company.code, "engaged_from": "2026-01-01"}
    report = take(session, [first, first | {"engaged_from": "2026-02-01"}])
    assert counts(report) == (1, 0, 0, 1)
    report = take(session, [first | {"engaged_to": "2026-01-31"}, first | {"engaged_from": "2026-02-01"}])
    assert counts(report) == (1, 1, 0, 0)


def test_events_tell_of_riders_known_before_only(session: Session) -> None:
    village, company, number = make_area(session, "甲村"), make_company(session), make_identity()
    rider = make_rider(session, id_number=number)
    old = engagements.engage(session, rider, NewEngagement(company.id, date(2026, 1, 1)), SYSTEM, NOW)
    heard = published(session, LegalBasisRecorded, HomeVillageRecorded)
    work = {"company_code": company.code, "engaged_from": "2026-01-01", "legal_basis": "consent"}
    rows = [row(**work), row(id_number=number, home_area_code=village.code, **work)]
    assert counts(take(session, rows)) == (1, 1, 0, 0)
    assert heard == [LegalBasisRecorded(NOW, SYSTEM, old.id), HomeVillageRecorded(NOW, SYSTEM, rider.id)]
    heard.clear()
    take(session, rows)
    assert heard == []


def test_a_post_exports_its_own_riders_and_imports_into_its_own_villages(session: Session) -> None:
    here, there = make_area(session, "甲村"), make_area(session, "乙村")
    near = make_rider(session, home_area_id=here.id)
    far = make_rider(session, home_area_id=there.id)
    mine = area_actor(here)
    assert [cells["home_area_code"] for cells in export(session, mine)] == [here.code]
    [cells] = export(session, area_actor(there))
    report = take(session, [cells | {"phone": "13800138000", "home_area_code": ""}], mine)
    assert [refused.column for refused in report.refused] == ["id_number"]
    assert queries.phone_of(session, far) == ""
    report = take(session, [row(home_area_code=there.code)], mine)
    assert [refused.column for refused in report.refused] == ["home_area_code"]
    assert near.number in str(export(session, mine))


def test_many_riders_come_in_quickly_and_in_batches(session: Session) -> None:
    company = make_company(session)
    body = {"id_type": IdType.PASSPORT, "name": "测试", "company_code": company.code, "engaged_from": "2026-01-01"}
    steps: list[int] = []
    began = time.perf_counter()
    rows = numbered(body | {"id_number": f"T{number:07d}"} for number in range(12_000))
    report = IMPORTER.run(session, rows, SYSTEM, NOW, skip_errors=False, progress=steps.append)
    assert counts(report) == (12_000, 0, 0, 0)
    assert (sum(steps), len(steps)) == (12_000, 3)
    assert session.scalar(select(func.count()).select_from(Engagement)) == 12_000
    assert time.perf_counter() - began < 60
    assert mask_identity("T0000001") in export(session)[1]["id_number"]
