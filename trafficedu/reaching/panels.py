"""What other pages show of messages to riders: what a rider was told, whom to ring up."""

from __future__ import annotations

from flask import render_template

from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.reaching.forms import reason_words
from trafficedu.reaching.queries import choosing, log


def of_task(task_id: int, number: str) -> str:
    """Task's page: what its rider was told of it, and how."""
    if not actor().may("reaching:message:read"):
        return ""
    rows = log.list_of_task(session(), task_id)
    return render_template("reaching/_of_task.html", rows=rows, number=number, reason_words=reason_words)


@panel_for("reaching:call:make")
def of_session(number: str) -> str:
    """Session's page: how many riders have not chosen yet since it was moved."""
    count = choosing.count_choosers(session(), actor(), number, utc_now())
    return render_template("reaching/_of_session.html", count=count, number=number) if count else ""


@panel_for("reaching:call:make")
def to_call() -> str:
    """First screen of the station: how many riders no message reached."""
    who = actor()
    if who.scope.station_id is None:
        return ""
    count = log.count_calls(session(), who)
    return render_template("reaching/_to_call.html", count=count, most=log.MOST_CALLS) if count else ""
