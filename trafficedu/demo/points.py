"""Points of the demo: what is expected a month, activities of a year and a quarter, and what study brought by itself.

Studies overdue and open days are not invented: they are entered from the demo's own studies, as the worker would have.
"""

from __future__ import annotations

from datetime import date, datetime
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import DISTRICT, TOWN, VILLAGE, Area
from trafficedu.areas.queries import months_before
from trafficedu.companies.models import Company
from trafficedu.core import bulk
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import day_bounds, local_date, month_bounds
from trafficedu.core.numbers import new_number
from trafficedu.points.models import FILE, PointActivity, PointEntry
from trafficedu.points.rules import COMPANY, Direction, signed
from trafficedu.points.services import catalogue, happenings
from trafficedu.points.services.catalogue import ExpectationInput

SALT = 5113
MONTHS = 15
EXPECTED = {TOWN: 30, VILLAGE: 8, COMPANY: 15}
DILIGENCE = {TOWN: 0.95, VILLAGE: 0.9, COMPANY: 0.85}
"""How much of what is expected the usual target earns by hand; single ones differ by :data:`SPREAD`."""
SPREAD = 0.28
LOSSES = 0.03


def enter_points(session: Session, now: datetime, months: int, seed: int) -> int:
    """Enter expectations and the ledger of the last months; returns how many entries."""
    today = local_date(now)
    first = months_before(today.replace(day=1), min(MONTHS, months) - 1)
    for kind, points in EXPECTED.items():
        catalogue.expect_points(session, ExpectationInput(kind, "", first, points), SYSTEM)
    rows = _Ledger(session, today, Random(seed + SALT)).write(first)
    bulk.load(session, PointEntry.__table__, rows)
    return len(rows) + happenings.enter_happenings(session, now, since=first)


class _Ledger:
    """Draws the activities that people entered."""

    def __init__(self, session: Session, today: date, chance: Random) -> None:
        self._today, self._chance = today, chance
        activities = session.scalars(select(PointActivity).where(~PointActivity.automatic).order_by(PointActivity.code))
        self._activities = [activity for activity in activities if activity.holds_on(today)]
        areas = select(Area).where(Area.level != DISTRICT, Area.evaluated, Area.holds_on(today)).order_by(Area.path)
        self._targets: list[tuple[str, int | None, int | None]] = [
            (area.level, area.id, None) for area in session.scalars(areas)
        ]
        companies = session.scalars(select(Company).order_by(Company.code))
        self._targets += [(COMPANY, None, company.id) for company in companies]
        self._rows: list[dict[str, object]] = []

    def write(self, first: date) -> list[dict[str, object]]:
        """Return the rows of every target from the month of ``first`` on."""
        for target in self._targets:
            usual = max(0.2, self._chance.gauss(DILIGENCE[target[0]], SPREAD))
            month = first
            while month <= self._today:
                self._month(target, month, usual)
                month = month_bounds(month)[1]
        return self._rows

    def _month(self, target: tuple[str, int | None, int | None], month: date, usual: float) -> None:
        kind, chance = target[0], self._chance
        offered = [one for one in self._activities if kind in one.kinds]
        earning = [one for one in offered if one.direction == Direction.EARNED and one.points < EXPECTED[kind]]
        wanted = EXPECTED[kind] * usual * chance.uniform(0.7, 1.3)
        while wanted > 0:
            activity = chance.choice(earning)
            wanted -= activity.points
            self._enter(target, month, activity)
        if chance.random() < LOSSES:
            self._enter(target, month, chance.choice([one for one in offered if one.direction == Direction.LOST]))

    def _enter(self, target: tuple[str, int | None, int | None], month: date, activity: PointActivity) -> None:
        day = month.replace(day=self._chance.randint(1, 28))
        if day >= self._today:
            return
        self._rows.append(
            {
                "number": new_number("E"),
                "reference": f"demo-{len(self._rows) + 1:06d}",
                "area_id": target[1],
                "company_id": target[2],
                "occurred_on": day,
                "activity_id": activity.id,
                "points": signed(activity.direction, activity.points),
                "source": FILE,
                "recorded_utc": day_bounds(day)[1],
            }
        )
