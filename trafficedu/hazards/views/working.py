"""From plan to verification, and the ways out: closed, opened again, voided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import request

from trafficedu.configuration.queries import figure
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Stale
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.seen import seen
from trafficedu.core.text import Message, message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message
from trafficedu.hazards import rules
from trafficedu.hazards.forms import FixedForm, OpenedRecordForm, PlanForm, ReasonForm, RevisionForm, VerifyForm
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.queries import records
from trafficedu.hazards.rules import HazardAct
from trafficedu.hazards.services import deciding, planning
from trafficedu.hazards.views.blueprint import pages

Act = Callable[..., Any]


def _seen(number: str, *acts: HazardAct) -> Hazard:
    """Return a hazard of mine; raise Stale where none of the acts can be taken any more."""
    hazard = records.find_hazard(session(), number, actor())
    if not any(hazard.may(act) for act in acts):
        raise Stale(rules.HAZARD_LIFE.stale)
    return seen(hazard)


@pages.route("/<number>/plan", methods=["GET", "POST"])
@requires("hazards:hazard:plan")
def plan(number: str) -> Any:
    """I plan how a hazard is fixed: goal, measures, who, by when; or I change the plan and say why."""
    hazard = _seen(number, HazardAct.PLANNED, HazardAct.REVISED)
    changing = hazard.may(HazardAct.REVISED)
    form = RevisionForm() if changing else PlanForm()
    if request.method == "GET":
        days = figure(session(), rules.SUGGESTED_DAYS[hazard.risk])
        form.show(hazard, today() + timedelta(days=days))

    def act() -> None:
        version, now = form.version.data, utc_now()
        if changing:
            planning.revise(session(), hazard, form.to_input(), form["reason"].data, version, actor(), now)
        else:
            planning.plan(session(), hazard, form.to_input(), version, actor(), now)

    if submitted(form, act):
        flash_message(message("Plan saved."))
        return back_to("hazards.show", number=number)
    hazard = records.find_hazard(session(), number, actor())
    return form_page("hazards/plan.html", form, hazard=hazard, changing=changing)


@pages.post("/<number>/begin")
@requires("hazards:hazard:fix")
def begin(number: str) -> Any:
    """I note that the work has begun."""
    hazard = _seen(number, HazardAct.FIXING)
    with writing(session()) as own:
        planning.begin(own, hazard, OpenedRecordForm().version.data, actor(), utc_now())
    flash_message(message("Start of work recorded."))
    return back_to("hazards.show", number=number)


@pages.route("/<number>/fixed", methods=["GET", "POST"])
@requires("hazards:hazard:fix")
def fixed(number: str) -> Any:
    """I report that the work is done, with photos; somebody else verifies it."""
    hazard = _seen(number, HazardAct.FIXED)
    form = FixedForm()
    if request.method == "GET":
        form.version.data = hazard.version
    if submitted(
        form,
        lambda: planning.mark_fixed(
            session(), hazard, form.note.data or "", form.files(), form.version.data, actor(), utc_now()
        ),
    ):
        flash_message(message("Reported as fixed. Someone else must now verify it."))
        return back_to("hazards.show", number=number)
    hazard = records.find_hazard(session(), number, actor())
    return form_page("hazards/fixed.html", form, hazard=hazard)


@pages.route("/<number>/verify", methods=["GET", "POST"])
@requires("hazards:hazard:verify")
def verify(number: str) -> Any:
    """I look at what somebody else fixed: it is gone, or it goes back with a reason."""
    hazard = _seen(number, HazardAct.VERIFIED)
    form = VerifyForm()
    if request.method == "GET":
        form.version.data = hazard.version

    def act() -> None:
        said, version, now = form.to_input(), form.version.data, utc_now()
        if said.accepted:
            deciding.verify(session(), hazard, said, version, actor(), now)
        else:
            deciding.reject(session(), hazard, said.note, said.photos, version, actor(), now)

    if submitted(form, act):
        flash_message(
            message("Verified: the hazard is gone.") if form.decision.data == "yes" else message("Sent back.")
        )
        return back_to("hazards.show", number=number)
    hazard = records.find_hazard(session(), number, actor())
    return form_page(
        "hazards/verify.html", form, hazard=hazard, photographed=records.has_photo_of_fix(session(), hazard)
    )


@pages.route("/<number>/close", methods=["GET", "POST"])
@requires("hazards:hazard:close")
def close(number: str) -> Any:
    """I close what is no hazard, with a reason."""
    return _with_reason(number, HazardAct.CLOSED, deciding.close, message("Closed as not a hazard."))


@pages.route("/<number>/reopen", methods=["GET", "POST"])
@requires("hazards:hazard:verify")
def reopen(number: str) -> Any:
    """I open a hazard again that was closed as none."""
    return _with_reason(number, HazardAct.REOPENED, deciding.reopen, message("Hazard reopened. It needs a plan."))


@pages.route("/<number>/void", methods=["GET", "POST"])
@requires("hazards:hazard:void")
def void(number: str) -> Any:
    """I take a record made by mistake out of every figure; the page says what that means."""
    return _with_reason(number, HazardAct.VOIDED, deciding.void, message("Record voided and removed from all figures."))


def _with_reason(number: str, step: HazardAct, act: Act, confirmation: Message) -> Any:
    """Ask for a reason on a page of its own, then take the step."""
    hazard = _seen(number, step)
    form = ReasonForm()
    if request.method == "GET":
        form.version.data = hazard.version
    if submitted(form, lambda: act(session(), hazard, form.reason.data, form.version.data, actor(), utc_now())):
        flash_message(confirmation)
        return back_to("hazards.show", number=number)
    hazard = records.find_hazard(session(), number, actor())
    return form_page("hazards/reason.html", form, hazard=hazard, step=step)
