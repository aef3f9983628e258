"""Accidents of which the day is known and the hour is not: in files, in corrections, in pairs, on pages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from tests.accidents.test_imports import counts, only, row, run
from tests.accidents.test_pairs import agrees
from tests.accidents.test_views import desk, make_recent, phone, text, typed
from tests.conftest import Browser
from tests.factories.accidents import NOW, make_accident, make_unasked, new_accident
from tests.factories.violations import District, identity, make_district
from tests.transfers.test_runs import take
from trafficedu.accidents.imports.files import COLUMNS, EXPORTER, IMPORTER
from trafficedu.accidents.models import Accident, AccidentPair
from trafficedu.accidents.queries import duplicates, figures
from trafficedu.accidents.queries.figures import Tally
from trafficedu.accidents.queries.records import ACCIDENTS, AccidentFilter
from trafficedu.accidents.services import recording
from trafficedu.core import corrections, schema
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import SHANGHAI, local, today, utc_now
from trafficedu.core.database import database
from trafficedu.core.errors import Refusal
from trafficedu.core.reading import read_rows
from trafficedu.core.tabular import silent
from trafficedu.core.times import Moment
from trafficedu.core.traces import Taking
from trafficedu.core.transactions import WRITES
from trafficedu.transfers.services import undoing
from trafficedu.transfers.services.exporting import Export, TableOut, export_file
from trafficedu.transfers.services.showing import lines_of

__all__ = ["desk", "phone"]
DAY = date(2026, 3, 4)


def at(hour: int, minute: int = 0, day: date = DAY) -> Moment:
    return Moment(datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI))


def said(accident: Accident, occurred: Moment) -> Any:
    """Return what a correction says that makes nothing else another."""
    same = {
        name: getattr(accident, name)
        for name in ("place", "latitude", "longitude", "severity", "killed", "killed_30_days", "injured")
    }
    kinds = tuple(kind.code for kind in accident.kinds)
    new = new_accident(accident.area, **same, kinds=kinds, occurred_utc=occurred.utc, hour_known=occurred.hour_known)
    return replace(new, rider_helmet=accident.rider_helmet, responsibility=accident.responsibility)


def correct(session: Session, accident: Accident, occurred: Moment, reason: str = "核对") -> None:
    recording.correct(session, accident, said(accident, occurred), accident.version, SYSTEM, NOW, reason)


class TestFiles:
    def test_a_day_alone_is_kept_as_a_day_and_a_later_file_says_the_hour(
        self, session: Session, district: District
    ) -> None:
        assert counts(run(session, [row(district.village, occurred_at="2026-03-04")])) == (1, 0, 0, 0)
        accident = only(session)
        assert (accident.occurred, accident.occurred_on) == (Moment.of_day(DAY), DAY)
        assert not accident.hour_known
        assert counts(run(session, [row(district.village, occurred_at="2026年3月4日 时间不详")])) == (0, 0, 1, 0)
        assert counts(run(session, [row(district.village, occurred_at="2026-03-04 21:05")])) == (0, 1, 0, 0)
        assert only(session).occurred == at(21, 5)

    def test_a_day_alone_takes_no_known_hour_away(self, session: Session, district: District) -> None:
        run(session, [row(district.village)])
        assert counts(run(session, [row(district.village, occurred_at="2026-03-04")])) == (0, 0, 1, 0)
        assert only(session).occurred == at(8, 15)

    def test_another_day_alone_needs_a_yes_and_brings_no_hour(self, session: Session, district: District) -> None:
        run(session, [row(district.village)])
        other = [row(district.village, occurred_at="2026-03-05")]
        assert [refused.column for refused in run(session, other, skip_errors=True).refused] == ["occurred_at"]
        assert counts(run(session, other, taking=Taking(accept_differing=True))) == (0, 1, 0, 0)
        assert only(session).occurred == Moment.of_day(date(2026, 3, 5))

    def test_midnight_is_an_hour(self, session: Session, district: District) -> None:
        run(session, [row(district.village, occurred_at="2026-03-04 00:00")])
        assert only(session).occurred == at(0)

    @pytest.mark.parametrize("suffix", ["csv", "xlsx"])
    @pytest.mark.parametrize("locale", [None, "zh", "en"])
    def test_day_midnight_and_moment_come_back_as_they_went(
        self, session: Session, district: District, tmp_path: Path, suffix: str, locale: str | None
    ) -> None:
        times = {"1": "2026-03-04", "2": "2026-03-04 00:00", "3": "2026-03-04 08:15:30"}
        run(session, [row(district.village, reference, occurred_at=when) for reference, when in times.items()])
        path = tmp_path / f"accidents.{suffix}"
        out = TableOut(session, EXPORTER, Export("accidents", headings=locale), SYSTEM, utc_now())
        assert export_file(out, path) == 3
        back = {each.values["reference"]: COLUMNS.read(each.values)["occurred_at"] for each in read_rows(path, COLUMNS)}
        wanted = {"1": Moment.of_day(DAY), "2": at(0), "3": Moment(at(8, 15).utc + timedelta(seconds=30))}
        assert back == wanted
        report = IMPORTER.run(session, read_rows(path, COLUMNS), SYSTEM, utc_now(), skip_errors=False, progress=silent)
        assert counts(report) == (0, 0, 3, 0)

    def test_a_run_that_said_the_hour_is_undone(self, session: Session, tmp_path: Path, district: District) -> None:
        take(session, tmp_path, "accidents", row(district.village, occurred_at="2026-03-04"))
        second = take(session, tmp_path, "accidents", row(district.village, occurred_at="2026-03-04 08:15"))
        assert only(session).occurred == at(8, 15)
        undoing.undo(session, second, SYSTEM, utc_now())
        session.expire_all()
        assert only(session).occurred == Moment.of_day(DAY)


class TestWithoutAnAnswer:
    SAYS_NOTHING = {"ebike_involved": "", "rider_helmet": "no", "responsibility": "none"}

    def test_an_empty_e_bike_is_no_yes(self, session: Session, district: District) -> None:
        rows = [row(district.village, **self.SAYS_NOTHING), row(district.village, "SG-2", occurred_at="2026-03-05")]
        report = run(session, rows)
        assert counts(report) == (2, 0, 0, 0)
        assert [(said.params["count"]) for said in report.of_file] == [1]
        asked = (session, SYSTEM, date(2026, 3, 1), date(2026, 3, 31))
        assert figures.tally(*asked) == Tally(1, 0, 0, 0, killed=1, injured=3, ebike_unknown=1)
        assert figures.tally(*asked, ebike_only=False).fatal == 2
        numbers = {
            word: [one.reference for one in ACCIDENTS.page(session, SYSTEM, AccidentFilter(ebike=word)).items]
            for word in ("yes", "no", "unknown")
        }
        assert numbers == {"yes": ["SG-2"], "no": [], "unknown": ["SG-1"]}

    def test_a_file_may_leave_the_column_out_and_takes_no_answer_away(
        self, session: Session, district: District
    ) -> None:
        run(session, [row(district.village)])
        short = {name: cell for name, cell in row(district.village, **self.SAYS_NOTHING).items() if "ebike" not in name}
        assert COLUMNS.place(list(short)) == list(short)
        assert counts(run(session, [short])) == (0, 0, 1, 0)
        assert (only(session).ebike_involved, only(session).rider_helmet) == (True, "no")
        run(session, [row(district.village, "SG-2", **self.SAYS_NOTHING)])
        assert counts(run(session, [row(district.village, "SG-2")])) == (0, 1, 0, 0)

    @pytest.mark.parametrize("rider", [{"rider_helmet": "yes"}, {"responsibility": "main"}])
    def test_a_helmet_or_a_responsibility_asks_for_it(
        self, session: Session, district: District, rider: dict[str, str]
    ) -> None:
        report = run(session, [row(district.village, **self.SAYS_NOTHING | rider)])
        assert [(fault.column, fault.value) for fault in report.refused] == [("ebike_involved", "")]

    @pytest.mark.parametrize("suffix", ["csv", "xlsx"])
    def test_it_comes_back_as_it_went(self, session: Session, district: District, tmp_path: Path, suffix: str) -> None:
        run(session, [row(district.village, **self.SAYS_NOTHING)])
        path = tmp_path / f"accidents.{suffix}"
        export_file(TableOut(session, EXPORTER, Export("accidents"), SYSTEM, utc_now()), path)
        (back,) = [COLUMNS.read(each.values)["ebike_involved"] for each in read_rows(path, COLUMNS)]
        assert back is None

    def test_nobody_rode_what_nobody_knows_of(self, session: Session, desk: Browser, district: District) -> None:
        accident = make_recent(session, district.village, ebike_involved=None)
        page = text(desk.get(f"/accidents/{accident.number}"))
        assert "<dt>E-bike</dt> <dd>not known</dd>" in page
        given = {"role": "rider", "id_type": "identity_card", "id_number": identity(), "name": "测试"}
        answer = text(desk.post(f"/accidents/{accident.number}/riders", data=given))
        assert "It is not known whether an e-bike was involved." in answer

    def test_an_officer_may_say_that_nobody_knows(self, session: Session, phone: Browser, district: District) -> None:
        given = typed(district, ebike_involved="unknown", rider_helmet="unknown", responsibility="unknown")
        assert phone.post("/accidents/new", data=given).status_code == 303
        assert only(session).ebike_involved is None


class TestCorrections:
    def test_an_hour_that_somebody_found_out_stays(self, session: Session, district: District) -> None:
        source = row(district.village, occurred_at="2026-03-04")
        run(session, [source])
        accident = only(session)
        correct(session, accident, at(8, 5), "监控")
        (kept,) = corrections.history(session, accident)
        assert (kept.field, corrections.told_of(session, kept)["before"]) == ("occurred", "2026-03-04")
        assert counts(run(session, [source])) == (0, 0, 1, 0)
        assert counts(run(session, [row(district.village, occurred_at="2026-03-04 09:00")])) == (0, 0, 1, 0)
        session.expire_all()
        assert (only(session).occurred, kept.state) == (at(8, 5), "differs")
        (line,) = lines_of(session, "zh", [kept])
        assert (line.before, line.value, line.source) == ("2026-03-04 时间不详", "2026-03-04 08:05", "2026-03-04 09:00")
        given_up = corrections.give_up(session, Accident, accident.id, SYSTEM, NOW)
        recording.take_source(session, accident, given_up, SYSTEM, NOW)
        assert accident.occurred == at(9)

    def test_an_hour_that_somebody_took_back_stays_away(self, session: Session, district: District) -> None:
        source = row(district.village)
        run(session, [source])
        accident = only(session)
        correct(session, accident, Moment.of_day(DAY))
        assert accident.occurred == Moment.of_day(DAY)
        assert counts(run(session, [source])) == (0, 0, 1, 0)
        session.expire_all()
        assert only(session).occurred == Moment.of_day(DAY)
        given_up = corrections.give_up(session, Accident, accident.id, SYSTEM, NOW)
        recording.take_source(session, accident, given_up, SYSTEM, NOW)
        assert accident.occurred == at(8, 15)

    def test_a_corrected_day_keeps_hour_and_day_together(self, session: Session, district: District) -> None:
        run(session, [row(district.village)])
        accident = only(session)
        correct(session, accident, at(9, day=date(2026, 3, 6)))
        later = [row(district.village, occurred_at="2026-03-07", injured="4")]
        assert counts(run(session, later, taking=Taking(accept_differing=True))) == (0, 1, 0, 0)
        session.expire_all()
        assert (accident.occurred, accident.occurred_on, accident.injured) == (
            at(9, day=date(2026, 3, 6)),
            date(2026, 3, 6),
            4,
        )
        given_up = corrections.give_up(session, Accident, accident.id, SYSTEM, NOW)
        recording.take_source(session, accident, given_up, SYSTEM, NOW)
        assert (accident.occurred, accident.occurred_on) == (Moment.of_day(date(2026, 3, 7)), date(2026, 3, 7))


class TestDuplicates:
    def test_who_records_is_asked_of_the_day(self, session: Session, district: District) -> None:
        hour = make_accident(session, district.village, occurred_utc=NOW - timedelta(hours=3))
        make_accident(session, district.village, occurred_utc=NOW - timedelta(days=1))
        new = new_accident(district.village, occurred_utc=NOW, hour_known=False)
        with pytest.raises(Refusal) as refusal:
            recording.record(session, new, SYSTEM, NOW)
        assert refusal.value.field == "told_apart"
        today_alone = Moment.of_day(local(NOW).date())
        close = duplicates.list_close(session, district.village.id, "slight", today_alone)
        assert [one.id for one in close] == [hour.id]

    def test_one_with_an_hour_is_close_to_one_without_of_its_day(self, session: Session, district: District) -> None:
        day = make_accident(session, district.village, occurred_utc=NOW, hour_known=False)
        close = duplicates.list_close(session, district.village.id, "slight", Moment(NOW))
        assert [one.id for one in close] == [day.id]
        late = Moment(NOW - timedelta(hours=13))  # the evening before: two hours from no record, another day
        assert duplicates.list_close(session, district.village.id, "slight", late) == []

    def test_a_day_alone_in_a_file_waits_with_all_of_its_day(self, session: Session, district: District) -> None:
        hours = ["08:00", "09:00", "17:30"]
        run(session, [row(district.village, hour, occurred_at=f"2026-03-04 {hour}") for hour in hours])
        assert agrees(session) == 1
        run(session, [row(district.village, "day", occurred_at="2026-03-04")])
        assert agrees(session) == 4
        run(session, [row(district.village, "day", occurred_at="2026-03-04 13:00")])
        assert agrees(session) == 1


class TestPages:
    def test_a_record_of_a_day_says_that_the_time_is_not_known(
        self, session: Session, desk: Browser, district: District
    ) -> None:
        accident = make_recent(session, district.village, hour_known=False)
        day = accident.occurred_on.isoformat()
        for address in ("/accidents", f"/accidents/{accident.number}", f"/accidents/{accident.number}/riders"):
            page = text(desk.get(address))
            assert f"{day}, time not known" in page
            assert not re.search(rf"{day}[ T]00:00|16:00", page)
        (cells,) = ACCIDENTS.cells(session, SYSTEM, AccidentFilter(), None, "zh")
        assert f"{day} 时间不详" in cells

    def test_the_hour_is_asked_for_unless_somebody_says_that_nobody_knows_it(
        self, session: Session, phone: Browser, district: District
    ) -> None:
        answer = phone.post("/accidents/new", data=typed(district, occurred_at=""))
        assert answer.status_code == 422
        assert "Enter the date and time, or tick that the time of day is not known." in text(answer)
        ticked = typed(district, occurred_at="", hour_unknown="y")
        assert "Choose the day." in text(phone.post("/accidents/new", data=ticked))
        tomorrow = (today() + timedelta(days=1)).isoformat()
        page = text(phone.post("/accidents/new", data=ticked | {"occurred_on": tomorrow}))
        assert "This day is in the future." in page
        assert session.scalars(select(Accident)).all() == []
        assert phone.post("/accidents/new", data=ticked | {"occurred_on": today().isoformat()}).status_code == 303
        assert only(session).occurred == Moment.of_day(today())

    def test_what_the_page_hides_is_not_meant(self, session: Session, phone: Browser, district: District) -> None:
        given = typed(district, occurred_on="2020-01-01")
        assert phone.post("/accidents/new", data=given).status_code == 303
        assert only(session).hour_known
        assert only(session).occurred_on == today()

    def test_without_a_day_of_its_own_the_tick_keeps_that_of_the_moment(
        self, session: Session, phone: Browser, district: District
    ) -> None:
        phone.post("/accidents/new", data=typed(district, hour_unknown="y"))
        assert only(session).occurred == Moment.of_day(today())

    def test_a_correction_gives_an_hour_and_takes_it(self, session: Session, desk: Browser, district: District) -> None:
        accident = make_recent(session, district.village, hour_known=False)
        address, day = f"/accidents/{accident.number}/correct", accident.occurred_on.isoformat()
        page = text(desk.get(address))
        assert re.search(r'<input[^>]*checked[^>]*name="hour_unknown"|name="hour_unknown"[^>]*checked', page)
        assert f'value="{day}"' in page
        given = typed(district, version=str(accident.version), reason="监控", occurred_at=f"{day}T00:01")
        assert desk.post(address, data=given).status_code == 303
        session.expire_all()
        assert only(session).hour_known
        assert local(only(session).occurred_utc).strftime("%H:%M") == "00:01"
        given = typed(district, version=str(only(session).version), reason="不确定", occurred_at="", hour_unknown="y")
        assert desk.post(address, data=given | {"occurred_on": day}).status_code == 303
        session.expire_all()
        assert only(session).occurred == Moment.of_day(accident.occurred_on)

    @pytest.mark.parametrize(
        ("field", "says"),
        [
            ("killed", "Enter how many were killed. Enter 0 for nobody."),
            ("injured", "Enter how many were injured. Enter 0 for nobody."),
            ("ebike_involved", "Say whether an e-bike was involved."),
        ],
    )
    def test_nothing_is_filled_in_for_who_leaves_it_empty(
        self, session: Session, phone: Browser, district: District, field: str, says: str
    ) -> None:
        answer = phone.post("/accidents/new", data=typed(district, **{field: ""}))
        assert answer.status_code == 422
        assert says in text(answer)
        left_out = {name: value for name, value in typed(district).items() if name != field}
        assert phone.post("/accidents/new", data=left_out).status_code == 422
        assert session.scalars(select(Accident)).all() == []

    def test_a_new_form_has_chosen_nothing(self, phone: Browser) -> None:
        page = text(phone.get("/accidents/new"))
        assert not re.search(
            r'<input[^>]*(name="(ebike_involved|hour_unknown)"[^>]*checked|checked[^>]*'
            r'name="(ebike_involved|hour_unknown)")',
            page,
        )
        assert not re.search(r'name="(killed|injured)"[^>]*value="0"', page)

    def test_pairs_without_an_hour_say_so(self, session: Session, desk: Browser, district: District) -> None:
        make_recent(session, district.village)
        run(
            session,
            [
                row(
                    district.village,
                    "F",
                    occurred_at=today().isoformat(),
                    severity="slight",
                    killed="0",
                    killed_30_days="",
                )
            ],
        )
        session.commit()
        for address in ("/accidents/duplicates", "/"):
            assert "time not known" in text(desk.get(address))


def test_the_migration_keeps_corrections_of_the_moment_and_asks_nothing_of_old_records(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        engine, sessions = database().engine, database().sessionmaker
        with sessions(info=WRITES) as own:
            village = make_district(own).village
            timed, untimed, other = (
                make_accident(own, village, occurred_utc=NOW - timedelta(days=days)) for days in (1, 2, 3)
            )
            correct(own, timed, Moment(timed.occurred_utc - timedelta(hours=1)))
            correct(own, untimed, Moment.of_day(untimed.occurred_on))
            recording.correct(own, other, replace(said(other, other.occurred), ebike_involved=None), 1, SYSTEM, NOW)
            make_unasked(own, village, occurred_utc=untimed.occurred_utc, hour_known=False)
            ids, before = (timed.id, untimed.id, other.id), timed.occurred_utc
            own.commit()
        schema.downgrade(engine, "0050")
        with engine.connect() as connection:
            fields = connection.execute(sql("SELECT DISTINCT field FROM correction ORDER BY field")).scalars().all()
            assert "occurred_utc" in fields
            assert "occurred" not in fields
        schema.upgrade(engine)
        with sessions() as own:
            moved, midnight, unknown = (own.get_one(Accident, key) for key in ids)
            (kept,) = corrections.history(own, moved)
            assert (kept.field, kept.state) == ("occurred", "held")
            assert Moment.parse(corrections.told_of(own, kept)["value"]) == Moment(before) == moved.occurred
            assert midnight.occurred == Moment(Moment.of_day(midnight.occurred_on).utc), (
                "the older program knew no days"
            )
            assert unknown.ebike_involved is True
            assert own.scalars(select(AccidentPair).where(AccidentPair.minutes_apart.is_(None))).all() == []
