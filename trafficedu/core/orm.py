"""The base of all tables: naming of constraints, UTC times, versions, validity, names.

Must not know the web or any feature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Date,
    DateTime,
    Enum,
    Index,
    MetaData,
    SQLColumnExpression,
    String,
    bindparam,
    or_,
    text,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.hybrid import hybrid_method
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.month import Month
from trafficedu.core.states import CHANGED
from trafficedu.core.times import Moment
from trafficedu.core.validity import Validity

Days = SQLColumnExpression[date]
LastDay = SQLColumnExpression[date] | SQLColumnExpression[date | None]


class Base(DeclarativeBase):
    """Every table's base; constraint names are predictable so that errors and migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC; refuses a naive one. SQLite keeps no offset, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Convert to UTC before storing."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Return the moment aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class FirstOfMonth(TypeDecorator[Month]):
    """A month, stored as its first day."""

    impl = Date
    cache_ok = True

    def process_bind_param(self, value: Month | None, dialect: Any) -> date | None:
        """Store the first day."""
        return None if value is None else value.first

    def process_result_value(self, value: date | None, dialect: Any) -> Month | None:
        """Return the month of the stored day."""
        return None if value is None else _month_of(value)


@lru_cache(maxsize=1024)
def _month_of(day: date) -> Month:
    return Month.of(day)  # thousands of rows are of a few dozen months


def word(words: type[StrEnum], length: int) -> Enum:
    """Return the type of a text column that keeps one of ``words`` and gives back the member."""
    return Enum(
        words, native_enum=False, length=length, values_callable=lambda members: [member.value for member in members]
    )


def is_among(column: str, words: Iterable[StrEnum]) -> str:
    """Return the condition that ``column`` keeps one of ``words``, as the text of a constraint or an index.

    It says the same as :func:`among`: SQLite takes IN with one word for another condition than =.
    """
    words = list(words)
    if len(words) == 1:
        return f"{column} = {words[0].value!r}"
    return f"{column} IN ({', '.join(repr(member.value) for member in words)})"


def one_of(column: str, words: Iterable[StrEnum]) -> CheckConstraint:
    """Return the constraint, named after ``column``, that it keeps nothing but ``words``."""
    return CheckConstraint(is_among(column, words), column.strip('"'))


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return an index of the rows for which ``where`` holds: of what is open, however many rows are not.

    A statement is served by it only where it says the same words: see :func:`among`.
    """
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def among(column: InstrumentedAttribute[Any], *words: StrEnum) -> ColumnElement[bool]:
    """Return the condition that ``column`` keeps one of ``words``, which stand in the statement itself.

    As parameters they would be unknown when the statement is planned, and no :func:`partial_index` could serve it.
    """
    if len(words) == 1:
        return column == bindparam(None, words[0], column.type, literal_execute=True)
    return column.in_(bindparam(None, words, column.type, expanding=True, literal_execute=True))


class Versioned:
    """Optimistic locking: the row's version rises with each change, and the second editor is told."""

    version: Mapped[int] = mapped_column(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - a declared_attr receives the class
        """Let SQLAlchemy check and raise the version on every update."""
        return {"version_id_col": cls.version}


class Happened:
    """A record of what happened at a moment, or on a day of which nobody knows the hour.

    ``occurred_utc`` is the beginning of the day then, so that it stands first among the records of its day.
    """

    occurred_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    occurred_on: Mapped[date]
    hour_known: Mapped[bool] = mapped_column(default=True)

    @property
    def occurred(self) -> Moment:
        """When it happened, as far as that is known."""
        return Moment(self.occurred_utc, self.hour_known)


OCCURRED = "occurred"
"""When something :class:`Happened`, as the one field that is corrected, compared and undone as a whole."""
OCCURRED_COLUMNS = ("occurred_utc", "occurred_on", "hour_known")
"""The columns that keep it."""


def occurred_columns(occurred: Moment) -> dict[str, Any]:
    """Return the values of :data:`OCCURRED_COLUMNS`."""
    return dict(zip(OCCURRED_COLUMNS, (occurred.utc, occurred.day, occurred.hour_known), strict=True))


class Referenced:
    """A record that files know by the number its source gave it; numbers begin again every year.

    The key of a file is the table's ``reference`` with the year of the day that the source gave, and the source, ""
    for the usual one: unique together.
    """

    reference_year: Mapped[int | None]
    reference_source: Mapped[str] = mapped_column(String(60), default="")


def reference_of(record: Any, day: date) -> str:
    """Return what a file calls a :class:`Referenced` record of ``day``, so that it means this one when it comes again.

    That is the public number where there is no reference, or another source or year belongs to it.
    """
    usual = record.reference is not None and not record.reference_source and record.reference_year == day.year
    return str(record.reference if usual else record.number)


def reference_key(table: str) -> Index:
    """Return the unique index of the key of :class:`Referenced`."""
    return Index(f"uq_{table}_reference", "reference", "reference_year", "reference_source", unique=True)


def holds_on(first: Days, last: LastDay, day: date | Days) -> ColumnElement[bool]:
    """Return the condition :meth:`Validity.holds_on` of two columns."""
    return (first <= day) & or_(last.is_(None), last >= day)


def overlaps(first: Days, last: LastDay, days: Validity) -> ColumnElement[bool]:
    """Return the condition :meth:`Validity.overlaps` of two columns."""
    lasts = or_(last.is_(None), last >= days.first)
    return lasts if days.last is None else (first <= days.last) & lasts


class Valid:
    """A row that holds from a day to a day, both included; without ``valid_to``, until further notice."""

    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    @property
    def validity(self) -> Validity:
        """The days on which it holds."""
        return Validity(self.valid_from, self.valid_to)

    @hybrid_method
    def holds_on(self, day: date) -> bool:
        """Tell whether it holds on ``day``; of the class, the condition."""
        return self.validity.holds_on(day)

    @holds_on.expression
    @classmethod
    def _holds_on(cls, day: date) -> ColumnElement[bool]:
        return holds_on(cls.valid_from, cls.valid_to, day)

    @hybrid_method
    def overlaps(self, days: Validity) -> bool:
        """Tell whether it holds on one of ``days``; of the class, the condition."""
        return self.validity.overlaps(days)

    @overlaps.expression
    @classmethod
    def _overlaps(cls, days: Validity) -> ColumnElement[bool]:
        return overlaps(cls.valid_from, cls.valid_to, days)


class Named:
    """A row with a name in both languages; the table says how long they may be."""

    name_zh: Mapped[str]
    name_en: Mapped[str]

    def name(self, locale: str) -> str:
        """Return the name in ``zh`` or ``en``."""
        return self.name_en if locale == "en" else self.name_zh


def expect_version(record: Versioned, seen: int) -> None:
    """Raise :class:`Stale` unless ``record`` is still at the version the editor has ``seen``."""
    if record.version != seen:
        raise Stale(CHANGED)


def flush_or_refuse(session: Session, refusals: Mapping[str, Refusal]) -> None:
    """Flush, turning a broken unique or check constraint into the domain error that belongs to it.

    Parameters
    ----------
    session
        On a break the whole transaction is unusable; the caller lets the error travel to the view, which
        rolls back.
    refusals
        ``"table.column"`` (unique) or constraint name -> error. Both spellings are needed because SQLite
        names the columns of a broken unique constraint and PostgreSQL its name.
    """
    try:
        session.flush()
    except IntegrityError as error:
        text = str(error.orig)
        for name, refusal in refusals.items():
            if name in text or f"uq_{name.replace('.', '_')}" in text:
                raise refusal from error
        raise
