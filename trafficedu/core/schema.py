"""The database's schema: migrated up and down, and compared with the models.

Every page server asks at its start whether the schema is the newest, and hardly ever changes it: so the tool
that migrates is imported by whoever migrates (a fifth of a second that each start would pay).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, column, inspect, select, table, text

from trafficedu.core.connections import WRITES
from trafficedu.core.orm import Base

MIGRATIONS = Path(__file__).parent.parent / "migrations"
TRIGGERS = "triggers"
"""In a table's ``info``: key -> a function of the dialect that returns the statements that make triggers.

They belong to the program, not to a revision, and are away while it migrates: SQLite would forget those of a table that
is made anew, and refuse to rename a table that one of them names. On PostgreSQL each calls a function of its own name.
"""
TRIGGER_PREFIX = "program_"
"""What the names of such triggers begin with."""


def _config(connection: Connection) -> Any:
    from alembic.config import Config  # noqa: PLC0415 - see the module's docstring

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up to ``revision``, in one transaction; where it is, the program's triggers are seen to.

    What is as it should be is not touched: on PostgreSQL a trigger is changed only while nobody uses its table.
    """
    with engine.connect() as connection:
        there = current(connection) == (head() if revision == "head" else revision)
        if there and _bodies_of_triggers(connection) == _bodies(_statements(connection.dialect)):
            return
    if there:
        with engine.execution_options(**{WRITES: True}).begin() as connection, _without_triggers(connection):
            return
    from alembic import command  # noqa: PLC0415 - see the module's docstring

    with _migrating(engine) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the schema down to ``revision``, in one transaction."""
    from alembic import command  # noqa: PLC0415 - see the module's docstring

    with _migrating(engine) as connection:
        command.downgrade(_config(connection), revision)


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """Give a connection in one transaction, without the program's triggers, whose references are checked at its end.

    SQLite changes a table by making it anew, and would not let go of the old one that others refer to; it can be told
    so outside transactions only.
    """
    with engine.execution_options(**{WRITES: True}).connect() as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin(), _without_triggers(connection):
                yield connection
            return
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                with _without_triggers(connection):
                    yield connection
                if broken := connection.execute(text("PRAGMA foreign_key_check")).all():
                    raise RuntimeError(f"the migration would leave references to nothing: {broken[:5]}")
        finally:
            raw.execute("PRAGMA foreign_keys = ON")


@contextmanager
def _without_triggers(connection: Connection) -> Iterator[None]:
    """Take the program's triggers away, and make them anew where the schema is then the program's."""
    on_sqlite = connection.dialect.name == "sqlite"
    for name in triggers_of(connection):
        connection.exec_driver_sql(f"DROP TRIGGER {name}" if on_sqlite else f"DROP FUNCTION {name}() CASCADE")
    yield
    if current(connection) != head():
        return
    for statement in _statements(connection.dialect):
        connection.exec_driver_sql(statement)


def _statements(dialect: Dialect) -> list[str]:
    """Return the statements that make the program's triggers."""
    return [
        statement
        for watched in Base.metadata.sorted_tables
        for statements in watched.info.get(TRIGGERS, {}).values()
        for statement in statements(dialect)
    ]


def _bodies(statements: Iterable[str]) -> set[str]:
    """Return what the database keeps of the statements: on PostgreSQL the body of each function, else all of it."""
    return {
        statement.split("$$")[1] if "$$" in statement else statement
        for statement in statements
        if " EXECUTE FUNCTION " not in statement
    }


def _bodies_of_triggers(connection: Connection) -> set[str]:
    """Return what the database keeps of the statements that made its triggers."""
    kept = "name, sql FROM sqlite_master WHERE type = 'trigger'"
    if connection.dialect.name == "postgresql":
        kept = "tgname, prosrc FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid WHERE NOT tgisinternal"
    rows = connection.execute(text(f"SELECT {kept}"))
    return {body for name, body in rows if name.startswith(TRIGGER_PREFIX)}


def triggers_of(connection: Connection) -> list[str]:
    """Return the names of the program's triggers in the database."""
    names = "name FROM sqlite_master WHERE type = 'trigger'"
    if connection.dialect.name == "postgresql":
        names = "DISTINCT tgname FROM pg_trigger WHERE NOT tgisinternal"
    return sorted(name for name in connection.scalars(text(f"SELECT {names}")) if name.startswith(TRIGGER_PREFIX))


def new_revision(engine: Engine, name: str, number: str) -> None:
    """Write a migration from the difference between the database and the models (for developers)."""
    from alembic import command  # noqa: PLC0415 - see the module's docstring

    with _migrating(engine) as connection:
        command.revision(_config(connection), message=name, rev_id=number, autogenerate=True)


def head() -> str:
    """Return the newest revision this version of the program knows: migrations are numbered by their file names."""
    return max((path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")), default="")


def current(connection: Connection) -> str | None:
    """Return the revision the database is at, or None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(select(column("version_num")).select_from(table("alembic_version")))


def is_current(engine: Engine) -> bool:
    """Tell whether the database is at the newest revision this version of the program knows."""
    with engine.connect() as connection:
        return current(connection) == head()


def drift(connection: Connection) -> list[object]:
    """Return what the models say and the database does not; empty when the two match."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - see the module's docstring
    from alembic.migration import MigrationContext  # noqa: PLC0415 - see the module's docstring

    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))
