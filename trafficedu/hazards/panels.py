"""What the first screens show of hazards: what is open in the village, what the town has to plan, who has to look."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template, url_for
from flask_babel import gettext as _

from trafficedu.configuration.queries import figure
from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.hazards import rules
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.queries import checks, records
from trafficedu.hazards.queries.checks import WatchFilter
from trafficedu.hazards.queries.records import HazardFilter

SHOWN_CHECKS = 3


@panel_for("hazards:hazard:report")
def open_here() -> str:
    """Home of a grid officer: the open hazards of the own village, and what I have to look at."""
    wanted = HazardFilter(state="open", sort="deadline")
    url = url_for("hazards.index", state="open", sort="deadline")
    return _panel(_("Open hazards"), wanted, url, _("No open hazard in your area."))


@panel_for("hazards:hazard:plan")
def to_plan() -> str:
    """Home of a leader: the reported hazards without a plan, the oldest first."""
    wanted = HazardFilter(state=rules.HazardState.REPORTED, sort="reported")
    url = url_for("hazards.index", state=rules.HazardState.REPORTED, sort="reported")
    return _panel(_("Hazards to plan"), wanted, url, _("Every reported hazard has its plan."))


@panel_for("hazards:hazard:verify")
def to_verify() -> str:
    """Home of an officer or supervisor: what somebody else reported as fixed, the oldest first."""
    wanted = HazardFilter(state=rules.HazardState.FIXED, sort="deadline")
    url = url_for("hazards.index", state=rules.HazardState.FIXED, sort="deadline")
    return _panel(_("Hazards to verify"), wanted, url, _("No fix waits for you."))


def _panel(title: str, wanted: HazardFilter, url: str, nothing: str) -> str:
    who, days = actor(), figure(session(), "hazards.plan_days")

    def plan_by(hazard: Hazard) -> str:
        last = hazard.reported_on + timedelta(days=days)
        return str(_("plan by %(day)s", day=last.isoformat())) if hazard.state == rules.HazardState.REPORTED else "—"

    mine = WatchFilter(checker_id=who.user_id)
    return render_template(
        "hazards/_home_open.html",
        title=title,
        page=records.list_hazards(session(), who, wanted, 1),
        all_url=url,
        nothing=nothing,
        checks=checks.list_watches(session(), who, mine, 1).items[:SHOWN_CHECKS],
        plan_by=plan_by,
        today=today(),
    )
