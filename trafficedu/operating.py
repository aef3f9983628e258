"""Commands for whoever runs an installation."""

from __future__ import annotations

import json
import sys

import click
from sqlalchemy.exc import OperationalError

from trafficedu.configuration import queries as configuration
from trafficedu.core import schema
from trafficedu.core.clock import utc_now
from trafficedu.core.database import close_connections, database, session
from trafficedu.core.doctor import Finding, State, Subject, examine_settings
from trafficedu.core.errors import Refusal
from trafficedu.core.services import services_of
from trafficedu.core.text import message, translate
from trafficedu.evidence.queries import examine_files
from trafficedu.opening import application, language


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def doctor(as_json: bool) -> None:
    """Tell what is unsafe or unset; exit status 1 where something is unsafe (体检)."""
    found = _found()
    unsafe = any(each.state == State.UNSAFE for each in found)
    if as_json:
        checks = [
            {"name": each.subject.value, "state": each.state.value, "text": translate(each.text, language())}
            for each in found
        ]
        click.echo(json.dumps({"ok": not unsafe, "checks": checks}, ensure_ascii=False))
    else:
        for each in found:
            said = {"state": each.state.label, "subject": each.subject.label, "text": each.text}
            click.echo(translate(message("[%(state)s] %(subject)s: %(text)s", **said), language()))
    sys.exit(unsafe)


def _found() -> list[Finding]:
    """Examine an installation as far as it can be opened."""
    try:
        app = application(inspects=True)
    except Refusal as refusal:
        return [Finding(Subject.SETTINGS, State.UNSAFE, refusal.text)]
    with app.app_context():
        try:
            if schema.is_current(database().engine):
                return [*configuration.examine(session(), utc_now()), *examine_files(session())]
            text = message("The database is not ready. Run first: trafficedu init")
        except OperationalError as error:
            text = message("The database is not responding (%(why)s).", why=str(error.orig).strip().partition("\n")[0])
        finally:
            session().close()
            close_connections()
        found = examine_settings(services_of(session()).settings)
        return [*found, Finding(Subject.DATABASE, State.UNSAFE, text)]
