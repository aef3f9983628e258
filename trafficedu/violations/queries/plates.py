"""Reads of records by their plate, and of what is asked about plates."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import lies_in, of_post
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Narrowing
from trafficedu.core.orm import among
from trafficedu.core.text import message
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.plates import rider_of
from trafficedu.violations.models.decisions import PlateQuestion
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.scope import visible_to
from trafficedu.violations.rules.states import NOT_ENDED, Offender, PlateState

OPEN = Narrowing[None](lambda _chosen: [among(PlateQuestion.state, PlateState.OPEN)], [of_post(PlateQuestion.area_id)])
WITH_RECORD = (
    loaded(PlateQuestion.violation, Violation.kind, inner=True),
    loaded(PlateQuestion.violation, Violation.area, inner=True),
    loaded(PlateQuestion.violation, Violation.rider, inner=True),
    loaded(PlateQuestion.usual, inner=True),
)


def _waiting(by: Actor, _chosen: None) -> Select[tuple[PlateQuestion]]:
    return (
        select(PlateQuestion)
        .where(*OPEN.conditions(None), by.scope.condition(area=lies_in(PlateQuestion.area_id)))
        .options(*WITH_RECORD)
    )


QUESTIONS: Listing[PlateQuestion, None] = Listing(
    _waiting,
    [
        Column("plate", message("Plate"), value=lambda row: row.plate),
        Column("usual", message("Known as that of"), value=lambda row: row.usual.name),
        Column(
            "rider",
            message("Rider of the record"),
            value=lambda row: row.violation.rider.name if row.violation.rider else None,
        ),
        Column("occurred", message("When"), value=lambda row: row.violation.occurred),
        Column("area", message("Village"), value=lambda row: row.violation.area.name),
        Column("decision", message("Decision")),
    ],
    order=[PlateQuestion.occurred_on.expression, PlateQuestion.id.expression],
    reach=OPEN.reach,
)
"""The records whose rider met a plate known as another rider's, the oldest first."""


def usual_rider(session: Session, violation: Violation) -> Rider | None:
    """Return who usually rides the e-bike of a record of nobody known yet, as a proposal; None for a passenger."""
    if violation.rider_id is not None or not violation.plate or violation.offender != Offender.RIDER:
        return None
    return rider_of(session, violation.plate, violation.occurred_on)


def question_of(session: Session, violation_id: int) -> PlateQuestion | None:
    """Return what is or was asked about the plate of a record, or None."""
    return session.scalar(select(PlateQuestion).where(PlateQuestion.violation_id == violation_id))


def find_question(session: Session, number: str, by: Actor) -> PlateQuestion:
    """Return what is asked about the plate of a record that ``by`` may see; raise Missing."""
    query = (
        select(PlateQuestion)
        .join(PlateQuestion.violation)
        .where(Violation.number == numbers.normalise(number), visible_to(by))
        .options(*WITH_RECORD)
    )
    question = session.scalar(query)
    if question is None:
        raise Missing(message("Nothing is asked about the plate of this record."))
    return question


def find_other_of_both(session: Session, violation: Violation) -> Violation | None:
    """Return the first other record that stands and saw the same rider on the same plate, or None."""
    if not violation.plate or violation.rider_id is None:
        return None
    query = (
        select(Violation)
        .where(
            Violation.plate == violation.plate,
            Violation.rider_id == violation.rider_id,
            Violation.offender == Offender.RIDER,
            Violation.state.in_(NOT_ENDED),
            Violation.historic.is_(False),
            Violation.id != violation.id,
        )
        .order_by(Violation.occurred_on, Violation.id)
        .limit(1)
    )
    return session.scalar(query)


def list_of_plate(session: Session, by: Actor, plate: str, limit: int = 20) -> list[Violation]:
    """Return the latest records of a plate among those ``by`` may see."""
    query = (
        select(Violation)
        .where(Violation.plate == plate, visible_to(by))
        .options(loaded(Violation.kind), loaded(Violation.area), loaded(Violation.rider))
        .order_by(Violation.occurred_utc.desc())
        .limit(limit)
    )
    return list(session.scalars(query))
