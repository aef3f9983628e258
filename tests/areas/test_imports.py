from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import places
from trafficedu.areas.imports import ebikes as ebike_files
from trafficedu.areas.imports import tree
from trafficedu.areas.imports.tree import load_shipped
from trafficedu.areas.models import Area, RegisteredEBikes
from trafficedu.areas.queries.tree import facts_by_code, within
from trafficedu.core import spreadsheet
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.clock import utc_now
from trafficedu.core.month import Month
from trafficedu.core.reading import read_rows
from trafficedu.core.tabular import Exporter, Importer, ImportReport, numbered, silent

NEW_TOWN, NEW_VILLAGE = "330109900", "330109900200"


def take_in(session: Session, importer: Importer, *rows: dict[str, str], by: Actor = SYSTEM) -> ImportReport:
    return importer.run(session, numbered(rows), by, utc_now(), skip_errors=True, progress=silent)


def area_row(code: str, level: str, parent: str, **more: str) -> dict[str, str]:
    return {"code": code, "name": f"名{code}", "level": level, "parent_code": parent, **more}


def outcome(report: ImportReport) -> tuple[int, int, int, list[tuple[int, str]]]:
    return report.added, report.updated, report.unchanged, [(row.line, row.column) for row in report.refused]


def test_the_shipped_tree_is_loaded_once(session: Session) -> None:
    counts = {row[0]: row[1] for row in session.execute(select(Area.level, func.count()).group_by(Area.level))}
    assert counts == {"district": 1, "town": 27, "village": 585}
    assert load_shipped(session, utc_now()) == 0
    evaluated = session.scalars(select(Area.code).where(Area.level == "town", Area.evaluated.is_(False))).all()
    assert sorted(code[6:] for code in evaluated) == ["401", "403", "501", "503", "505"]
    assert places.area(session).valid_from == date(2021, 4, 9)


def test_a_parent_may_come_later_than_its_villages(session: Session) -> None:
    rows = [area_row(NEW_VILLAGE, "village", NEW_TOWN), area_row(NEW_TOWN, "town", places.DISTRICT)]
    assert outcome(take_in(session, tree.IMPORTER, *rows)) == (2, 0, 0, [])
    assert places.area(session, NEW_VILLAGE).path == f"330109/{NEW_TOWN}/{NEW_VILLAGE}/"
    assert places.area(session, NEW_VILLAGE).valid_from == date(2021, 4, 9)
    assert outcome(take_in(session, tree.IMPORTER, *rows)) == (0, 0, 2, [])


def test_the_city_above_a_district_is_not_missed(session: Session) -> None:
    row = {"code": "330109", "name": "萧山区", "level": "district", "parent_code": "330100"}
    assert outcome(take_in(session, tree.IMPORTER, row)) == (0, 0, 1, [])


def test_a_district_grows_into_a_city(session: Session) -> None:
    rows = [
        area_row("330100", "city", ""),
        area_row("330110", "district", "330100"),
        area_row(places.DISTRICT, "district", "330100"),
        area_row("330109901", "town", places.DISTRICT),
    ]
    before = len(session.scalars(within("330109/")).all())
    assert outcome(take_in(session, tree.IMPORTER, *rows)) == (3, 1, 0, [])
    assert places.area(session, places.VILLAGE).path == f"330100/330109/{places.TOWN}/{places.VILLAGE}/"
    assert places.area(session, "330109901").path == "330100/330109/330109901/"
    assert len(session.scalars(within("330100/330109/")).all()) == before + 1
    assert len(session.scalars(within("330100/")).all()) == before + 3
    assert session.scalars(within("330109/")).all() == []
    moved = area_row(places.DISTRICT, "district", "")
    assert outcome(take_in(session, tree.IMPORTER, moved)) == (0, 0, 0, [(2, "parent_code")])


def test_a_second_top_is_refused(session: Session) -> None:
    for rows in ([area_row("330110", "district", "330100")], [area_row("330100", "city", "")]):
        assert outcome(take_in(session, tree.IMPORTER, *rows)) == (0, 0, 0, [(2, "parent_code")])


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (area_row("", "town", places.DISTRICT), "code"),
        (area_row("33-1", "town", places.DISTRICT), "code"),
        (area_row("3" * 21, "town", places.DISTRICT), "code"),
        (area_row("330109901", "hamlet", places.DISTRICT), "level"),
        (area_row("330109901", "town", "999"), "parent_code"),
        (area_row("330109901", "town", "330109901"), "parent_code"),
        (area_row("330109901", "town", places.VILLAGE), "parent_code"),
        (area_row("330109901", "village", places.DISTRICT), "parent_code"),
        (area_row(places.TOWN, "village", places.OTHER_TOWN), "level"),
        (area_row("330109901", "town", places.DISTRICT, name=""), "name"),
        (area_row("330109901", "town", places.DISTRICT, name="长" * 81), "name"),
        (area_row("330109901", "town", places.DISTRICT, valid_from="09.04.2021"), "valid_from"),
        (area_row("330109901", "town", places.DISTRICT, valid_from="2021-04-08"), "valid_from"),
        (area_row("330109901", "town", places.DISTRICT, valid_to="2021-04-08"), "valid_to"),
        (area_row("330109901", "town", places.DISTRICT, successor=places.TOWN), "valid_to"),
        (area_row("330109901", "town", places.DISTRICT, valid_to="2024-01-01", successor="999"), "successor"),
        (area_row("330109901", "town", places.DISTRICT, evaluated="vielleicht"), "evaluated"),
    ],
)
def test_a_row_that_cannot_stand_is_refused_with_its_column(session: Session, row: dict[str, str], column: str) -> None:
    before = facts_by_code(session)
    good = area_row(NEW_TOWN, "town", places.DISTRICT)
    assert outcome(take_in(session, tree.IMPORTER, good, row)) == (1, 0, 0, [(3, column)])
    assert facts_by_code(session).keys() - before.keys() == {NEW_TOWN}


def test_a_village_whose_town_was_refused_is_refused_too(session: Session) -> None:
    rows = [area_row(NEW_TOWN, "town", "999"), area_row(NEW_VILLAGE, "village", NEW_TOWN)]
    assert outcome(take_in(session, tree.IMPORTER, *rows)) == (0, 0, 0, [(2, "parent_code"), (3, "parent_code")])


def test_a_code_twice_in_a_file_is_refused_the_second_time(session: Session) -> None:
    row = area_row(NEW_TOWN, "town", places.DISTRICT)
    assert outcome(take_in(session, tree.IMPORTER, row, row)) == (1, 0, 0, [(3, "code")])


def test_a_town_ends_only_together_with_its_villages(session: Session) -> None:
    take_in(session, tree.IMPORTER, area_row(NEW_TOWN, "town", places.DISTRICT))
    take_in(session, tree.IMPORTER, area_row(NEW_VILLAGE, "village", NEW_TOWN))
    end = {"valid_to": "2025-12-31", "successor": places.TOWN}
    town = area_row(NEW_TOWN, "town", places.DISTRICT, **end)
    assert outcome(take_in(session, tree.IMPORTER, town)) == (0, 0, 0, [(2, "valid_to")])
    village = area_row(NEW_VILLAGE, "village", NEW_TOWN, valid_to="2025-12-31")
    assert outcome(take_in(session, tree.IMPORTER, town, village)) == (0, 2, 0, [])
    ended = places.area(session, NEW_TOWN)
    assert (ended.valid_to, ended.successor and ended.successor.code) == (date(2025, 12, 31), places.TOWN)
    assert ended.version == 2


def exported(session: Session, exporter: Exporter, path: Path, by: Actor = SYSTEM) -> int:
    columns = [spreadsheet.Column(name) for name in exporter.columns.names]
    rows = exporter.rows(session, by, utc_now(), None, False)
    return spreadsheet.write_file(columns, ([row[c.key] for c in columns] for row in rows), path)


NAMES = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cf")), min_size=1, max_size=30
) | st.sampled_from(["=1+1", "'=1", "-2", "@x", '"引号",逗号', "'", "''+"])
DATES = st.dates(date(2021, 4, 9), date(2030, 1, 1))


@st.composite
def towns(draw: Any) -> list[dict[str, str]]:
    rows = []
    for number in range(draw(st.integers(1, 4))):
        code = f"T{number}"
        begin = draw(DATES)
        end = draw(st.none() | st.dates(begin, date(2035, 1, 1)))
        rows.append(
            {
                "code": code,
                "name": draw(NAMES),
                "level": "town",
                "parent_code": places.DISTRICT,
                "valid_from": begin.isoformat(),
                "valid_to": end.isoformat() if end else "",
                "successor": draw(st.sampled_from(["", places.TOWN])) if end else "",
                "evaluated": draw(st.sampled_from(["true", "false"])),
            }
        )
    return rows


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(rows=towns())
def test_an_export_imports_again_unchanged(
    session: Session, tmp_path: Path, suffix: str, rows: list[dict[str, str]]
) -> None:
    savepoint = session.begin_nested()
    assert outcome(take_in(session, tree.IMPORTER, *rows)) == (len(rows), 0, 0, [])
    before = facts_by_code(session)
    path = tmp_path / f"areas.{suffix}"
    assert exported(session, tree.EXPORTER, path) == len(before)
    again = tree.IMPORTER.run(
        session, read_rows(path, tree.COLUMNS), SYSTEM, utc_now(), skip_errors=False, progress=silent
    )
    assert outcome(again) == (0, 0, len(before), [])
    assert facts_by_code(session) == before
    savepoint.rollback()
    session.expire_all()


def figures(session: Session) -> Iterator[tuple[str, str, int]]:
    query = select(Area.code, RegisteredEBikes.month, RegisteredEBikes.ebikes).join(
        Area, Area.id == RegisteredEBikes.area_id
    )
    return ((row.code, row.month.first.isoformat(), row.ebikes) for row in session.execute(query.order_by(Area.code)))


def ebikes(code: str, month: str, count: str) -> dict[str, str]:
    return {"area_code": code, "month": month, "ebikes": count}


def test_ebikes_are_added_changed_and_left_alone(session: Session, tmp_path: Path) -> None:
    first = [ebikes(places.TOWN, "2026-01", "100"), ebikes(places.OTHER_TOWN, "2026/01/31", "7")]
    assert outcome(take_in(session, ebike_files.IMPORTER, *first)) == (2, 0, 0, [])
    second = [ebikes(places.TOWN, "2026-01", "120"), first[1]]
    assert outcome(take_in(session, ebike_files.IMPORTER, *second)) == (0, 1, 1, [])
    assert list(figures(session)) == [(places.TOWN, "2026-01-01", 120), (places.OTHER_TOWN, "2026-01-01", 7)]
    for suffix in ("csv", "xlsx"):
        path = tmp_path / f"ebikes.{suffix}"
        assert exported(session, ebike_files.EXPORTER, path) == 2
        rows = read_rows(path, ebike_files.COLUMNS)
        again = ebike_files.IMPORTER.run(session, rows, SYSTEM, utc_now(), skip_errors=False, progress=silent)
        assert outcome(again) == (0, 0, 2, [])


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (ebikes("999", "2026-01", "1"), "area_code"),
        (ebikes(places.TOWN, "January", "1"), "month"),
        (ebikes(places.TOWN, "2999-01", "1"), "month"),
        (ebikes(places.TOWN, "2021-03", "1"), "month"),
        (ebikes(places.TOWN, "2026-01", "-1"), "ebikes"),
        (ebikes(places.TOWN, "2026-01", "viele"), "ebikes"),
        (ebikes(places.TOWN, "2026-01", ""), "ebikes"),
        (ebikes(places.OTHER_TOWN, "2026-01", "2"), "month"),
    ],
)
def test_a_figure_that_cannot_be_is_refused(session: Session, row: dict[str, str], column: str) -> None:
    good = ebikes(places.OTHER_TOWN, "2026-01", "1")
    assert outcome(take_in(session, ebike_files.IMPORTER, good, row)) == (1, 0, 0, [(3, column)])


def test_nobody_enters_or_exports_figures_outside_the_own_area(session: Session) -> None:
    by = Actor(1, "x", scope=Scope(area_path=places.area(session).path))
    rows = [ebikes(places.VILLAGE, "2026-01", "1"), ebikes(places.OTHER_TOWN, "2026-01", "2")]
    assert outcome(take_in(session, ebike_files.IMPORTER, *rows, by=by)) == (1, 0, 0, [(3, "area_code")])
    take_in(session, ebike_files.IMPORTER, rows[1])
    assert [row["area_code"] for row in ebike_files.EXPORTER.rows(session, by, utc_now(), None, False)] == [
        places.VILLAGE
    ]
    codes = {row["code"] for row in tree.EXPORTER.rows(session, by, utc_now(), None, False)}
    assert places.VILLAGE in codes
    assert all(code.startswith(places.TOWN) for code in codes)


def test_the_month_narrows_the_export_of_ebikes(session: Session) -> None:
    take_in(session, ebike_files.IMPORTER, ebikes(places.TOWN, "2026-01", "1"), ebikes(places.TOWN, "2026-02", "2"))
    found = ebike_files.EXPORTER.rows(session, SYSTEM, utc_now(), Month(2026, 2), False)
    assert [row["ebikes"] for row in found] == [2]
