"""What every command does first: speak the language of the terminal, build the application, open the installation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType

import click
from flask import Flask
from sqlalchemy.exc import ArgumentError

from trafficedu.app import create_app
from trafficedu.core import keys, schema
from trafficedu.core.clock import utc_now
from trafficedu.core.database import close_connections, database, session
from trafficedu.core.errors import Refusal
from trafficedu.core.settings import load_settings
from trafficedu.core.text import DEFAULT_LOCALE, LOCALES, Message, message, translate


def language() -> str:
    """Return the language messages are written in: ``TRAFFICEDU_LOCALE``, else that of the terminal, else Chinese."""
    wanted = os.environ.get("TRAFFICEDU_LOCALE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return next((name for name in LOCALES if wanted.lower().startswith(name)), DEFAULT_LOCALE)


def show(text: Message) -> None:
    """Write a message to standard error."""
    click.echo(translate(text, language()), err=True)


def application(*, begin: bool = False, inspects: bool = False) -> Flask:
    """Build the application for a command; see :func:`load_settings`."""
    try:
        return create_app(load_settings(begin=begin, inspects=inspects))
    except (ValueError, OSError, ImportError, ArgumentError) as error:
        raise Refusal(message("A setting is wrong: %(why)s", why=error)) from error


@contextmanager
def open_installation(*, empty: bool = False) -> Iterator[Flask]:
    """Yield the application in a context of its own, and close its database connections at the end.

    Raises :class:`Refusal` where the schema is not this program's, unless the database may be ``empty``, and where the
    data keys are not those of the database.
    """
    if give_way := click.get_current_context().find_object(FunctionType):
        give_way()
    app = application(begin=empty)
    with app.app_context():
        try:
            if schema.is_current(database().engine):
                keys.settle(session(), utc_now())
            elif not empty:
                raise Refusal(message("The database is not ready. Run first: trafficedu init"))
            yield app
        finally:
            session().close()
            close_connections()
