"""The database's schema: migrated up and down, and compared with the models."""

from __future__ import annotations

from pathlib import Path

import alembic.command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from trafficedu.core.orm import Base

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up to ``revision``, in one transaction."""
    with engine.begin() as connection:
        alembic.command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the schema down to ``revision``, in one transaction."""
    with engine.begin() as connection:
        alembic.command.downgrade(_config(connection), revision)


def new_revision(engine: Engine, name: str, number: str) -> None:
    """Write a migration from the difference between the database and the models (for developers)."""
    with engine.begin() as connection:
        alembic.command.revision(_config(connection), message=name, rev_id=number, autogenerate=True)


def head() -> str:
    """Return the newest revision this version of the program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(connection: Connection) -> str | None:
    """Return the revision the database is at, or None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def is_current(engine: Engine) -> bool:
    """Tell whether the database is at the newest revision this version of the program knows."""
    with engine.connect() as connection:
        return current(connection) == head()


def drift(connection: Connection) -> list[object]:
    """Return what the models say and the database does not; empty when the two match."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))
