"""Reads of records that may be of one accident: the same area and severity within two hours.

Where an hour is not known: on the same day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select
from sqlalchemy.orm import Session, selectinload

from trafficedu.accidents import rules
from trafficedu.accidents.models import Accident, AccidentPair
from trafficedu.accidents.rules import AccidentState, PairState
from trafficedu.areas.queries.tree import lies_in, of_post
from trafficedu.core.actors import Actor
from trafficedu.core.clock import day_bounds
from trafficedu.core.listing import FIGURES, Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Narrowing
from trafficedu.core.orm import among
from trafficedu.core.text import message
from trafficedu.core.times import Moment


def list_close(
    session: Session, area_id: int, severity: str, occurred: Moment, *, besides: int | None = None
) -> Sequence[Accident]:
    """Return the records close to this place, severity and time, but not the one with the id ``besides``.

    No scope: the caller has checked that the area is within reach.
    """
    query = (
        select(Accident)
        .where(
            among(Accident.state, AccidentState.RECORDED),
            Accident.area_id == area_id,
            Accident.severity == severity,
            _close_to(occurred),
        )
        .options(loaded(Accident.area), selectinload(Accident.kinds))
        .order_by(Accident.occurred_utc, Accident.id)
    )
    return session.scalars(query if besides is None else query.where(Accident.id != besides)).all()


def _close_to(occurred: Moment) -> ColumnElement[bool]:
    """Return the condition that may be the same moment; an index of the moment serves both parts."""
    first, next_day = day_bounds(occurred.day)
    of_day = and_(Accident.occurred_utc >= first, Accident.occurred_utc < next_day)
    if not occurred.hour_known:
        return of_day
    near = Accident.occurred_utc.between(occurred.utc - rules.CLOSE, occurred.utc + rules.CLOSE)
    return or_(and_(near, Accident.hour_known), and_(of_day, not_(Accident.hour_known)))


def decisions_on(session: Session, accident: Accident) -> Mapping[int, PairState]:
    """Return what was decided on an accident and others, by their ids; no scope: the caller shows it."""
    sides = (AccidentPair.first_id, AccidentPair.second_id)
    decided: dict[int, PairState] = {}
    for own, other in (sides, sides[::-1]):
        query = select(other, AccidentPair.state).where(own == accident.id, AccidentPair.state != PairState.OPEN)
        decided |= dict(session.execute(query).tuples().all())
    return decided


NO_HOUR = message("time not known")
OPEN = Narrowing[None](lambda _chosen: [among(AccidentPair.state, PairState.OPEN)], [of_post(AccidentPair.area_id)])


def _waiting(by: Actor, _chosen: None) -> Select[tuple[AccidentPair]]:
    return (
        select(AccidentPair)
        .where(*OPEN.conditions(None), by.scope.condition(area=lies_in(AccidentPair.area_id)))
        .options(*(loaded(each, inner=True) for each in (AccidentPair.area, AccidentPair.first, AccidentPair.second)))
    )


DUPLICATES: Listing[AccidentPair, None] = Listing(
    _waiting,
    [
        Column("area", message("Village"), value=lambda row: row.area.name),
        Column("severity", message("Severity"), value=lambda row: row.first.severity.label),
        Column("earlier", message("First record")),
        Column("later", message("Second record")),
        Column(
            "apart",
            message("Minutes apart"),
            value=lambda row: NO_HOUR if row.minutes_apart is None else row.minutes_apart,
            look=FIGURES,
        ),
    ],
    order=[AccidentPair.last_utc.desc(), AccidentPair.id.desc()],
    reach=OPEN.reach,
)
"""The pairs that nobody decided on, the latest first."""
