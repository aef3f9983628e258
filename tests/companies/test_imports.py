from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.companies.imports import EXPORTER, IMPORTER
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM
from trafficedu.core.tabular import ImportReport, numbered, silent

NOW = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
ROW = {"code": "swift-1", "name": "云梭快送", "contact_name": "王", "contact_phone": "0571-8200"}


def take(session: Session, *rows: dict[str, str]) -> ImportReport:
    return IMPORTER.run(session, numbered(rows), SYSTEM, NOW, skip_errors=True, progress=silent)


def test_a_new_district_brings_its_companies_and_takes_them_out_again(session: Session) -> None:
    assert take(session, ROW, {"code": "B2", "name": "橙舟", "active": "否"}).added == 2
    stored = session.scalars(select(Company).where(Company.code.in_(["SWIFT-1", "B2"])).order_by(Company.id)).all()
    assert [(each.name, each.contact_phone, each.active) for each in stored] == [
        ("云梭快送", "0571-8200", True),
        ("橙舟", "", False),
    ]
    listed = [
        {name: str(value) for name, value in row.items()} for row in EXPORTER.rows(session, SYSTEM, NOW, None, False)
    ]
    again = take(session, *listed)
    assert (again.added, again.updated, again.unchanged, again.refused) == (0, 0, len(listed), [])


def test_what_a_file_leaves_out_stays_and_a_name_is_given_once(session: Session) -> None:
    take(session, ROW)
    report = take(
        session, {"code": "SWIFT-1", "name": "云梭快送", "active": "false"}, {"code": "C", "name": "云梭快送"}
    )
    assert (report.updated, [row.column for row in report.refused]) == (1, ["name"])
    company = session.scalars(select(Company).where(Company.code == "SWIFT-1")).one()
    assert (company.contact_name, company.active) == ("王", False)
