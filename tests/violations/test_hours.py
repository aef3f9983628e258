"""Violations of which the day is known and the hour is not: in files, in corrections, on pages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.officers import Acting
from tests.factories.violations import District, identity, make_violation
from tests.transfers.test_runs import take
from tests.violations.test_correcting import TestPages as Pages
from tests.violations.test_correcting import said
from tests.violations.test_imports import NOW, counts, row, run
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import SHANGHAI, local, local_date, today, utc_now
from trafficedu.core.errors import Refusal
from trafficedu.core.reading import read_rows
from trafficedu.core.tabular import silent
from trafficedu.core.text import translate
from trafficedu.core.times import Moment
from trafficedu.transfers.services import undoing
from trafficedu.transfers.services.exporting import Export, TableOut, export_file
from trafficedu.violations.imports.files import COLUMNS, EXPORTER, IMPORTER
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.corrections import list_corrections
from trafficedu.violations.queries.records import VIOLATIONS, ViolationFilter
from trafficedu.violations.services import correcting

DAY = date(2025, 3, 4)


def at(hour: int, minute: int = 0) -> Moment:
    return Moment(datetime(2025, 3, 4, hour, minute, tzinfo=SHANGHAI))


def only(session: Session) -> Violation:
    session.expire_all()
    return session.scalars(select(Violation)).one()


class TestFiles:
    def test_a_day_alone_is_kept_as_a_day_and_a_later_file_says_the_hour(
        self, session: Session, district: District
    ) -> None:
        day = [row(district.village, occurred_at="2025-03-04")]
        assert counts(run(session, day)) == (1, 0, 0, 0)
        violation = only(session)
        assert (violation.occurred, violation.occurred_on) == (Moment.of_day(DAY), DAY)
        assert not violation.hour_known
        assert counts(run(session, day)) == (0, 0, 1, 0)
        assert counts(run(session, [row(district.village, occurred_at="2025-03-04 21:05")])) == (0, 1, 0, 0)
        assert only(session).occurred == at(21, 5)
        assert counts(run(session, day)) == (0, 0, 1, 0), "a day alone takes no known hour away"
        assert only(session).occurred == at(21, 5)

    @pytest.mark.parametrize("first", ["2025-03-04", "2025-03-04 08:15"])
    @pytest.mark.parametrize("then", ["2025-03-05", "2025-03-05 08:15"])
    def test_another_day_is_never_taken(self, session: Session, district: District, first: str, then: str) -> None:
        run(session, [row(district.village, occurred_at=first)])
        report = run(session, [row(district.village, occurred_at=then)])
        assert [refused.column for refused in report.refused] == ["occurred_at"]

    def test_a_recent_row_goes_through_the_service(self, session: Session, district: District) -> None:
        yesterday = local_date(NOW) - timedelta(days=1)
        assert counts(run(session, [row(district.village, occurred_at=yesterday.isoformat())])) == (1, 0, 0, 0)
        violation = only(session)
        assert (violation.historic, violation.occurred) == (False, Moment.of_day(yesterday))

    @pytest.mark.parametrize("suffix", ["csv", "xlsx"])
    @pytest.mark.parametrize("locale", [None, "zh"])
    def test_day_midnight_and_moment_come_back_as_they_went(
        self, session: Session, district: District, tmp_path: Path, suffix: str, locale: str | None
    ) -> None:
        times = {"1": "2025-03-04", "2": "2025-03-04 00:00", "3": "2025-03-04 08:15"}
        rows = [row(district.village, each, occurred_at=when, id_number=identity()) for each, when in times.items()]
        run(session, rows)
        path = tmp_path / f"violations.{suffix}"
        out = TableOut(session, EXPORTER, Export("violations", headings=locale), SYSTEM, utc_now())
        assert export_file(out, path) == 3
        back = {each.values["reference"]: COLUMNS.read(each.values)["occurred_at"] for each in read_rows(path, COLUMNS)}
        assert back == {"1": Moment.of_day(DAY), "2": at(0), "3": at(8, 15)}
        report = IMPORTER.run(session, read_rows(path, COLUMNS), SYSTEM, utc_now(), skip_errors=False, progress=silent)
        assert counts(report) == (0, 0, 3, 0)

    def test_a_run_that_said_the_hour_is_undone(self, session: Session, tmp_path: Path, district: District) -> None:
        take(session, tmp_path, "violations", row(district.village, occurred_at="2025-03-04"))
        second = take(session, tmp_path, "violations", row(district.village, occurred_at="2025-03-04 08:15"))
        assert only(session).occurred == at(8, 15)
        undoing.undo(session, second, SYSTEM, utc_now())
        assert only(session).occurred == Moment.of_day(DAY)


def test_a_correction_says_the_hour_and_a_file_leaves_it(session: Session, district: District, acting: Acting) -> None:
    source = [row(district.village, occurred_at="2025-03-04")]
    run(session, source)
    violation = only(session)
    facts = replace(said(violation), occurred=at(8, 15))
    correcting.correct(session, violation, facts, "监控", violation.version, acting("supervisor", district.town), NOW)
    assert violation.occurred == at(8, 15)
    (line,) = list_corrections(session, violation.id, "zh")
    before = line.before if isinstance(line.before, str) else translate(line.before, "zh")
    assert (before, line.after) == ("2025-03-04 时间不详", "2025-03-04 08:15")
    assert counts(run(session, source)) == (0, 0, 1, 0)
    assert only(session).occurred == at(8, 15)


def test_a_day_after_the_record_is_refused(session: Session, district: District, officer: Actor) -> None:
    violation = make_violation(session, district.village, officer)
    later = Moment.of_day(local_date(violation.recorded_utc) + timedelta(days=1))
    facts = replace(said(violation), occurred=later)
    with pytest.raises(Refusal) as refusal:
        correcting.correct(session, violation, facts, "改", violation.version, officer, violation.recorded_utc)
    assert refusal.value.field == "occurred_at"


class TestPagesOfADay:
    def test_the_record_and_the_lists_say_that_the_time_is_not_known(
        self, session: Session, phone: Browser, district: District
    ) -> None:
        yesterday = today() - timedelta(days=1)
        run(session, [row(district.village, occurred_at=yesterday.isoformat())])
        session.commit()
        for address in ("/violations", f"/violations/{only(session).number}"):
            page = phone.get(address).get_data(as_text=True)
            assert f"{yesterday}, time not known" in page
            assert not re.search(rf"{yesterday}[ T]00:00", page)
            assert "data-relative" not in page.partition(f'datetime="{yesterday}"')[2].partition("</time>")[0]
        (cells,) = VIOLATIONS.cells(session, SYSTEM, ViolationFilter(), None, "zh")
        assert f"{yesterday} 时间不详" in cells

    def test_who_corrects_ticks_it_and_takes_the_tick_away(
        self, session: Session, phone: Browser, officer_user: User, district: District
    ) -> None:
        violation = Pages.fresh(session, officer_user, district)
        number, day = violation.number, violation.occurred_on
        ticked = {"occurred_at": "", "hour_unknown": "y", "occurred_on": day.isoformat()}
        answer = phone.post(f"/violations/{number}/correct", data=Pages.typed(session, number, **ticked))
        assert answer.status_code == 303, answer.get_data(as_text=True)
        assert only(session).occurred == Moment.of_day(day)
        page = phone.get(f"/violations/{number}/correct").get_data(as_text=True)
        assert re.search(r"checked[^>]*hour_unknown|hour_unknown[^>]*checked", page)
        back = {"occurred_at": local(violation.recorded_utc).strftime("%Y-%m-%dT%H:%M")}
        answer = phone.post(f"/violations/{number}/correct", data=Pages.typed(session, number, **back))
        assert answer.status_code == 303, answer.get_data(as_text=True)
        assert only(session).hour_known
        shown = phone.get(f"/violations/{number}").get_data(as_text=True)
        assert f"{day}, time not known" in shown, "what it said stays in its history"

    def test_at_the_kerb_the_hour_is_never_unknown(self, phone: Browser) -> None:
        assert "hour_unknown" not in phone.get("/record").get_data(as_text=True)

    def test_one_recorded_like_it_asks_for_the_time(self, session: Session, phone: Browser, district: District) -> None:
        run(session, [row(district.village, occurred_at=(today() - timedelta(days=1)).isoformat())])
        session.commit()
        page = phone.get(f"/record?like={only(session).number}").get_data(as_text=True)
        assert re.search(r'<input[^>]*name="occurred_at"[^>]*>', page)
        assert not re.search(r'name="occurred_at"[^>]*value="[^"]', page)
