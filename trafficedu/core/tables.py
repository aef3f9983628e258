"""Statements of tables, beside the object mapper, for the few services that every record at the kerb runs through.

They run on ``session.connection()``, in the session's transaction, and flush nothing that is pending. Anything else
adds to the session and flushes (docs/adr/0014-the-short-way.md). Must not know any feature.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Executable, Insert, Table, bindparam, insert, select, true
from sqlalchemy.orm import Session

from trafficedu.core.orm import Base

Record = TypeVar("Record", bound=Base)


def table_of(model: type[Base]) -> Table:
    """Return the table of a model, for Core statements through ``session.connection()``.

    They do without the object mapper and flush nothing that is pending (docs/adr/0014-the-short-way.md).
    """
    return cast(Table, model.__table__)


def insert_row(session: Session, model: type[Base], **values: Any) -> int:
    """Insert one row now and return its key, the first column of it where it has several.

    Parameters
    ----------
    values
        By column. One left out takes the column's default, or NULL. Relationships cannot be given; rows that
        the new one refers to are flushed already.
    """
    key: int = session.connection().execute(_insert(model), values).scalar_one()
    return key


def insert_unless_there(session: Session, model: type[Base], **values: Any) -> int | None:
    """Insert one row as :func:`insert_row` does; None where a unique key has it already, even from this very moment.

    The transaction stays usable. A row that another transaction is about to insert is waited for.
    """
    key: int | None = session.connection().scalar(_insert_unless_there(model, tuple(values)), values)
    return key


def add_unless_there(session: Session, model: type[Record], **values: Any) -> Record | None:
    """Insert one row as :func:`insert_unless_there` does, and return its record; nothing pending is flushed."""
    record: Record | None = session.scalar(_add_unless_there(model, tuple(values)), values)
    return record


@cache
def _insert(model: type[Base]) -> Insert:
    return insert(table_of(model)).returning(*table_of(model).primary_key)


@cache
def _insert_unless_there(model: type[Base], names: tuple[str, ...]) -> Insert:
    return _do_nothing(model, names).returning(*table_of(model).primary_key)


@cache
def _add_unless_there(model: type[Record], names: tuple[str, ...]) -> Executable:
    inserted = _do_nothing(model, names).returning(table_of(model))
    # a key that was taken back with a savepoint may come again: what the session remembers of it is another row
    return select(model).from_statement(inserted).execution_options(autoflush=False, populate_existing=True)


def _do_nothing(model: type[Base], names: tuple[str, ...]) -> Insert:
    """Return ``INSERT ... SELECT <values> ON CONFLICT DO NOTHING``, the same words on both databases.

    SQLAlchemy compiles its ``on_conflict_do_nothing`` anew each time, which costs as much as five statements do.
    SQLite needs the WHERE to tell this ``ON`` from that of a join.
    """
    columns = [table_of(model).columns[name] for name in names]
    values = select(*(bindparam(column.key, type_=column.type) for column in columns)).where(true())
    return insert(table_of(model)).from_select(columns, values.suffix_with("ON CONFLICT DO NOTHING"))
