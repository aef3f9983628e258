"""Which plate a record names: mostly the rider's own, now and then one that is known as somebody else's."""

from __future__ import annotations

from dataclasses import dataclass

from trafficedu.demo.people import Person
from trafficedu.demo.plan import HOUR, start_of
from trafficedu.demo.rows import Teller, World
from trafficedu.riders.models import PlateUse, Vehicle
from trafficedu.riders.rules import Relation, tail
from trafficedu.violations.models.decisions import PlateQuestion
from trafficedu.violations.rules.states import PlateState

BORROWED, BORROWED_LATELY, OWNED = 0.012, 0.12, 0.1
DECIDED_WITHIN = 10
"""Days in which a supervisor says what it means that a camera saw somebody on another rider's e-bike."""


@dataclass(frozen=True)
class Ride:
    """What a record tells of a plate: its id and number, its area and day, whether a camera saw it."""

    id: int
    number: str
    area: int
    day: int
    camera: bool


class Plates(Teller):
    """Gives records their plates, and writes who rides which e-bike from when on."""

    SALT = 31

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._riders: dict[str, Person] = {}
        self._plates: list[str] = []
        self.supervisor = 0

    def of(self, person: Person, passenger: bool, unsettled: bool) -> str:
        """Return the plate of a record of somebody known, or "": a passenger sits on somebody else's e-bike.

        ``unsettled``: a camera saw it so lately that the supervisor may have yet to decide whose it is.
        """
        likely = BORROWED_LATELY if unsettled else BORROWED
        if self._plates and (passenger or self._chance.random() < likely):
            return self._chance.choice(self._plates)
        return "" if passenger else person.plate

    def ridden(self, person: Person, plate: str, ride: Ride) -> None:
        """Write what a record that stands, of somebody who rode, says of a plate; the first of the own begins it."""
        if plate in self._riders:
            if self._riders[plate] is not person:
                self._met(self._riders[plate], person, plate, ride)
            return
        person.plate = plate
        person.vehicle = self._rows.add(Vehicle, plate=plate, tail=tail(plate))
        self._riders[plate] = person
        self._plates.append(plate)
        relation = Relation.OWNER if self._chance.random() < OWNED else Relation.REGULAR
        self._use(person, person, relation, ride)

    def _met(self, holder: Person, person: Person, plate: str, ride: Ride) -> None:
        """Let somebody have borrowed the e-bike; the supervisor decides later on what a camera saw."""
        decided = start_of(ride.day + self._chance.randrange(1, DECIDED_WITHIN)) + 10 * HOUR
        is_open = ride.camera and decided >= self._span.midnight
        if ride.camera:
            self._rows.add(
                PlateQuestion,
                violation_id=ride.id,
                usual_id=holder.id,
                area_id=ride.area,
                occurred_on=ride.day,
                plate=plate,
                state=PlateState.OPEN if is_open else PlateState.BORROWED,
                decided_by_id=None if is_open else self.supervisor,
                decided_utc=None if is_open else decided,
            )
        if not is_open:
            self._use(holder, person, Relation.BORROWED, ride)

    def _use(self, holder: Person, rider: Person, relation: Relation, ride: Ride) -> None:
        self._rows.add(
            PlateUse,
            vehicle_id=holder.vehicle,
            rider_id=rider.id,
            relation=relation,
            used_from=ride.day,
            used_to=ride.day if relation == Relation.BORROWED else None,
            confirmed=not ride.camera,
            record=ride.number,
        )
