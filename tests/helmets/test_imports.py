from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.helmets import NOON, make_company, make_site, make_survey, tree
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import utc_now
from trafficedu.core.month import Month
from trafficedu.core.spreadsheet import csv_cell
from trafficedu.core.tabular import ImportReport, numbered, silent
from trafficedu.helmets.imports import COLUMNS, EXPORTER, IMPORTER
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.helmets.rules import SurveyState

MakeUser = Callable[..., User]
Line = dict[str, str]


def line(area: Area, **values: str) -> Line:
    return {
        "reference": "CAM-1",
        "site_code": "CAM-A",
        "area_code": area.code,
        "started_at": "2026-03-10 12:00",
        "minutes": "30",
        "method": "video",
        "group": "other",
        "role": "rider",
        "helmeted": "40",
        "bare": "8",
        "unclear": "2",
        **values,
    }


def take(session: Session, lines: Iterable[Line], by: Actor = SYSTEM) -> ImportReport:
    return IMPORTER.run(session, numbered(lines), by, utc_now(), skip_errors=True, progress=silent)


def counted(report: ImportReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, len(report.refused)


def exported(session: Session, by: Actor = SYSTEM, month: Month | None = None) -> list[Line]:
    rows = EXPORTER.rows(session, by, utc_now(), month, clear=False)
    return [{name: str(csv_cell(value)) for name, value in row.items()} for row in rows]


def test_rows_of_a_reference_are_one_survey_and_the_same_file_again_adds_nothing(session: Session) -> None:
    village = tree(session)["A1"]
    make_company(session)
    lines = [
        line(village),
        line(village, role="passenger", helmeted="3"),
        line(village, group="delivery", helmeted="20", bare="0"),
        line(village, group="delivery:MT", helmeted="10", bare="1"),
        line(village, reference="CAM-2", started_at="2026-03-11T08:00:00+08:00"),
    ]
    assert counted(take(session, lines)) == (5, 0, 0, 0)
    assert counted(take(session, lines)) == (0, 0, 5, 0)
    assert session.scalar(select(func.count()).select_from(HelmetSurvey)) == 2
    assert session.scalar(select(func.count()).select_from(HelmetSheet)) == 2
    assert session.scalar(select(func.count()).select_from(HelmetCount)) == 5
    site = session.scalars(select(HelmetSite)).one()
    assert (site.code, site.area_id, site.road_class) == ("CAM-A", village.id, "unknown")


def test_an_export_imports_again_and_changes_nothing(session: Session) -> None:
    village = tree(session)["A1"]
    company = make_company(session)
    make_survey(session, make_site(session, village, "K-1"), 30, 5, 1, company=company.code)
    take(session, [line(village), line(village, role="passenger")])
    rows = exported(session)
    assert [list(row) for row in rows] == [list(COLUMNS.names)] * 3
    assert counted(take(session, rows)) == (0, 0, 3, 0)
    assert {row["group"] for row in rows} == {"delivery:MT", "other"}
    assert len(exported(session, month=Month(2026, 3))) == 3
    assert exported(session, month=Month(2026, 4)) == []


def test_an_export_of_elsewhere_is_taken_in_whole(session: Session) -> None:
    village = tree(session)["A1"]
    make_survey(session, make_site(session, village, "K-1"), 30, 5, 1)
    rows = exported(session)
    survey = session.scalars(select(HelmetSurvey)).one()
    for sheet in survey.sheets:
        for count in sheet.counts:
            session.delete(count)
        session.delete(sheet)
    session.delete(survey)
    session.flush()
    assert counted(take(session, rows)) == (1, 0, 0, 0)
    assert exported(session) == rows


def test_a_corrected_file_replaces_its_own_counts_and_nobody_elses(session: Session) -> None:
    village = tree(session)["A1"]
    take(session, [line(village)])
    assert counted(take(session, [line(village, bare="9")])) == (0, 1, 0, 0)
    assert session.scalars(select(HelmetCount.bare)).one() == 9
    moved = take(session, [line(village, minutes="45")])
    assert [(row.column, counted(moved)) for row in moved.refused] == [("reference", (0, 0, 0, 1))]
    by_hand = make_survey(session, make_site(session, village, "K-1"), 30, 5)
    row = next(row for row in exported(session) if row["reference"] == by_hand.reference)
    assert [one.column for one in take(session, [row | {"bare": "0"}]).refused] == ["reference"]


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"reference": ""}, "reference"),
        ({"reference": "x" * 65}, "reference"),
        ({"site_code": ""}, "site_code"),
        ({"area_code": ""}, "area_code"),
        ({"area_code": "nowhere"}, "area_code"),
        ({"started_at": "tomorrow"}, "started_at"),
        ({"started_at": "2126-03-10 12:00"}, "started_at"),
        ({"minutes": "0"}, "minutes"),
        ({"method": "radar"}, "method"),
        ({"group": "pedestrian"}, "group"),
        ({"group": "delivery:NONE"}, "group"),
        ({"group": "other:MT"}, "group"),
        ({"role": "dog"}, "role"),
        ({"helmeted": "-1"}, "helmeted"),
        ({"bare": "1.5"}, "bare"),
        ({"unclear": ""}, "unclear"),
    ],
)
def test_a_wrong_cell_is_named_and_the_good_rows_stay(session: Session, values: Line, column: str) -> None:
    village = tree(session)["A1"]
    make_company(session)
    report = take(session, [line(village, **values), line(village, reference="GOOD")])
    assert [(row.line, row.column) for row in report.refused] == [(2, column)]
    assert report.added == 1


def test_doubled_rows_and_a_site_in_another_area_are_refused(session: Session) -> None:
    places = tree(session)
    make_site(session, places["B1"], "CAM-B")
    report = take(
        session,
        [line(places["A1"]), line(places["A1"], bare="3"), line(places["A1"], site_code="CAM-B", role="passenger")],
    )
    assert [(row.line, row.column) for row in report.refused] == [(3, "group"), (4, "area_code")]
    known = take(session, [line(places["B1"], reference="R-2", site_code="CAM-B", area_code="")])
    assert known.added == 1


def test_files_reach_no_further_than_the_own_area(session: Session, make_user: MakeUser) -> None:
    places = tree(session)
    make_site(session, places["B1"], "CAM-B")
    supervisor = actor_of(make_user("supervisor", area_id=places["A"].id))
    outside = [line(places["B1"]), line(places["A1"], site_code="CAM-B", area_code="", reference="R-2")]
    assert [row.column for row in take(session, outside, supervisor).refused] == ["area_code", "site_code"]
    take(session, [line(places["A1"]), line(places["B1"], reference="R-3", site_code="CAM-B")])
    assert [row["reference"] for row in exported(session, supervisor)] == ["CAM-1"]


def test_rows_of_a_survey_may_lie_far_apart(session: Session) -> None:
    village = tree(session)["A1"]
    many = [line(village, reference=f"M-{number}") for number in range(5_200)]
    late = line(village, reference="M-0", role="passenger")
    assert counted(take(session, [*many, late])) == (5_201, 0, 0, 0)
    assert len(session.scalars(select(HelmetSurvey).where(HelmetSurvey.reference == "M-0")).one().sheets) == 1


def test_a_void_survey_is_left_out_and_stays_void(session: Session) -> None:
    village = tree(session)["A1"]
    take(session, [line(village)])
    survey = session.scalars(select(HelmetSurvey)).one()
    survey.state, survey.voided_utc, survey.void_reason = SurveyState.VOID, NOON + timedelta(days=1), "wrong camera"
    session.flush()
    assert exported(session) == []
    assert counted(take(session, [line(village)])) == (0, 0, 1, 0)
    assert [row.column for row in take(session, [line(village, bare="0")]).refused] == ["reference"]
