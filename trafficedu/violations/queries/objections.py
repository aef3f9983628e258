"""Reads of objections."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.paging import Page, paginate
from trafficedu.core.text import message
from trafficedu.violations.models import Objection, Violation
from trafficedu.violations.queries.scope import visible_to
from trafficedu.violations.rules import ObjectionState


def find_objection(session: Session, number: str, by: Actor) -> Objection:
    """Return an objection against a violation that ``by`` may see; raise Missing."""
    query = (
        select(Objection)
        .join(Objection.violation)
        .where(Objection.number == numbers.normalise(number), visible_to(by))
        .options(contains_eager(Objection.violation).joinedload(Violation.kind))
    )
    found = session.scalar(query)
    if found is None:
        raise Missing(message("There is no such objection, or it is not yours to see."))
    return found


def list_objections(session: Session, by: Actor, page: int) -> Page[Objection]:
    """Return objections that wait for a decision, those with the least time left first."""
    query = (
        select(Objection)
        .join(Objection.violation)
        .where(Objection.state == ObjectionState.OPEN, visible_to(by))
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
