"""The riders of a file, found or registered in bulk by their documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache, partial
from typing import NamedTuple

from sqlalchemy.orm import Session

from trafficedu.core import bulk
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.parsing import is_masked
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import ID_NUMBER
from trafficedu.riders.rules import birth_date_of, identity_key, normalise_identity
from trafficedu.riders.services.people import NewRider, check_name, register_many

REMEMBERED = 200_000
"""People kept; beyond it the memory starts anew, so that a long file needs no more of it."""


class Person(NamedTuple):
    """A rider as a row tells it; of the document its ``rules.identity_key``, "" for a masked one, and what it tells."""

    given: NewRider
    key: str = ""
    number: str = ""
    birth_date: date | None = None

    @property
    def cleaned(self) -> NewRider:
        """The rider with the number in its stored form."""
        return replace(self.given, id_number=self.number, birth_date=self.birth_date)


class People:
    """Riders by the key of their document, as id and name; what the database said is remembered."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now
        self._keyring = services_of(session).keyring
        self._known: dict[str, tuple[int, str]] = {}
        self._new: dict[str, NewRider] = {}
        self._document = lru_cache(REMEMBERED)(partial(_document, local_date(now)))

    def read(self, given: NewRider | None) -> Person | None:
        """Return the person of a row; raise Refusal at ``id_type`` or ``id_number``."""
        if given is None:
            return None
        if is_masked(given.id_number):
            return Person(given)
        return Person(given, *self._document(given.id_type, given.id_number))

    def find(self, people: Iterable[Person | None]) -> None:
        """Look riders up, as many as are not remembered, in a few statements."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
        self._look_up({person.key for person in people if person is not None and person.key} - self._known.keys())

    def _look_up(self, keys: set[str]) -> None:
        by_hash = {hashed: key for key in keys for hashed in self._keyring.lookup_hashes(key, ID_NUMBER)}
        rows = bulk.find_by_key(self._session, Rider.id_number_hash, by_hash, Rider.id, Rider.name)
        for hashed, row in rows.items():
            self._known[by_hash[hashed]] = (row.id, row.name)

    def id_of(self, person: Person | None) -> int | None:
        """Return the id of the rider, or None where nobody is known by the document."""
        return self._known[person.key][0] if person is not None and person.key in self._known else None

    def check_new(self, person: Person | None) -> None:
        """Raise Refusal where a new record cannot be this person's: a masked document, no name, another name.

        Somebody not known is compared with what an earlier row of the batch said.
        """
        if person is None:
            return
        if not person.key:
            raise Refusal(message("A new record needs the full number, not a masked one."), field="id_number")
        name = person.given.name
        if person.key in self._known:
            check_name(self._session, *self._known[person.key], name)
        elif not name or is_masked(name):
            raise Refusal(message("This rider is not known yet. The row needs a name."), field="name")
        elif person.key in self._new:
            check_name(self._session, 0, self._new[person.key].name, name)
        else:
            self._new[person.key] = person.cleaned

    def register(self, people: Iterable[Person | None]) -> list[int]:
        """Register those of ``people`` who are not known, in one load; returns their ids."""
        new = {person.key: self._new[person.key] for person in people if person is not None and person.key in self._new}
        register_many(self._session, new, self._now)
        self._look_up(set(new))
        return [self._known[key][0] for key in new]

    def forget_new(self) -> None:
        """Forget who was not known, at the end of a batch."""
        self._new.clear()


def _document(today: date, id_type: str, text: str) -> tuple[str, str, date | None]:
    """Return key, cleaned number and birth date of a document."""
    number = normalise_identity(id_type, text, today)
    return identity_key(id_type, number), number, birth_date_of(id_type, number)
