"""What the administrator's first screen says of the installation's health."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template

from trafficedu.configuration import queries
from trafficedu.configuration.rules import WORKER_LATE, calendar_warning_due
from trafficedu.core.access import panel_for
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.doctor import State
from trafficedu.core.workdays import last_published_year

FAILURES_SHOWN_FOR = timedelta(days=7)


@panel_for("configuration:figure:manage")
def unsafe() -> str:
    """Say what is unsafe in the settings, and how to mend it."""
    findings = queries.examine_installation(session())
    shown = [finding for finding in findings if finding.state == State.UNSAFE]
    return render_template("configuration/_unsafe.html", findings=shown) if shown else ""


@panel_for("configuration:run:read")
def worker() -> str:
    """Say when the worker ran last and how, and warn when that is long ago."""
    run = next(iter(queries.list_runs(session(), "worker", limit=1)), None)
    late = run is None or utc_now() - run.started_utc > WORKER_LATE
    return render_template("configuration/_worker.html", run=run, late=late)


@panel_for("configuration:run:read")
def failed_imports() -> str:
    """List the files that nothing was taken from in the last seven days."""
    failed = queries.list_failed_imports(session(), utc_now() - FAILURES_SHOWN_FOR)
    return render_template("configuration/_failed_imports.html", failed=failed) if failed else ""


@panel_for("configuration:figure:manage")
def calendar() -> str:
    """Warn when next year's holidays are not known to this version and the year runs out."""
    if not calendar_warning_due(today(), last_published_year()):
        return ""
    return render_template("configuration/_calendar.html", known_until=last_published_year())
