"""Catalogues: rows that come with the program, and entries whose versions hold one after the other.

Nothing is ever deleted or overwritten: a change is a new version from a day on, the present one ends the day before,
and records keep the version they were made under. Flushes, never commits. Must not know any feature.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import Base, Named, Valid, Versioned, expect_version
from trafficedu.core.text import Message, message

REFERENCE = Path(__file__).parents[1] / "reference"
READ: Mapping[type, Callable[[str], Any]] = {date: date.fromisoformat, bool: "true".__eq__}


def shipped(name: str, model: type[Base]) -> list[dict[str, Any]]:
    """Return the rows of a file in ``reference``, each cell as the model's column of that name takes it.

    An empty cell is None where the column may be; what is no column of the model stays text.
    """
    columns = model.__table__.columns
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return [{key: _read(columns.get(key), cell) for key, cell in row.items()} for row in csv.DictReader(file)]


def _read(column: Any, cell: str) -> Any:
    if column is None:
        return cell
    kind = column.type.python_type
    return None if not cell and column.nullable else READ.get(kind, kind)(cell)


def add_missing(session: Session, model: type[Any], rows: Iterable[Mapping[str, Any]]) -> Sequence[Any]:
    """Add the rows whose ``code`` the installation does not have yet; never changes one. Returns what it added."""
    known = set(session.scalars(select(model.code)))
    fresh = [model(**row) for row in rows if row["code"] not in known]
    session.add_all(fresh)
    session.flush()
    return fresh


class Entry(Valid, Named, Versioned):
    """One version of an entry: its ``code`` stays, its days follow those of the version before."""

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]


def lock(session: Session, model: type[Any]) -> None:
    """Let one administrator at a time change a catalogue, so that versions of an entry never overlap."""
    session.execute(select(model.id).order_by(model.id).with_for_update())


def require_later(present: Valid, first_day: date) -> None:
    """Raise Refusal at ``valid_from`` unless a version from ``first_day`` begins after the present one."""
    if first_day <= present.valid_from:
        text = message("The new version must begin after the current one, %(day)s.", day=present.valid_from.isoformat())
        raise Refusal(text, field="valid_from")


def end_before(present: Valid, first_day: date) -> None:
    """Let a version end the day before the next one's ``first_day``, unless it has ended by then."""
    if not present.validity.ended_before(first_day):
        present.valid_to = first_day - timedelta(days=1)


EntryType = TypeVar("EntryType", bound=Entry)


def called(session: Session, model: type[Entry]) -> Iterator[tuple[str, str]]:
    """Yield code and name of every version of the entries, in either language."""
    for code, name_zh, name_en in session.execute(select(model.code, model.name_zh, model.name_en)):
        yield code, name_zh
        yield code, name_en


@dataclass(frozen=True)
class Catalogue(Generic[EntryType]):
    """The three changes of a catalogue of entries with a code.

    Parameters
    ----------
    model
        The table.
    permission
        The action in the audit trail.
    taken
        What is said of a code that is in use.
    refuse_used
        Given an entry, a day and a field: raises Refusal at the field where a record from that day on was made
        under the entry, so that it cannot end before.
    """

    model: type[EntryType]
    permission: str
    taken: Message
    refuse_used: Callable[[Session, EntryType, date, str], None]

    def add(self, session: Session, entry: EntryType, by: Actor) -> EntryType:
        """Add an entry with a code of its own. Raises Refusal at ``code`` where there is none or it is in use."""
        if not entry.code:
            raise Refusal(message("Enter a code."), field="code")
        lock(session, self.model)
        if session.scalar(select(self.model.id).where(self.model.code == entry.code).limit(1)) is not None:
            raise Refusal(self.taken, field="code", value=entry.code)
        session.add(entry)
        session.flush()
        audit.write(session, self.permission, by, subject=entry, code=entry.code)
        return entry

    def renew(self, session: Session, present: EntryType, new: EntryType, version: int, by: Actor) -> EntryType:
        """Add the next version of an entry; the present one ends the day before.

        Raises
        ------
        Stale
            Somebody else changed the entry meanwhile.
        Refusal
            At ``valid_from``: not after the present version's first day, or records since then were made under it.
        """
        expect_version(present, version)
        lock(session, self.model)
        require_later(present, new.valid_from)
        self.refuse_used(session, present, new.valid_from, "valid_from")
        end_before(present, new.valid_from)
        session.add(new)
        session.flush()
        audit.write(session, self.permission, by, subject=new, code=present.code, replaces=present.id)
        return new

    def end(self, session: Session, entry: EntryType, last_day: date, version: int, by: Actor) -> None:
        """Let an entry end with ``last_day``. Raises Stale, Refusal at ``last_day``."""
        expect_version(entry, version)
        if last_day < entry.valid_from:
            text = message("The last day must not be before the first one, %(day)s.", day=entry.valid_from.isoformat())
            raise Refusal(text, field="last_day")
        self.refuse_used(session, entry, last_day + timedelta(days=1), "last_day")
        entry.valid_to = last_day
        session.flush()
        audit.write(session, self.permission, by, subject=entry, code=entry.code, ends=last_day.isoformat())
