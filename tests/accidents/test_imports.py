"""Files of accidents in and out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.accidents import NOW, make_accident, new_accident
from tests.factories.officers import Acting
from tests.factories.violations import District
from trafficedu.accidents.imports.files import COLUMNS, EXPORTER, IMPORTER
from trafficedu.accidents.models import Accident, AccidentKind
from trafficedu.accidents.services import closing, recording
from trafficedu.areas.models import Area
from trafficedu.core import bulk, corrections
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import local, utc_now
from trafficedu.core.month import Month
from trafficedu.core.positions import in_gcj02
from trafficedu.core.reading import read_rows
from trafficedu.core.spreadsheet import csv_cell as as_cell
from trafficedu.core.tabular import ImportReport, numbered, silent
from trafficedu.core.traces import PLAINLY, Taking
from trafficedu.transfers.services.exporting import Export, TableOut, export_file


def row(area: Area, reference: str = "SG-1", **changes: str) -> dict[str, str]:
    """A fatal e-bike accident, with what is given changed."""
    return dict.fromkeys(COLUMNS.names, "") | {
        "reference": reference,
        "occurred_at": "2026-03-04 08:15",
        "area_code": area.code,
        "place": "市心路口",
        "latitude": "30.1785",
        "longitude": "120.2647",
        "severity": "fatal",
        "killed": "1",
        "killed_30_days": "2",
        "injured": "3",
        "ebike_involved": "true",
        "rider_helmet": "no",
        "responsibility": "main",
        "kinds": "2007; ZJ-HELMET",
        **changes,
    }


def run(
    session: Session,
    rows: list[dict[str, str]],
    by: Actor = SYSTEM,
    skip_errors: bool = False,
    taking: Taking = PLAINLY,
) -> ImportReport:
    return IMPORTER.run(session, numbered(rows), by, utc_now(), skip_errors=skip_errors, progress=silent, taking=taking)


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, len(report.refused)


def only(session: Session) -> Accident:
    return session.scalars(select(Accident)).one()


class TestTakingIn:
    def test_every_column_is_kept(self, session: Session, district: District) -> None:
        assert counts(run(session, [row(district.village)])) == (1, 0, 0, 0)
        accident = only(session)
        assert (accident.reference, accident.severity, accident.state) == ("SG-1", "fatal", "recorded")
        assert (accident.killed, accident.killed_30_days, accident.injured) == (1, 2, 3)
        assert (accident.rider_helmet, accident.responsibility, accident.ebike_involved) == ("no", "main", True)
        assert (accident.latitude, accident.longitude, accident.place) == (30.1785, 120.2647, "市心路口")
        assert (local(accident.occurred_utc).hour, accident.occurred_on) == (8, date(2026, 3, 4))
        assert [kind.code for kind in accident.kinds] == ["2007", "ZJ-HELMET"]
        assert accident.number.startswith("A")

    def test_a_point_off_a_chinese_map_is_kept_as_phones_give_it(
        self, session: Session, district: District, tmp_path: Path
    ) -> None:
        north, east = in_gcj02(30.1785, 120.2647)
        shown = {"latitude": str(north), "longitude": str(east), "coordinates": "GCJ-02（高德、腾讯地图）"}
        assert counts(run(session, [row(district.village, **shown)])) == (1, 0, 0, 0)
        accident = only(session)
        assert (accident.latitude, accident.longitude) == pytest.approx((30.1785, 120.2647), abs=2e-6)
        assert counts(run(session, [row(district.village, **shown)])) == (0, 0, 1, 0)
        assert "coordinates" not in [column.name for column in EXPORTER.columns.exported]
        report = run(session, [row(district.village, "SG-2", **shown | {"coordinates": "bd09"})])
        assert [refused.column for refused in report.refused] == ["coordinates"]

    def test_twice_adds_nothing(self, session: Session, district: District) -> None:
        rows = [row(district.village), row(district.neighbour, "SG-2", kinds="")]
        assert counts(run(session, rows)) == (2, 0, 0, 0)
        assert counts(run(session, rows)) == (0, 0, 2, 0)
        assert session.scalar(select(func.count()).select_from(AccidentKind)) == 2
        assert [accident.version for accident in session.scalars(select(Accident))] == [1, 1]

    def test_a_reference_twice_in_a_file_is_refused_however_far_apart(
        self, session: Session, district: District
    ) -> None:
        """Two accidents of one number: the second must not take the place of the first."""
        rows = [
            row(district.village),
            row(district.village, "SG-2"),
            row(district.other_village, severity="slight", killed="0"),
        ]
        report = IMPORTER.run(
            session,
            numbered(rows),
            SYSTEM,
            utc_now(),
            skip_errors=True,
            progress=silent,
            batches=lambda lines: bulk.batches(lines, 1),
        )
        assert counts(report) == (2, 0, 0, 1)
        (refused,) = report.refused
        assert (refused.line, refused.column, refused.reason.params) == (4, "reference", {"first": 2, "line": 4})
        assert session.scalars(select(Accident.killed).where(Accident.reference == "SG-1")).all() == [1]

    def test_numbers_that_begin_again_are_two_records_and_so_are_those_of_two_sources(
        self, session: Session, district: District
    ) -> None:
        last_year = row(district.village, "17", occurred_at="2025-12-31 23:50")
        assert counts(run(session, [row(district.village, "17"), last_year])) == (2, 0, 0, 0)
        assert counts(run(session, [row(district.village, "17"), last_year])) == (0, 0, 2, 0)
        hospital = Taking(source="医院")
        assert counts(run(session, [row(district.other_village, "17")], taking=hospital)) == (1, 0, 0, 0)
        listed = [dict(each) for each in EXPORTER.rows(session, SYSTEM, utc_now(), None, False)]
        assert sorted(len(str(each["reference"])) for each in listed) == [2, 2, 12], "the hospital's goes by its number"
        assert counts(run(session, [{k: as_cell(v) for k, v in each.items()} for each in listed])) == (0, 0, 3, 0)

    @pytest.mark.parametrize(
        ("change", "column"),
        [
            ({"occurred_at": "2026-08-20 08:15"}, "occurred_at"),
            ({"place": "西山大桥"}, "place"),
            ({"severity": "slight", "killed": "0", "killed_30_days": ""}, "severity"),
        ],
    )
    def test_a_known_reference_of_another_day_place_or_severity_needs_a_yes(
        self, session: Session, district: District, change: dict[str, str], column: str
    ) -> None:
        run(session, [row(district.village)])
        other = row(district.village, **change)
        report = run(session, [other], skip_errors=True)
        assert (counts(report), report.differing, report.refused[0].column) == ((0, 0, 0, 1), 1, column)
        assert counts(run(session, [other], taking=Taking(accept_differing=True))) == (0, 1, 0, 0)

    @pytest.mark.parametrize("column", ["killed", "injured"])
    def test_an_empty_number_of_people_is_not_a_zero(self, session: Session, district: District, column: str) -> None:
        people = {"severity": "damage", "killed": "0", "killed_30_days": "", "injured": "0"}
        report = run(session, [row(district.village, **people | {column: ""})])
        assert [(fault.column, fault.value) for fault in report.refused] == [(column, "")]
        assert session.scalar(select(func.count()).select_from(Accident)) == 0

    def test_other_empty_cells_mean_unknown(self, session: Session, district: District) -> None:
        empty = dict.fromkeys(("killed_30_days", "rider_helmet", "responsibility", "kinds"), "")
        people = {"killed": "0", "injured": "0"}
        given = row(district.village, severity="damage", latitude="", longitude="", **empty, **people)
        assert counts(run(session, [given])) == (1, 0, 0, 0)
        accident = only(session)
        assert (accident.killed, accident.killed_30_days, accident.injured) == (0, None, 0)
        assert (accident.rider_helmet, accident.responsibility) == ("unknown", "unknown")

    def test_without_an_e_bike_no_and_none_are_taken(self, session: Session, district: District) -> None:
        given = [row(district.village, ebike_involved="false", rider_helmet="no", responsibility="none", kinds="")]
        assert counts(run(session, given)) == (1, 0, 0, 0)
        assert counts(run(session, given)) == (0, 0, 1, 0)

    def test_a_later_file_corrects(self, session: Session, district: District) -> None:
        run(session, [row(district.village, severity="serious", killed="0", killed_30_days="", kinds="2007;2004")])
        yes = Taking(accept_differing=True)
        assert counts(run(session, [row(district.village, kinds="2004")], taking=yes)) == (0, 1, 0, 0)
        accident = only(session)
        assert (accident.severity, accident.killed_30_days, accident.version) == ("fatal", 2, 2)
        assert [kind.code for kind in accident.kinds] == ["2004"]

    def test_a_death_that_somebody_entered_does_not_come_back_to_life(
        self, session: Session, district: District
    ) -> None:
        first = row(district.village, severity="serious", killed="0", killed_30_days="", rider_helmet="unknown")
        run(session, [first])
        accident = only(session)
        said: dict[str, Any] = {"severity": "fatal", "killed": 1, "rider_helmet": "no", "responsibility": "main"}
        said["kinds"] = ("2007", "ZJ-HELMET")
        new = replace(new_accident(district.village), occurred_utc=accident.occurred_utc, place=accident.place, **said)
        new = replace(new, latitude=accident.latitude, longitude=accident.longitude, injured=3)
        recording.correct(session, accident, new, accident.version, SYSTEM, NOW, "家属告知死亡")
        assert counts(run(session, [first])) == (0, 0, 1, 0)
        assert (accident.severity, accident.killed, accident.rider_helmet) == ("fatal", 1, "no")
        kept = {each.field: each for each in corrections.history(session, accident)}
        assert kept.keys() == {"severity", "killed", "rider_helmet"}
        assert corrections.told_of(session, kept["killed"]) == {"before": 0, "value": 1, "over": 0, "source": 0}
        assert kept["killed"].reason == "家属告知死亡"
        later = row(district.village, killed="2", killed_30_days="", injured="4", rider_helmet="unknown")
        assert counts(run(session, [later])) == (0, 1, 0, 0), "what nobody corrected follows the file"
        assert (accident.killed, accident.injured) == (1, 4)
        session.expire_all()
        assert {name: each.state for name, each in kept.items()} == {
            "severity": "agreed",
            "killed": "differs",
            "rider_helmet": "held",
        }
        source = corrections.give_up(session, Accident, accident.id, SYSTEM, NOW)
        recording.take_source(session, accident, source, SYSTEM, NOW)
        assert (accident.severity, accident.killed, accident.rider_helmet) == ("fatal", 2, "unknown")

    def test_not_known_takes_no_figure_away(self, session: Session, district: District) -> None:
        run(session, [row(district.village)])
        assert counts(run(session, [row(district.village, killed_30_days="")])) == (0, 0, 1, 0)
        assert only(session).killed_30_days == 2

    def test_a_voided_record_stays_voided(self, session: Session, district: District) -> None:
        run(session, [row(district.village)])
        closing.void(session, only(session), "误录", SYSTEM, NOW)
        assert counts(run(session, [row(district.village)])) == (0, 0, 1, 0)
        refused = run(session, [row(district.village, injured="4")]).refused
        assert [fault.column for fault in refused] == ["reference"]
        assert (only(session).state, only(session).injured) == ("voided", 3)

    def test_an_area_holds_for_what_happened_until_its_last_day(self, session: Session, district: District) -> None:
        district.village.valid_to = date(2026, 10, 31)
        session.flush()
        rows = [
            row(district.village, "E1", occurred_at="2026-11-05 08:05"),
            row(district.village, "E2", occurred_at="2026-10-31 23:59"),
        ]
        report = run(session, rows, skip_errors=True)
        assert [(fault.line, fault.column) for fault in report.refused] == [(2, "area_code")]
        assert only(session).reference == "E2"

    @pytest.mark.parametrize(
        ("change", "column"),
        [
            ({"reference": ""}, "reference"),
            ({"occurred_at": "yesterday"}, "occurred_at"),
            ({"occurred_at": "2099-01-01 08:00"}, "occurred_at"),
            ({"occurred_at": "1980-01-01 08:00"}, "occurred_at"),
            ({"occurred_at": "0001-01-01 00:00"}, "occurred_at"),
            ({"area_code": "000"}, "area_code"),
            ({"place": "长" * 121}, "place"),
            ({"latitude": "north"}, "latitude"),
            ({"latitude": ""}, "latitude"),
            ({"longitude": "181"}, "longitude"),
            ({"severity": "grave"}, "severity"),
            ({"killed": "0"}, "killed"),
            ({"killed": "-1"}, "killed"),
            ({"killed": "1.5"}, "killed"),
            ({"killed_30_days": "0"}, "killed_30_days"),
            ({"severity": "slight"}, "severity"),
            ({"ebike_involved": "perhaps"}, "ebike_involved"),
            ({"ebike_involved": "false"}, "ebike_involved"),
            ({"rider_helmet": "perhaps"}, "rider_helmet"),
            ({"responsibility": "half"}, "responsibility"),
            ({"kinds": "2007;4711"}, "kinds"),
            ({"kinds": "ZJ-HELMET", "occurred_at": "2019-01-01 08:00"}, "kinds"),
        ],
    )
    def test_what_is_wrong_is_named_with_line_and_column(
        self, session: Session, district: District, change: dict[str, str], column: str
    ) -> None:
        report = run(session, [row(district.village, "SG-0"), row(district.village, **change)], skip_errors=True)
        assert [(fault.line, fault.column) for fault in report.refused] == [(3, column)]
        assert report.added == 1
        assert only(session).reference == "SG-0"

    @pytest.mark.parametrize("when", ["2999-01-01 00:30", "1999年12月31日 8时5分"])
    def test_a_time_that_cannot_be_is_shown_as_the_file_has_it(
        self, session: Session, district: District, when: str
    ) -> None:
        refused = run(session, [row(district.village, occurred_at=when)]).refused
        assert [(fault.column, fault.value) for fault in refused] == [("occurred_at", when)]

    def test_an_area_of_others_is_refused(self, session: Session, district: District, acting: Acting) -> None:
        supervisor = acting("supervisor", district.town)
        report = run(session, [row(district.other_village)], supervisor)
        assert [fault.column for fault in report.refused] == ["area_code"]

    def test_a_reference_of_others_is_not_changed(self, session: Session, district: District, acting: Acting) -> None:
        run(session, [row(district.other_village)])
        report = run(session, [row(district.village)], acting("supervisor", district.town))
        assert [fault.column for fault in report.refused] == ["reference"]
        assert only(session).area_id == district.other_village.id

    def test_one_audit_row_a_file(self, session: Session, district: District) -> None:
        run(session, [row(district.village, f"SG-{n}") for n in range(3)])
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "accidents:accident:import")).one()
        assert entry.detail == {"added": 3, "updated": 0, "unchanged": 0, "refused": 0}


class TestThereAndBack:
    @pytest.mark.parametrize("suffix", ["csv", "xlsx"])
    def test_an_export_imports_again_and_changes_nothing(
        self, session: Session, district: District, acting: Acting, tmp_path: Path, suffix: str
    ) -> None:
        run(
            session,
            [row(district.village, place="=1+1"), row(district.village, "SG-2", kinds="", latitude="", longitude="")],
        )
        make_accident(session, district.neighbour, now=utc_now(), occurred_utc=utc_now() - timedelta(days=1))
        supervisor = acting("supervisor", district.town)
        path = tmp_path / f"accidents.{suffix}"
        assert export_file(TableOut(session, EXPORTER, Export("accidents"), supervisor, utc_now()), path) == 3
        report = IMPORTER.run(
            session, read_rows(path, COLUMNS), supervisor, utc_now(), skip_errors=False, progress=silent
        )
        assert counts(report) == (0, 0, 3, 0)

    def test_it_reaches_as_far_as_the_post_and_the_month(
        self, session: Session, district: District, acting: Acting
    ) -> None:
        run(session, [row(district.village), row(district.other_village, "SG-2"), row(district.village, "SG-3")])
        session.scalars(select(Accident).where(Accident.reference == "SG-3")).one().occurred_on = date(2026, 4, 1)
        session.flush()
        supervisor = acting("supervisor", district.town)
        found = list(EXPORTER.rows(session, supervisor, utc_now(), Month(2026, 3), False))
        assert [one["reference"] for one in found] == ["SG-1"]
        assert found[0]["kinds"] == "2007;ZJ-HELMET"
        assert list(EXPORTER.rows(session, Actor(None, "nobody"), utc_now(), None, False)) == []

    def test_voided_records_stay_at_home(self, session: Session, district: District) -> None:
        run(session, [row(district.village)])
        closing.void(session, only(session), "误录", SYSTEM, NOW)
        assert list(EXPORTER.rows(session, SYSTEM, utc_now(), None, False)) == []
