"""Marks as files: all or nothing, idempotent, undone, out and in again."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.coverage.conftest import LAST, fill
from tests.factories import places
from tests.factories.people import make_user
from tests.factories.violations import District
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.import_runs import ImportRun
from trafficedu.coverage.models import CoverageAct, CoverageMark
from trafficedu.transfers.services import undoing
from trafficedu.transfers.services.importing import Choices, File, Outcome, import_file
from trafficedu.wiring.files import EXPORTERS, IMPORTERS

COLUMNS = ("figure", "area_code", "month", "state")
Rows = tuple[str, str, str, str]


def take(session: Session, tmp_path: Path, *rows: Rows) -> Outcome:
    path = places.write_csv(tmp_path / "coverage.csv", COLUMNS, [dict(zip(COLUMNS, row, strict=True)) for row in rows])
    outcome = import_file(session, File("coverage", IMPORTERS["coverage"], path, SYSTEM, utc_now()), Choices())
    session.flush()
    return outcome


def marks(session: Session) -> dict[tuple[str, str], str]:
    found = session.scalars(select(CoverageMark).execution_options(populate_existing=True))
    return {(mark.area.code, str(mark.month)): mark.state.value for mark in found}


def counts(outcome: Outcome) -> tuple[int, int, int, int]:
    report = outcome.report
    return report.added, report.updated, report.unchanged, len(report.refused)


def undo(session: Session, outcome: Outcome) -> None:
    run = session.scalars(select(ImportRun).where(ImportRun.number == outcome.run)).one()
    undoing.undo(session, run, SYSTEM, utc_now())


def test_marks_come_in_once_change_and_are_undone(session: Session, tmp_path: Path) -> None:
    town, month = places.TOWN, str(LAST)
    first = take(session, tmp_path, ("accidents", town, month, "none"), ("事故", places.OTHER_TOWN, month, "已报送"))
    assert counts(first) == (2, 0, 0, 0), first.report.refused
    assert marks(session) == {(town, month): "none", (places.OTHER_TOWN, month): "reported"}
    assert counts(take(session, tmp_path, ("accidents", town, month, "none"))) == (0, 0, 1, 0)
    second = take(session, tmp_path, ("accidents", town, month, "open"))
    assert counts(second) == (0, 1, 0, 0)
    undo(session, second)
    assert marks(session) == {(town, month): "none", (places.OTHER_TOWN, month): "reported"}
    undo(session, take(session, tmp_path, ("points", town, month, "reported")))
    assert marks(session) == {(town, month): "none", (places.OTHER_TOWN, month): "reported"}
    acts = session.scalars(select(CoverageAct).order_by(CoverageAct.id)).all()
    assert all(act.by_file for act in acts)
    assert [(act.before and act.before.value, act.state and act.state.value) for act in acts] == [
        (None, "none"),
        (None, "reported"),
        ("none", "open"),
        ("open", "none"),
        (None, "reported"),
        ("reported", None),
    ]


def test_what_cannot_be_said_keeps_the_whole_file_out(session: Session, tmp_path: Path, here: District) -> None:
    fill(session, here.village, [LAST], 3)
    rows: list[Rows] = [
        ("accidents", here.other_town.code, str(LAST), "none"),
        ("accidents", here.town.code, str(LAST), "none"),
        ("accidents", here.village.code, str(LAST), "none"),
        ("accidents", here.town.code, str(LAST + 1), "reported"),
        ("accidents", here.town.code, str(LAST + 14), "reported"),
        ("fires", here.town.code, str(LAST), "none"),
        ("accidents", here.town.code, str(LAST - 1), "late"),
        ("accidents", "nowhere", str(LAST), "none"),
        ("accidents", here.other_town.code, str(LAST), "open"),
    ]
    here_alone = take_in_district(session, tmp_path, here, rows)
    assert not here_alone.written
    refused = {(row.line, row.column) for row in here_alone.report.refused}
    assert refused == {
        (3, "state"),
        (4, "area_code"),
        (5, "month"),
        (6, "month"),
        (7, "figure"),
        (8, "state"),
        (9, "area_code"),
        (10, "month"),
    }
    assert marks(session) == {}
    assert "There are 3 records" in str(next(row.reason for row in here_alone.report.refused if row.line == 3))


def take_in_district(session: Session, tmp_path: Path, here: District, rows: list[Rows]) -> Outcome:
    """Take a file in as somebody whose post is the district."""
    analyst = actor_of(make_user(session, "analyst", area_id=here.root.id))
    path = places.write_csv(tmp_path / "coverage.csv", COLUMNS, [dict(zip(COLUMNS, row, strict=True)) for row in rows])
    return import_file(session, File("coverage", IMPORTERS["coverage"], path, analyst, utc_now()), Choices())


def test_an_export_imports_again(session: Session, tmp_path: Path) -> None:
    take(session, tmp_path, ("accidents", places.TOWN, str(LAST), "none"), ("points", places.TOWN, str(LAST), "open"))
    exporter = EXPORTERS["coverage"]
    rows = [dict(row) for row in exporter.rows(session, SYSTEM, utc_now(), None, False)]
    again = take(session, tmp_path, *[tuple(row[name] for name in COLUMNS) for row in rows])
    assert counts(again) == (0, 0, 2, 0)
    assert list(exporter.rows(session, SYSTEM, utc_now(), LAST - 1, False)) == []
