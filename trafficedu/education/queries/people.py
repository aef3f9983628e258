"""How much of a rider each reader of study pages is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import describe


@dataclass(frozen=True)
class Person:
    """A rider as one reader may see it; both fields are "" for those who see no identities."""

    name: str = ""
    id_masked: str = ""


def people(session: Session, riders: Iterable[Rider], by: Actor) -> dict[int, Person]:
    """Return by rider id what ``by`` may see.

    The full name and the masked document for those who face the rider (``education:rider:read``), the masked
    name for the grid officer (``education:rider:read_masked``), nothing for leaders and analysts.
    """
    if by.may("education:rider:read"):
        shown = {rider.id: describe(session, rider) for rider in riders}
        return {rider_id: Person(masked.name, masked.id_masked) for rider_id, masked in shown.items()}
    if by.may("education:rider:read_masked"):
        return {rider.id: Person(describe(session, rider).name_masked) for rider in riders}
    return {rider.id: Person() for rider in riders}
