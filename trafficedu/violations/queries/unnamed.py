"""Reads of records of persons who are yet to be identified: they showed no papers, or a camera saw a plate alone."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from trafficedu.areas.queries.tree import of_post
from trafficedu.core.actors import Actor
from trafficedu.core.listing import Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Narrowing
from trafficedu.core.orm import among
from trafficedu.core.text import Message, message
from trafficedu.violations.models.records import UnnamedPerson, Violation
from trafficedu.violations.queries.scope import visible_to
from trafficedu.violations.rules.states import IdentityState

PLATE_ALONE = message("a camera saw the plate alone")

WANTED = Narrowing[None](
    lambda _chosen: [among(Violation.identity, IdentityState.WANTED)], [of_post(Violation.area_id)]
)


def _wanted(by: Actor, _chosen: None) -> Select[tuple[Violation]]:
    return (
        select(Violation)
        .where(*WANTED.conditions(None), visible_to(by))
        .options(loaded(Violation.kind), loaded(Violation.area), loaded(Violation.unnamed))
    )


UNNAMED: Listing[Violation, None] = Listing(
    _wanted,
    [
        Column("occurred", message("When"), value=lambda row: row.occurred),
        Column("kind", message("Violation"), value=lambda row: row.kind.name),
        Column("area", message("Village"), value=lambda row: row.area.name),
        Column("plate", message("Plate"), value=lambda row: row.plate),
        Column("known", message("What is known"), value=lambda row: _known(row.unnamed)),
        Column("papers", message("Why there are no papers"), value=lambda row: _why(row)),
    ],
    order=[Violation.occurred_on.expression, Violation.id.expression],
    reach=WANTED.reach,
)
"""The records whose person is to be identified, the oldest first."""


def _why(row: Violation) -> Message:
    return row.papers.label if row.papers else PLATE_ALONE


def _known(person: UnnamedPerson | None) -> list[str]:
    return [text for text in (person.name, person.appearance) if text] if person is not None else []


def find_unnamed(session: Session, violation: Violation) -> UnnamedPerson | None:
    """Return what is known of the person of a record without papers, or None."""
    return session.get(UnnamedPerson, violation.id) if violation.papers else None
