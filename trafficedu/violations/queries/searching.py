"""What somebody types into the text field of a list to find a record: a number, a plate, a rider, an officer.

Every list that hangs on violations asks here. What few rows are meant by, is found by an index (:func:`find_meant`); of
a common name, or of an officer, a list is looked through as it stands, by the same conditions asked of each row; so it
is for what nobody and no plate is called: a part of a place, the end of a plate (:func:`looked_through`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from trafficedu.accounts.models import User
from trafficedu.core import bulk, numbers
from trafficedu.core.cuts import ways
from trafficedu.core.narrowing import Conditions
from trafficedu.core.reach import WINDOW
from trafficedu.core.terms import contains
from trafficedu.core.typed import compact
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import ids_named, name_contains
from trafficedu.riders.queries.plates import list_meant
from trafficedu.riders.rules import searched_name
from trafficedu.violations.models.records import Violation

MOST_NAMED = 40
"""Riders, or officers, whose records are merged, or whose rows are looked up at once."""
MOST_RIDERS = 400
"""Riders whose rows are looked up, one part after the other; of more, the list is looked through."""
MOST_RECORDS = 100
"""Records with one plate, or one number of a source, whose rows are looked up; of more, likewise."""
TAIL = re.compile(r"(?=(?:[A-Z]*[0-9]){3})[A-Z0-9]{3,8}")
LOOKS = 3
"""How many rows it takes to look at one of a list (``Reach.looks``): itself, its violation, its rider."""


@dataclass(frozen=True)
class Words:
    """What is looked for, and by what somebody may find it.

    ``riders``: by a rider's name; ``officers``: by who recorded it; ``plates`` are those that the text may mean, and
    ``tail`` the end of one, none for those who are not told of plates. Numbers find whatever somebody may see.
    ``places``: also by a part of the place, and by the end of a plate (:func:`looked_through`).
    """

    text: str = ""
    riders: bool = False
    officers: bool = False
    plates: tuple[str, ...] = ()
    tail: str = ""
    places: bool = False

    def __bool__(self) -> bool:
        """Tell whether anything is looked for."""
        return bool(self.text)

    @property
    def number(self) -> str:
        """The text as a public number is stored."""
        return numbers.normalise(self.text)

    @property
    def references(self) -> set[str]:
        """How a source may write the text as a number of its own."""
        return {self.text, self.text.upper()}

    @property
    def is_number(self) -> bool:
        """Whether it is a public number of any kind: then it is nothing else."""
        return numbers.is_number(self.number, self.number[:1])


@dataclass(frozen=True)
class Meant:
    """Ids of the violations and of the riders that words mean, not too many of either."""

    records: Sequence[int]
    riders: Sequence[int]


def words_of(session: Session, text: str, *, riders: bool, officers: bool, plates: bool) -> Words:
    """Return what is looked for by ``text``, by who may find it by what."""
    meant = list_meant(session, text) if plates else []
    return Words(text, riders, officers, tuple(meant), _tail(text) if plates else "")


def _tail(text: str) -> str:
    """Return a text as the end of a plate, "" where it can be none: letters and digits, three digits at least."""
    tail = compact(text)
    return tail if TAIL.fullmatch(tail) else ""


def looked_through(session: Session, words: Words) -> Words:
    """Return words that no index answers as those by which a list is looked through: by places and ends of plates, too.

    Where a record, a rider or an officer is so called, these alone are meant: their list is complete.
    """
    if not words or words.is_number:
        return words
    officers, riders = officers_meant(session, words), riders_meant(session, words, MOST_NAMED)
    if riders is not None and (officers or riders or _is_known(session, words)):
        return words
    return replace(words, places=True)


def _is_known(session: Session, words: Words) -> bool:
    """Tell whether any record has this number of a source, or one of the plates."""
    own: dict[InstrumentedAttribute[Any], Sequence[str]] = {
        Violation.reference: sorted(words.references),
        Violation.plate: words.plates,
    }
    firsts = (select(Violation.id).where(column.in_(values)).limit(1) for column, values in own.items() if values)
    return any(session.scalar(first) is not None for first in firsts)


def officer_named(words: Words, *, wholly: bool = False) -> ColumnElement[bool]:
    """Return the condition that the name of an account contains the text, or is it."""
    name = User.display_name
    return func.lower(name).in_(ways(words.text)) if wholly else contains(name, words.text)


def known_as(words: Words) -> ColumnElement[bool]:
    """Return the condition that a violation has this number, here or at its source, one of the plates, or the place."""
    own = [Violation.number == words.number, Violation.reference.in_(words.references)]
    if words.places:
        own += [contains(Violation.place, words.text)]
        own += [Violation.plate.endswith(words.tail, autoescape=True)] if words.tail else []
    return or_(*own, *([Violation.plate.in_(words.plates)] if words.plates else []))


def record_meant(words: Words, *, wholly: bool = False) -> ColumnElement[bool]:
    """Return the condition that a violation is meant by anything but its rider; ``wholly``: by an officer's whole name.

    That is for lists that no index on officers leads into: of a surname they would be looked through, where the few
    riders so named can be found.
    """
    if not words.officers or words.is_number:
        return known_as(words)
    return or_(known_as(words), Violation.recorded_by.has(officer_named(words, wholly=wholly)))


def violation_meant(words: Words, violation_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return the condition that the violation of a row is meant by anything but its rider."""
    own = select(record_meant(words, wholly=True)).where(Violation.id == violation_id)
    return own.correlate(violation_id.class_).scalar_subquery()


def rider_meant(words: Words, rider_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]) -> Conditions:
    """Return the condition that the rider of a row has this name, none where riders cannot be found by it.

    A value of the row's own rider: PostgreSQL would read every rider for an EXISTS among alternatives.
    """
    name = searched_name(words.text)
    if not words.riders or words.is_number or not name:
        return []
    own = select(name_contains(name)).where(Rider.id == rider_id)
    return [own.correlate(rider_id.class_).scalar_subquery()]


def officers_meant(session: Session, words: Words, *, wholly: bool = False) -> Sequence[int]:
    """Return the ids of the first :data:`MOST_NAMED` + 1 officers with this name."""
    if not words.officers or words.is_number:
        return []
    named = officer_named(words, wholly=wholly)
    return session.scalars(select(User.id).where(named).limit(MOST_NAMED + 1)).all()


def riders_meant(session: Session, words: Words, most: int = MOST_RIDERS) -> Sequence[int] | None:
    """Return the ids of the riders with this name, None for more than ``most``."""
    return ids_named(session, words.text, most) if words.riders and not words.is_number else []


def keys_of(
    session: Session, key: InstrumentedAttribute[int], of: InstrumentedAttribute[Any], values: Sequence[Any]
) -> Iterator[int]:
    """Yield the keys of the rows with one of these values of ``of``, by its index; few more than a page looks through.

    Of more values at once a database would rather read the table from end to end.
    """
    met = 0
    for some in bulk.batches(values, MOST_NAMED):
        keys = session.scalars(select(key).where(of.in_(some)).limit(WINDOW + 1)).all()
        yield from keys
        met += len(keys)
        if met > WINDOW:
            return


def _has_recorded(session: Session, officers: Sequence[int]) -> bool:
    """Tell whether one of these accounts recorded a violation: others may have such a name, too."""
    firsts = (session.scalar(select(Violation.id).where(Violation.officer_id == one).limit(1)) for one in officers)
    return any(first is not None for first in firsts)


def find_meant(session: Session, words: Words) -> Meant | None:
    """Return the few violations and riders that words mean; None where there are more, or who recorded some is meant.

    Not scoped: for lists of what hangs on them, which have a scope of their own.
    """
    riders = riders_meant(session, words)
    if riders is None or _has_recorded(session, officers_meant(session, words, wholly=True)):
        return None
    ways: dict[InstrumentedAttribute[Any], Sequence[str]] = {
        Violation.number: [words.number],
        Violation.reference: sorted(words.references),
        Violation.plate: words.plates,
    }
    # one after the other: of alternatives SQLite reads the table from end to end
    records = list({key for way, values in ways.items() for key in keys_of(session, Violation.id, way, values)})
    return None if len(records) > MOST_RECORDS else Meant(records, riders)
