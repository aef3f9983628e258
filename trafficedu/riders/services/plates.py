"""Which rider usually rides the e-bike with which plate."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.text import message
from trafficedu.riders import rules
from trafficedu.riders.models import Rider, Vehicle


def remember_plate(session: Session, plate: str, rider: Rider | None, by: Actor) -> Vehicle | None:
    """Note a plate and, where given, who rides the e-bike; the last rider noted is taken as its usual one.

    Audited where something changed. Returns None for the empty plate of an unplated e-bike. Raises Refusal
    at ``plate``.
    """
    normal = rules.normalise_plate(plate)
    if not normal:
        return None
    vehicle = session.scalar(select(Vehicle).where(Vehicle.plate == normal).with_for_update())
    if vehicle is None:
        vehicle = Vehicle(plate=normal, rider_id=None if rider is None else rider.id)
        try:
            with session.begin_nested():
                session.add(vehicle)
        except IntegrityError:
            vehicle = session.scalars(select(Vehicle).where(Vehicle.plate == normal).with_for_update()).one()
        else:
            audit.write(session, "riders:vehicle:create", by, subject=vehicle, rider=vehicle.rider_id)
    if rider is not None and vehicle.rider_id != rider.id:
        before, vehicle.rider_id = vehicle.rider_id, rider.id
        session.flush()
        audit.write(session, "riders:vehicle:update", by, subject=vehicle, before=before, rider=rider.id)
    if rider is not None:
        session.expire(rider, ["vehicles"])
    return vehicle


def forget_plate(session: Session, rider: Rider, plate: str, by: Actor) -> None:
    """Note that ``rider`` no longer rides the e-bike with ``plate``; raises Missing where that was not known."""
    query = select(Vehicle).where(Vehicle.plate == plate, Vehicle.rider_id == rider.id)
    vehicle = session.scalar(query.with_for_update())
    if vehicle is None:
        raise Missing(message("This plate does not belong to the rider."))
    vehicle.rider_id = None
    session.flush()
    session.expire(rider, ["vehicles"])
    audit.write(session, "riders:vehicle:update", by, subject=vehicle, before=rider.id, rider=None)
