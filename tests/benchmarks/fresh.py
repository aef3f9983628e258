"""A database of its own for one benchmark: of the kind named on the command line, with what the product ships in it."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from tests import databases
from tests.conftest import load_reference
from trafficedu.app import create_app
from trafficedu.core.database import database
from trafficedu.core.settings import load_settings
from trafficedu.core.transactions import WRITES


def options_of(doc: str | None, *, rounds: int, **others: int) -> argparse.Namespace:
    """Read which kind of database is asked for, of how many rounds, and other numbers."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    for name, default in {"rounds": rounds, **others}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


@contextmanager
def fresh_database(kind: str) -> Iterator[str]:
    """Give the address of an empty database; the instance and the settings of this process are those of the benchmark.

    PostgreSQL keeps what it acknowledged, as in production (``fsync``).
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRAFFICEDU_INSTANCE"] = folder
        if kind == "sqlite":
            os.environ["TRAFFICEDU_DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite'}"
            yield os.environ["TRAFFICEDU_DATABASE_URL"]
            return
        with databases.postgres_server(durable=True) as server:
            made = make_url(databases.create_postgres_database(server))
            os.environ["TRAFFICEDU_DATABASE_URL"] = made.render_as_string(hide_password=False)
            yield os.environ["TRAFFICEDU_DATABASE_URL"]


@contextmanager
def filling() -> Iterator[Session]:
    """Give a session that fills the database: migrated, with what is shipped; committed and analysed at the end."""
    app = create_app(load_settings())
    load_reference(app)
    with app.app_context(), database().sessionmaker(info=WRITES) as session:
        yield session
        session.commit()
        session.execute(text("ANALYZE"))
        session.commit()


def add_bare_table(session: Session) -> None:
    """Add the table of a number that counts up by itself and a text, which the bare insert writes to."""
    kind = "integer" if session.get_bind().dialect.name == "sqlite" else "bigserial"
    session.execute(text(f"CREATE TABLE bare_row (id {kind} PRIMARY KEY, body varchar(100))"))
