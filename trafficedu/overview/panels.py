"""What the first screen shows of several features at once."""

from __future__ import annotations

from flask import render_template

from trafficedu.core.access import actor
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.overview import queries

LONGEST = 12


def own_villages() -> str:
    """First screen of a town or village leader: own villages, what worsened, what is overdue."""
    who = actor()
    path = who.scope.area_path
    if path is None or not (who.may("feedback:notice:answer") and who.may("education:session:read")):
        return ""
    now = utc_now()
    rows = queries.list_villages(session(), path, now)
    last, before = queries.month_names(now)
    return render_template(
        "overview/_own_villages.html", rows=rows[:LONGEST], more=len(rows) - LONGEST, last=last, before=before
    )
