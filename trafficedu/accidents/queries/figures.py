"""Counts of accidents for other rooms; voided records never count.

``ebike_only`` keeps to accidents with an e-bike, which is what the district's claims are about; ``casualty_only``
to those with somebody hurt. Days are both included.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, case, extract, func, select
from sqlalchemy.orm import Session

from trafficedu.accidents.models import Accident, AccidentRider
from trafficedu.accidents.queries.scope import visible_to
from trafficedu.accidents.rules import CASUALTY, AccidentRole, AccidentState, Severity
from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import within
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.month import Month
from trafficedu.core.orm import holds_on
from trafficedu.riders.models import Engagement


@dataclass(frozen=True)
class AreaMonthCount:
    """Accidents recorded in one area itself, not below it, in one month.

    ``path`` lets the caller sum subtrees: a town is all rows whose path begins with the town's.
    """

    area_code: str
    name: str
    level: str
    path: str
    month: Month
    accidents: int
    fatal: int
    killed: int
    injured: int


@dataclass(frozen=True)
class SeverityCount:
    """Accidents of one severity in one month (``month`` is its first day)."""

    month: Month
    severity: str
    accidents: int


@dataclass(frozen=True)
class Tally:
    """Accidents of a period by severity, and the people; ``killed`` within 7 days."""

    fatal: int
    serious: int
    slight: int
    damage: int
    killed: int
    injured: int
    ebike_unknown: int = 0
    """Accidents of which it is not known whether an e-bike was involved: they are in none of the others."""

    @property
    def casualty(self) -> int:
        """Accidents with somebody hurt."""
        return self.fatal + self.serious + self.slight

    @property
    def total(self) -> int:
        """All accidents."""
        return self.casualty + self.damage


def count_by_area_and_month(
    session: Session,
    by: Actor,
    start: date,
    end: date,
    area_path: str | None = None,
    *,
    casualty_only: bool = False,
    ebike_only: bool = True,
) -> list[AreaMonthCount]:
    """Return accidents by area and month from ``start`` to ``end``, in the order of the tree, months ascending.

    An area and month without any is left out.
    """
    year, month = extract("year", Accident.occurred_on), extract("month", Accident.occurred_on)
    counted = (
        select(
            Accident.area_id,
            year.label("year"),
            month.label("month"),
            func.count().label("accidents"),
            func.sum(case((Accident.severity == Severity.FATAL, 1), else_=0)).label("fatal"),
            func.sum(Accident.killed).label("killed"),
            func.sum(Accident.injured).label("injured"),
        )
        .where(*_counted(by, start, end, area_path, casualty_only=casualty_only, ebike_only=ebike_only))
        .group_by(Accident.area_id, year, month)
        .subquery()
    )
    people = (counted.c.accidents, counted.c.fatal, counted.c.killed, counted.c.injured)
    query = (
        select(Area.code, Area.name, Area.level, Area.path, counted.c.year, counted.c.month, *people)
        .join(counted, counted.c.area_id == Area.id)
        .order_by(Area.path, counted.c.year, counted.c.month)
    )
    return [
        AreaMonthCount(code, name, level, path, Month(int(y), int(m)), *counts)
        for code, name, level, path, y, m, *counts in session.execute(query)
    ]


def count_by_month(
    session: Session, by: Actor, start: date, end: date, area_path: str | None = None, *, ebike_only: bool = True
) -> list[SeverityCount]:
    """Return accidents by month and severity from ``start`` to ``end``, months ascending; empty ones left out."""
    year, month = extract("year", Accident.occurred_on), extract("month", Accident.occurred_on)
    query = (
        select(year, month, Accident.severity, func.count())
        .where(*_counted(by, start, end, area_path, ebike_only=ebike_only))
        .group_by(year, month, Accident.severity)
        .order_by(year, month, Accident.severity)
    )
    return [SeverityCount(Month(int(y), int(m)), severity, n) for y, m, severity, n in session.execute(query)]


def tally(
    session: Session, by: Actor, start: date, end: date, area_path: str | None = None, *, ebike_only: bool = True
) -> Tally:
    """Return the accidents from ``start`` to ``end`` by severity, with the killed and the injured."""
    query = (
        select(Accident.severity, func.count(), func.sum(Accident.killed), func.sum(Accident.injured))
        .where(*_counted(by, start, end, area_path, ebike_only=ebike_only))
        .group_by(Accident.severity)
    )
    rows = {severity: (n, killed, injured) for severity, n, killed, injured in session.execute(query)}
    counts = {severity: n for severity, (n, _, _) in rows.items()}
    return Tally(
        counts.get(Severity.FATAL, 0),
        counts.get(Severity.SERIOUS, 0),
        counts.get(Severity.SLIGHT, 0),
        counts.get(Severity.DAMAGE, 0),
        sum(killed for _, killed, _ in rows.values()),
        sum(injured for _, _, injured in rows.values()),
        _ebike_unknown(session, by, start, end, area_path) if ebike_only else 0,
    )


def _ebike_unknown(session: Session, by: Actor, start: date, end: date, area_path: str | None) -> int:
    conditions = _counted(by, start, end, area_path, ebike_only=False)
    query = select(func.count()).select_from(Accident).where(*conditions, Accident.ebike_involved.is_(None))
    return session.scalar(query) or 0


def count_responsible(session: Session, start: date, end: date) -> list[tuple[int, str, int]]:
    """Return area id, responsibility of the e-bike's rider, and fatal accidents with an e-bike, days included."""
    query = (
        select(Accident.area_id, Accident.responsibility, func.count())
        .where(*_counted(SYSTEM, start, end, None), Accident.severity == Severity.FATAL)
        .group_by(Accident.area_id, Accident.responsibility)
    )
    return [(area_id, responsibility, n) for area_id, responsibility, n in session.execute(query)]


def count_responsible_of_companies(session: Session, start: date, end: date) -> list[tuple[int, str, int]]:
    """Return company id, responsibility and fatal accidents whose linked rider it engaged on that day."""
    engaged = holds_on(Engagement.engaged_from, Engagement.engaged_to, Accident.occurred_on)
    query = (
        select(Engagement.company_id, Accident.responsibility, func.count(Accident.id.distinct()))
        .join(AccidentRider, (AccidentRider.accident_id == Accident.id) & (AccidentRider.role == AccidentRole.RIDER))
        .join(Engagement, (Engagement.rider_id == AccidentRider.rider_id) & engaged)
        .where(*_counted(SYSTEM, start, end, None), Accident.severity == Severity.FATAL)
        .group_by(Engagement.company_id, Accident.responsibility)
    )
    return [(company_id, responsibility, n) for company_id, responsibility, n in session.execute(query)]


def first_day(session: Session) -> date | None:
    """Return the day of the first accident on record: no comparison reaches before it.

    Whoever asks, and wherever it was: a village without an accident since then had none.
    """
    return session.scalar(select(func.min(Accident.occurred_on)).where(Accident.state == AccidentState.RECORDED))


def _counted(
    by: Actor,
    start: date,
    end: date,
    area_path: str | None,
    *,
    casualty_only: bool = False,
    ebike_only: bool = True,
) -> list[ColumnElement[bool]]:
    conditions = [Accident.state == AccidentState.RECORDED, Accident.occurred_on.between(start, end), visible_to(by)]
    if area_path:
        conditions.append(Accident.area_id.in_(within(area_path)))
    if casualty_only:
        conditions.append(Accident.severity.in_(CASUALTY))
    if ebike_only:
        conditions.append(Accident.ebike_involved.is_(True))
    return conditions
