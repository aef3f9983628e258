"""Violations and objections: what was seen, how it was punished, what became of the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from trafficedu.core.numbers import new_number
from trafficedu.core.services import services_of
from trafficedu.demo import names, seasons
from trafficedu.demo.names import INVENTED, phrase
from trafficedu.demo.people import Crowd, Person
from trafficedu.demo.places import Spot
from trafficedu.demo.plan import DAY, HOUR, MINUTE, day_of, start_of
from trafficedu.demo.plates import DECIDED_WITHIN, Plates, Ride
from trafficedu.demo.rows import Teller, World
from trafficedu.riders.rules import CompanyKnown
from trafficedu.violations.models.decisions import Objection
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.queries.objections import CONTACT
from trafficedu.violations.rules.checks import is_minor
from trafficedu.violations.rules.states import (
    NOT_ENDED,
    IdentityState,
    ObjectionState,
    Offender,
    Penalty,
    Source,
    ViolationState,
)

HELMET, UNDER_AGE = "ZJ-HELMET", "NM-AGE"
SEEN_BY_CAMERAS = {"2004", "2007", "2009", "2019", HELMET}
CAMERAS, UNKNOWN, TURNED_DOWN = 0.12, 0.12, 0.06
PASSENGERS, STILL_IN_TOWN, WITH_POSITION = 0.08, 0.72, 0.6
VOIDED_BY_ITSELF, OBJECTIONS, UPHELD = 0.003, 0.006, 0.2
TOLD_LATELY = 3
"""The receipts and notices of so many days are documents; of the records before, the rider has a printed sheet."""
LOOKED_FOR = 30
"""Days after which nobody looks for the rider of a plate any more."""
RECENT_DAYS, RECENT_OBJECTIONS = 6, 0.06


@dataclass(slots=True)
class Offence:
    """A violation as the rest of the history needs it; ``voided_at`` 0: never."""

    id: int
    person: Person | None
    day: int
    occurred: int
    counts_from: int
    area: int
    firm: int | None
    basis: str | None
    camera: bool = False
    state: str = ViolationState.CONFIRMED
    voided_at: int = 0
    recorded: int = 0
    objection: tuple[int, int, bool] | None = None


class Offences(Teller):
    """Draws violations and writes them, each with what became of it up to midnight."""

    def __init__(self, world: World, crowd: Crowd, plates: Plates) -> None:
        super().__init__(world)
        self._plates = plates
        self._crowd, self._keyring = crowd, services_of(world.session).keyring
        kinds = world.session.scalars(select(ViolationKind).order_by(ViolationKind.valid_from))
        self._kinds = {kind.code: kind for kind in kinds}
        self._codes: list[str] = [code for code in INVENTED["shares_of_kinds"] if code in self._kinds]
        self._weights: list[float] = []
        self._review_days = self._figure("violations.review_workdays")
        self._objection_days = self._figure("violations.objection_workdays")
        self._fine_age = self._figure("violations.fine_from_age")
        self._riding_age = self._figure("violations.rider_from_age")
        self.supervisor = 0

    def begin_month(self, progress: float) -> None:
        """Set the shares of the kinds, ``progress`` going from 0 in the first month to 1 in the last."""
        shares = (INVENTED["shares_of_kinds"][code] for code in self._codes)
        self._weights = [first + (last - first) * progress for first, last in shares]

    def draw(self, day: int, place: int) -> Offence:
        """Make the ``place``-th violation of a day and write it; today's first ones go to the first officer."""
        chance, today = self._chance, day == self._span.today
        person = self._crowd.anyone()
        shown = today and place < seasons.LEAST_TODAY // 2
        town = 0 if shown else person.town if chance.random() < STILL_IN_TOWN else self._places.any_town(chance)
        village = self._places.villages[self._places.any_offending(chance, town)]
        occurred = self._when(day, person.kind)
        code = UNDER_AGE if self._too_young(person, day) and UNDER_AGE in self._kinds else self._kind()
        camera = not shown and code in SEEN_BY_CAMERAS and chance.random() < CAMERAS
        work = person.work_on(day)
        known = not camera or chance.random() > UNKNOWN
        offence = Offence(
            self._rows.new_id(Violation),
            person if known else None,
            day,
            occurred,
            0,
            village.id,
            work.firm if known and work else None,
            work.basis if known and work else None,
            camera,
        )
        review = self._recorded(offence)
        self._fate(offence)
        self._crowd.make_known(person, offence.recorded) if known else None
        officers = self._places.towns[village.town].officers
        officer = officers[0] if shown else chance.choice(officers)
        self._write(offence, code, officer, review, chance.choices(village.spots, range(len(village.spots), 0, -1))[0])
        return offence

    def _when(self, day: int, kind: str) -> int:
        if day == self._span.today:
            begins = max(self._span.midnight, self._span.now - 9 * HOUR)
            return begins + int((self._span.now - begins) * self._chance.random() * 0.95)
        return start_of(day) + seasons.second_of_day(self._chance, kind)

    def _kind(self) -> str:
        return self._chance.choices(self._codes, self._weights)[0]

    def _too_young(self, person: Person, day: int) -> bool:
        return person.age_on(day) < self._riding_age

    def _recorded(self, offence: Offence) -> int | None:
        """Set when the record was made and from when it counts; return when it was reviewed, None for the rest."""
        chance = self._chance
        if not offence.camera:
            offence.recorded = min(offence.occurred + chance.randrange(2, 9) * MINUTE, self._span.now)
            offence.counts_from = offence.recorded
            return None
        offence.recorded = min(offence.occurred + chance.randrange(20 * MINUTE, 20 * HOUR), self._span.now)
        within = seasons.after_workdays(day_of(offence.recorded), chance.choices((1, 2, 3), (5, 3, 2))[0])
        reviewed = start_of(within) + chance.randrange(8 * HOUR, 17 * HOUR)
        offence.counts_from = reviewed
        if reviewed >= self._span.midnight:
            offence.state = ViolationState.PENDING
            return None
        if chance.random() < TURNED_DOWN:
            offence.state = ViolationState.REJECTED
        return reviewed

    def _fate(self, offence: Offence) -> None:
        """Decide whether the record is contested or found wrong later, as far as that happened by midnight."""
        chance, midnight = self._chance, self._span.midnight
        if offence.state != ViolationState.CONFIRMED or offence.person is None:
            return
        recent = offence.day >= self._span.today - RECENT_DAYS
        if chance.random() < (RECENT_OBJECTIONS if recent else OBJECTIONS):
            raised = offence.counts_from + chance.randrange(3 * HOUR, 3 * DAY)
            decided = start_of(seasons.after_workdays(day_of(raised), chance.randint(2, 5))) + 10 * HOUR
            upheld = chance.random() < UPHELD
            if raised < midnight:
                offence.objection = (raised, decided, upheld)
                offence.voided_at = decided if upheld else 0
        elif chance.random() < VOIDED_BY_ITSELF:
            offence.voided_at = offence.counts_from + chance.randrange(6 * HOUR, 8 * DAY)
        if offence.voided_at >= midnight:
            offence.voided_at = 0
        if offence.voided_at:
            offence.state = ViolationState.VOIDED

    def _write(self, offence: Offence, code: str, officer: int, review: int | None, spot: Spot) -> None:
        chance, kind, person = self._chance, self._kinds[code], offence.person
        passenger = code == HELMET and not offence.camera and chance.random() < PASSENGERS
        offender = Offender.PASSENGER if passenger else Offender.RIDER
        age = None if person is None else person.age_on(offence.day)
        minor = is_minor(age, offender, self._riding_age)
        penalty, fine = self._penalty(kind, age)
        reason = self._reason(offence)
        plate, number = self._plate(offence, code, passenger), new_number("V")
        self._rows.add(
            Violation,
            id=offence.id,
            number=number,
            occurred_utc=offence.occurred,
            area_id=offence.area,
            place=spot.name,
            kind_id=kind.id,
            plate=plate,
            offender=offender,
            rider_id=None if person is None else person.id,
            identity=self._identity(offence),
            company_id=None if offence.firm is None else self._places.firms[offence.firm].company.id,
            company_known=CompanyKnown.NOBODY if offence.firm is None else CompanyKnown.ENGAGED,
            source=Source.CAMERA if offence.camera else Source.FIELD,
            penalty=penalty,
            fine_yuan=fine,
            officer_id=None if offence.camera else officer,
            note=phrase(chance, "notes") if not offence.camera and chance.random() < 0.08 else "",
            minor=minor,
            guardian_name=names.person(chance) if minor else "",
            state=offence.state,
            recorded_utc=offence.recorded,
            receipt_due=offence.day > self._span.today - TOLD_LATELY,
            **self._position(spot),
            **self._outcome(offence, review, reason),
        )
        if plate and person is not None and not passenger and offence.state in NOT_ENDED:
            self._plates.ridden(person, plate, Ride(offence.id, number, offence.area, offence.day, offence.camera))
        if offence.objection is not None:
            self._write_objection(offence, offence.objection, reason)

    def _plate(self, offence: Offence, code: str, passenger: bool) -> str:
        unsettled = offence.camera and offence.day > self._span.today - DECIDED_WITHIN
        plate = "" if offence.person is None else self._plates.of(offence.person, passenger, unsettled)
        if offence.camera and not plate:
            plate = self._crowd.stranger_plate()
        return "" if code == "ZJ-PLATE" else plate

    def _identity(self, offence: Offence) -> IdentityState | None:
        """Return whether whoever was behind a plate alone is still looked for."""
        if offence.person is not None or offence.state != ViolationState.CONFIRMED:
            return None
        return IdentityState.WANTED if offence.day > self._span.today - LOOKED_FOR else IdentityState.GIVEN_UP

    def _reason(self, offence: Offence) -> str:
        if offence.state == ViolationState.REJECTED:
            return phrase(self._chance, "rejections")
        if offence.state == ViolationState.VOIDED:
            return phrase(self._chance, "grants" if offence.objection else "mistakes")
        return ""

    def _position(self, spot: Spot) -> dict[str, float]:
        """Return where the phone was, some metres from the spot, or nothing where it did not know."""
        chance = self._chance
        if chance.random() > WITH_POSITION:
            return {}
        return {
            "latitude": round(spot.latitude + chance.gauss(0, 2e-4), 6),
            "longitude": round(spot.longitude + chance.gauss(0, 2e-4), 6),
        }

    def _outcome(self, offence: Offence, review: int | None, reason: str) -> dict[str, Any]:
        due = seasons.after_workdays(day_of(offence.recorded), self._review_days)
        return {
            "reviewed_by_id": None if review is None else self.supervisor,
            "reviewed_utc": review,
            "review_due_on": due if offence.camera else None,
            "voided_by_id": self.supervisor if offence.voided_at else None,
            "voided_utc": offence.voided_at,
            "state_reason": reason,
        }

    def _penalty(self, kind: ViolationKind, age: int | None) -> tuple[str, int | None]:
        """Draw a penalty within the law: no fine for a child, the lower half of the range for the young."""
        chance = self._chance
        penalty = chance.choices((Penalty.FINE, Penalty.WARNING, Penalty.EDUCATION), (46, 33, 21))[0]
        if penalty == Penalty.FINE and age is not None and age < self._fine_age:
            penalty = Penalty.EDUCATION
        if penalty != Penalty.FINE:
            return penalty, None
        low, high = kind.fine_min_yuan, kind.fine_max_yuan
        if age is not None and age < 18:
            high = (low + high) // 2
        usual = [yuan for yuan in (low, 20, 20, 20, 30, 50) if low <= yuan <= high]
        return penalty, chance.choice(usual)

    def _write_objection(self, offence: Offence, objection: tuple[int, int, bool], reason: str) -> None:
        chance = self._chance
        raised, decided, upheld = objection
        settled = decided < self._span.midnight
        outcome = (ObjectionState.UPHELD if upheld else ObjectionState.DISMISSED) if settled else ObjectionState.OPEN
        decision = (reason if upheld else phrase(chance, "dismissals")) if settled else ""
        contact = f"154{chance.randrange(10**8):08d}" if chance.random() < 0.6 else ""
        self._rows.add(
            Objection,
            violation_id=offence.id,
            area_id=offence.area,
            raised_utc=raised,
            due_on=seasons.after_workdays(day_of(raised), self._objection_days),
            statement=phrase(chance, "statements"),
            contact_cipher=self._keyring.encrypt(contact, CONTACT) if contact else None,
            state=outcome,
            decision=decision,
            decided_by_id=self.supervisor if settled else None,
            decided_utc=decided if settled else None,
        )
