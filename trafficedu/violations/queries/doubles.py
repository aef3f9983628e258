"""Reads of records that may be of one offence: the same rider or plate, the same kind, near in time and place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, aliased

from trafficedu.areas.queries.tree import lies_in, of_post
from trafficedu.configuration.queries import figure
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Narrowing
from trafficedu.core.orm import among
from trafficedu.core.stops import Near
from trafficedu.core.text import Message, message
from trafficedu.violations.models.decisions import ViolationPair
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.rules.states import NOT_ENDED, PairState


@dataclass(frozen=True)
class Sighting:
    """What of a record says which others may be of the same offence."""

    rider_id: int | None
    plate: str
    offender: str
    kind_id: int
    occurred_utc: datetime
    occurred_on: date
    hour_known: bool
    area_id: int
    place: str
    latitude: float | None
    longitude: float | None

    @classmethod
    def of(cls, record: Mapping[str, Any] | Violation) -> Sighting:
        """Return that of a record, or of its columns before it is written."""
        if isinstance(record, Violation):
            return cls(**{name: getattr(record, name) for name in cls.__dataclass_fields__})
        return cls(**{name: record[name] for name in cls.__dataclass_fields__})

    def is_of_same(self, other: Violation) -> bool:
        """Tell whether it may be the same person: the rider, where both are known, else the plate."""
        if self.offender != other.offender:
            return False
        if self.rider_id is not None and other.rider_id is not None:
            return self.rider_id == other.rider_id
        return bool(self.plate) and self.plate == other.plate


def nearness(session: Session) -> Near:
    """Return the configured figures of one stop."""
    return Near(figure(session, "violations.same_stop_minutes"), figure(session, "violations.same_stop_metres"))


def list_doubles(session: Session, seen: Sighting, besides: Collection[int] = ()) -> list[Violation]:
    """Return the records that stand and may be of the offence ``seen``, the nearest in time first.

    No scope: the caller decides who is shown them. Indexes of rider and plate lead to what happened on the days around.
    """
    whose = [Violation.rider_id == seen.rider_id] if seen.rider_id is not None else []
    whose += [Violation.plate == seen.plate] if seen.plate else []
    if not whose:
        return []
    near = nearness(session)
    first, last = (_day(seen, sign * near.time) for sign in (-1, 1))
    code = select(ViolationKind.code).where(ViolationKind.id == seen.kind_id).scalar_subquery()
    query = (
        select(Violation)
        .where(
            or_(*whose),
            Violation.occurred_on.between(first, last),
            Violation.kind_id.in_(select(ViolationKind.id).where(ViolationKind.code == code)),
            among(Violation.state, *NOT_ENDED),
            Violation.id.not_in(besides),
        )
        .order_by(Violation.id)
        .execution_options(autoflush=False)
    )
    found = [row for row in session.scalars(query) if seen.is_of_same(row) and near.may_be_one(seen, row)]
    return sorted(found, key=lambda row: (abs(row.occurred_utc - seen.occurred_utc), row.id))


def _day(seen: Sighting, moved: timedelta) -> date:
    """Return the day some minutes before or after; of an unknown hour it stays the day."""
    if not seen.hour_known:
        return seen.occurred_on
    return seen.occurred_on + (timedelta(days=1) if moved > timedelta(0) else timedelta(days=-1))


def is_second_of_open(violation_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that a record may be a second one of an offence, and nobody decided yet."""
    waits = among(ViolationPair.state, PairState.OPEN)
    return select(ViolationPair.id).where(ViolationPair.second_id == violation_id, waits).exists()


def waits_for_decision(session: Session, violation_id: int) -> bool:
    """Tell whether nobody may be told of a record yet, since it may be a second one of an offence."""
    return bool(session.scalar(select(is_second_of_open(violation_id))))


def pairs_of(session: Session, violation_ids: Collection[int], *states: PairState) -> Sequence[ViolationPair]:
    """Return the pairs in which one of some records stands, in the order in which they were found."""
    sides = or_(ViolationPair.first_id.in_(violation_ids), ViolationPair.second_id.in_(violation_ids))
    query = select(ViolationPair).where(sides, *([among(ViolationPair.state, *states)] if states else []))
    return session.scalars(query.order_by(ViolationPair.id)).all()


def duplicate_of(session: Session, violation_id: int) -> Message | str:
    """Return as the duplicate of which record one was voided, as a sentence; "" for none."""
    pairs = pairs_of(session, [violation_id], PairState.MERGED)
    pair = next((pair for pair in pairs if pair.voided_id == violation_id), None)
    if pair is None:
        return ""
    kept = pair.second if pair.first_id == violation_id else pair.first
    return message("Duplicate of %(number)s", number=kept.number)


_EARLIER, _LATER = aliased(Violation), aliased(Violation)
WITH_RECORDS = tuple(
    loaded(side, to, inner=True)
    for side in (ViolationPair.first, ViolationPair.second)
    for to in (Violation.kind, Violation.area)
)


def find_pair(session: Session, number: str, other: str, by: Actor) -> ViolationPair:
    """Return what is asked of two records, the later of which happened where ``by`` works; raise Missing."""
    both = sorted(numbers.normalise(each) for each in (number, other))
    query = (
        select(ViolationPair)
        .join(_EARLIER, _EARLIER.id == ViolationPair.first_id)
        .join(_LATER, _LATER.id == ViolationPair.second_id)
        .where(_EARLIER.number.in_(both), _LATER.number.in_(both))
        .where(by.scope.condition(area=lies_in(ViolationPair.area_id)))
        .options(*WITH_RECORDS)
    )
    pair = session.scalar(query)
    if pair is None:
        raise Missing(message("These two records were never compared."))
    return pair


OPEN = Narrowing[None](lambda _chosen: [among(ViolationPair.state, PairState.OPEN)], [of_post(ViolationPair.area_id)])


def _waiting(by: Actor, _chosen: None) -> Select[tuple[ViolationPair]]:
    return (
        select(ViolationPair)
        .where(*OPEN.conditions(None), by.scope.condition(area=lies_in(ViolationPair.area_id)))
        .options(*WITH_RECORDS)
    )


DUPLICATES: Listing[ViolationPair, None] = Listing(
    _waiting,
    [
        Column("kind", message("Violation"), value=lambda row: row.second.kind.name),
        Column("plate", message("Plate"), value=lambda row: row.second.plate or row.first.plate),
        Column("first", message("Recorded first"), value=lambda row: row.first.occurred),
        Column("second", message("Recorded second"), value=lambda row: row.second.occurred),
        Column("area", message("Village"), value=lambda row: row.second.area.name),
    ],
    order=[ViolationPair.last_utc.expression, ViolationPair.id.expression],
    reach=OPEN.reach,
)
"""The pairs that nobody decided on, the oldest first: of its second record nobody is told meanwhile."""
