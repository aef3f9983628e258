"""Reads of violations, their kinds and objections. Scope is applied here; only confirmed ones count in figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, case, extract, false, func, literal, or_, select, true
from sqlalchemy.orm import Session, contains_eager, joinedload

from trafficedu.areas.models import Area
from trafficedu.areas.queries import within
from trafficedu.companies.models import Company
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.paging import Page, paginate
from trafficedu.core.text import message
from trafficedu.violations import rules
from trafficedu.violations.models import CONFIRMED, PENDING, Objection, Violation, ViolationKind


@dataclass(frozen=True)
class ViolationFilter:
    """What the list of violations is narrowed to; ``sort`` is a column's key, with "-" before it descending."""

    since: date | None = None
    until: date | None = None
    area_code: str = ""
    kind_code: str = ""
    source: str = ""
    state: str = ""
    company_code: str = ""
    officer_id: int | None = None
    number: str = ""
    sort: str = "-occurred"


@dataclass(frozen=True)
class Ground:
    """What a new record stands on: its kind and area where they exist, and the first record of the same submit."""

    kind: ViolationKind | None
    area: Area | None
    first: Violation | None


@dataclass(frozen=True)
class KindMonthCount:
    """Confirmed violations of one kind in one month (``month`` is its first day)."""

    kind_code: str
    name_zh: str
    name_en: str
    month: date
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


SORTS: dict[str, ColumnElement[Any]] = {
    "occurred": Violation.occurred_utc.expression,
    "kind": ViolationKind.code.expression,
    "area": Area.path.expression,
    "fine": func.coalesce(Violation.fine_yuan, 0),
    "state": Violation.state.expression,
}


def visible(by: Actor) -> ColumnElement[bool]:
    """Return the condition on ``Violation`` that keeps a query to what ``by`` may see.

    Areas see their subtree. Stations and companies see nothing here: they meet a violation as a task or a
    notice.
    """
    if by.scope.everything:
        return true()
    if by.scope.area_path:
        return Violation.area_id.in_(within(by.scope.area_path))
    return false()


def holds_on(day: date) -> ColumnElement[bool]:
    """Return the condition that a kind is valid on ``day``."""
    return (ViolationKind.valid_from <= day) & or_(ViolationKind.valid_to.is_(None), ViolationKind.valid_to >= day)


def find_ground(session: Session, kind_code: str, area_code: str, day: date, client_reference: str | None) -> Ground:
    """Return kind, area and earlier record of the same submit in one statement: the record page is in a hurry."""
    one = select(literal(1).label("one")).subquery()
    query = (
        select(ViolationKind, Area, Violation)
        .select_from(one)
        .outerjoin(ViolationKind, (ViolationKind.code == kind_code) & holds_on(day))
        .outerjoin(Area, Area.code == area_code)
        .outerjoin(Violation, Violation.client_reference == client_reference)
        .limit(1)
    )
    kind, area, first = session.execute(query).one()
    return Ground(kind, area, first)


def find_violation(session: Session, number: str, by: Actor) -> Violation:
    """Return a violation that ``by`` may see, with area, kind, company, rider and officer; raise Missing."""
    query = (
        select(Violation)
        .where(Violation.number == numbers.normalise(number), visible(by))
        .options(
            joinedload(Violation.area),
            joinedload(Violation.kind),
            joinedload(Violation.company),
            joinedload(Violation.rider),
            joinedload(Violation.officer_user),
        )
    )
    found = session.scalar(query)
    if found is None:
        raise Missing(message("There is no such violation, or it is not yours to see."))
    return found


def find_public(session: Session, number: str) -> Violation | None:
    """Return the violation with ``number`` for its receipt, whatever its state; the caller decides what to show.

    No scope is applied: whoever holds the receipt holds the number.
    """
    number = numbers.normalise(number)
    if not numbers.is_number(number, "V"):
        return None
    query = select(Violation).where(Violation.number == number)
    return session.scalar(query.options(joinedload(Violation.area), joinedload(Violation.kind)))


def find_by_client_reference(session: Session, client_reference: str) -> Violation | None:
    """Return what an earlier submit with the same reference made, or None."""
    return session.scalar(select(Violation).where(Violation.client_reference == client_reference))


def list_violations(session: Session, by: Actor, wanted: ViolationFilter, page: int) -> Page[Violation]:
    """Return a page of what ``by`` may see, narrowed and sorted."""
    return paginate(session, _filtered(by, wanted), page)


def stream_violations(session: Session, by: Actor, wanted: ViolationFilter) -> Select[tuple[Violation]]:
    """Return the same list as a statement, for exports that read it in pieces."""
    return _filtered(by, wanted)


def _filtered(by: Actor, wanted: ViolationFilter) -> Select[tuple[Violation]]:
    query = (
        select(Violation)
        .join(Violation.kind)
        .join(Violation.area)
        .outerjoin(Violation.company)
        .where(visible(by), *_conditions(wanted))
        .options(contains_eager(Violation.kind), contains_eager(Violation.area), contains_eager(Violation.company))
    )
    key = wanted.sort.removeprefix("-")
    column = SORTS.get(key, SORTS["occurred"])
    return query.order_by(column.desc() if wanted.sort.startswith("-") else column.asc(), Violation.id.desc())


def _conditions(wanted: ViolationFilter) -> list[ColumnElement[bool]]:
    if wanted.number:
        return [Violation.number == numbers.normalise(wanted.number)]
    area = select(Area.path).where(Area.code == wanted.area_code).scalar_subquery()
    given: list[tuple[object, ColumnElement[bool]]] = [
        (wanted.since, Violation.occurred_on >= wanted.since),
        (wanted.until, Violation.occurred_on <= wanted.until),
        (wanted.area_code, func.substr(Area.path, 1, func.length(area)) == area),
        (wanted.kind_code, ViolationKind.code == wanted.kind_code),
        (wanted.source, Violation.source == wanted.source),
        (wanted.state, Violation.state == wanted.state),
        (wanted.company_code, Company.code == wanted.company_code),
        (wanted.officer_id, Violation.officer_id == wanted.officer_id),
    ]
    return [condition for value, condition in given if value]


def list_own_of_day(session: Session, by: Actor, day: date) -> Sequence[Violation]:
    """Return what ``by`` recorded that happened on ``day``, the latest first."""
    query = (
        select(Violation)
        .where(Violation.officer_id == by.user_id, Violation.occurred_on == day)
        .options(joinedload(Violation.kind), joinedload(Violation.area))
        .order_by(Violation.id.desc())
    )
    return session.scalars(query).all()


def list_pending(session: Session, by: Actor, page: int) -> Page[Violation]:
    """Return the camera records that wait for review, those with the least time left first."""
    query = (
        select(Violation)
        .where(Violation.state == PENDING, visible(by))
        .options(joinedload(Violation.kind), joinedload(Violation.area))
        .order_by(Violation.review_due_on, Violation.id)
    )
    return paginate(session, query, page)


def list_of_rider(session: Session, by: Actor, rider_id: int, limit: int = 20) -> Sequence[Violation]:
    """Return a rider's latest violations among those ``by`` may see."""
    query = (
        select(Violation)
        .where(Violation.rider_id == rider_id, visible(by))
        .options(joinedload(Violation.kind), joinedload(Violation.area))
        .order_by(Violation.occurred_utc.desc())
        .limit(limit)
    )
    return session.scalars(query).all()


def count_of_rider(session: Session, rider_id: int, since: date, until: date) -> int:
    """Return how many confirmed violations a rider has from ``since`` to ``until``, wherever they happened."""
    query = select(func.count()).where(
        Violation.rider_id == rider_id,
        Violation.occurred_on.between(since, until),
        Violation.state == CONFIRMED,
    )
    return session.scalar(query) or 0


def count_of_company(session: Session, by: Actor, company_id: int, since: date, until: date) -> tuple[int, int]:
    """Return confirmed violations and distinct riders of a company in a period, among those ``by`` may see."""
    query = select(func.count(), func.count(Violation.rider_id.distinct())).where(
        Violation.company_id == company_id,
        Violation.occurred_on.between(since, until),
        Violation.state == CONFIRMED,
        visible(by),
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
    counts: dict[tuple[date, str], int] = {}
    for kind_id, y, m, n in session.execute(query):
        key = date(int(y), int(m), 1), kinds[kind_id].code
        counts[key] = counts.get(key, 0) + n
    return [
        KindMonthCount(code, latest[code].name_zh, latest[code].name_en, first, n)
        for (first, code), n in sorted(counts.items())
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


def _counted(by: Actor, start: date, end: date, area_path: str | None) -> list[ColumnElement[bool]]:
    conditions = [Violation.state == CONFIRMED, Violation.occurred_on.between(start, end), visible(by)]
    if area_path:
        conditions.append(Violation.area_id.in_(within(area_path)))
    return conditions


def list_kinds(session: Session, day: date | None = None) -> Sequence[ViolationKind]:
    """Return the kinds valid on ``day`` (all versions without one): large keys first, then by code and validity."""
    query = select(ViolationKind).order_by(
        case((ViolationKind.position.is_(None), 1), else_=0),
        ViolationKind.position,
        ViolationKind.code,
        ViolationKind.valid_from,
    )
    return session.scalars(query if day is None else query.where(holds_on(day))).all()


def _no_kind(code: str) -> Missing:
    text = message("There is no kind of violation with the code %(code)s.", code=code)
    return Missing(text, field="kind", value=code)


def find_kind(session: Session, code: str) -> ViolationKind:
    """Return the latest version of a kind; raise Missing."""
    query = select(ViolationKind).where(ViolationKind.code == code).order_by(ViolationKind.valid_from.desc()).limit(1)
    kind = session.scalar(query)
    if kind is None:
        raise Missing(
            message("There is no kind of violation with the code %(code)s.", code=code), field="kind", value=code
        )
    return kind


def find_kind_on(session: Session, code: str, day: date) -> ViolationKind:
    """Return the version of a kind valid on ``day``; raise Missing (unknown code) or DomainError at ``kind``."""
    kind = session.scalar(select(ViolationKind).where(ViolationKind.code == code, holds_on(day)).limit(1))
    if kind is None:
        last = find_kind(session, code)
        rules.check_valid_on(last.valid_from, last.valid_to, day, code)
        raise _no_kind(code)
    return kind


def list_kinds_ending(session: Session, since: date, until: date) -> Sequence[ViolationKind]:
    """Return the kinds whose validity ends in a period without a later version."""
    later = select(ViolationKind.code, func.max(ViolationKind.valid_from).label("last")).group_by(ViolationKind.code)
    last = later.subquery()
    query = (
        select(ViolationKind)
        .join(last, (last.c.code == ViolationKind.code) & (last.c.last == ViolationKind.valid_from))
        .where(ViolationKind.valid_to.between(since, until))
        .order_by(ViolationKind.valid_to)
    )
    return session.scalars(query).all()


def kind_is_used_from(session: Session, code: str, day: date) -> bool:
    """Tell whether a violation of the kind happened on ``day`` or later: its version can no longer end before."""
    query = select(Violation.id).join(Violation.kind).where(ViolationKind.code == code, Violation.occurred_on >= day)
    return session.scalar(query.limit(1)) is not None


def find_objection(session: Session, number: str, by: Actor) -> Objection:
    """Return an objection against a violation that ``by`` may see; raise Missing."""
    query = (
        select(Objection)
        .join(Objection.violation)
        .where(Objection.number == numbers.normalise(number), visible(by))
        .options(contains_eager(Objection.violation).joinedload(Violation.kind))
    )
    found = session.scalar(query)
    if found is None:
        raise Missing(message("There is no such objection, or it is not yours to see."))
    return found


def list_objections(session: Session, by: Actor, page: int, state: str = "open") -> Page[Objection]:
    """Return objections in a state, those with the least time left first."""
    query = (
        select(Objection)
        .join(Objection.violation)
        .where(Objection.state == state, visible(by))
        .options(
            contains_eager(Objection.violation).joinedload(Violation.kind),
            contains_eager(Objection.violation).joinedload(Violation.area),
        )
        .order_by(Objection.due_on, Objection.id)
    )
    return paginate(session, query, page)


def list_objections_of(session: Session, violation_id: int) -> Sequence[Objection]:
    """Return the objections against one violation, the first one first."""
    return session.scalars(select(Objection).where(Objection.violation_id == violation_id).order_by(Objection.id)).all()
