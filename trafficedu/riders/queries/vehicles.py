"""Who sees which e-bike: as far as they see somebody who rides it, or found it by its plate (docs/adr/0007)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.numbers import normalise
from trafficedu.core.text import message
from trafficedu.riders.models import PlateUse, Rider, Vehicle
from trafficedu.riders.queries.people import opened, visible_to

OPENED = "riders:vehicle:open"
"""The audited event that opens an e-bike's page to whoever caused it, for :data:`rules.OPEN_FOR`."""


def _seen_by(by: Actor, now: datetime) -> ColumnElement[bool]:
    ridden = select(PlateUse.id).join(PlateUse.rider).where(PlateUse.vehicle_id == Vehicle.id, visible_to(by, now))
    return or_(ridden.exists(), opened(Vehicle, (OPENED,), by, now))


def find_vehicle(session: Session, number: str, by: Actor, now: datetime) -> Vehicle:
    """Return the e-bike with a public number, as far as ``by`` sees; raise :class:`Missing`."""
    vehicle = session.scalar(select(Vehicle).where(Vehicle.number == normalise(number), _seen_by(by, now)))
    if vehicle is None:
        raise Missing(message("This e-bike does not exist."))
    return vehicle


def find_by_plate(session: Session, plate: str) -> Vehicle | None:
    """Return the e-bike with exactly this plate, in its stored form. Not scoped: the caller writes ``open_vehicle``."""
    return session.scalar(select(Vehicle).where(Vehicle.plate == plate))


def seen_among(session: Session, uses: Sequence[PlateUse], by: Actor, now: datetime) -> set[int]:
    """Return the ids of the riders of ``uses`` whose pages ``by`` may open; of the others only a mask is shown."""
    ids = {use.rider_id for use in uses}
    return set(session.scalars(select(Rider.id).where(Rider.id.in_(ids), visible_to(by, now))))
