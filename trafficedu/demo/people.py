"""Who rides: couriers of the companies and everybody else, coming and going, a few of them caught again and again."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from trafficedu.core.services import services_of
from trafficedu.demo import names
from trafficedu.demo.plan import date_of
from trafficedu.demo.rows import Teller, World
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.queries.people import ID_NUMBER, ID_TAIL, PHONE, PHONE_TAIL
from trafficedu.riders.rules import EngagementSource, IdType, LegalBasis, age_on, identity_key, tail

PER_MONTHLY_VIOLATION = 13.0
"""Riders about for each violation of a month: most are not caught, some often."""
STAY_DAYS = {"courier": 270, "local": 700}
RECKLESSNESS = 0.7
"""Shape of the gamma distribution of how often somebody is caught: small means heavy-tailed."""
COURIERS = 0.6
WITH_BASIS = 0.86
WITH_HOME = {"courier": 0.74, "local": 0.95}


@dataclass(frozen=True)
class Work:
    """An engagement, in days, both included; ``firm`` is the place in ``places.firms``."""

    firm: int
    first: int
    last: int
    basis: str | None


@dataclass(slots=True)
class Person:
    """A rider; written to the database (``id``) when first caught."""

    kind: str
    town: int
    leaves: int
    weight: float
    born: int
    works: list[Work] = field(default_factory=list)
    home: int | None = None
    id: int = 0
    plate: str = ""
    vehicle: int = 0
    task: Any = None
    days: list[int] = field(default_factory=list)

    def work_on(self, day: int) -> Work | None:
        """Return the engagement that counts on ``day``."""
        return next((work for work in reversed(self.works) if work.first <= day <= work.last), None)

    def age_on(self, day: int) -> int:
        """Return the full years of age on ``day``."""
        return age_on(date_of(self.born), date_of(day))


class Crowd(Teller):
    """The riders who are about in a month, and how likely each is the next one caught."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._keyring = services_of(world.session).keyring
        self._papers = names.Papers()
        self._people: list[Person] = []
        self._summed: list[float] = []

    def begin_month(self, first_day: int, violations: int) -> None:
        """Let riders go and come before a month of so many violations."""
        self._people = [person for person in self._people if person.leaves >= first_day]
        missing = round(violations * PER_MONTHLY_VIOLATION) + 20 - len(self._people)
        self._people += [self._newcomer(first_day) for _ in range(missing)]
        self._summed = list(accumulate(person.weight for person in self._people))

    def anyone(self) -> Person:
        """Draw the next one caught."""
        person: Person = self._chance.choices(self._people, cum_weights=self._summed)[0]
        return person

    def known(self) -> list[Person]:
        """Return the riders about this month who have been caught."""
        return [person for person in self._people if person.id]

    def _newcomer(self, day: int) -> Person:
        chance = self._chance
        kind = "courier" if chance.random() < COURIERS else "local"
        weight = chance.gammavariate(RECKLESSNESS, 1) * (1.3 if kind == "courier" else 0.7) + 0.02
        came = day - chance.randrange(1, 120)
        person = Person(
            kind,
            self._places.any_town(chance),
            day + 20 + int(chance.expovariate(1 / STAY_DAYS[kind])),
            weight,
            day - round(self._age(kind) * 365.25),
        )
        if kind == "courier":
            self._employ(person, came)
        if chance.random() < WITH_HOME[kind]:
            town = person.town if chance.random() < 0.6 else None
            person.home = self._places.any_village(chance, town)
        return person

    def _age(self, kind: str) -> float:
        """Return an age in years; of the others, about one in fifty is too young to ride."""
        chance = self._chance
        if kind == "courier":
            return min(58.0, 18.5 + chance.gammavariate(3.2, 4.2))
        if chance.random() < 0.02:
            return chance.uniform(12.5, 15.5)
        return min(78.0, 16.1 + chance.gammavariate(3.5, 7.5))

    def _employ(self, person: Person, came: int) -> None:
        chance, today = self._chance, self._span.today
        switches = chance.randrange(came + 60, person.leaves + 400) if chance.random() < 0.14 else None
        end = person.leaves if switches is None else min(person.leaves, switches)
        person.works.append(Work(self._places.any_firm(chance), came, end, self._basis()))
        if switches is not None and switches < min(person.leaves, today):
            person.works.append(Work(self._places.any_firm(chance), switches + 1, person.leaves, self._basis()))

    def _basis(self) -> str | None:
        if self._chance.random() > WITH_BASIS:
            return None
        return self._chance.choices(list(LegalBasis), (70, 25, 5))[0]

    def make_known(self, person: Person, when: int) -> None:
        """Write a rider who is caught for the first time, with engagements, and give most a plate."""
        if person.id:
            return
        chance, rows = self._chance, self._rows
        person.id = rows.new_id(Rider)
        gender = "m" if chance.random() < (0.88 if person.kind == "courier" else 0.6) else "f"
        number = self._papers.identity(date_of(person.born), gender)
        phone = self._papers.phone() if chance.random() < 0.9 else ""
        rows.add(
            Rider,
            id=person.id,
            name=names.person(chance, gender),
            id_type=IdType.IDENTITY_CARD,
            id_number_cipher=self._keyring.encrypt(number, ID_NUMBER),
            id_number_hash=self._keyring.lookup_hash(identity_key(IdType.IDENTITY_CARD, number), ID_NUMBER),
            id_tail_hash=self._keyring.lookup_hash(tail(number), ID_TAIL),
            phone_cipher=self._keyring.encrypt(phone, PHONE) if phone else None,
            phone_hash=self._keyring.lookup_hash(phone, PHONE) if phone else None,
            phone_tail_hash=self._keyring.lookup_hash(tail(phone), PHONE_TAIL) if phone else None,
            birth_date=person.born,
            home_area_id=None if person.home is None else self._places.villages[person.home].id,
            created_utc=when,
        )
        if chance.random() < 0.93:
            person.plate = self._papers.plate()
        for work in person.works:
            rows.add(
                Engagement,
                rider_id=person.id,
                company_id=self._places.firms[work.firm].company.id,
                engaged_from=work.first,
                engaged_to=work.last if work.last <= self._span.today else None,
                legal_basis=work.basis,
                source=EngagementSource.FILE,
                recorded_utc=when,
            )

    def stranger_plate(self) -> str:
        """Return the plate of somebody nobody knows."""
        return self._papers.plate()
