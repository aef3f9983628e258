"""Pages by the row they begin after: every row once, in the list's order, whatever is added meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from trafficedu.core import counting, paging
from trafficedu.core.audit import DONE, AuditEntry
from trafficedu.core.paging import Page, Place, cut, paginate
from trafficedu.core.places import Order
from trafficedu.core.reach import Reach

START = datetime(2026, 11, 3, 4, 5, 6, 789, tzinfo=UTC)
MINE = select(AuditEntry).where(AuditEntry.action == "test:page")
SUBJECT, AT, KIND, KEY = (
    getattr(AuditEntry, name).expression for name in ("subject_id", "at_utc", "subject_kind", "id")
)
ORDERS: dict[str, list[ColumnElement[Any]]] = {
    "unique": [KEY.desc()],
    "moments": [AT.desc(), KEY.desc()],
    "both ways": [AT.asc(), KEY.desc()],
    "empty ones, rising": [SUBJECT.asc(), KEY.asc()],
    "empty ones, falling": [SUBJECT.desc(), KEY.desc()],
    "empty ones, between": [KIND.asc(), SUBJECT.desc(), AT.asc(), KEY.desc()],
    "computed": [func.coalesce(SUBJECT, -1).desc(), KIND.desc(), KEY.desc()],
}


@pytest.fixture
def rows(session: Session) -> list[AuditEntry]:
    """Twelve rows: three moments, two kinds, a subject or none."""
    made = [
        AuditEntry(
            at_utc=START + timedelta(microseconds=number % 3),
            action="test:page",
            subject_kind="甲乙"[number % 2],
            subject_id=None if number % 4 == 1 else number % 5,
            result=DONE,
        )
        for number in range(12)
    ]
    session.add_all(made)
    session.flush()
    return made


@pytest.mark.parametrize("order", ORDERS)
def test_pages_hold_every_row_once_forwards_and_back(session: Session, rows: list[AuditEntry], order: str) -> None:
    keys = ORDERS[order]
    expected = session.scalars(MINE.order_by(*Order(keys).clauses())).all()
    page = paginate(session, MINE, keys, per_page=5)
    assert (page.total, page.more, page.before, page.lost) == (12, False, "", False)
    forwards = [page]
    while page.after:
        page = paginate(session, MINE, keys, Place(after=page.after), per_page=5)
        forwards.append(page)
    assert [row for page in forwards for row in page.items] == expected
    back = paginate(session, MINE, keys, Place(before=page.before), per_page=5)
    assert back.items == forwards[1].items
    assert paginate(session, MINE, keys, Place(before=back.before), per_page=5).items == expected[:5]


@pytest.mark.parametrize("order", [[SUBJECT.asc(), KEY.asc()], [SUBJECT.desc(), KEY.desc()]])
def test_rows_without_a_value_come_last_both_ways(session: Session, rows: list[AuditEntry], order: Any) -> None:
    page = paginate(session, MINE, order)
    assert [row.subject_id is None for row in page.items] == [False] * 9 + [True] * 3


def test_what_is_added_meanwhile_moves_no_row(session: Session, rows: list[AuditEntry]) -> None:
    first = paginate(session, MINE, ORDERS["unique"], per_page=5)
    session.add(AuditEntry(at_utc=START, action="test:page", result=DONE))
    session.flush()
    second = paginate(session, MINE, ORDERS["unique"], Place(after=first.after), per_page=5)
    assert [row.id for row in second.items] == [row.id for row in reversed(rows[2:7])]


def test_a_page_before_that_is_not_full_is_the_beginning(session: Session, rows: list[AuditEntry]) -> None:
    keys = ORDERS["unique"]
    first = paginate(session, MINE, keys, per_page=3)
    second = paginate(session, MINE, keys, Place(after=first.after), per_page=3)
    third = paginate(session, MINE, keys, Place(before=second.before), per_page=5)
    assert (third.before, [row.id for row in third.items]) == ("", [row.id for row in reversed(rows[7:])])


def test_a_place_made_up_changed_or_of_another_list_is_the_beginning(session: Session, rows: list[AuditEntry]) -> None:
    keys = ORDERS["moments"]
    first = paginate(session, MINE, keys, per_page=5)
    changed = first.after[:-2] + ("AA" if not first.after.endswith("AA") else "BB")
    for token in ("x", "k1.", "k1.AAAA", changed, first.after + "é", "a.b.c", "\0"):
        for place in (Place(after=token), Place(before=token)):
            page = paginate(session, MINE, keys, place, per_page=5)
            assert (page.lost, page.items) == (True, first.items)
    assert paginate(session, MINE, ORDERS["both ways"], Place(after=first.after), per_page=5).lost
    assert not paginate(session, MINE, keys, Place(after=first.after), per_page=5).lost


def test_rows_that_left_the_list_are_said_to_be_lost(session: Session, rows: list[AuditEntry]) -> None:
    keys = ORDERS["unique"]
    page = paginate(session, MINE, keys, per_page=5)
    gone = paginate(session, MINE.where(rows[6].id < KEY), keys, Place(after=page.after), per_page=5)
    assert (gone.lost, len(gone.items)) == (True, 5)


def test_a_list_goes_on_behind_rows_that_it_leaves_out(session: Session, rows: list[AuditEntry]) -> None:
    seen, place = [], Place()
    reach = Reach([AuditEntry.action == "test:page"])
    while True:
        page = paginate(session, MINE.where(rows[4].id > KEY), ORDERS["unique"], place, 3, reach)
        seen += [row.id for row in page.items]
        if not page.after:
            break
        place = Place(after=page.after)
    assert seen == [row.id for row in reversed(rows[:4])]


def test_a_row_to_which_two_ways_lead_is_shown_and_counted_once(
    session: Session, rows: list[AuditEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    of_test = [AuditEntry.action == "test:page"]
    other_way = Reach(of_test, SUBJECT, [0, 3])
    reach = Reach(of_test, KIND, ["甲"], also=[other_way], met=2)
    expected = [row for row in reversed(rows) if row.subject_kind == "甲" or row.subject_id in {0, 3}]
    assert any(row.subject_kind == "甲" and row.subject_id in {0, 3} for row in expected)
    pages = [paginate(session, MINE, ORDERS["unique"], per_page=2, reach=reach)]
    while pages[-1].after:
        pages.append(paginate(session, MINE, ORDERS["unique"], Place(after=pages[-1].after), 2, reach))
    assert [row for page in pages for row in page.items] == expected
    assert pages[0].total == len(expected)
    back = paginate(session, MINE, ORDERS["unique"], Place(before=pages[-1].before), 2, reach)
    assert back.items == pages[-2].items
    assert reach.first(session, ORDERS["unique"], 4) == [row.id for row in expected[:4]]
    for limit, total in ((len(expected) - 1, len(expected)), (2, 3)):
        monkeypatch.setattr("trafficedu.core.reach.CAP", limit)
        assert reach.count(session, ORDERS["unique"]) == total


def test_a_long_list_is_counted_to_a_limit(
    session: Session, rows: list[AuditEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit, total, more in ((11, 12, True), (12, 12, False)):
        monkeypatch.setattr(counting, "CAP", limit)
        monkeypatch.setattr(paging, "CAP", limit)
        page = paginate(session, MINE, ORDERS["unique"], per_page=5)
        assert (page.total, page.more) == (total, more)


def test_a_short_list_is_cut_by_the_codes_of_its_items() -> None:
    items = list("abcdefg")

    def page(place: Place) -> Page[str]:
        return cut(items, str, place, per_page=3)

    assert page(Place()) == Page(list("abc"), 7, after="c")
    assert page(Place(after="c")) == Page(list("def"), 7, before="d", after="f")
    assert page(Place(after="f")) == Page(["g"], 7, before="g")
    assert page(Place(before="d")) == Page(list("abc"), 7, after="c")
    assert page(Place(before="g")) == Page(list("def"), 7, before="d", after="f")
    assert page(Place(after="nothing")) == Page(list("abc"), 7, after="c", lost=True)
    assert cut([], str, Place()) == Page([], 0)
