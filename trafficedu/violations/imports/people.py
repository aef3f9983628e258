"""The riders of an import, found or registered in bulk by the hash of their document."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.core import bulk
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import new_number
from trafficedu.core.services import services_of
from trafficedu.core.tabular import is_masked
from trafficedu.core.text import message
from trafficedu.riders.models import Rider
from trafficedu.riders.queries import ID_NUMBER, PHONE
from trafficedu.riders.rules import mask_name, same_name
from trafficedu.violations.imports.reading import Candidate

REMEMBERED = 200_000
COLUMNS = (
    "number",
    "name",
    "id_type",
    "id_number_cipher",
    "id_number_hash",
    "phone_cipher",
    "phone_hash",
    "birth_date",
    "home_area_id",
    "created_utc",
    "version",
)


class People:
    """Riders by the key of their document, as id and name; what the database said is remembered."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now
        self._keyring = services_of(session).keyring
        self._known: dict[str, tuple[int, str]] = {}

    def find(self, candidates: Iterable[Candidate]) -> None:
        """Look the candidates' riders up, as many as are not remembered, in a few statements."""
        keys = {c.person.key for c in candidates if c.person is not None}
        if len(self._known) > REMEMBERED:
            self._known.clear()
        self._look_up(keys - self._known.keys())

    def _look_up(self, wanted: set[str]) -> None:
        by_hash = {hashed: key for key in wanted for hashed in self._keyring.lookup_hashes(key, ID_NUMBER)}
        rows = bulk.find_by_key(self._session, Rider.id_number_hash, by_hash, Rider.id, Rider.name)
        for hashed, row in rows.items():
            self._known[by_hash[hashed]] = (row.id, row.name)

    def id_of(self, candidate: Candidate) -> int | None:
        """Return the id of the candidate's rider, or None where nobody is known by the document."""
        known = self._known.get(candidate.person.key) if candidate.person is not None else None
        return None if known is None else known[0]

    def check_name(self, candidate: Candidate) -> None:
        """Raise Refusal at ``name`` for a name missing, or another one than the document's bearer has."""
        if candidate.person is None:
            return
        known = self._known.get(candidate.person.key)
        if known is None:
            if not candidate.name or is_masked(candidate.name):
                raise Refusal(message("This rider is not known yet: the row needs the name."), field="name")
        elif candidate.name and not is_masked(candidate.name) and not same_name(known[1], candidate.name):
            raise Refusal(
                message("This document belongs to a rider with another name, %(name)s.", name=mask_name(known[1])),
                field="name",
                value=mask_name(candidate.name),
            )

    def announce(self, candidate: Candidate) -> None:
        """Let later rows of the batch be compared with this candidate's name; the id follows with :meth:`register`."""
        if candidate.person is not None:
            self._known.setdefault(candidate.person.key, (0, candidate.name))

    def register(self, candidates: Iterable[Candidate]) -> None:
        """Register the announced riders of ``candidates`` in one load."""
        fresh: dict[str, Candidate] = {}
        for candidate in candidates:
            if candidate.person is not None and self._known[candidate.person.key][0] == 0:
                fresh.setdefault(candidate.person.key, candidate)
        if fresh:
            bulk.load(self._session, Rider.__table__, COLUMNS, map(self._row, fresh.values()))
            for key in fresh:
                del self._known[key]
            self._look_up(set(fresh))

    def forget(self, candidates: Iterable[Candidate]) -> None:
        """Forget announced riders that were not registered."""
        for candidate in candidates:
            if candidate.person is not None and self._known.get(candidate.person.key, (1, ""))[0] == 0:
                del self._known[candidate.person.key]

    def _row(self, candidate: Candidate) -> tuple[Any, ...]:
        person = candidate.person
        assert person is not None
        phone = candidate.phone
        return (
            new_number("R"),
            candidate.name,
            person.id_type,
            self._keyring.encrypt(person.id_number, ID_NUMBER),
            self._keyring.lookup_hash(person.key, ID_NUMBER),
            self._keyring.encrypt(phone, PHONE) if phone else None,
            self._keyring.lookup_hash(phone, PHONE) if phone else None,
            person.birth_date,
            None,
            self._now,
            1,
        )
