"""Writing and looking up many rows at once, the fastest way each database has. Must not know any feature.

All of it runs on the session's own connection, inside the session's transaction: a rollback undoes it, and
what was flushed before is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any, TypeVar

from psycopg import sql
from sqlalchemy import (
    Boolean,
    Column,
    ColumnDefault,
    Date,
    Dialect,
    Enum,
    FromClause,
    Table,
    bindparam,
    func,
    insert,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

Item = TypeVar("Item")
Convert = Callable[[Any], Any]
BATCH = 5_000


def batches(items: Iterable[Item], size: int = BATCH) -> Iterator[list[Item]]:
    """Yield the items in lists of ``size``, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def load(session: Session, table: FromClause, rows: Iterable[Mapping[str, Any]]) -> int:
    """Add ``rows`` to ``table`` and return how many; memory does not grow with their number.

    PostgreSQL takes them by ``COPY``, SQLite by one prepared statement. A broken constraint raises the driver's own
    error, not SQLAlchemy's.

    Parameters
    ----------
    table
        ``Model.__table__``.
    rows
        Values by column, as the models hold them (aware datetimes, dates, booleans); the same columns in every row.
        One that is not named takes the fixed value that the model gives it, or the database.
    """
    assert isinstance(table, Table)
    session.flush()
    following = iter(rows)
    first = next(following, None)
    if first is None:
        return 0
    fixed = {
        column.name: column.default.arg
        for column in table.columns
        if column.name not in first and isinstance(column.default, ColumnDefault) and column.default.is_scalar
    }
    columns = [column.name for column in table.columns if column.name in first or column.name in fixed]
    connection = session.connection()
    raw = connection.connection.driver_connection
    ready = _ordered(chain([first], following), fixed, columns, _converters(table, columns, connection.dialect))
    if connection.dialect.name == "postgresql":
        return _copy(raw, table.name, columns, ready)
    cursor = raw.cursor()  # type: ignore[union-attr]
    try:
        cursor.executemany(str(insert(table).compile(dialect=connection.dialect, column_keys=columns)), ready)
        return int(cursor.rowcount)
    finally:
        cursor.close()


def reserve_ids(session: Session, table: FromClause, count: int) -> Sequence[int]:
    """Return ``count`` keys for rows that are about to be loaded, so that others can refer to them at once.

    PostgreSQL takes them from the sequence of ``id``. On SQLite they follow the greatest: nobody else writes meanwhile.
    """
    assert isinstance(table, Table)
    if session.get_bind().dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(table.name, "id")
        return session.scalars(select(func.nextval(sequence)).select_from(func.generate_series(1, count))).all()
    last = session.scalar(select(func.max(table.c.id))) or 0
    return range(last + 1, last + 1 + count)


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
    """Return place and conversion of each column whose values the driver does not take as they are.

    Words, days and flags are few and come again: their conversions are remembered.
    """
    converters: list[tuple[int, Convert]] = []
    for place, name in enumerate(columns):
        kind = table.c[name].type.dialect_impl(dialect)
        convert = kind.bind_processor(dialect)
        if convert is not None:
            repeats = isinstance(kind, Boolean | Date | Enum)
            converters.append((place, lru_cache(4096)(convert) if repeats else convert))
    return converters


def _ordered(
    rows: Iterable[Mapping[str, Any]],
    fixed: Mapping[str, Any],
    columns: Sequence[str],
    converters: list[tuple[int, Convert]],
) -> Iterator[Sequence[Any]]:
    """Yield each row as the driver takes it, in the order of the table's columns."""
    for row in rows:
        named = {**fixed, **row} if fixed else row
        assert len(named) == len(columns), f"columns differ: {named.keys() ^ set(columns)}"
        values = [named[name] for name in columns]
        for place, convert in converters:
            values[place] = convert(values[place])
        yield values


def change(session: Session, table: FromClause, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the values of ``rows`` into the rows of the same ``id``; the same columns in each. Raises versions."""
    if not rows:
        return
    assert isinstance(table, Table)
    statement = table.update().where(table.c.id == bindparam("row_id"))
    if "version" in table.c:
        statement = statement.values(version=table.c.version + 1)
    session.connection().execute(
        statement, [{"row_id": row["id"]} | {name: row[name] for name in row if name != "id"} for row in rows]
    )


def find_by_key(
    session: Session, key: InstrumentedAttribute[Any] | Column[Any], values: Iterable[Any], *columns: Any
) -> dict[Any, Any]:
    """Return the rows whose unique ``key`` is among ``values``, by key: (key, *columns) as named rows."""
    rows: dict[Any, Any] = {}
    for batch in batches(dict.fromkeys(values), BATCH):
        for row in session.execute(select(key, *columns).where(key.in_(batch))):
            rows[row[0]] = row
    return rows
