"""Days from one to another: the answers of Python, and the same answers from both databases."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import SQLCoreOperations

from trafficedu.core.validity import Validity
from trafficedu.points.models import PointActivity

MARCH = Validity(date(2026, 3, 1), date(2026, 3, 31))
FROM_APRIL = Validity(date(2026, 4, 1))
ONE_DAY = Validity(date(2026, 3, 31), date(2026, 3, 31))
TAKEN_BACK = Validity(date(2026, 3, 10), date(2026, 3, 9))


@pytest.mark.parametrize(
    ("day", "holding"),
    [
        (date(2026, 2, 28), []),
        (date(2026, 3, 1), ["march"]),
        (date(2026, 3, 10), ["march"]),
        (date(2026, 3, 31), ["march", "one_day"]),
        (date(2026, 4, 1), ["april"]),
        (date(2126, 4, 1), ["april"]),
    ],
)
def test_first_and_last_day_are_included_in_python_and_in_sql(session: Session, day: date, holding: list[str]) -> None:
    rows = stored(session)
    assert [row.code for row in rows if row.holds_on(day)] == holding
    assert found(session, PointActivity.holds_on(day)) == holding


@pytest.mark.parametrize(
    ("days", "sharing"),
    [
        (Validity(date(2026, 2, 1), date(2026, 2, 28)), []),
        (Validity(date(2026, 2, 1), date(2026, 3, 1)), ["march"]),
        (Validity(date(2026, 3, 31), date(2026, 4, 1)), ["march", "one_day", "april"]),
        (Validity(date(2026, 4, 1), date(2026, 4, 1)), ["april"]),
        (Validity(date(2026, 3, 31)), ["march", "one_day", "april"]),
        (Validity(date(2026, 4, 1)), ["april"]),
        (Validity(date(2020, 1, 1)), ["march", "one_day", "april"]),
    ],
)
def test_two_validities_share_a_day_in_python_and_in_sql(session: Session, days: Validity, sharing: list[str]) -> None:
    rows = stored(session)
    assert [row.code for row in rows if row.overlaps(days)] == sharing
    assert [row.code for row in rows if days.overlaps(row.validity)] == sharing
    assert found(session, PointActivity.overlaps(days)) == sharing


def test_what_ended_before_it_began_holds_on_no_day() -> None:
    assert not any(TAKEN_BACK.holds_on(date(2026, 3, day)) for day in range(1, 32))


def test_only_what_has_a_last_day_ends() -> None:
    assert not MARCH.ended_before(date(2026, 3, 31))
    assert MARCH.ended_before(date(2026, 4, 1))
    assert not FROM_APRIL.ended_before(date.max)


def stored(session: Session) -> list[PointActivity]:
    named = {"march": MARCH, "one_day": ONE_DAY, "april": FROM_APRIL}
    rows = [
        PointActivity(
            code=code,
            name_zh=code,
            name_en=code,
            direction="earned",
            points=1,
            valid_from=days.first,
            valid_to=days.last,
        )
        for code, days in named.items()
    ]
    session.add_all(rows)
    session.flush()
    return rows


def found(session: Session, condition: SQLCoreOperations[bool]) -> list[str]:
    own = PointActivity.code.in_(("march", "one_day", "april"))
    return list(session.scalars(select(PointActivity.code).where(own, condition).order_by(PointActivity.id)))
