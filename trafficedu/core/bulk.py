"""Writing and looking up many rows at once, the fastest way each database has. Must not know any feature.

All of it runs on the session's own connection, inside the session's transaction: a rollback undoes it, and
what was flushed before is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from psycopg import sql
from sqlalchemy import Dialect, FromClause, Table, select
from sqlalchemy.orm import InstrumentedAttribute, Session

Item = TypeVar("Item")
Convert = Callable[[Any], Any]
BATCH = 5_000


def batches(items: Iterable[Item], size: int = BATCH) -> Iterator[list[Item]]:
    """Yield the items in lists of ``size``, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def load(session: Session, table: FromClause, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Add ``rows`` to ``table`` and return how many; memory does not grow with their number.

    PostgreSQL takes them by ``COPY``, SQLite by one prepared statement. Defaults of the models are not
    applied: name every column that has no default in the database. Values are what the models hold (aware
    datetimes, dates, booleans); a broken constraint raises the driver's own error, not SQLAlchemy's.

    Parameters
    ----------
    table
        ``Model.__table__``.
    columns
        Names of the columns, in the order of the values of each row.
    """
    assert isinstance(table, Table)
    session.flush()
    connection = session.connection()
    raw = connection.connection.driver_connection
    ready = _converted(rows, _converters(table, columns, connection.dialect))
    if connection.dialect.name == "postgresql":
        return _copy(raw, table.name, columns, ready)
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" * len(columns))
    statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608 - names of our own models
    cursor = raw.cursor()  # type: ignore[union-attr]
    try:
        cursor.executemany(statement, ready)
        return int(cursor.rowcount)
    finally:
        cursor.close()


def _copy(raw: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with raw.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
        return int(cursor.rowcount)


def _converters(table: Table, columns: Sequence[str], dialect: Dialect) -> list[tuple[int, Convert]]:
    """Return place and conversion of each column whose values the driver does not take as they are."""
    found = ((place, table.c[name].type.dialect_impl(dialect)) for place, name in enumerate(columns))
    processors = ((place, kind.bind_processor(dialect)) for place, kind in found)
    return [(place, processor) for place, processor in processors if processor is not None]


def _converted(rows: Iterable[Sequence[Any]], converters: list[tuple[int, Convert]]) -> Iterator[Sequence[Any]]:
    if not converters:
        yield from rows
        return
    for row in rows:
        values = list(row)
        for place, convert in converters:
            values[place] = convert(values[place])
        yield values


def find_by_key(
    session: Session, key: InstrumentedAttribute[Any], wanted: Iterable[Any], *columns: Any
) -> dict[Any, Any]:
    """Return the rows whose unique ``key`` is among ``wanted``, by key: (key, *columns) as named rows."""
    found: dict[Any, Any] = {}
    for batch in batches(dict.fromkeys(wanted), BATCH):
        for row in session.execute(select(key, *columns).where(key.in_(batch))):
            found[row[0]] = row
    return found
