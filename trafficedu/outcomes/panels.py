"""What the first screen shows of signatures."""

from __future__ import annotations

from flask import render_template

from trafficedu.core import clock
from trafficedu.core.access import actor, panel_for
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.month import Month, Period
from trafficedu.evaluation.queries.areas import find_area
from trafficedu.outcomes import rules
from trafficedu.outcomes.queries import display
from trafficedu.outcomes.services import keeping


@panel_for(keeping.READ_SIGNING)
def standing_out() -> str:
    """First screen of who supervises: whose signatures stood out when they were last looked at, and the way there."""
    running = Month.of(clock.today())
    try:
        area = find_area(session(), "", actor())
    except Missing:
        return ""
    kept = keeping.last_kept(session(), keeping.SIGNING, area, Period.chosen(None, None, running, running))
    result = keeping.result_of(kept)
    names = display.signers_of(session(), result) if result else {}
    found = [
        (rules.MEASURE_NAMES[measure], measure, display.signer_said(names, row))
        for measure, rows in (result["measures"] if result else {}).items()
        for row in rows
        if row["beyond"]
    ]
    return render_template("outcomes/_standing_out.html", kept=kept if result else None, found=found)
