"""What the first screens show of riders: who looks up unusually many."""

from __future__ import annotations

from flask import render_template

from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.riders.queries import looked_up

SHOWN = 5


@panel_for(looked_up.REVIEW)
def unusual_look_ups() -> str:
    """First screen of a supervisor: people of the area with unusually many look-ups that no record followed."""
    people = [one for one in looked_up.list_people(session(), actor(), today()) if one.unusual]
    if not people:
        return ""
    since = looked_up.first_day(session(), today())
    return render_template("riders/_unusual.html", people=people[:SHOWN], total=len(people), since=since)
