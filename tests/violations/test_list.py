"""The list of violations: every record once, whatever narrows it, and never more read than is looked through."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import places
from tests.factories.education import make_kind
from tests.factories.education import make_violation as add_violation
from tests.factories.violations import NOW, make_district
from trafficedu.areas.queries.tree import ids_in_reach
from trafficedu.core import paging, reach
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.clock import local_date
from trafficedu.core.paging import Place
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.queries.records import VIOLATIONS, ViolationFilter, reviews_on
from trafficedu.violations.rules.states import Source

VILLAGES = (places.VILLAGE, places.NEXT_VILLAGE, places.OTHER_VILLAGE)
TOWN_PATH = f"{places.DISTRICT}/{places.TOWN}/"
SCOPES = {
    "system": SYSTEM,
    "town": Actor(1, "x", scope=Scope(area_path=TOWN_PATH)),
    "village": Actor(1, "x", scope=Scope(area_path=f"{TOWN_PATH}{places.VILLAGE}/")),
}
DAY = local_date(NOW)
FILTERS = {
    "all": ViolationFilter(),
    "days": ViolationFilter(since=DAY - timedelta(days=6), until=DAY - timedelta(days=2)),
    "kind": ViolationFilter(kind_code="2009"),
    "town": ViolationFilter(area_path=TOWN_PATH),
    "other town": ViolationFilter(area_path=f"{places.DISTRICT}/{places.OTHER_TOWN}/"),
    "no area": ViolationFilter(area_path="999/"),
    "voided": ViolationFilter(state="voided"),
    "confirmed camera": ViolationFilter(state="confirmed", source="camera"),
    "company": ViolationFilter(company_code="K-list"),
    "no company": ViolationFilter(company_code="none"),
    "mine": ViolationFilter(officer_id=-1, kind_code="2009"),
}


@pytest.fixture
def records(session: Session, make_user: Callable[..., Any]) -> list[Violation]:
    """Records of six days in three villages, every third of another kind; some voided, some of a company."""
    kinds = [make_kind(session).id, session.scalars(select(ViolationKind.id).where(ViolationKind.code == "2009")).one()]
    company, officer = places.add_company(session, code="K-list"), make_user("officer")
    made = []
    for number in range(26):
        record = add_violation(
            session,
            None,
            places.area(session, VILLAGES[number % 3]),
            NOW - timedelta(days=number // 5, minutes=number % 2),
            company_id=company.id if number % 4 == 0 else None,
            company_known="nobody" if number % 4 else "engaged",
            officer_id=officer.id if number % 2 else None,
            state="voided" if number % 7 == 0 else "confirmed",
        )
        record.kind_id = kinds[number % 3 == 0]
        record.source = Source.CAMERA if number % 5 == 0 else Source.FIELD
        made.append(record)
    session.flush()
    return made


def expected(session: Session, by: Actor, chosen: ViolationFilter, falling: bool) -> list[Violation]:
    rows = session.scalars(VIOLATIONS.query(by, chosen)).all()
    return sorted(rows, key=lambda row: (row.occurred_utc, row.id), reverse=falling)


@pytest.mark.parametrize(("window", "branches"), [(5, 100), (1000, 1)])
def test_every_filter_finds_every_record_once_in_its_order(
    session: Session, records: list[Violation], monkeypatch: pytest.MonkeyPatch, window: int, branches: int
) -> None:
    for module in (paging, reach):
        monkeypatch.setattr(module, "WINDOW", window)
    monkeypatch.setattr(reach, "MOST_BRANCHES", branches)
    listing = replace(VIOLATIONS, per_page=4)
    tries = itertools.product(SCOPES.items(), FILTERS.items())
    for (scope, by), (name, narrowed) in tries:
        chosen = replace(narrowed, officer_id=records[1].officer_id) if name == "mine" else narrowed
        sort = "occurred" if len(scope + name) % 2 else "-occurred"
        rows = expected(session, by, chosen, sort == "-occurred")
        pages = [listing.page(session, by, chosen, sort)]
        while pages[-1].after:
            pages.append(listing.page(session, by, chosen, sort, Place(after=pages[-1].after)))
            assert len(pages) < 30
        assert [row for page in pages for row in page.items] == rows, (scope, name, sort)
        assert pages[0].total == len(rows) or (pages[0].at_least and pages[0].total < len(rows)), (scope, name)
        assert all(len(page.items) == 4 or page.looked_to is not None for page in pages[:-1])
        met = list(pages[-1].items)
        while (place := pages[-1].before) and len(pages) < 60:
            pages.append(listing.page(session, by, chosen, sort, Place(before=place)))
            met = [*pages[-1].items, *met]
        assert list(dict.fromkeys(met)) == rows, (scope, name, sort)


def test_a_page_that_is_not_full_says_how_far_it_looked(
    session: Session, records: list[Violation], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (paging, reach):
        monkeypatch.setattr(module, "WINDOW", 12)
    chosen = ViolationFilter(kind_code="2009")
    page = VIOLATIONS.page(session, SYSTEM, chosen)
    assert (page.total, page.at_least, page.before) == (len(page.items), True, "")
    assert page.looked_to == local_date(records[11].occurred_utc)
    further = VIOLATIONS.page(session, SYSTEM, chosen, place=Place(after=page.after))
    assert not {row.id for row in page.items} & {row.id for row in further.items}


def test_the_whole_district_is_read_by_day_unless_another_tree_stands_beside_it(
    session: Session, records: list[Violation]
) -> None:
    by = Actor(1, "x", scope=Scope(area_path=f"{places.DISTRICT}/"))
    assert ids_in_reach(session, by) is None
    make_district(session)
    assert places.area(session, places.VILLAGE).id in (ids_in_reach(session, by) or ())
    assert VIOLATIONS.page(session, by, ViolationFilter()).total == len(records)
    assert VIOLATIONS.page(session, Actor(1, "x", scope=Scope(station_id=1)), ViolationFilter()).is_empty


def test_rows_out_of_sight_are_not_even_counted(session: Session, records: list[Violation]) -> None:
    page = VIOLATIONS.page(
        session, SCOPES["town"], ViolationFilter(area_path=f"{places.DISTRICT}/{places.OTHER_TOWN}/")
    )
    assert (page.total, page.is_empty) == (0, True)


def test_the_first_of_what_waits_are_found_behind_any_number_of_others(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (paging, reach):
        monkeypatch.setattr(module, "WINDOW", 2)
    monkeypatch.setattr(reach, "MOST_BRANCHES", 1)
    codes = (*[places.OTHER_VILLAGE] * 3, places.NEXT_VILLAGE, places.VILLAGE)
    waiting = [
        add_violation(
            session, None, places.area(session, code), state="pending", review_due_on=DAY + timedelta(days=number)
        )
        for number, code in enumerate(codes)
    ]
    assert not reviews_on(DAY).page(session, SCOPES["town"], None).items
    assert reviews_on(DAY).first(session, SCOPES["town"], None, 1) == ([waiting[3]], 2)
    assert reviews_on(DAY).first(session, SYSTEM, None, 2) == (waiting[:2], 5)
