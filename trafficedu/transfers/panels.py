"""What other pages show of this room: what people corrected in a record."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import render_template

from trafficedu.core.access import actor, panel_for
from trafficedu.core.corrections import history_of
from trafficedu.core.database import session
from trafficedu.core.web import locale
from trafficedu.transfers.queries.corrected import DIFFERENCES
from trafficedu.transfers.rules import DECIDE
from trafficedu.transfers.services.showing import lines_of


def corrections_of(table: str) -> Callable[..., str]:
    """Return the panel of a record's page with who corrected what, and why."""
    return partial(_corrections, table)


def _corrections(table: str, **subject: Any) -> str:
    (record_id,) = subject.values()
    found = history_of(session(), table, record_id)
    if not found:
        return ""
    return render_template(
        "transfers/_corrections.html", lines=lines_of(session(), locale(), found), decides=actor().may(DECIDE)
    )


@panel_for(DECIDE)
def to_decide() -> str:
    """First screen: how many corrections their source contradicts."""
    waiting = DIFFERENCES.page(session(), actor(), None)
    if not waiting.items:
        return ""
    return render_template("transfers/_differences.html", page=waiting)
