"""Counts of violations for other rooms; only confirmed ones count."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, extract, func, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import within
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.month import Month
from trafficedu.core.orm import among
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.queries.scope import visible_to
from trafficedu.violations.rules.states import ViolationState


@dataclass(frozen=True)
class KindMonthCount:
    """Confirmed violations of one kind in one month."""

    kind_code: str
    name_zh: str
    name_en: str
    month: Month
    violations: int

    def name(self, locale: str) -> str:
        """Return the kind's name in ``zh`` or ``en``."""
        return self.name_en if locale == "en" else self.name_zh


@dataclass(frozen=True)
class AreaCount:
    """Confirmed violations recorded in one area itself, not below it; ``path`` lets the caller sum subtrees."""

    area_code: str
    name: str
    level: str
    path: str
    violations: int


def count_of_rider(session: Session, rider_id: int, since: date, until: date) -> int:
    """Return how many confirmed violations a rider has from ``since`` to ``until``, wherever they happened."""
    query = select(func.count()).where(
        Violation.rider_id == rider_id,
        Violation.occurred_on.between(since, until),
        Violation.state == ViolationState.CONFIRMED,
    )
    return session.scalar(query) or 0


def count_of_company(session: Session, by: Actor, company_id: int, since: date, until: date) -> tuple[int, int]:
    """Return confirmed violations and distinct riders of a company in a period, among those ``by`` may see."""
    query = select(func.count(), func.count(Violation.rider_id.distinct())).where(
        Violation.company_id == company_id,
        Violation.occurred_on.between(since, until),
        Violation.state == ViolationState.CONFIRMED,
        visible_to(by),
    )
    row = session.execute(query).one()
    return row[0], row[1]


def count_by_kind_and_month(
    session: Session, by: Actor, start: date, end: date, area_path: str | None = None
) -> list[KindMonthCount]:
    """Return confirmed violations by kind and month from ``start`` to ``end`` (both included), months ascending.

    A month or kind without any is left out. Versions of a kind count under its one code, with its latest name.
    """
    year, month = extract("year", Violation.occurred_on), extract("month", Violation.occurred_on)
    query = (
        select(Violation.kind_id, year, month, func.count())
        .where(*_counted(by, start, end, area_path))
        .group_by(Violation.kind_id, year, month)
    )
    kinds = {kind.id: kind for kind in session.scalars(select(ViolationKind).order_by(ViolationKind.valid_from))}
    latest = {kind.code: kind for kind in kinds.values()}
    counts: dict[tuple[Month, str], int] = {}
    for kind_id, y, m, n in session.execute(query):
        key = Month(int(y), int(m)), kinds[kind_id].code
        counts[key] = counts.get(key, 0) + n
    return [
        KindMonthCount(code, latest[code].name_zh, latest[code].name_en, of, n)
        for (of, code), n in sorted(counts.items())
    ]


def count_by_area(session: Session, by: Actor, start: date, end: date, area_path: str | None = None) -> list[AreaCount]:
    """Return confirmed violations by the area they were recorded in, in the order of the tree; empty ones left out."""
    counted = (
        select(Violation.area_id, func.count().label("n"))
        .where(*_counted(by, start, end, area_path))
        .group_by(Violation.area_id)
        .subquery()
    )
    query = (
        select(Area.code, Area.name, Area.level, Area.path, counted.c.n)
        .join(counted, counted.c.area_id == Area.id)
        .order_by(Area.path)
    )
    return [AreaCount(*row) for row in session.execute(query)]


def count_by_company(session: Session, start: date, end: date) -> dict[int, int]:
    """Return company id -> confirmed violations of riders it engaged on the day, days included."""
    query = (
        select(Violation.company_id, func.count())
        .where(*_counted(SYSTEM, start, end, None), Violation.company_id.is_not(None))
        .group_by(Violation.company_id)
    )
    return {company_id: n for company_id, n in session.execute(query) if company_id is not None}


def count_by_company_and_month(session: Session, start: date, end: date) -> list[tuple[int, Month, int]]:
    """Return company id, month and confirmed violations of riders it engaged on the day; empty cells left out."""
    year, month = extract("year", Violation.occurred_on), extract("month", Violation.occurred_on)
    query = (
        select(Violation.company_id, year, month, func.count())
        .where(*_counted(SYSTEM, start, end, None), Violation.company_id.is_not(None))
        .group_by(Violation.company_id, year, month)
    )
    return [(company, Month(int(y), int(m)), n) for company, y, m, n in session.execute(query) if company is not None]


def riders_by_place(session: Session, start: date, end: date) -> list[tuple[int, int, int | None]]:
    """Return rider, area and company of the confirmed violations of known riders, each once, days included."""
    columns = (Violation.rider_id, Violation.area_id, Violation.company_id)
    query = select(*columns).distinct().where(*_counted(SYSTEM, start, end, None), Violation.rider_id.is_not(None))
    return [(rider, area, company) for rider, area, company in session.execute(query) if rider is not None]


def count_by_area_and_month(
    session: Session,
    by: Actor,
    start: date,
    end: date,
    area_path: str | None = None,
    kind_codes: Collection[str] = (),
) -> list[tuple[str, Month, int]]:
    """Return path of the area itself, month and confirmed violations, days included.

    ``kind_codes`` narrows to kinds, all their versions; empty means all. Empty cells are left out.
    """
    year, month = extract("year", Violation.occurred_on), extract("month", Violation.occurred_on)
    conditions = _counted(by, start, end, area_path)
    if kind_codes:
        of_kinds = select(ViolationKind.id).where(ViolationKind.code.in_(kind_codes))
        conditions.append(Violation.kind_id.in_(of_kinds))
    counted = (
        select(Violation.area_id, year.label("y"), month.label("m"), func.count().label("n"))
        .where(*conditions)
        .group_by(Violation.area_id, year, month)
        .subquery()
    )
    query = select(Area.path, counted.c.y, counted.c.m, counted.c.n).join(counted, counted.c.area_id == Area.id)
    return [(path, Month(int(y), int(m)), n) for path, y, m, n in session.execute(query)]


def count_pending(session: Session, by: Actor, start: date, end: date, area_path: str) -> int:
    """Return the camera records of the days (both included) that no officer has reviewed: they count nowhere else."""
    query = select(func.count()).where(
        among(Violation.state, ViolationState.PENDING),
        Violation.occurred_on.between(start, end),
        Violation.area_id.in_(within(area_path)),
        visible_to(by),
    )
    return session.scalar(query) or 0


def _counted(by: Actor, start: date, end: date, area_path: str | None) -> list[ColumnElement[bool]]:
    conditions = [
        Violation.state == ViolationState.CONFIRMED,
        Violation.occurred_on.between(start, end),
        visible_to(by),
    ]
    if area_path:
        conditions.append(Violation.area_id.in_(within(area_path)))
    return conditions
