"""Tables without the object mapper, and writing one row without its unit of work's sorting and comparing.

For the few services that every record at the kerb runs through; anything else adds to the session and flushes.
Measured: a quarter of the time of ``add`` and ``flush`` (docs/benchmarks.md). Must not know any feature.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, cast

import sqlalchemy
from sqlalchemy import ClauseElement, Executable, Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, make_transient_to_detached

from trafficedu.core.orm import Base

Record = TypeVar("Record", bound=Base)


def table_of(model: type[Base]) -> Table:
    """Return the table of a model, for statements that need its columns and nothing of the object mapper.

    Such a statement costs half of one on the model's attributes, and does not flush what is pending first.
    """
    return cast(Table, model.__table__)


def insert(session: Session, model: type[Base], **values: Any) -> int:
    """Insert one row now and return its key, the first column of it where it has several.

    Parameters
    ----------
    values
        By column. One left out takes the column's default, or NULL. Relationships cannot be given; rows that
        the new one refers to are flushed already.
    """
    return int(session.execute(_statement(model, unless_there=False), {**_defaults(model), **values}).scalar_one())


def insert_unless_there(session: Session, model: type[Base], **values: Any) -> int | None:
    """Insert one row as :func:`insert` does; None where a unique key has it already, even from this very moment.

    The transaction stays usable. A row that another transaction is about to insert is waited for.
    """
    found: int | None = session.scalar(_statement(model, unless_there=True), {**_defaults(model), **values})
    return found


def record_of(session: Session, model: type[Record], key: int, **values: Any) -> Record:
    """Return the record of a row inserted just now with these values, persistent, without reading it back."""
    record = model(**{**_defaults(model), **values}, id=key)
    make_transient_to_detached(record)
    session.add(record)
    return record


@cache
def _defaults(model: type[Base]) -> dict[str, Any]:
    """Return the default of every column that the database does not number itself."""
    columns = [column for column in model.__table__.columns if not column.primary_key]
    return {column.key: column.default.arg if column.default is not None else None for column in columns}


class _DoNothing(ClauseElement):
    """``ON CONFLICT DO NOTHING``, the same words on both databases."""

    _traverse_internals = []
    inherit_cache = True


@compiles(_DoNothing)
def _compile_do_nothing(_clause: _DoNothing, _compiler: object, **_options: object) -> str:
    return "ON CONFLICT DO NOTHING"


class _InsertUnlessThere(sqlalchemy.Insert):
    """An insert that always ends that way, so that SQLAlchemy may keep its text.

    The conflict clauses of the dialects are never kept: each such insert is put into words anew, which took half
    of its time.
    """

    inherit_cache = True
    _post_values_clause = _DoNothing()


@cache
def _statement(model: type[Base], *, unless_there: bool) -> Executable:
    table = table_of(model)
    kind = _InsertUnlessThere if unless_there else sqlalchemy.Insert
    prepared: Executable = kind(table).returning(*table.primary_key)
    return prepared
