"""Reads of violations: one, a list, what waits, what happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Date, Select, bindparam, literal, or_, select, type_coerce
from sqlalchemy.orm import Session, contains_eager

from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import AREA_COLUMNS, AreaRow, of_post, placed
from trafficedu.companies.models import Company
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import AGO, MONEY, WHOLE, Column, Listing, due
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Conditions, Narrowing, Way, days, equal
from trafficedu.core.orm import among, holds_on
from trafficedu.core.reach import Reach
from trafficedu.core.tables import table_of
from trafficedu.core.text import message
from trafficedu.riders.rules import mask_name
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.queries.kinds import KIND_COLUMNS, KindRow
from trafficedu.violations.queries.scope import visible_to
from trafficedu.violations.queries.searching import (
    MOST_NAMED,
    Words,
    officers_meant,
    record_meant,
    rider_meant,
    riders_meant,
)
from trafficedu.violations.rules.states import ViolationState


@dataclass(frozen=True)
class ViolationFilter:
    """What the list of violations is narrowed to."""

    since: date | None = None
    until: date | None = None
    area_path: str = ""
    kind_code: str = ""
    source: str = ""
    state: str = ""
    company_code: str = ""
    officer_id: int | None = None
    penalty: str = ""
    minor: bool = False
    words: Words = Words()
    numbers: tuple[str, ...] = ()


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
            loaded(Violation.area),
            loaded(Violation.kind),
            loaded(Violation.company),
            loaded(Violation.named_company),
            loaded(Violation.rider),
            loaded(Violation.recorded_by),
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
    return session.scalar(query.options(loaded(Violation.area), loaded(Violation.kind)))


def find_by_client_reference(session: Session, client_reference: str) -> Violation | None:
    """Return what an earlier submit with the same reference made, or None."""
    return session.scalar(select(Violation).where(Violation.client_reference == client_reference))


def _companies(chosen: ViolationFilter) -> Select[tuple[int]]:
    return select(Company.id).where(Company.code == chosen.company_code)


def _aside(chosen: ViolationFilter) -> Conditions:
    """Return what leads to the few that were rejected or voided; those of one officer or company are few anyway."""
    if chosen.officer_id or chosen.company_code:
        return []
    aside = {ViolationState.REJECTED, ViolationState.VOIDED}
    return [among(Violation.state, ViolationState(chosen.state))] if chosen.state in aside else []


def _rest(chosen: ViolationFilter) -> Conditions:
    """Return what is asked of a record beside when, where, of whom and by whom it was."""
    kinds = select(ViolationKind.id).where(ViolationKind.code == chosen.kind_code)
    rest: Conditions = [Violation.kind_id.in_(kinds)] if chosen.kind_code else []
    rest += [Violation.minor.is_(True)] if chosen.minor else []
    named = ((Violation.source, chosen.source), (Violation.state, chosen.state), (Violation.penalty, chosen.penalty))
    return rest + equal(*named)


WAYS: Sequence[Way[ViolationFilter]] = [
    Way.of_value(Violation.officer_id, lambda chosen: chosen.officer_id),
    Way(
        Violation.company_id.expression,
        lambda session, _by, chosen: session.scalars(_companies(chosen)).all() if chosen.company_code else None,
        lambda chosen: [Violation.company_id.in_(_companies(chosen))] if chosen.company_code else [],
    ),
    placed(Violation.area_id),
]


def _worded(chosen: ViolationFilter) -> Conditions:
    """Return what the words of a filter ask, whenever it happened; a number is all that is asked then."""
    if chosen.numbers:
        return [Violation.number.in_(chosen.numbers)]
    if not chosen.words:
        return []
    meant = or_(record_meant(chosen.words), *rider_meant(chosen.words, Violation.rider_id))
    if chosen.words.is_number:
        return [meant]
    return [meant, *_rest(chosen), *(condition for way in WAYS for condition in way.asked(chosen))]


def _reach(session: Session, by: Actor, chosen: ViolationFilter) -> Reach:
    """Return how indexes reach the records of a filter: for words those of numbers, plates, riders and officers."""
    words = chosen.words
    if chosen.numbers or not words:
        return NARROWING.reach(session, by, chosen)
    if words.is_number:
        return Reach([Violation.number == words.number])
    officers, riders = officers_meant(session, words), riders_meant(session, words, MOST_NAMED)
    if words.places or riders is None or len(officers) > MOST_NAMED:
        all_days = Narrowing[ViolationFilter](ways=WAYS).reach(session, by, chosen)
        return replace(all_days, rest=[*all_days.rest, visible_to(by), *_worded(chosen)])
    named: dict[Any, Sequence[Any]] = {
        Violation.reference.expression: sorted(words.references),
        Violation.plate.expression: words.plates,
        Violation.rider_id.expression: riders,
        Violation.officer_id.expression: officers,
    }
    first, *others = (Reach(column=column, values=values) for column, values in named.items() if values)
    return replace(first, rest=[visible_to(by), *_worded(chosen)], also=others, met=1 + len(others))


NARROWING = Narrowing[ViolationFilter](days(Violation.occurred_on), WAYS, _rest, exact=_worded, aside=_aside)


def _filtered(by: Actor, chosen: ViolationFilter) -> Select[tuple[Violation]]:
    return (
        select(Violation)
        .join(Violation.kind)
        .join(Violation.area)
        .outerjoin(Violation.company)
        .where(visible_to(by), *NARROWING.conditions(chosen))
        .options(contains_eager(Violation.kind), contains_eager(Violation.area), contains_eager(Violation.company))
    )


NAMED = "riders:rider:read"
"""Without it nobody is told of plates and riders."""
VOID = "violations:violation:void"
"""Who has it puts any record right, also one that somebody else made or that is old."""
VIOLATIONS: Listing[Violation, ViolationFilter] = Listing(
    _filtered,
    [
        Column("number", message("Number"), value=lambda row: row.number, chosen_only=True, stays=True),
        Column("occurred", message("When"), value=lambda row: row.occurred, sort=Violation.occurred_on.expression),
        Column("kind", message("Violation"), value=lambda row: row.kind.name),
        Column("plate", message("Plate"), value=lambda row: row.plate, look=WHOLE, needs=NAMED, chosen_only=True),
        Column(
            "rider",
            message("Rider"),
            value=lambda row: mask_name(row.rider.name) if row.rider else None,
            look=WHOLE,
            needs=NAMED,
            chosen_only=True,
            loads=[loaded(Violation.rider)],
        ),
        Column("age", message("Under age"), value=lambda row: message("yes") if row.minor else None, chosen_only=True),
        Column("area_code", message("Area code"), value=lambda row: row.area.code, in_file_only=True),
        Column("area", message("Village"), value=lambda row: row.area.name),
        Column("place", message("Place"), value=lambda row: row.place),
        Column("company", message("Company"), value=lambda row: row.company.name if row.company else None),
        Column("source", message("Source"), value=lambda row: row.source.label),
        Column("reference", message("Case number"), value=lambda row: row.reference, chosen_only=True),
        Column(
            "officer",
            message("Officer"),
            value=lambda row: row.recorded_by.display_name if row.recorded_by else row.officer_name,
            look=WHOLE,
            chosen_only=True,
            loads=[loaded(Violation.recorded_by)],
        ),
        Column("penalty", message("Penalty"), value=lambda row: row.penalty.label, chosen_only=True),
        Column(
            "fine",
            message("Fine"),
            value=lambda row: row.penalty.label if row.fine_yuan is None else row.fine_yuan,
            look=MONEY,
        ),
        Column("state", message("State"), value=lambda row: row.state, stays=True),
    ],
    headline=["plate", "kind", "occurred"],
    sort="-occurred",
    order=[Violation.occurred_utc.desc(), Violation.id.desc()],
    reach=_reach,
    export="violations:violation:export",
    file="violations",
)


def list_own_of_day(session: Session, by: Actor, day: date, limit: int) -> Sequence[Violation]:
    """Return the latest of what ``by`` recorded that happened on ``day``."""
    query = (
        select(Violation)
        .where(Violation.officer_id == by.user_id, Violation.occurred_on == day)
        .options(loaded(Violation.kind), loaded(Violation.area))
        .order_by(Violation.occurred_utc.desc(), Violation.id.desc())
        .limit(limit)
    )
    return session.scalars(query).all()


def _pending_meant(words: Words | None) -> Conditions:
    return [or_(record_meant(words), *rider_meant(words, Violation.rider_id))] if words else []


PENDING = Narrowing[Words | None](
    lambda _chosen: [among(Violation.state, ViolationState.PENDING)], [of_post(Violation.area_id)], _pending_meant
)


def _pending(by: Actor, chosen: Words | None) -> Select[tuple[Violation]]:
    return (
        select(Violation)
        .where(*PENDING.conditions(chosen), visible_to(by))
        .options(loaded(Violation.kind), loaded(Violation.area))
    )


def reviews_on(day: date) -> Listing[Violation, Words | None]:
    """Return the list of camera records that wait for review on ``day``, those with the least time left first."""
    return Listing(
        _pending,
        [
            Column("kind", message("Violation"), value=lambda row: row.kind.name),
            Column("due", message("Review by"), value=lambda row: due(row.review_due_on, day)),
            Column("occurred", message("When"), value=lambda row: row.occurred, look=AGO),
            Column("area", message("Village"), value=lambda row: row.area.name),
            Column("plate", message("Plate"), value=lambda row: row.plate),
        ],
        order=[type_coerce(Violation.review_due_on, Date), Violation.id.expression],
        reach=PENDING.reach,
    )


def list_of_rider(session: Session, by: Actor, rider_id: int, limit: int = 20) -> Sequence[Violation]:
    """Return a rider's latest violations among those ``by`` may see."""
    query = (
        select(Violation)
        .where(Violation.rider_id == rider_id, visible_to(by))
        .options(loaded(Violation.kind), loaded(Violation.area))
        .order_by(Violation.occurred_utc.desc())
        .limit(limit)
    )
    return session.scalars(query).all()
