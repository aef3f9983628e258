"""What other pages show of messages: the latest on the first screen."""

from __future__ import annotations

from flask import render_template

from trafficedu.core.access import actor, panel_for
from trafficedu.core.database import session
from trafficedu.core.text import unpacked
from trafficedu.messages import queries

AT_HOME = 5


@panel_for("messages:inbox:read")
def inbox() -> str:
    """First screen of everybody who was told something: the latest, those not read marked."""
    who = actor()
    recent = queries.list_recent(session(), who, AT_HOME)
    if not recent:
        return ""
    return render_template(
        "messages/_inbox.html", pushes=recent, unread=queries.count_unread(session(), who), unpacked=unpacked
    )
