"""Writing one new row by a prepared statement: what the unit of work does, without sorting and comparing.

For the few services that every record at the kerb runs through; anything else adds to the session and flushes.
Measured: a quarter of the time of ``add`` and ``flush`` (docs/benchmarks.md). Must not know any feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import ClauseElement, Executable
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, make_transient_to_detached

from trafficedu.core.orm import Base

Record = TypeVar("Record", bound=Base)


def insert(session: Session, model: type[Record], **values: Any) -> Record:
    """Insert one row now and return its record, persistent in ``session`` and with its key.

    Parameters
    ----------
    values
        By column. One left out takes the column's default, or NULL. Relationships cannot be given; rows that
        the new one refers to are flushed already.
    """
    made = _insert(session, model, values, unless_there=False)
    assert made is not None  # without a conflict clause the database inserts or raises
    return made


def insert_unless_there(session: Session, model: type[Record], **values: Any) -> Record | None:
    """Insert one row as :func:`insert` does; None where a unique key has it already, even from this very moment.

    The transaction stays usable. A row that another transaction is about to insert is waited for.
    """
    return _insert(session, model, values, unless_there=True)


def _insert(session: Session, model: type[Record], values: Mapping[str, Any], *, unless_there: bool) -> Record | None:
    row = {**_defaults(model), **values}
    key = session.execute(_statement(model, unless_there), row).one_or_none()
    if key is None:
        return None
    record = model(**row | key._asdict())
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

    The conflict clauses of the dialects are never kept: each such insert is put into words anew, which took
    longer than all else in it (a test holds that this one is not).
    """

    inherit_cache = True
    _post_values_clause = _DoNothing()


@cache
def _statement(model: type[Base], unless_there: bool) -> Executable:
    table: Any = model.__table__
    kind = _InsertUnlessThere if unless_there else sqlalchemy.Insert
    prepared: Executable = kind(table).returning(*table.primary_key)
    return prepared
