"""The application's one database: engine, session factory, and the session of the present request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar, cast

from flask import Flask, current_app
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from trafficedu.core import connections, transactions
from trafficedu.core.events import Handlers
from trafficedu.core.lanes import THREADS, stand_still_for_the_kerb
from trafficedu.core.services import Services
from trafficedu.core.settings import Settings

POOL = 20
"""How many connections stay open in a process once they were needed."""
SPARE = 8
"""For what takes one beside its request's: a probe, a denial."""

REPLICA = "replica"
"""The name of the engine of ``Settings.replica_url``."""
READER = "reader"
"""The name of the engine of those who read a file of SQLite."""
View = TypeVar("View", bound=Callable[..., Any])


def init_database(app: Flask, settings: Settings, handlers: Handlers, covered: Mapping[str, Any]) -> None:
    """Attach the database to ``app``; every session carries the same :class:`~trafficedu.core.services.Services`.

    The pool has a connection for every thread of a server process and some to spare, so that nobody ever waits for one:
    those who wait do so before they have any (``core.lanes``). The one given back last is taken first: it has most of
    what is asked prepared, or read, already.
    """
    engine: dict[str, Any] = {"url": settings.database_url}
    if not settings.database_url.endswith(":memory:"):
        engine |= {"pool_size": POOL, "max_overflow": THREADS + SPARE - POOL, "pool_use_lifo": True}
    engines = {"default": engine | connections.without_kerberos(settings.database_url)}
    if connections.is_file(make_url(settings.database_url)):
        engines[READER] = engine
    if settings.replica_url:
        engines[REPLICA] = engine | {"url": settings.replica_url} | connections.without_kerberos(settings.replica_url)
    app.config["SQLALCHEMY_ENGINES"] = engines
    services = Services(settings, settings.keyring, settings.evidence, handlers, covered)
    extension = SQLAlchemy(session_options={"info": services.as_info(), "class_": transactions.RoutedSession})
    extension.init_app(app)
    # The extension also closes asynchronous sessions; there are none, and it would start an event loop for that
    # at the end of every request: 0.4 ms of processor, of the 6 that a record takes.
    app.teardown_appcontext_funcs[:] = [
        close for close in app.teardown_appcontext_funcs if not iscoroutinefunction(close)
    ]
    with app.app_context():
        for name, each in extension.engines.items():
            connections.prepare_engine(each, settings.kerb_limit_seconds, reader=name == READER)
            stand_still_for_the_kerb(each)
        transactions.prepare_sessions(
            extension.sessionmaker, extension.engines.get(READER), extension.engines.get(REPLICA)
        )


def database() -> SQLAlchemy:
    """Return the extension of the current application."""
    return cast(SQLAlchemy, current_app.extensions["sqlalchemy"])


def from_replica(view: View) -> View:
    """Let a view of the command room read from the replica, where the installation has one."""

    @wraps(view)
    def shown(*args: Any, **values: Any) -> Any:
        transactions.read_from_replica(session())
        return view(*args, **values)

    return cast(View, shown)


def close_connections() -> None:
    """Close every connection that nobody uses now."""
    for engine in database().engines.values():
        engine.dispose()


def session() -> Session:
    """Return the session of the present request or command; it is closed, not committed, at the end."""
    return database().session
