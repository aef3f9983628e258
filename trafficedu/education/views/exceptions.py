"""Pages of what is done by exception: what is proposed, the decision on it, a waiver taken back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import acted, form_page, submitted
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.education.forms.study import DecisionForm, ReasonForm, WaiveForm
from trafficedu.education.queries import people, proposals
from trafficedu.education.queries.tasks import find_task
from trafficedu.education.services import assignment, exceptions

pages = Blueprint("exceptions", __name__)
GRANT = "education:exception:grant"
SHOWN = 100


@pages.get("/exceptions")
@requires(GRANT)
def index() -> Any:
    """I see what waits for my decision, and how many sign-offs by exception each station proposed."""
    waiting = proposals.list_open(session(), actor(), SHOWN)
    return render_template(
        "exceptions/index.html",
        waiting=waiting,
        people=people.people(session(), [proposal.task.rider for proposal in waiting], actor()),
        stations=proposals.count_by_station(session(), actor(), utc_now()),
        me=actor().user_id,
    )


@pages.route("/education/<number>/waive", methods=["GET", "POST"])
@requires("education:task:waive")
def waive(number: str) -> Any:
    """I propose to let a rider off a study; somebody else decides."""
    task = seen(find_task(session(), number, actor(), answering=True))
    form = WaiveForm()
    if submitted(form, lambda: exceptions.propose_waiver(session(), task, form.reason.data, actor(), utc_now())):
        flash_message(message("Proposed. A supervisor other than you decides."))
        return back_to("education.task", number=number)
    return form_page("exceptions/waive.html", form, task=task)


@pages.route("/education/<number>/exception", methods=["GET", "POST"])
@requires(GRANT)
def decide(number: str) -> Any:
    """I grant or refuse what somebody else proposed."""
    proposal = seen(proposals.find_open(session(), number, actor()))
    task, form, granted = find_task(session(), number, actor()), DecisionForm(), request.form.get("step") == "grant"

    def act() -> None:
        if granted:
            exceptions.grant(session(), proposal, actor(), utc_now())
        else:
            exceptions.refuse(session(), proposal, form.reason.data or "", actor(), utc_now())

    if form.validate_on_submit() and acted(form, act):
        flash_message(message("Granted.") if granted else message("Refused."))
        return back_to("education.task", number=number)
    person = people.people(session(), [task.rider], actor())[task.rider_id]
    own = proposal.proposed_by_id == actor().user_id
    return form_page("exceptions/decide.html", form, proposal=proposal, task=task, person=person, own=own)


@pages.route("/education/<number>/resume", methods=["GET", "POST"])
@requires(GRANT)
def resume(number: str) -> Any:
    """I take a waiver back: the rider owes the study again."""
    task = seen(find_task(session(), number, actor(), answering=True))
    form = ReasonForm()
    if submitted(form, lambda: assignment.resume(session(), task, form.reason.data, actor(), utc_now())):
        flash_message(message("The waiver was taken back. The study task is open again."))
        return back_to("education.task", number=number)
    return form_page("exceptions/resume.html", form, task=task)
