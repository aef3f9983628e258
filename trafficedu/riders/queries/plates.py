"""Reads of who rides the e-bike with which plate, from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Select, case, or_, select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import wording
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.numbers import normalise
from trafficedu.core.text import message
from trafficedu.riders.models import PlateUse, Rider, Vehicle
from trafficedu.riders.rules import USUAL, Relation, meant_plates

SHOWN_AT_MOST = 100
"""Uses of one rider or one plate that a page shows, the latest; a hired e-bike may have any number."""


PLACE = "riders.plate_prefix"
"""The configured place name before plates of this district."""


def list_meant(session: Session, text: str) -> list[str]:
    """Return the plates that somebody may look for by ``text``, as they are stored; none for what is no plate."""
    return meant_plates(text, wording(session, PLACE))


def holds_on(day: date) -> ColumnElement[bool]:
    """Return the condition that a use holds on ``day``; one without a first day does so since ever."""
    begun = or_(PlateUse.used_from.is_(None), PlateUse.used_from <= day)
    return begun & or_(PlateUse.used_to.is_(None), PlateUse.used_to >= day)


_LIKELIEST = (
    case((PlateUse.relation == Relation.REGULAR, 0), else_=1),
    PlateUse.confirmed.desc(),
    case((PlateUse.used_from.is_(None), 1), else_=0),
    PlateUse.used_from.desc(),
    PlateUse.id.desc(),
)
"""Of several uses that tell the usual rider the regular rider's goes before the owner's, what was confirmed before what
was not, what began last before the rest."""


def _usual(plate: str, day: date) -> Select[tuple[PlateUse]]:
    """Return the query of the use that tells the usual rider, the first of :data:`_LIKELIEST`."""
    usual = (Vehicle.plate == plate, PlateUse.relation.in_(USUAL), holds_on(day))
    return select(PlateUse).join(PlateUse.vehicle).where(*usual).order_by(*_LIKELIEST).limit(1)


def usual_of(
    session: Session, vehicle_ids: Sequence[int], day: date, *riders: ColumnElement[bool]
) -> Sequence[PlateUse]:
    """Return the use that tells who usually rides each e-bike on ``day``, with its rider, in the order of the ids.

    ``riders`` are conditions on the rider: of an e-bike whose usual rider does not meet them nothing is returned.
    """
    usual = (PlateUse.vehicle_id.in_(vehicle_ids), PlateUse.relation.in_(USUAL), holds_on(day))
    uses = session.execute(select(PlateUse.vehicle_id, PlateUse.id).where(*usual).order_by(*_LIKELIEST)).all()
    first = {vehicle_id: use_id for vehicle_id, use_id in reversed(uses)}
    query = select(PlateUse).join(PlateUse.rider).where(PlateUse.id.in_(first.values()), *riders)
    loads = (loaded(PlateUse.rider, Rider.home_area), loaded(PlateUse.vehicle))
    found = {use.id: use for use in session.scalars(query.options(*loads))}
    return [found[first[one]] for one in vehicle_ids if first.get(one) in found]


def usual_use(session: Session, plate: str, day: date) -> PlateUse | None:
    """Return the use that tells who usually rides the e-bike with ``plate`` on ``day``, with its rider, or None."""
    return session.scalar(_usual(plate, day).options(loaded(PlateUse.rider, Rider.home_area)))


def met_use(session: Session, plate: str, rider: Rider | None, day: date) -> PlateUse | None:
    """Return the use that tells whose e-bike it usually is on ``day``, if ``rider`` is nothing to it that day.

    Without ``rider``: of somebody not known yet.
    """
    use = usual_use(session, plate, day)
    if use is None or rider is None:
        return use
    own = select(PlateUse.id).where(PlateUse.vehicle_id == use.vehicle_id, PlateUse.rider_id == rider.id, holds_on(day))
    return None if session.scalar(own.limit(1)) is not None else use


def rider_of(session: Session, plate: str, day: date) -> Rider | None:
    """Return who usually rides the e-bike with ``plate`` on ``day``, or None; whoever borrowed it is not asked."""
    use = usual_use(session, plate, day)
    return None if use is None else use.rider


def uses_of_rider(session: Session, rider_id: int) -> Sequence[PlateUse]:
    """Return the latest uses of a rider, with their plates."""
    return _latest(session, PlateUse.rider_id == rider_id)


def uses_of_vehicle(session: Session, vehicle_id: int) -> Sequence[PlateUse]:
    """Return the latest uses of an e-bike, with their riders."""
    return _latest(session, PlateUse.vehicle_id == vehicle_id)


def _latest(session: Session, of: ColumnElement[bool]) -> Sequence[PlateUse]:
    query = select(PlateUse).where(of).order_by(PlateUse.id.desc()).limit(SHOWN_AT_MOST)
    return session.scalars(query.options(loaded(PlateUse.vehicle), loaded(PlateUse.rider))).all()


def find_use(session: Session, rider: Rider, number: str) -> PlateUse:
    """Return a use of ``rider`` by its number, with its plate; raise :class:`Missing`."""
    query = select(PlateUse).where(PlateUse.number == normalise(number), PlateUse.rider_id == rider.id)
    use = session.scalar(query.options(loaded(PlateUse.vehicle)))
    if use is None:
        raise Missing(message("This plate does not belong to the rider."))
    return use
