"""How long study tasks are overdue, out of all that fell due since the month before last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy.orm import Session

from tests.factories.education import NOW, make_district, make_rider, make_task
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.ageing import Ageing
from trafficedu.core.month import Month
from trafficedu.education.queries.ageing import age_overdue


def test_overdue_tasks_by_their_age(session: Session, make_user: Callable[..., User]) -> None:
    """On 23 November: due on 17 and 22 November within the week, on 15 November and 1 September before, on 31 August
    and in 2024 earlier; one due today and one completed are not overdue."""
    district = make_district(session)
    for due in (
        date(2026, 11, 22),
        date(2026, 11, 17),
        date(2026, 11, 15),
        date(2026, 9, 1),
        date(2026, 8, 31),
        date(2024, 2, 3),
        date(2026, 11, 23),
    ):
        make_task(session, make_rider(session, district.a), district.a, opened_on=date(2024, 1, 1), due_on=due)
    make_task(
        session,
        make_rider(session, district.a),
        district.a,
        due_on=date(2026, 10, 1),
        state="completed",
        completed_on=date(2026, 9, 30),
    )
    make_task(session, make_rider(session, district.a), district.c, due_on=date(2026, 11, 22))
    expected = Ageing(Month(2026, 9), week=2, older=2, beyond=2, due=5, first=date(2024, 2, 3))
    for role, area in (("analyst", district.root), ("leader", district.town), ("officer", district.town)):
        by = actor_of(make_user(role, area_id=area.id))
        assert age_overdue(session, by, NOW, district.town.path) == expected
    assert age_overdue(session, by, NOW, district.c.path).total == 0, "out of sight"
