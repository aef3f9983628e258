"""Decisions: camera records reviewed, riders identified, records voided, objections decided."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import render_template, request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import acted, carried_out, form_page, submitted
from trafficedu.core.list_views import list_page
from trafficedu.core.personal import mask_phone
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message
from trafficedu.riders.rules import mask_name
from trafficedu.violations.forms.records import (
    DecisionForm,
    IdentifyForm,
    PlateDecisionForm,
    ReasonForm,
    WaitingFilterForm,
)
from trafficedu.violations.models.decisions import Objection
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries import records
from trafficedu.violations.queries.objections import contact_of, find_objection, list_objections_of, objections_on
from trafficedu.violations.queries.plates import QUESTIONS, find_question, usual_rider
from trafficedu.violations.queries.searching import Words, words_of
from trafficedu.violations.queries.unnamed import UNNAMED, find_unnamed
from trafficedu.violations.rules.states import ObjectionState
from trafficedu.violations.services import plates as plate_services
from trafficedu.violations.services import reviewing
from trafficedu.violations.services import unnamed as unnamed_services
from trafficedu.violations.services.objections import decide_objection, unmask_contact
from trafficedu.violations.views.blueprint import pages


@pages.get("/reviews")
@requires("violations:violation:review")
def reviews() -> Any:
    """I see the camera records that wait for me, those with the least time left first."""
    return list_page("violations/reviews.html", records.reviews_on(today()), *_looked_for())


def _looked_for() -> tuple[WaitingFilterForm, Words]:
    form, may_name = WaitingFilterForm(request.args), actor().may("riders:rider:read")
    return form, words_of(session(), form.q.data or "", riders=may_name, officers=True, plates=may_name)


@pages.post("/violations/<number>/confirm")
@requires("violations:violation:review")
def confirm(number: str) -> Any:
    """I accept a camera record as evidence."""
    violation = seen(records.find_violation(session(), number, actor()))
    if reviewing.is_late(violation, today()):
        return back_to("violations.inbox_item", what="review", number=number)
    confirmed = message("Record confirmed. It counts from now on.")
    carried_out(lambda: reviewing.confirm(session(), violation, actor(), utc_now()), confirmed)
    return back_to("violations.show", number=number)


@pages.route("/violations/<number>/reject", methods=["GET", "POST"])
@requires("violations:violation:review")
def reject(number: str) -> Any:
    """I refuse a camera record and say why."""
    violation = seen(records.find_violation(session(), number, actor()))
    form = ReasonForm()
    if submitted(form, lambda: reviewing.reject(session(), violation, form.reason.data, actor(), utc_now())):
        flash_message(message("Record rejected. It will not be counted."))
        return back_to("violations.reviews")
    return form_page("violations/reject.html", form, violation=violation)


@pages.route("/violations/<number>/identify", methods=["GET", "POST"])
@requires("violations:violation:record")
def identify(number: str) -> Any:
    """I say who rode the e-bike of a record that has a plate alone, or who showed no papers."""
    violation = seen(records.find_violation(session(), number, actor()), _with_usual)
    usual = usual_rider(session(), violation)
    if usual is not None and request.form.get("action") == "usual":
        identified = partial(reviewing.identify_rider, session(), violation, usual, actor(), utc_now())
        carried_out(identified, message("Rider recorded."))
        return back_to("violations.show", number=number)
    form = IdentifyForm()
    new = form.to_rider() if form.validate_on_submit() else None
    if new is not None and acted(form, lambda: reviewing.identify_rider(session(), violation, new, actor(), utc_now())):
        flash_message(message("Rider recorded."))
        return back_to("violations.show", number=number)
    violation = records.find_violation(session(), number, actor())
    person = find_unnamed(session(), violation)
    if person is not None and not form.is_submitted():
        form.name.data = person.name
    usual = usual_rider(session(), violation)
    shown = mask_name(usual.name) if usual is not None else ""
    return form_page("violations/identify.html", form, violation=violation, person=person, usual=shown)


def _with_usual(violation: Violation) -> list[Any]:
    """Return what the page of :func:`identify` rests on: the record, and who is proposed."""
    usual = usual_rider(session(), violation)
    return [violation, usual.number if usual is not None else ""]


@pages.route("/violations/<number>/void", methods=["GET", "POST"])
@requires("violations:violation:void")
def void(number: str) -> Any:
    """I take a record found wrong out of every figure; the page says what that means."""
    violation = seen(records.find_violation(session(), number, actor()))
    form = ReasonForm()
    if submitted(form, lambda: reviewing.void(session(), violation, form.reason.data, actor(), utc_now())):
        flash_message(message("Record voided and removed from all figures."))
        return back_to("violations.show", number=number)
    return form_page("violations/void.html", form, violation=violation)


@pages.get("/objections")
@requires("violations:objection:decide")
def objections() -> Any:
    """I see the objections that wait for me, those with the least time left first."""
    return list_page("violations/objections.html", objections_on(today()), *_looked_for())


@pages.route("/objections/<number>", methods=["GET", "POST"])
@requires("violations:objection:decide")
def objection(number: str) -> Any:
    """I decide an objection and give my reasons."""
    contested = _contested(number)
    form = DecisionForm()
    if submitted(
        form,
        lambda: decide_objection(
            session(), contested, form.outcome.data == ObjectionState.UPHELD, form.decision.data, actor(), utc_now()
        ),
    ):
        flash_message(message("Objection decided."))
        return back_to("violations.objections")
    return _objection_page(contested, form, mask_phone(contact_of(session(), contested)))


@pages.post("/objections/<number>/contact")
@requires("violations:objection:decide")
def objection_contact(number: str) -> Any:
    """I see the phone that the rider left, once; that I did is written down."""
    contested = _contested(number)
    with writing(session()) as own:
        contact = unmask_contact(own, contested, actor())
    return _objection_page(contested, DecisionForm(formdata=None), contact, clear=True)


def _contested(number: str) -> Objection:
    return seen(find_objection(session(), number, actor()), lambda found: [found, found.violation])


def _objection_page(contested: Objection, form: DecisionForm, contact: str, *, clear: bool = False) -> tuple[str, int]:
    others = list_objections_of(session(), contested.violation_id)
    return form_page(
        "violations/objection.html",
        form,
        objection=contested,
        contact=contact,
        clear=clear,
        earlier=[each for each in others if each.id < contested.id],
    )


@pages.get("/unnamed")
@requires("violations:violation:record")
def unnamed() -> Any:
    """I see the records of persons without papers who are yet to be identified, the oldest first."""
    return list_page("violations/unnamed.html", UNNAMED, None, None)


@pages.route("/violations/<number>/give-up", methods=["GET", "POST"])
@requires("violations:violation:void")
def give_up(number: str) -> Any:
    """I ask no more who the person of a record without papers was, and say why."""
    violation = seen(records.find_violation(session(), number, actor()))
    form = ReasonForm()
    if submitted(form, lambda: unnamed_services.give_up(session(), violation, form.reason.data, actor())):
        flash_message(message("Nobody looks for this person any more. The record goes on counting."))
        return back_to("violations.show", number=number)
    return form_page("violations/give_up.html", form, violation=violation)


@pages.post("/violations/<number>/phone")
@requires("riders:identity:unmask")
@changes_nothing_seen("it reads, and keeps that it was read")
def phone(number: str) -> Any:
    """I see the phone that a person without papers told, once; that I did is kept."""
    violation = records.find_violation(session(), number, actor())
    with writing(session()) as own:
        told = unnamed_services.unmask(own, violation, actor())
    return render_template("violations/phone.html", number=number, phone=told)


@pages.get("/plates")
@requires("violations:plate:decide")
def plates() -> Any:
    """I see the records whose rider met a plate known as another rider's, the oldest first."""
    return list_page("violations/plates.html", QUESTIONS, None, None)


@pages.route("/violations/<number>/plate", methods=["GET", "POST"])
@requires("violations:plate:decide")
def plate(number: str) -> Any:
    """I say what that means: borrowed, transferred, or mistyped, with the right plate."""
    question = seen(find_question(session(), number, actor()), lambda found: [found, found.violation])
    form = PlateDecisionForm()
    if submitted(
        form,
        lambda: plate_services.decide(
            session(), question, form.answer.data or "", form.plate.data or "", actor(), utc_now()
        ),
    ):
        flash_message(message("Plate decided."))
        return back_to("violations.plates")
    return form_page("violations/plate.html", form, question=question)
