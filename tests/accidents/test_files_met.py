"""Files of accidents as they were met: numbers of people, riders without an e-bike, times as people write them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.accidents.test_imports import counts, only, row, run
from tests.factories.violations import District
from trafficedu.accidents.imports.files import COLUMNS, IMPORTER
from trafficedu.accidents.models import Accident
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import SHANGHAI, utc_now
from trafficedu.core.reading import read_rows
from trafficedu.core.tabular import ImportReport, silent
from trafficedu.core.times import Moment

DAY = date(2026, 3, 1)
MORNING = Moment(datetime(2026, 3, 1, 8, 5, tzinfo=SHANGHAI))
TIMES: dict[str, Moment | str] = {
    "2026-03-01 24:00": "There is no 24:00.",
    "2026-03-01 00:60": "Minutes and seconds lie between 0 and 59.",
    "2026-03-01 25:30": "An hour lies between 0 and 23.",
    "2026-03-01": Moment.of_day(DAY),
    "2026/3/1 8:05": MORNING,
    "2026-03-01 8:05": MORNING,
    "2026.3.1 8:05": MORNING,
    "20260301": Moment.of_day(DAY),
    "20260301 0805": MORNING,
    "2026-W09-7": "Write the date and time like",
    "2026-03-01T08:05Z": Moment(datetime(2026, 3, 1, 16, 5, tzinfo=SHANGHAI)),
    "2026-03-01 08:05:00.000": MORNING,
    "2026/03/01 上午8:05": MORNING,
    "46082.336805": MORNING,
    "2026-02-29 10:00": "There is no such day in the calendar.",
    "2026-3-1 08:05": MORNING,
    "2026-03-01  08:05": MORNING,
    "2026/3/1 8:5": MORNING,
    "01/03/2026 08:05": "It cannot be told which is the day and which the month.",
    "2026-03-01 08:05 ": MORNING,
    "２０２６-０３-０１ 08:05": MORNING,
    "26-3-1 8:05": "Write the date and time like",
    "2026-03-01 24:00:00": "There is no 24:00.",
    "2026-03-01 99:99": "An hour lies between 0 and 23.",
    "": "Write the date and time like",
}
"""What a cell says -> when that is, or how its refusal begins."""
SLIGHT = {"severity": "slight", "killed": "0", "killed_30_days": "", "injured": "1", "kinds": ""}


def test_times_as_people_write_them(session: Session, district: District) -> None:
    rows = [row(district.village, f"T{n}", occurred_at=cell, **SLIGHT) for n, cell in enumerate(TIMES)]
    report = run(session, rows, skip_errors=True)
    kept: dict[str, Moment | str] = {f"{one.reference}": one.occurred for one in session.scalars(select(Accident))}
    refused = {rows[fault.line - 2]["reference"]: fault for fault in report.refused}
    assert {fault.column for fault in refused.values()} == {"occurred_at"}
    for n, (cell, wanted) in enumerate(TIMES.items()):
        if isinstance(wanted, Moment):
            assert kept[f"T{n}"] == wanted, cell
        else:
            assert refused[f"T{n}"].reason.msgid.startswith(wanted), cell
    assert counts(report) == (15, 0, 0, 10)


@pytest.mark.parametrize(
    ("people", "column"),
    [
        ({"severity": "fatal", "killed": "40", "killed_30_days": "40", "injured": "12"}, None),
        ({"severity": "fatal", "killed": "1", "killed_30_days": "0", "injured": "0"}, "killed_30_days"),
        ({"severity": "serious", "killed": "0", "killed_30_days": "1", "injured": "0"}, "injured"),
        (
            {"severity": "slight", "killed": "0", "killed_30_days": "", "injured": "0", "ebike_involved": "false"},
            "injured",
        ),
    ],
)
def test_the_killed_of_a_great_accident_and_numbers_that_contradict(
    session: Session, district: District, people: dict[str, str], column: str | None
) -> None:
    report = run(session, [row(district.village, **people | {"rider_helmet": "", "responsibility": ""})])
    assert [fault.column for fault in report.refused] == ([column] if column else [])
    if column is None:
        accident = only(session)
        assert (accident.killed, accident.killed_30_days, accident.injured) == (40, 40, 12)


@pytest.mark.parametrize("rider", [{"rider_helmet": "yes"}, {"rider_helmet": "no", "responsibility": "full"}])
def test_a_helmet_or_a_responsibility_without_an_e_bike(
    session: Session, district: District, rider: dict[str, str]
) -> None:
    given = row(district.village, **SLIGHT, ebike_involved="false", **{"responsibility": ""} | rider)
    assert [fault.column for fault in run(session, [given]).refused] == ["ebike_involved"]
    assert session.scalars(select(Accident)).all() == []


def workbook(path: Path, rows: list[dict[str, str]], times: list[float], look: str) -> Path:
    """Write a workbook whose times are cells of a spreadsheet's own kind, shown as ``look`` says."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet, shown = book.add_worksheet(), book.add_format({"num_format": look})
        sheet.write_row(0, 0, list(rows[0]))
        for line, (given, when) in enumerate(zip(rows, times, strict=True), start=1):
            for place, (name, cell) in enumerate(given.items()):
                if name == "occurred_at":
                    sheet.write_number(line, place, when, shown)
                else:
                    sheet.write_string(line, place, cell)
    return path


def bring(session: Session, path: Path) -> ImportReport:
    return IMPORTER.run(session, read_rows(path, COLUMNS), SYSTEM, utc_now(), skip_errors=True, progress=silent)


def test_no_minute_of_a_day_in_a_spreadsheet_is_a_second_off(
    session: Session, district: District, tmp_path: Path
) -> None:
    minutes = 24 * 60
    rows = [row(district.village, f"X5-{minute}", **SLIGHT) for minute in range(minutes)]
    cells = [46082 + minute / minutes for minute in range(minutes)]
    assert counts(bring(session, workbook(tmp_path / "day.xlsx", rows, cells, "yyyy/m/d h:mm"))) == (minutes, 0, 0, 0)
    kept = {one.reference: one.occurred for one in session.scalars(select(Accident))}
    midnight = Moment.of_day(DAY).utc
    assert kept == {f"X5-{n}": Moment(midnight + timedelta(minutes=n)) for n in range(minutes)}, "0:00 is an hour, too"


def test_a_cell_that_shows_no_time_is_a_day_alone(session: Session, district: District, tmp_path: Path) -> None:
    bring(session, workbook(tmp_path / "day.xlsx", [row(district.village, **SLIGHT)], [46082], "yyyy/m/d"))
    assert only(session).occurred == Moment.of_day(DAY)


def test_a_time_without_a_day_is_refused(session: Session, district: District, tmp_path: Path) -> None:
    path = workbook(tmp_path / "time.xlsx", [row(district.village, **SLIGHT)], [(8 * 60 + 5) / 1440], "h:mm")
    (fault,) = bring(session, path).refused
    assert (fault.column, fault.value[:5]) == ("occurred_at", "08:05")
    assert fault.reason.msgid.startswith("This cell holds a time without a day.")
    assert session.scalars(select(Accident)).all() == []
