"""Reads of violations: one, a list, what waits, what happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, bindparam, func, literal, select, type_coerce
from sqlalchemy.orm import Session, contains_eager, joinedload

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import AREA_COLUMNS, AreaRow, ids_in_reach
from trafficedu.companies.models import Company
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import AGO, MONEY, Column, Listing, due
from trafficedu.core.orm import among, holds_on
from trafficedu.core.reach import Reach
from trafficedu.core.tables import table_of
from trafficedu.core.text import Message, message
from trafficedu.violations.models import Violation, ViolationKind
from trafficedu.violations.queries.kinds import KIND_COLUMNS, KindRow
from trafficedu.violations.queries.scope import visible_to
from trafficedu.violations.rules import ViolationState


@dataclass(frozen=True)
class ViolationFilter:
    """What the list of violations is narrowed to."""

    since: date | None = None
    until: date | None = None
    area_code: str = ""
    kind_code: str = ""
    source: str = ""
    state: str = ""
    company_code: str = ""
    officer_id: int | None = None
    number: str = ""


@dataclass(frozen=True)
class HistoryEntry:
    """What happened to a record: what, when, by whom, why."""

    what: Message
    at_utc: datetime
    by: str
    reason: str = ""


_KIND, _AREA, _FIRST = table_of(ViolationKind), table_of(Area), table_of(Violation)
_FOR_RECORDING = (
    select(*KIND_COLUMNS, *(_AREA.c[column.key] for column in AREA_COLUMNS), _FIRST.c.id)
    .select_from(select(literal(1).label("one")).subquery())
    .outerjoin(
        _KIND,
        (_KIND.c.code == bindparam("kind_code"))
        & holds_on(_KIND.c.valid_from, _KIND.c.valid_to, bindparam("day", type_=Date)),
    )
    .outerjoin(_AREA, _AREA.c.code == bindparam("area_code"))
    .outerjoin(_FIRST, _FIRST.c.client_reference == bindparam("client_reference"))
    .limit(1)
)


def find_for_recording(
    session: Session, kind_code: str, area_code: str, day: date, client_reference: str | None
) -> tuple[KindRow | None, AreaRow | None, int | None]:
    """Return the kind in force on ``day``, the area, and the id of the first record of the same submit.

    In one statement: the record page is in a hurry.
    """
    parameters = {"kind_code": kind_code, "area_code": area_code, "day": day, "client_reference": client_reference}
    *columns, first_id = session.connection().execute(_FOR_RECORDING, parameters).one()
    kind, area = columns[: len(KIND_COLUMNS)], columns[len(KIND_COLUMNS) :]
    return (
        None if kind[0] is None else KindRow.of(kind),
        None if area[0] is None else AreaRow.of(area),
        first_id,
    )


def find_violation(session: Session, number: str, by: Actor) -> Violation:
    """Return a violation that ``by`` may see, with area, kind, company, rider and officer; raise Missing."""
    query = (
        select(Violation)
        .where(Violation.number == numbers.normalise(number), visible_to(by))
        .options(
            joinedload(Violation.area),
            joinedload(Violation.kind),
            joinedload(Violation.company),
            joinedload(Violation.rider),
            joinedload(Violation.recorded_by),
        )
    )
    violation = session.scalar(query)
    if violation is None:
        raise Missing(message("This violation does not exist, or you do not have access to it."))
    return violation


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


def _filtered(by: Actor, chosen: ViolationFilter) -> Select[tuple[Violation]]:
    return (
        select(Violation)
        .join(Violation.kind)
        .join(Violation.area)
        .outerjoin(Violation.company)
        .where(visible_to(by), *filter_conditions(chosen))
        .options(contains_eager(Violation.kind), contains_eager(Violation.area), contains_eager(Violation.company))
    )


def _reach(session: Session, by: Actor, chosen: ViolationFilter) -> Reach | None:
    """Return how the index of the narrowest of officer, company, state and area reaches the records of a filter."""
    if chosen.number:
        return None
    path = chosen.area_code and session.scalar(select(Area.path).where(Area.code == chosen.area_code))
    areas = [] if path is None else ids_in_reach(session, by, path)
    ways: list[tuple[ColumnElement[Any], Sequence[Any]]] = []
    if chosen.officer_id:
        ways.append((Violation.officer_id.expression, [chosen.officer_id]))
    if chosen.company_code:
        companies = session.scalars(select(Company.id).where(Company.code == chosen.company_code)).all()
        ways.append((Violation.company_id.expression, companies))
    if areas is not None:
        ways.append((Violation.area_id.expression, areas))
    rest: list[ColumnElement[bool]] = []
    if chosen.kind_code:
        kinds = session.scalars(select(ViolationKind.id).where(ViolationKind.code == chosen.kind_code)).all()
        rest.append(Violation.kind_id.in_(kinds))
    if chosen.source:
        rest.append(Violation.source == chosen.source)
    if chosen.state in {ViolationState.REJECTED, ViolationState.VOIDED} and not (
        chosen.officer_id or chosen.company_code
    ):
        aside = among(Violation.state, ViolationState(chosen.state))
        return Reach([aside, *_period(chosen)], rest=[*rest, *(column.in_(values) for column, values in ways)])
    if chosen.state:
        rest.append(Violation.state == chosen.state)
    if not ways:
        return Reach(_period(chosen), rest=rest)
    (column, values), *others = ways
    return Reach(_period(chosen), column, values, [*rest, *(way.in_(those) for way, those in others)])


VIOLATIONS: Listing[Violation, ViolationFilter] = Listing(
    _filtered,
    [
        Column("number", message("Number"), value=lambda row: row.number, in_file_only=True),
        Column("occurred", message("When"), value=lambda row: row.occurred_utc, sort=Violation.occurred_on.expression),
        Column("kind", message("Violation"), value=lambda row: row.kind.name),
        Column("area_code", message("Area code"), value=lambda row: row.area.code, in_file_only=True),
        Column("area", message("Village"), value=lambda row: row.area.name),
        Column("place", message("Place"), value=lambda row: row.place),
        Column("company", message("Company"), value=lambda row: row.company.name if row.company else None),
        Column("source", message("Source"), value=lambda row: row.source.label),
        Column(
            "fine",
            message("Fine"),
            value=lambda row: row.penalty.label if row.fine_yuan is None else row.fine_yuan,
            look=MONEY,
        ),
        Column("state", message("State"), value=lambda row: row.state),
    ],
    sort="-occurred",
    order=[Violation.occurred_utc.desc(), Violation.id.desc()],
    reach=_reach,
    export="violations:violation:export",
    file="violations",
)


def filter_conditions(chosen: ViolationFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter on Violation joined with Area, ViolationKind and Company."""
    if chosen.number:
        return [Violation.number == numbers.normalise(chosen.number)]
    conditions = _period(chosen)
    if chosen.area_code:
        path = select(Area.path).where(Area.code == chosen.area_code).scalar_subquery()
        conditions.append(func.substr(Area.path, 1, func.length(path)) == path)
    equal = [
        (chosen.kind_code, ViolationKind.code),
        (chosen.source, Violation.source),
        (chosen.state, Violation.state),
        (chosen.company_code, Company.code),
        (chosen.officer_id, Violation.officer_id),
    ]
    return [*conditions, *(column == value for value, column in equal if value)]


def _period(chosen: ViolationFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if chosen.since:
        conditions.append(Violation.occurred_on >= chosen.since)
    if chosen.until:
        conditions.append(Violation.occurred_on <= chosen.until)
    return conditions


def list_own_of_day(session: Session, by: Actor, day: date, limit: int) -> Sequence[Violation]:
    """Return the latest of what ``by`` recorded that happened on ``day``."""
    query = (
        select(Violation)
        .where(Violation.officer_id == by.user_id, Violation.occurred_on == day)
        .options(joinedload(Violation.kind), joinedload(Violation.area))
        .order_by(Violation.occurred_utc.desc(), Violation.id.desc())
        .limit(limit)
    )
    return session.scalars(query).all()


def _pending(by: Actor, _chosen: None) -> Select[tuple[Violation]]:
    return (
        select(Violation)
        .where(among(Violation.state, ViolationState.PENDING), visible_to(by))
        .options(joinedload(Violation.kind), joinedload(Violation.area))
    )


def reviews_on(day: date) -> Listing[Violation, None]:
    """Return the list of camera records that wait for review on ``day``, those with the least time left first."""
    return Listing(
        _pending,
        [
            Column("kind", message("Violation"), value=lambda row: row.kind.name),
            Column("due", message("Review by"), value=lambda row: due(row.review_due_on, day)),
            Column("occurred", message("When"), value=lambda row: row.occurred_utc, look=AGO),
            Column("area", message("Village"), value=lambda row: row.area.name),
            Column("plate", message("Plate"), value=lambda row: row.plate),
        ],
        order=[type_coerce(Violation.review_due_on, Date), Violation.id.expression],
        reach=_reach_of_pending,
    )


def _reach_of_pending(session: Session, by: Actor, _chosen: None) -> Reach:
    pending, ids = [among(Violation.state, ViolationState.PENDING)], ids_in_reach(session, by)
    return Reach(pending) if ids is None else Reach(pending, Violation.area_id.expression, ids)


def list_of_rider(session: Session, by: Actor, rider_id: int, limit: int = 20) -> Sequence[Violation]:
    """Return a rider's latest violations among those ``by`` may see."""
    query = (
        select(Violation)
        .where(Violation.rider_id == rider_id, visible_to(by))
        .options(joinedload(Violation.kind), joinedload(Violation.area))
        .order_by(Violation.occurred_utc.desc())
        .limit(limit)
    )
    return session.scalars(query).all()


def history_of(session: Session, violation: Violation) -> list[HistoryEntry]:
    """Return what happened to a record in its order, from its own fields."""
    ids = {violation.officer_id, violation.reviewed_by_id, violation.voided_by_id} - {None}
    accounts = session.execute(select(User.id, User.display_name).where(User.id.in_(ids)))
    names: dict[int | None, str] = dict(accounts.tuples().all())
    recorded_by = names.get(violation.officer_id, violation.officer_name)
    history = [HistoryEntry(message("Recorded"), violation.recorded_utc, recorded_by)]
    if violation.reviewed_utc is not None:
        decision = message("Rejected") if violation.is_rejected else message("Confirmed")
        reason = violation.state_reason if violation.is_rejected else ""
        by = names.get(violation.reviewed_by_id, "")
        history.append(HistoryEntry(decision, violation.reviewed_utc, by, reason))
    if violation.voided_utc is not None:
        by = names.get(violation.voided_by_id, "")
        history.append(HistoryEntry(message("Voided"), violation.voided_utc, by, violation.state_reason))
    return history
