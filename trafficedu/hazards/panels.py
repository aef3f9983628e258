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
from trafficedu.hazards.queries import checks
from trafficedu.hazards.queries.checks import WatchFilter
from trafficedu.hazards.queries.records import HazardFilter, hazards_on

SHOWN_CHECKS = 3


@panel_for("hazards:hazard:report")
def open_here() -> str:
    """Home of a grid officer: the open hazards of the own village, and what I have to look at."""
    chosen = HazardFilter(state="open")
    url = url_for("hazards.index", state="open", sort="deadline")
    return _panel(_("Open hazards"), chosen, "deadline", url, _("No open hazard in your area."))


@panel_for("hazards:hazard:plan")
def to_plan() -> str:
    """Home of a leader: the reported hazards without a plan, the oldest first."""
    chosen = HazardFilter(state=rules.HazardState.REPORTED)
    url = url_for("hazards.index", state=rules.HazardState.REPORTED, sort="reported")
    return _panel(_("Hazards to plan"), chosen, "reported", url, _("Every reported hazard has a plan."))


@panel_for("hazards:hazard:verify")
def to_verify() -> str:
    """Home of an officer or supervisor: what somebody else reported as fixed, the oldest first."""
    chosen = HazardFilter(state=rules.HazardState.FIXED)
    url = url_for("hazards.index", state=rules.HazardState.FIXED, sort="deadline")
    return _panel(_("Hazards to verify"), chosen, "deadline", url, _("You have no repairs to verify."))


def _panel(title: str, chosen: HazardFilter, sort: str, url: str, nothing: str) -> str:
    who, days = actor(), figure(session(), "hazards.plan_days")

    def plan_by(hazard: Hazard) -> str:
        last = hazard.reported_on + timedelta(days=days)
        return str(_("plan by %(day)s", day=last.isoformat())) if hazard.state == rules.HazardState.REPORTED else "—"

    mine = WatchFilter(checker_id=who.user_id)
    return render_template(
        "hazards/_home_open.html",
        title=title,
        page=hazards_on(today()).page(session(), who, chosen, sort),
        all_url=url,
        nothing=nothing,
        checks=checks.watches_on(today()).page(session(), who, mine).items[:SHOWN_CHECKS],
        plan_by=plan_by,
        today=today(),
    )
