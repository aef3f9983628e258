"""Sums of points: a balance is what a full count of the ledger gives, in whatever order things come."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import places
from tests.factories.people import make_user
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM
from trafficedu.core.month import Month
from trafficedu.points.models import PointEntry
from trafficedu.points.queries import balances
from trafficedu.points.queries.monthly import OF_AREAS, OF_COMPANIES
from trafficedu.points.services import entries
from trafficedu.points.services.entries import NewEntry
from trafficedu.settled import services as settling
from trafficedu.settled.models import SettledMonth

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
TODAY = date(2026, 11, 20)
FIGURES = [OF_AREAS, OF_COMPANIES]
MONTHS = Month.range(Month(2026, 9), Month(2026, 11))
Sums = Counter[tuple[str, int, str]]


def settle(session: Session) -> None:
    session.commit()
    settling.settle_due(session, NOW, FIGURES)


def counted(session: Session, month: Month) -> Sums:
    """Count every entry of a month."""
    query = select(PointEntry).where(PointEntry.occurred_on.between(month.first, month.last))
    sums = Sums()
    for entry in session.scalars(query):
        holder = entry.kind, entry.area_id or entry.company_id or 0
        sums[*holder, "earned" if entry.points > 0 else "lost"] += entry.points
        sums[*holder, "entries"] += 1
    return sums


def assert_exact(session: Session) -> None:
    session.commit()
    for month in MONTHS:
        full = counted(session, month)
        held = Sums()
        for kind in ("district", "town", "village", "company"):
            for line in balances.list_month(session, month, kind, SYSTEM):
                for part in ("earned", "lost", "entries"):
                    held[kind, line.target.id, part] = getattr(line, part)
        assert {key: n for key, n in held.items() if n} == {key: n for key, n in full.items() if n}
    assert settling.compare_all(session, FIGURES) == []


def test_any_order_reads_the_same(session: Session) -> None:
    chance = random.Random(7)
    company = places.add_company(session)
    codes = [("village", places.VILLAGE), ("village", places.NEXT_VILLAGE), ("town", places.TOWN)]
    made: list[PointEntry] = []
    for number in range(40):
        what = chance.random()
        if what < 0.6 or not made:
            kind, code = chance.choice([*codes, ("company", company.code)])
            activity = "safety_training" if kind == "company" else chance.choice(["publicity", "criticised"])
            day = TODAY - timedelta(days=chance.randrange(75))
            new = NewEntry(kind, code, activity, day, points=chance.randrange(1, 9), note=str(number))
            made.append(entries.record_entry(session, new, SYSTEM, NOW))
        elif what < 0.75:
            entries.add_counter(session, made.pop(), "登记有误", SYSTEM, NOW)
        elif what < 0.85:
            for figure in FIGURES:
                settling.fold(session, figure)
        else:
            settle(session)
        assert_exact(session)
    assert session.scalar(select(func.count()).where(SettledMonth.through.is_not(None)))


def test_what_is_settled_is_read_by_who_may_see_it_alone(session: Session) -> None:
    company = places.add_company(session)
    for kind, code in (("village", places.VILLAGE), ("village", places.OTHER_VILLAGE), ("company", company.code)):
        activity = "safety_training" if kind == "company" else "publicity"
        entries.record_entry(session, NewEntry(kind, code, activity, date(2026, 10, 5)), SYSTEM, NOW)
    settle(session)
    village = session.scalars(select(Area).where(Area.code == places.VILLAGE)).one()
    grid = actor_of(make_user(session, "grid", area_id=village.id))
    month = Month(2026, 10)
    seen = balances.list_month(session, month, "village", grid)
    assert [(line.target.code, line.entries) for line in seen] == [(places.VILLAGE, 1)]
    assert balances.list_month(session, month, "company", grid) == []
    everybody = balances.list_month(session, month, "village", SYSTEM)
    assert sum(line.entries for line in everybody) == 2
