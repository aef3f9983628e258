"""Reads of accidents: one, a list, what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, literal, or_, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from trafficedu.accidents.models import Accident, AccidentKind, AccidentRider
from trafficedu.accidents.queries.scope import visible_to
from trafficedu.accidents.rules import CASUALTY, AccidentStep
from trafficedu.areas.queries.tree import placed
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import FIGURES, Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Conditions, Narrowing, Way, days, equal
from trafficedu.core.reach import WINDOW, Reach
from trafficedu.core.text import message
from trafficedu.riders.models import PlateUse, Rider, Vehicle
from trafficedu.violations.models.records import ViolationKind
from trafficedu.violations.queries.searching import (
    LOOKS,
    Words,
    keys_of,
    officer_named,
    officers_meant,
    rider_meant,
    riders_meant,
)

CASUALTIES = "casualty"
"""A filter that is no severity: all accidents with somebody hurt."""
EBIKE = {True: message("involved"), False: message("not involved"), None: message("not known")}


@dataclass(frozen=True)
class AccidentFilter:
    """What the list of accidents is narrowed to.

    ``severity`` may also be ``casualty``; ``ebike`` is ``yes``, ``no`` or ``unknown``; ``area_path`` is an area's.
    """

    since: date | None = None
    until: date | None = None
    area_path: str = ""
    severity: str = ""
    ebike: str = ""
    helmet: str = ""
    kind_code: str = ""
    state: str = ""
    words: Words = Words()


@dataclass(frozen=True)
class HistoryEntry:
    """One step in a record's life: what (``recorded``, ``voided``), when, by whom, why."""

    what: AccidentStep
    at_utc: datetime
    by: str
    reason: str = ""


def find_accident(session: Session, number: str, by: Actor) -> Accident:
    """Return an accident that ``by`` may see, with area, kinds and who recorded it; raise Missing."""
    query = (
        select(Accident)
        .where(Accident.number == numbers.normalise(number), visible_to(by))
        .options(
            loaded(Accident.area),
            loaded(Accident.recorded_by),
            loaded(Accident.voided_by),
            loaded(Accident.duplicate_of),
            selectinload(Accident.kinds),
        )
    )
    accident = session.scalar(query)
    if accident is None:
        raise Missing(message("This accident does not exist, or you do not have access to it."))
    return accident


def find_by_client_reference(session: Session, client_reference: str) -> Accident | None:
    """Return what an earlier submit with the same reference made, or None."""
    return session.scalar(select(Accident).where(Accident.client_reference == client_reference))


def _rest(chosen: AccidentFilter) -> Conditions:
    """Return what is asked of an accident beside when and where it was."""
    conditions = [Accident.severity.in_(CASUALTY)] if chosen.severity == CASUALTIES else []
    if chosen.kind_code:
        involved = select(AccidentKind.kind_id).join(AccidentKind.kind).where(ViolationKind.code == chosen.kind_code)
        one = involved.where(AccidentKind.accident_id == Accident.id).limit(1).correlate(Accident).scalar_subquery()
        conditions.append(one.is_not(None))  # asked of each row: of a set of ids a database would read all of history
    if chosen.ebike:
        conditions.append(Accident.ebike_involved.is_({"yes": True, "no": False}.get(chosen.ebike)))
    return conditions + equal(
        (Accident.severity, chosen.severity.replace(CASUALTIES, "")),
        (Accident.rider_helmet, chosen.helmet),
        (Accident.state, chosen.state),
    )


PLACED: Way[AccidentFilter] = placed(Accident.area_id)


def _known_as(words: Words) -> ColumnElement[bool]:
    """Return the condition that an accident has this number, here or at its source."""
    return or_(Accident.number == words.number, Accident.reference.in_(words.references))


def _ridden(words: Words) -> Select[tuple[int]]:
    """Return the query of the accidents of those who rode an e-bike with one of the plates on that day."""
    begun = or_(PlateUse.used_from.is_(None), PlateUse.used_from <= Accident.occurred_on)
    going_on = or_(PlateUse.used_to.is_(None), PlateUse.used_to >= Accident.occurred_on)
    return (
        select(AccidentRider.accident_id)
        .join(Accident, Accident.id == AccidentRider.accident_id)
        .join(PlateUse, PlateUse.rider_id == AccidentRider.rider_id)
        .join(PlateUse.vehicle)
        .where(Vehicle.plate.in_(words.plates), begun, going_on)
    )


def _meant(words: Words) -> ColumnElement[bool]:
    """Return the condition that an accident is meant by a number, by who was in it, or by who recorded it."""
    if words.is_number:
        return _known_as(words)
    named = rider_meant(words, AccidentRider.rider_id)
    people = select(literal(1)).where(AccidentRider.accident_id == Accident.id, *named).limit(1)
    own = [people.correlate(Accident).scalar_subquery().is_not(None)] if named else []
    officer = [Accident.recorded_by.has(officer_named(words, wholly=True))] if words.officers else []
    return or_(_known_as(words), *own, *officer, *([Accident.id.in_(_ridden(words))] if words.plates else []))


def _ids_meant(session: Session, words: Words) -> Sequence[int] | None:
    """Return the ids of the accidents that words mean, None where there may be many; not scoped."""
    riders = riders_meant(session, words)
    if riders is None or officers_meant(session, words, wholly=True):
        return None
    ids = {
        *keys_of(session, Accident.id, Accident.number, [words.number]),
        *keys_of(session, Accident.id, Accident.reference, sorted(words.references)),
        *keys_of(session, AccidentRider.accident_id, AccidentRider.rider_id, riders),
        *(session.scalars(_ridden(words).limit(WINDOW + 1)) if words.plates else ()),
    }
    return sorted(ids) if len(ids) <= WINDOW else None


def _worded(chosen: AccidentFilter) -> Conditions:
    """Return what the words of a filter ask, whenever it happened; a number is all that is asked then."""
    if not chosen.words:
        return []
    beside = [] if chosen.words.is_number else [*_rest(chosen), *PLACED.asked(chosen)]
    return [_meant(chosen.words), *beside]


NARROWING = Narrowing[AccidentFilter](days(Accident.occurred_on), [PLACED], _rest, exact=_worded)


def _reach(session: Session, by: Actor, chosen: AccidentFilter) -> Reach:
    """Return how indexes reach the accidents of a filter; those of words, by what these mean."""
    if not chosen.words:
        return NARROWING.reach(session, by, chosen)
    ids = _ids_meant(session, chosen.words)
    if ids is not None:
        beside = [] if chosen.words.is_number else [*_rest(chosen), *PLACED.asked(chosen)]
        return Reach([Accident.id.in_(ids)], rest=[visible_to(by), *beside])
    all_days = Narrowing[AccidentFilter](ways=[PLACED]).reach(session, by, chosen)
    return replace(all_days, rest=[*all_days.rest, *_worded(chosen)], looks=LOOKS)


def _filtered(by: Actor, chosen: AccidentFilter) -> Select[tuple[Accident]]:
    return (
        select(Accident)
        .join(Accident.area)
        .where(visible_to(by), *NARROWING.conditions(chosen))
        .options(contains_eager(Accident.area), loaded(Accident.involved, AccidentKind.kind))
    )


def _names_of_kinds(accident: Accident) -> list[Callable[[str], str]]:
    kinds = (link.kind for link in accident.involved)
    return [kind.name for kind in sorted(kinds, key=lambda kind: kind.code)]


ACCIDENTS: Listing[Accident, AccidentFilter] = Listing(
    _filtered,
    [
        Column("number", message("Number"), value=lambda row: row.number, in_file_only=True),
        Column("occurred", message("When"), value=lambda row: row.occurred, sort=Accident.occurred_on.expression),
        Column("severity", message("Severity"), value=lambda row: row.severity.label),
        Column("area_code", message("Area code"), value=lambda row: row.area.code, in_file_only=True),
        Column("area", message("Village"), value=lambda row: row.area.name),
        Column("place", message("Place"), value=lambda row: row.place),
        Column("kinds", message("Violations involved"), value=_names_of_kinds),
        Column("ebike", message("E-bike"), value=lambda row: EBIKE[row.ebike_involved]),
        Column("helmet", message("Helmet"), value=lambda row: row.rider_helmet.label if row.ebike_involved else None),
        Column("killed", message("Killed"), value=lambda row: row.killed, look=FIGURES),
        Column("injured", message("Injured"), value=lambda row: row.injured, look=FIGURES),
        Column("state", message("State"), value=lambda row: row.state),
    ],
    sort="-occurred",
    order=[Accident.occurred_utc.desc(), Accident.id.desc()],
    reach=_reach,
    export="accidents:accident:export",
    file="accidents",
)


def list_riders(session: Session, accident_id: int) -> Sequence[AccidentRider]:
    """Return the riders linked to an accident; no scope: the caller shows the accident."""
    query = (
        select(AccidentRider)
        .where(AccidentRider.accident_id == accident_id)
        .options(loaded(AccidentRider.rider, Rider.home_area))
        .order_by(AccidentRider.id)
    )
    return session.scalars(query).all()


def find_link(session: Session, accident: Accident, rider_number: str) -> AccidentRider:
    """Return the link of a rider to an accident; raise Missing."""
    query = (
        select(AccidentRider)
        .join(AccidentRider.rider)
        .where(AccidentRider.accident_id == accident.id, Rider.number == numbers.normalise(rider_number))
        .options(contains_eager(AccidentRider.rider))
    )
    link = session.scalar(query)
    if link is None:
        raise Missing(message("This rider is not linked to the accident."))
    return link


def history_of(accident: Accident) -> list[HistoryEntry]:
    """Return the steps of a record in their order, from its own fields."""
    recorder = accident.recorded_by.display_name if accident.recorded_by else ""
    steps = [HistoryEntry(AccidentStep.RECORDED, accident.recorded_utc, recorder)]
    if accident.voided_utc is not None:
        by = accident.voided_by.display_name if accident.voided_by else ""
        steps.append(HistoryEntry(AccidentStep.VOIDED, accident.voided_utc, by, accident.state_reason))
    return steps
