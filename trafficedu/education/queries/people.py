"""How much of a rider each reader of study pages is shown, and can look for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import describe
from trafficedu.violations.queries import searching
from trafficedu.violations.queries.searching import Words

NAMED = "education:rider:read"
"""The permission of those who are shown riders in full."""


@dataclass(frozen=True)
class Person:
    """A rider as one reader may see it; both fields are "" for those who see no identities."""

    name: str = ""
    id_masked: str = ""


def words_of(session: Session, text: str, by: Actor) -> Words:
    """Return what ``by`` looks for: by rider, plate and officer only where riders are shown in full."""
    named = by.may(NAMED)
    return searching.words_of(session, text, riders=named, officers=named, plates=named)


def people(session: Session, riders: Iterable[Rider], by: Actor) -> dict[int, Person]:
    """Return by rider id what ``by`` may see.

    The full name and the masked document for those who face the rider (``education:rider:read``), the masked
    name for the grid officer (``education:rider:read_masked``), nothing for leaders and analysts.
    """
    if by.may(NAMED):
        shown = {rider.id: describe(session, rider) for rider in riders}
        return {rider_id: Person(masked.name, masked.id_masked) for rider_id, masked in shown.items()}
    if by.may("education:rider:read_masked"):
        return {rider.id: Person(describe(session, rider).name_masked) for rider in riders}
    return {rider.id: Person() for rider in riders}
