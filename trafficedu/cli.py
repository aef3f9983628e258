"""The command line: ``trafficedu VERB``. Verbs only; the work is in services.

Exit status: 0 done, 1 the work failed, 2 wrong use. Messages go to standard error, results to standard output.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import click
from flask import Flask

from trafficedu import __version__, wiring
from trafficedu.app import create_app
from trafficedu.core import logs, schema
from trafficedu.core.database import database, session
from trafficedu.core.errors import DomainError
from trafficedu.core.settings import load_settings
from trafficedu.core.text import DEFAULT_LOCALE, LOCALES, Message, message, translate


def language() -> str:
    """Return the language messages are written in: ``TRAFFICEDU_LOCALE``, else that of the terminal, else Chinese."""
    wanted = os.environ.get("TRAFFICEDU_LOCALE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return next((name for name in LOCALES if wanted.lower().startswith(name)), DEFAULT_LOCALE)


def tell(text: Message) -> None:
    """Write a message to standard error."""
    click.echo(translate(text, language()), err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def commands() -> None:
    """Trafficedu 交治通: records, education, feedback and honest counting for one district."""


def main() -> None:
    """Run the command line; a refused piece of work is exit status 1 with a sentence, never a traceback."""
    logs.configure_logging()
    try:
        commands(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except DomainError as error:
        tell(error.text)
        sys.exit(1)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)


def application(**settings: Any) -> Flask:
    """Build the application for a command."""
    return create_app(load_settings({**os.environ, **settings}))


@commands.command()
def init() -> None:
    """Instance folder, keys, schema and reference data; idempotent (初始化)."""
    with application().app_context():
        schema.upgrade(database().engine)
        for load in wiring.REFERENCE:
            load(session())
        session().commit()
    tell(message("The installation is ready."))
