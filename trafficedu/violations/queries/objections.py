"""Reads of objections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, contains_eager

from trafficedu.areas.queries.tree import lies_in, of_post
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.keys import field_of
from trafficedu.core.listing import AGO, Column, Listing, due
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Conditions, Narrowing
from trafficedu.core.orm import among
from trafficedu.core.reach import Reach
from trafficedu.core.row_acts import Consequence
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.violations.models.decisions import Objection
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.scope import visible_to
from trafficedu.violations.queries.searching import LOOKS, Words, record_meant, rider_meant
from trafficedu.violations.rules.states import ObjectionState

CONTACT = field_of(Objection.contact_cipher)
"""The field that contacts are encrypted as."""
MOST_SHOWN = 80
"""Characters of a statement in the list."""


def find_objection(session: Session, number: str, by: Actor) -> Objection:
    """Return an objection against a violation that ``by`` may see; raise Missing."""
    query = (
        select(Objection)
        .join(Objection.violation)
        .where(Objection.number == numbers.normalise(number), visible_to(by))
        .options(contains_eager(Objection.violation).joinedload(Violation.kind))
    )
    objection = session.scalar(query)
    if objection is None:
        raise Missing(message("This objection does not exist, or you do not have access to it."))
    return objection


def contact_of(session: Session, objection: Objection) -> str:
    """Return the phone that the rider left, in clear, "" where none was: for masking, and for who may unmask it."""
    if objection.contact_cipher is None:
        return ""
    return services_of(session).keyring.decrypt(objection.contact_cipher, CONTACT)


def _meant(words: Words | None) -> Conditions:
    """Return the condition that an objection, or the violation it is against, is meant."""
    if not words:
        return []
    contested = or_(record_meant(words), *rider_meant(words, Violation.rider_id))
    own = select(contested).where(Violation.id == Objection.violation_id)
    return [or_(Objection.number == words.number, own.correlate(Objection).scalar_subquery())]


OPEN = Narrowing[Words | None](
    lambda _chosen: [among(Objection.state, ObjectionState.OPEN)], [of_post(Objection.area_id)], _meant
)


def _reach(session: Session, by: Actor, chosen: Words | None) -> Reach:
    return replace(OPEN.reach(session, by, chosen), looks=LOOKS)


def _waiting(by: Actor, chosen: Words | None) -> Select[tuple[Objection]]:
    return (
        select(Objection)
        .where(*OPEN.conditions(chosen), by.scope.condition(area=lies_in(Objection.area_id)))
        .options(
            loaded(Objection.violation, Violation.kind, inner=True),
            loaded(Objection.violation, Violation.area, inner=True),
        )
    )


def objections_on(day: date) -> Listing[Objection, Words | None]:
    """Return the list of objections that wait for a decision on ``day``, those with the least time left first."""
    return Listing(
        _waiting,
        [
            Column("kind", message("Violation"), value=lambda row: row.violation.kind.name),
            Column("due", message("Decide by"), value=lambda row: due(row.due_on, day)),
            Column("raised", message("Raised"), value=lambda row: row.raised_utc, look=AGO),
            Column("area", message("Village"), value=lambda row: row.violation.area.name),
            Column("statement", message("Statement"), value=lambda row: _short(row.statement)),
        ],
        order=[Objection.due_on.expression, Objection.id.expression],
        reach=_reach,
    )


def _short(statement: str) -> str:
    return statement if len(statement) <= MOST_SHOWN else f"{statement[: MOST_SHOWN - 1]}…"


def list_objections_of(session: Session, violation_id: int) -> Sequence[Objection]:
    """Return the objections against one violation, the first one first."""
    return session.scalars(select(Objection).where(Objection.violation_id == violation_id).order_by(Objection.id)).all()


def after_voiding(session: Session, ids: Sequence[int]) -> dict[int, list[Consequence]]:
    """Return what would follow for objections if these records were voided."""
    waiting = select(Objection.violation_id).where(
        Objection.violation_id.in_(ids), among(Objection.state, ObjectionState.OPEN)
    )
    return {violation_id: [Consequence(message("open objection settled"))] for violation_id in session.scalars(waiting)}
