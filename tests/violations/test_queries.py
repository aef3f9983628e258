"""Counts and lists that other rooms build on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories.violations import NOW, District, make_company, make_violation, new_rider
from trafficedu.areas.models import Area
from trafficedu.core.actors import NOTHING, SYSTEM, Actor, Scope
from trafficedu.core.clock import utc_now
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.riders.services.people import find_or_register
from trafficedu.violations.queries import figures, records
from trafficedu.violations.queries.kinds import RememberedKinds, find_kind, find_kind_on, list_kinds_ending
from trafficedu.violations.services import kinds, reviewing

START, END = date(2026, 10, 1), date(2026, 11, 30)


def test_only_confirmed_ones_count_by_kind_and_month(session: Session, district: District) -> None:
    make_violation(session, district.village)
    make_violation(session, district.village)
    make_violation(session, district.village, kind_code="2004", occurred_utc=datetime(2026, 10, 31, 15, 59, tzinfo=UTC))
    make_violation(session, district.village, kind_code="2004", occurred_utc=datetime(2026, 10, 31, 16, 0, tzinfo=UTC))
    make_violation(session, district.village, source="camera", rider=None)
    reviewing.void(session, make_violation(session, district.village), "错", SYSTEM, NOW)
    counts = figures.count_by_kind_and_month(session, SYSTEM, START, END)
    assert [(c.month, c.kind_code, c.violations) for c in counts] == [
        (Month(2026, 10), "2004", 1),
        (Month(2026, 11), "2004", 1),
        (Month(2026, 11), "2007", 2),
    ]
    assert counts[0].name("en") == "Riding against traffic"
    assert figures.count_by_kind_and_month(session, SYSTEM, date(2026, 11, 1), END)[0].month == Month(2026, 11)


def test_versions_of_a_kind_count_together(session: Session, district: District) -> None:
    early = datetime(2026, 11, 5, 3, 0, tzinfo=UTC)
    old = make_violation(session, district.village, occurred_utc=early).kind
    new = kinds.KindInput("红灯", "Red", 1, 5, 50, "法", "law", date(2026, 11, 10))
    kinds.renew_kind(session, old, new, old.version, SYSTEM)
    make_violation(session, district.village)
    counts = figures.count_by_kind_and_month(session, SYSTEM, START, END)
    assert [(c.kind_code, c.name_zh, c.violations) for c in counts] == [("2007", "红灯", 2)]


def test_both_days_of_a_kind_are_included_for_a_page_as_for_a_file(session: Session) -> None:
    kind = find_kind(session, "2007")
    kind.valid_from, kind.valid_to = date(2026, 1, 1), date(2026, 1, 31)
    session.flush()
    remembered = RememberedKinds(session)
    for day in (date(2026, 1, 1), date(2026, 1, 31)):
        assert find_kind_on(session, "2007", day).id == remembered.find_on("2007", day).id == kind.id
    for day in (date(2025, 12, 31), date(2026, 2, 1)):
        for find in (partial(find_kind_on, session), remembered.find_on):
            with pytest.raises(Refusal) as refused:
                find("2007", day)
            assert (refused.value.field, refused.value.value) == ("kind", "2007")


def test_counts_keep_to_the_area(session: Session, district: District, acting: Callable[[str, Area], Actor]) -> None:
    make_violation(session, district.village)
    make_violation(session, district.other_village)
    everything = figures.count_by_area(session, acting("analyst", district.root), START, END)
    assert [(c.area_code, c.violations) for c in everything] == [
        (district.village.code, 1),
        (district.other_village.code, 1),
    ]
    own = figures.count_by_area(session, acting("leader", district.town), START, END)
    assert [c.area_code for c in own] == [district.village.code]
    narrowed = figures.count_by_area(session, SYSTEM, START, END, district.other_town.path)
    assert [c.area_code for c in narrowed] == [district.other_village.code]
    for scope in (NOTHING, Scope(company_id=1), Scope(station_id=1)):
        assert figures.count_by_area(session, Actor(1, "x", scope=scope), START, END) == []
        assert figures.count_by_kind_and_month(session, Actor(1, "x", scope=scope), START, END) == []


def test_of_a_rider_and_of_a_company(
    session: Session, district: District, acting: Callable[[str, Area], Actor]
) -> None:
    company = make_company(session)
    rider = find_or_register(session, new_rider(), SYSTEM, utc_now())
    engage(session, rider, NewEngagement(company.id, date(2026, 1, 1), None, "contract"), SYSTEM, utc_now())
    known: dict[str, Any] = {"company_code": company.code, "rider": None, "rider_number": rider.number}
    mine = make_violation(session, district.village, **known)
    make_violation(session, district.other_village, **known)
    by = acting("officer", district.town)
    assert [v.id for v in records.list_of_rider(session, by, rider.id)] == [mine.id]
    assert figures.count_of_rider(session, rider.id, START, END) == 2
    assert figures.count_of_company(session, by, company.id, START, END) == (1, 1)
    assert figures.count_of_company(session, SYSTEM, company.id, START, END) == (2, 1)


def test_a_receipt_finds_its_record_by_a_well_formed_number_only(session: Session, district: District) -> None:
    violation = make_violation(session, district.village)
    typed = f" {violation.number[:6].lower()}-{violation.number[6:]} "
    found = records.find_public(session, typed)
    assert found is not None
    assert found.id == violation.id
    wrong = violation.number[:-1] + ("A" if violation.number[-1] != "A" else "B")
    assert records.find_public(session, wrong) is None


def test_kinds_that_end_soon(session: Session) -> None:
    kind = find_kind(session, "2009")
    kinds.end_kind(session, kind, date(2026, 12, 31), kind.version, SYSTEM)
    assert [k.code for k in list_kinds_ending(session, date(2026, 11, 20), date(2027, 1, 19))] == ["2009"]
    new = kinds.KindInput("快车道", "Lane", 3, 5, 50, "法", "law", date(2027, 1, 1))
    kinds.renew_kind(session, kind, new, kind.version, SYSTEM)
    assert list_kinds_ending(session, date(2026, 11, 20), date(2027, 1, 19)) == []
