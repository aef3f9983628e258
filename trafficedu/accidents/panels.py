"""What other pages show of accidents: the first screen what may be duplicates."""

from __future__ import annotations

from flask import render_template

from trafficedu.accidents.queries.duplicates import DUPLICATES
from trafficedu.core.access import actor, panel_for
from trafficedu.core.database import session

SHOWN = 5


@panel_for("accidents:accident:void")
def duplicates_due() -> str:
    """Home: records that may be of one accident, the latest first; nothing where there are none."""
    first, total = DUPLICATES.first(session(), actor(), None, SHOWN)
    return render_template("accidents/_home_duplicates.html", pairs=first, total=total) if total else ""
