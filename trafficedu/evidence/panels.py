"""What the administrator's first screen shows of the store of evidence."""

from __future__ import annotations

from flask import render_template

from trafficedu.core.access import panel_for
from trafficedu.core.database import session
from trafficedu.evidence.queries import examine_files


@panel_for("configuration:run:read")
def missing() -> str:
    """Say that files are missing which records name; nothing where all are there."""
    found = examine_files(session())
    return render_template("configuration/_unsafe.html", findings=found) if found else ""
