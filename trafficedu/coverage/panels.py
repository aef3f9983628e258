"""What the first screens say is missing."""

from __future__ import annotations

from flask import render_template

from trafficedu.core.access import actor, panel_for
from trafficedu.core.database import session
from trafficedu.coverage.queries.marks import list_issues
from trafficedu.coverage.rules import IssueKind

SHOWN = 8


@panel_for("coverage:month:read")
def missing() -> str:
    """List the sources that stopped and the nil reports that records contradict, as the worker found them."""
    issues = list_issues(session(), actor(), SHOWN + 1)
    if not issues:
        return ""
    return render_template("coverage/_missing.html", issues=issues[:SHOWN], more=len(issues) > SHOWN, kind=IssueKind)
