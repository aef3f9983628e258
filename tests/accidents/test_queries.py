"""Who sees which accident, what the filters keep, what is counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories.accidents import NOW, make_accident, make_fatal, make_unasked
from tests.factories.officers import Acting
from tests.factories.violations import District
from trafficedu.accidents.queries import figures, records
from trafficedu.accidents.queries.duplicates import DUPLICATES
from trafficedu.accidents.queries.records import ACCIDENTS, AccidentFilter
from trafficedu.accidents.services import closing
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.errors import Missing
from trafficedu.core.month import Month
from trafficedu.violations.queries.searching import Words

JUNE, JULY = datetime(2026, 6, 10, 2, tzinfo=UTC), datetime(2026, 7, 10, 2, tzinfo=UTC)


class TestScope:
    def test_the_own_area_and_nothing_else(self, session: Session, district: District, acting: Acting) -> None:
        mine, theirs = make_accident(session, district.village), make_accident(session, district.other_village)
        officer = acting("officer", district.town)
        assert records.find_accident(session, mine.number.lower(), officer) is mine
        with pytest.raises(Missing):
            records.find_accident(session, theirs.number, officer)
        assert ACCIDENTS.page(session, officer, AccidentFilter()).items == [mine]
        assert ACCIDENTS.page(session, officer, AccidentFilter(words=Words(theirs.number))).items == []

    @pytest.mark.parametrize("scope", [Scope(), Scope(company_id=1), Scope(station_id=1)])
    def test_other_posts_see_none(self, session: Session, district: District, scope: Scope) -> None:
        accident = make_accident(session, district.village)
        nobody = Actor(1, "x", scope=scope)
        assert ACCIDENTS.page(session, nobody, AccidentFilter()).total == 0
        make_unasked(session, district.village)
        assert DUPLICATES.page(session, nobody, None).items == []
        assert figures.tally(session, nobody, date(2020, 1, 1), date(2026, 12, 31)).total == 0
        with pytest.raises(Missing):
            records.find_accident(session, accident.number, nobody)

    def test_counts_keep_to_it(self, session: Session, district: District, acting: Acting) -> None:
        make_accident(session, district.village)
        make_accident(session, district.other_village)
        leader = acting("leader", district.town)
        rows = figures.count_by_area_and_month(
            session, leader, date(2026, 1, 1), date(2026, 12, 31), district.root.path
        )
        assert [(row.area_code, row.accidents) for row in rows] == [(district.village.code, 1)]


class TestFilters:
    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ({}, "abcd"),
            ({"since": date(2026, 7, 1)}, "bcd"),
            ({"until": date(2026, 7, 10)}, "ab"),
            ({"severity": "casualty"}, "abc"),
            ({"severity": "fatal"}, "b"),
            ({"ebike": "yes"}, "abd"),
            ({"ebike": "no"}, "c"),
            ({"helmet": "no"}, "b"),
            ({"kind_code": "2004"}, "b"),
            ({"state": "voided"}, "d"),
            ({"state": "recorded", "kind_code": "2007"}, "a"),
        ],
    )
    def test_each_keeps_what_it_says(
        self, session: Session, district: District, wanted: dict[str, Any], found: str
    ) -> None:
        reader = Actor(None, "x", scope=Scope(area_path=district.root.path))
        made = {
            "a": make_accident(session, district.village, occurred_utc=JUNE),
            "b": make_fatal(session, district.other_village, JULY, rider_helmet="no", kinds=("2004", "2009")),
            "c": make_accident(session, district.village, ebike_involved=False, kinds=()),
            "d": make_accident(session, district.village, severity="damage", injured=0, kinds=()),
        }
        closing.void(session, made["d"], "误录", SYSTEM, NOW)
        page = ACCIDENTS.page(session, reader, AccidentFilter(**wanted))
        assert {row.id for row in page.items} == {made[name].id for name in found}

    def test_an_area_is_its_subtree(self, session: Session, district: District) -> None:
        one, _other = make_accident(session, district.village), make_accident(session, district.other_village)
        wanted = AccidentFilter(area_path=district.town.path)
        assert ACCIDENTS.page(session, SYSTEM, wanted).items == [one]


class TestFigures:
    def test_by_area_and_month(self, session: Session, district: District) -> None:
        make_accident(session, district.village, occurred_utc=JUNE, injured=2)
        make_fatal(session, district.village, JUNE, killed=2)
        make_accident(session, district.village, occurred_utc=JUNE, severity="damage", injured=0)
        make_accident(session, district.village, occurred_utc=JUNE, ebike_involved=False, kinds=())
        make_accident(session, district.neighbour, occurred_utc=JULY)
        closing.void(session, make_accident(session, district.village, occurred_utc=JULY), "误录", SYSTEM, NOW)

        def counted(**only: bool) -> list[tuple[str, Month, int, int, int, int]]:
            rows = figures.count_by_area_and_month(
                session, SYSTEM, date(2026, 6, 1), date(2026, 7, 31), district.root.path, **only
            )
            return [(r.path, r.month, r.accidents, r.fatal, r.killed, r.injured) for r in rows]

        june, july = Month(2026, 6), Month(2026, 7)
        last = (district.neighbour.path, july, 1, 0, 0, 1)
        assert counted() == [(district.village.path, june, 3, 1, 2, 2), last]
        assert counted(casualty_only=True) == [(district.village.path, june, 2, 1, 2, 2), last]
        assert counted(ebike_only=False) == [(district.village.path, june, 4, 1, 2, 3), last]

    def test_the_last_minute_of_a_month_in_shanghai_belongs_to_it(self, session: Session, district: District) -> None:
        make_fatal(session, district.village, datetime(2026, 6, 30, 15, 59, tzinfo=UTC))
        make_fatal(session, district.village, datetime(2026, 6, 30, 16, 0, tzinfo=UTC))
        june = (date(2026, 6, 1), date(2026, 6, 30))
        assert figures.tally(session, SYSTEM, *june, district.root.path).fatal == 1
        months = figures.count_by_month(session, SYSTEM, june[0], date(2026, 7, 31), district.root.path)
        assert [(row.month.number, row.severity, row.accidents) for row in months] == [(6, "fatal", 1), (7, "fatal", 1)]

    def test_a_tally_adds_people_up(self, session: Session, district: District) -> None:
        make_fatal(session, district.village, JUNE, killed=2, injured=3)
        make_accident(session, district.village, occurred_utc=JUNE + timedelta(days=1))
        found = figures.tally(session, SYSTEM, date(2026, 6, 1), date(2026, 6, 30), district.root.path)
        assert (found.fatal, found.slight, found.casualty, found.total) == (1, 1, 2, 2)
        assert (found.killed, found.injured) == (2, 4)
