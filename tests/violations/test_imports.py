"""Files of violations in and out."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import violations
from tests.factories.events import published
from tests.factories.violations import District, identity, make_company, make_violation
from trafficedu.areas.models import Area
from trafficedu.configuration.queries import find_wording
from trafficedu.configuration.services import set_wording
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import local, utc_now
from trafficedu.core.reading import read_rows
from trafficedu.core.tabular import ImportReport, numbered, silent
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.plates import PLACE
from trafficedu.violations.events import ViolationEstablished
from trafficedu.violations.imports.files import COLUMNS, EXPORTER, IMPORTER
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services import reviewing

SOMEBODY = identity()


NOW = utc_now()


@pytest.fixture
def heard(session: Session) -> list[Any]:
    return published(session, ViolationEstablished)


def row(area: Area, reference: str = "A-1", **changes: str) -> dict[str, str]:
    """A row of history, with what is given changed."""
    return dict.fromkeys(COLUMNS.names, "") | {
        "reference": reference,
        "occurred_at": "2025-03-04 08:15",
        "area_code": area.code,
        "place": "市心路口",
        "kind": "2007",
        "plate": "杭州A12345",
        "offender": "rider",
        "id_type": "identity_card",
        "id_number": SOMEBODY,
        "name": "测试骑手",
        "phone": "13800000000",
        "source": "field",
        "penalty": "fine",
        "fine_yuan": "20",
        "officer": "张警官",
        "note": "无",
        **changes,
    }


def run(session: Session, rows: list[dict[str, str]], by: Actor = SYSTEM, skip_errors: bool = False) -> ImportReport:
    return IMPORTER.run(session, numbered(rows), by, NOW, skip_errors=skip_errors, progress=silent)


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, len(report.refused)


@pytest.mark.usefixtures("heard")
class TestHistory:
    def test_it_counts_but_opens_nothing(self, session: Session, district: District, heard: list[Any]) -> None:
        company = make_company(session)
        assert counts(run(session, [row(district.village, company_code=company.code)])) == (1, 0, 0, 0)
        violation = session.scalars(select(Violation)).one()
        assert (violation.historic, violation.state, violation.source) == (True, "confirmed", "field")
        assert (violation.fine_yuan, violation.officer_name) == (20, "张警官")
        assert (violation.company_id, violation.named_company_id) == (None, company.id), "nothing says it engages him"
        assert str(violation.occurred_on) == "2025-03-04"
        assert local(violation.occurred_utc).hour == 8
        assert violation.rider is not None
        assert violation.rider.name == "测试骑手"
        assert heard == []
        audited = select(AuditEntry).where(AuditEntry.action == "violations:violation:import")
        assert session.scalars(audited).one().detail["added"] == 1

    def test_twice_adds_nothing(self, session: Session, district: District) -> None:
        rows = [row(district.village, f"A-{n}") for n in range(5)]
        assert counts(run(session, rows)) == (5, 0, 0, 0)
        assert counts(run(session, rows)) == (0, 0, 5, 0)
        assert session.scalar(select(func.count()).select_from(Violation)) == 5
        assert session.scalar(select(func.count()).select_from(Rider)) == 1

    def test_a_plate_without_a_place_name_is_one_of_the_district(self, session: Session, district: District) -> None:
        before = [row(district.village, "A-1", plate="A00042")]
        assert counts(run(session, before)) == (1, 0, 0, 0)
        set_wording(session, find_wording(session, PLACE), "演示", 1, SYSTEM)
        assert counts(run(session, before)) == (0, 0, 1, 0), "it is known without the name"
        rows = [row(district.village, "A-2", plate="ａ·00042"), row(district.village, "A-3", plate="杭州A00042")]
        assert counts(run(session, rows)) == (2, 0, 0, 0)
        assert counts(run(session, rows)) == (0, 0, 2, 0)
        plates = dict(session.execute(select(Violation.reference, Violation.plate)).tuples().all())
        assert plates == {"A-1": "A00042", "A-2": "演示A00042", "A-3": "杭州A00042"}

    def test_a_row_that_stands_twice_in_one_file(self, session: Session, district: District) -> None:
        report = run(session, [row(district.village), row(district.village)], skip_errors=True)
        assert counts(report) == (1, 0, 0, 1)
        assert report.refused[0].reason.params == {"first": 2, "line": 3}

    def test_one_reference_of_two_people_and_days(self, session: Session, district: District) -> None:
        other = row(district.village, occurred_at="2025-03-05 09:00", id_number=identity(), kind="ZJ-HELMET")
        report = run(session, [row(district.village), other], skip_errors=True)
        assert counts(report) == (1, 0, 0, 1)
        assert (report.refused[0].line, report.refused[0].column) == (3, "reference")
        (rider,) = session.scalars(select(Rider)).all()
        assert rider.name == "测试骑手", "nobody comes of a refused row"

    def test_only_what_is_harmless_is_changed(self, session: Session, district: District) -> None:
        run(session, [row(district.village)])
        session.expire_all()
        assert counts(
            run(session, [row(district.village, note="新", place="别处", latitude="30.1", longitude="120.2")])
        ) == (
            0,
            1,
            0,
            0,
        )
        session.expire_all()
        violation = session.scalars(select(Violation)).one()
        assert (violation.note, violation.place, violation.latitude, violation.version) == ("新", "别处", 30.1, 2)
        for column, value in (
            ("fine_yuan", "30"),
            ("occurred_at", "2025-03-04 08:16"),
            ("kind", "2004"),
            ("area_code", district.neighbour.code),
            ("plate", ""),
            ("id_number", identity()),
            ("offender", "passenger"),
        ):
            report = run(session, [row(district.village, note="新", **{column: value})])
            assert [refused.column for refused in report.refused] == [column]

    def test_a_recent_row_goes_through_the_service(
        self, session: Session, district: District, heard: list[Any]
    ) -> None:
        yesterday = local(utc_now() - timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
        rows = [row(district.village), row(district.village, "A-2", occurred_at=yesterday)]
        assert counts(run(session, rows)) == (2, 0, 0, 0)
        recent = session.scalars(select(Violation).where(Violation.reference == "A-2")).one()
        assert heard == [ViolationEstablished(NOW, SYSTEM, recent.id)]
        assert not recent.historic
        assert session.scalar(select(func.count()).select_from(Rider)) == 1
        assert counts(run(session, rows)) == (0, 0, 2, 0)

    def test_the_young_and_the_passenger(self, session: Session, district: District) -> None:
        child = identity(date(2012, 1, 1))
        rows = [
            row(district.village, "A-1", id_number=child, penalty="education", fine_yuan="", name="甲"),
            row(district.village, "A-2", id_number=child, name="甲"),
        ]
        report = run(session, rows, skip_errors=True)
        assert counts(report) == (1, 0, 0, 1)
        assert report.refused[0].column == "penalty"
        assert session.scalars(select(Violation)).one().minor


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("reference", ""),
        ("reference", "x" * 61),
        ("occurred_at", "yesterday"),
        ("occurred_at", "1999-12-31 10:00"),
        ("occurred_at", "2999-01-01 10:00"),
        ("area_code", "000"),
        ("kind", "4711"),
        ("kind", ""),
        ("plate", "12"),
        ("offender", "dog"),
        ("id_type", "library_card"),
        ("id_number", "99999919900517001"),
        ("id_number", "999***********11"),
        ("id_number", ""),
        ("name", ""),
        ("company_code", "nobody"),
        ("source", "rumour"),
        ("penalty", "prison"),
        ("penalty", ""),
        ("fine_yuan", "51"),
        ("fine_yuan", "20.5"),
        ("fine_yuan", ""),
        ("latitude", "north"),
        ("note", "x" * 501),
    ],
)
def test_what_is_wrong_is_said_with_line_and_column(
    session: Session, district: District, column: str, value: str
) -> None:
    rows = [row(district.village), row(district.village, "A-2", id_number=identity()) | {column: value}]
    report = run(session, rows, skip_errors=True)
    assert counts(report) == (1, 0, 0, 1)
    refused = report.refused[0]
    assert (refused.line, refused.column) == (3, column)
    assert refused.as_json("zh")["reason"]
    assert "99999919900517001" not in refused.value


def test_a_helmet_fine_before_the_rule_was_in_force(session: Session, district: District) -> None:
    report = run(session, [row(district.village, kind="ZJ-HELMET", occurred_at="2020-06-30 23:59")])
    assert report.refused[0].column == "kind"
    assert counts(run(session, [row(district.village, kind="ZJ-HELMET", occurred_at="2020-07-01 00:00")])) == (
        1,
        0,
        0,
        0,
    )


def test_one_document_has_one_name(session: Session, district: District) -> None:
    rows = [row(district.village), row(district.village, "A-2", name="另一个人")]
    report = run(session, rows, skip_errors=True)
    assert counts(report) == (1, 0, 0, 1)
    assert report.refused[0].column == "name"
    assert "另一个人" not in report.refused[0].value


def test_nobody_imports_outside_the_own_area(
    session: Session, district: District, acting: Callable[[str, Area], Actor]
) -> None:
    by = acting("supervisor", district.town)
    report = run(session, [row(district.village), row(district.other_village, "A-2")], by, skip_errors=True)
    assert counts(report) == (1, 0, 0, 1)
    assert report.refused[0].column == "area_code"


def test_a_refused_row_keeps_the_rest_out(session: Session, district: District) -> None:
    report = run(session, [row(district.village, kind="no"), row(district.village, "A-2")])
    assert len(report.refused) == 1
    assert session.scalar(select(func.count()).select_from(Violation)) == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_files_as_spreadsheets_save_them(session: Session, district: District, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "violations.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, COLUMNS.names)
        writer.writeheader()
        writer.writerow(row(district.village, occurred_at="2025/3/4 8:15", plate="杭州·A12345"))
    report = IMPORTER.run(session, read_rows(path, COLUMNS), SYSTEM, utc_now(), skip_errors=False, progress=silent)
    assert counts(report) == (1, 0, 0, 0)
    violation = session.scalars(select(Violation)).one()
    assert (violation.place, violation.plate, local(violation.occurred_utc).hour) == ("市心路口", "杭州A12345", 8)


def as_text(value: Any) -> str:
    return "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)


def exported(session: Session, by: Actor, clear: bool = False) -> list[dict[str, str]]:
    rows = EXPORTER.rows(session, by, utc_now(), None, clear)
    return [{name: as_text(found.get(name)) for name in COLUMNS.names} for found in map(dict, rows)]


def test_an_export_imports_again(session: Session, district: District) -> None:
    run(session, [row(district.village, f"A-{n}", id_number=identity()) for n in range(3)])
    make_violation(session, district.village)
    for clear in (False, True):
        rows = exported(session, SYSTEM, clear)
        assert len(rows) == 4
        assert all(("*" in found["id_number"]) is not clear for found in rows)
        assert counts(run(session, rows)) == (0, 0, 4, 0)


def test_an_export_keeps_to_the_area_and_leaves_out_what_is_void(
    session: Session, district: District, acting: Callable[[str, Area], Actor]
) -> None:
    mine, theirs = make_violation(session, district.village), make_violation(session, district.other_village)
    void = make_violation(session, district.village)
    reviewing.void(session, void, "错", SYSTEM, violations.NOW)
    by = acting("supervisor", district.town)
    assert [found["reference"] for found in exported(session, by)] == [mine.number]
    assert theirs.number not in str(exported(session, by))


def test_an_analyst_s_export_names_nobody(
    session: Session, district: District, acting: Callable[[str, Area], Actor]
) -> None:
    make_violation(session, district.village)
    found = exported(session, acting("analyst", district.root), clear=True)[0]
    assert [found[name] for name in ("id_type", "id_number", "name", "phone", "plate")] == [""] * 5
