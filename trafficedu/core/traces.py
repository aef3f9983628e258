"""What a file does to each record, row by row, told to whoever keeps or shows it. Must not know any feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, Protocol

from sqlalchemy import Column, Date
from sqlalchemy import Enum as WordType
from sqlalchemy.orm import Session

from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.orm import FirstOfMonth, UTCDateTime
from trafficedu.core.states import Word
from trafficedu.core.text import message
from trafficedu.core.times import Moment


class RowAct(Word):
    """What became of a row, or of a record that a run touched."""

    ADDED = "added", message("added"), "done"
    UPDATED = "updated", message("changed"), "open"
    KEPT = "kept", message("correction kept"), "open"
    DIFFERS = "differs", message("another record?"), "problem"
    REFUSED = "refused", message("refused"), "problem"
    REMOVED = "removed", message("taken out again"), "problem"
    RESTORED = "restored", message("restored"), "open"


class RowOfFile(Protocol):
    """A row as the file has it."""

    @property
    def cells(self) -> Mapping[str, str]:
        """The cells by column."""


@dataclass(frozen=True, slots=True)
class Noted:
    """One row: its ``line``, what the file calls its record (``key``, never a document), and what became of it.

    ``table`` and ``record_id`` say which record, ``version`` which it has now. ``before`` and ``after`` are the values
    that differ, by column of the table, as :func:`plain` writes them. ``error`` says why it was refused. ``sealed``:
    the values are personal. ``row``: what the file says of something new.
    """

    act: RowAct
    line: int
    key: str = ""
    table: str = ""
    record_id: int | None = None
    version: int | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    error: Refusal | None = None
    sealed: bool = False
    row: RowOfFile | None = None


class Trace(Protocol):
    """Is told of every row of a file that is not unchanged."""

    def note(self, noted: Noted) -> None:
        """Take a row."""

    def flush(self, session: Session) -> None:
        """Write what was noted since, in the transaction of these rows."""


class Untraced:
    """Keeps nothing: what the demo and single features take in."""

    def note(self, noted: Noted) -> None:
        """Forget it."""

    def flush(self, session: Session) -> None:
        """Write nothing."""


UNTRACED = Untraced()


@dataclass(frozen=True)
class Taking:
    """How a file is taken in, beside whether refused rows stay out.

    ``source`` tells whose numbers its references are: two sources may give the same. ``accept_differing``: somebody
    has seen which known keys come with another day or place, and says that they are the same records.
    """

    source: str = ""
    accept_differing: bool = False
    trace: Trace = UNTRACED


PLAINLY = Taking()


def plain(value: Any) -> Any:
    """Return a column's value as JSON keeps it; the same for the same, so that it can be compared."""
    if isinstance(value, Month):
        return value.first.isoformat()
    if isinstance(value, datetime | date | Moment):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value


def unplain(column: Column[Any], value: Any) -> Any:
    """Return what :func:`plain` wrote as the model holds it."""
    kind = column.type
    if value is None:
        return None
    if isinstance(kind, FirstOfMonth):
        return Month.of(date.fromisoformat(value))
    if isinstance(kind, UTCDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, WordType) and kind.enum_class is not None:
        return kind.enum_class(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value
