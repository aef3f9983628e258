"""Tables without the object mapper, and writing one row without its unit of work's sorting and comparing.

For the few services that every record at the kerb runs through; anything else adds to the session and flushes.
Measured: a fifth of the time of ``add`` and ``flush`` or of ``session.execute`` (docs/adr/0014-the-short-way.md).
Must not know any feature.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import ClauseElement, ColumnElement, Connection, Dialect, Insert, Select, Table, Update, event, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, SessionTransaction, make_transient_to_detached
from sqlalchemy.orm.util import identity_key

from trafficedu.core.connections import translated
from trafficedu.core.orm import Base

Record = TypeVar("Record", bound=Base)


def table_of(model: type[Base]) -> Table:
    """Return the table of a model, for statements that need its columns and nothing of the object mapper.

    Such a statement costs half of one on the model's attributes, and does not flush what is pending first.
    """
    return cast(Table, model.__table__)


class Prepared:
    """A statement of tables that is put into words once for each database, and then run on the driver's cursor.

    Values and results are converted by the columns' types and errors are SQLAlchemy's, as with
    ``session.execute``; the session's own transaction is used. What is pending in the session is not flushed first,
    and rows are plain tuples.
    """

    def __init__(self, statement: Select[Any] | Insert | Update, columns: Sequence[str] | None = None) -> None:
        """Keep ``statement``; ``columns`` names what an insert is given."""
        self._statement, self._columns = statement, columns
        self._words: dict[str, _Words] = {}

    def rows(self, session: Session, **given: Any) -> list[tuple[Any, ...]]:
        """Run it with the parameters ``given`` and return its rows."""
        connection = _connection_of(session)
        words = self._words_for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(words.text, words.bind(given))
            return words.read(cursor.fetchall())
        except words.error as error:
            raise translated(connection, words.text, error) from error
        finally:
            cursor.close()

    def scalar(self, session: Session, **given: Any) -> Any:
        """Run it and return the first column of its first row, or None."""
        found = self.rows(session, **given)
        return found[0][0] if found else None

    def run_many(self, session: Session, given: Iterable[dict[str, Any]]) -> None:
        """Run a statement that returns nothing once for each set of parameters, in one go."""
        connection = _connection_of(session)
        words = self._words_for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(words.text, [words.bind(one) for one in given])
        except words.error as error:
            raise translated(connection, words.text, error) from error
        finally:
            cursor.close()

    def _words_for(self, dialect: Dialect) -> _Words:
        words = self._words.get(dialect.name)
        if words is None:
            words = self._words[dialect.name] = _Words(self._statement, self._columns, dialect)
        return words


_CONNECTION = "connection"


def _connection_of(session: Session) -> Connection:
    """Return the connection of the session's transaction, which is begun where there is none.

    It is kept: finding it through the session costs as much as a short statement.
    """
    connection: Connection | None = session.info.get(_CONNECTION)
    if connection is None:
        connection = session.info[_CONNECTION] = session.connection()
    return connection


@event.listens_for(Session, "after_transaction_create")
@event.listens_for(Session, "after_transaction_end")
def _forget_connection(session: Session, _transaction: SessionTransaction) -> None:
    """Ask the session anew after every beginning and end, a savepoint's too: the session has to begin it itself."""
    session.info.pop(_CONNECTION, None)


class _Words:
    """A statement as one database's driver takes it, and how values go in and come out."""

    def __init__(self, statement: Any, columns: Sequence[str] | None, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        expanded = compiled.construct_expanded_state(compiled.params)
        self.text = expanded.statement
        self.error: type[Exception] = dialect.loaded_dbapi.Error
        self._order = expanded.positiontup
        binds = {name: bind for name, bind in compiled.binds.items() if not bind.expanding}
        kinds = {name: bind.type.dialect_impl(dialect) for name, bind in binds.items()}
        self._into = {name: convert for name, kind in kinds.items() if (convert := kind.bind_processor(dialect))}
        self._into.update(expanded.processors)
        own = {name: bind.effective_value for name, bind in binds.items() if not bind.required}
        listed = {name: value for name, value in expanded.additional_parameters.items() if name not in compiled.binds}
        self._fixed = self._converted(own | listed)
        results = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in statement.exported_columns
        ]
        self._out_of = [(place, convert) for place, convert in enumerate(results) if convert]

    def bind(self, given: dict[str, Any]) -> Any:
        """Return the parameters as the driver takes them, those of the statement itself included."""
        values = {**self._fixed, **self._converted(given)}
        return values if self._order is None else [values[name] for name in self._order]

    def _converted(self, values: dict[str, Any]) -> dict[str, Any]:
        into = self._into
        return {name: into[name](value) if name in into else value for name, value in values.items()}

    def read(self, found: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return rows with the values that need it converted."""
        if not self._out_of:
            return list(found)
        read = []
        for row in found:
            values = list(row)
            for place, convert in self._out_of:
                values[place] = convert(values[place])
            read.append(tuple(values))
        return read


def insert(session: Session, model: type[Base], **values: Any) -> int:
    """Insert one row now and return its key, the first column of it where it has several.

    Parameters
    ----------
    values
        By column. One left out takes the column's default, or NULL. Relationships cannot be given; rows that
        the new one refers to are flushed already.
    """
    statement = _statement(model, unless_there=False)
    return int(statement.scalar(session, **_defaults(model) | values))


def insert_unless_there(session: Session, model: type[Base], **values: Any) -> int | None:
    """Insert one row as :func:`insert` does; None where a unique key has it already, even from this very moment.

    The transaction stays usable. A row that another transaction is about to insert is waited for.
    """
    statement = _statement(model, unless_there=True)
    found: int | None = statement.scalar(session, **_defaults(model) | values)
    return found


def record_of(session: Session, model: type[Record], key: int, **values: Any) -> Record:
    """Return the record of a row inserted just now with these values, persistent, without reading it back."""
    return _attached(session, model, {**_defaults(model), **values, "id": key})


class Finder(Generic[Record]):
    """A prepared search for records of one model: what the session holds already stays as it is there."""

    def __init__(self, model: type[Record], *where: ColumnElement[bool]) -> None:
        """Search by ``where``, which names the parameters."""
        columns = table_of(model).columns
        self._model, self._names = model, [column.key for column in columns]
        self._statement = Prepared(select(*columns).where(*where))

    def first(self, session: Session, **given: Any) -> Record | None:
        """Return the first record found with the parameters ``given``, or None."""
        found = self._statement.rows(session, **given)
        if not found:
            return None
        values = dict(zip(self._names, found[0], strict=True))
        held = session.identity_map.get(identity_key(self._model, values["id"]))
        return held if held is not None else _attached(session, self._model, values)


def _attached(session: Session, model: type[Record], values: dict[str, Any]) -> Record:
    """Return a persistent record of a row whose every column is in ``values``, as if the session had loaded it."""
    record = model(**values)
    make_transient_to_detached(record)
    session.add(record)
    return record


@cache
def _defaults(model: type[Base]) -> dict[str, Any]:
    """Return the default of every column that the database does not number itself."""
    numbered = table_of(model).autoincrement_column
    columns = [column for column in table_of(model).columns if column is not numbered]
    return {column.key: getattr(column.default, "arg", None) for column in columns}


class _DoNothing(ClauseElement):
    """``ON CONFLICT DO NOTHING``, the same words on both databases."""

    _traverse_internals = []
    inherit_cache = True


@compiles(_DoNothing)
def _compile_do_nothing(_clause: _DoNothing, _compiler: object, **_options: object) -> str:
    return "ON CONFLICT DO NOTHING"


class _InsertUnlessThere(Insert):
    """An insert that always ends that way."""

    inherit_cache = True
    _post_values_clause = _DoNothing()


@cache
def _statement(model: type[Base], *, unless_there: bool) -> Prepared:
    table = table_of(model)
    kind = _InsertUnlessThere if unless_there else Insert
    return Prepared(kind(table).returning(*table.primary_key), list(_defaults(model)))
