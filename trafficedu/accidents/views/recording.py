"""The form of an accident: a new record, and a record corrected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template, request
from flask import session as cookie

from trafficedu.accidents.forms import AccidentForm, CorrectionForm
from trafficedu.accidents.models import Accident
from trafficedu.accidents.queries import duplicates, records
from trafficedu.accidents.services import recording
from trafficedu.accidents.views.blueprint import pages
from trafficedu.areas.queries.tree import find_visible_area
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.fields import choices
from trafficedu.core.forms import attach_error, submitted
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message, locale
from trafficedu.violations.queries.kinds import list_kinds

VILLAGE_COOKIE = "village"
"""The village last recorded in; the record page of violations keeps it under the same name."""


@pages.route("/new", methods=["GET", "POST"])
@requires("accidents:accident:record")
@changes_nothing_seen("what it makes is new")
@kerb
def new() -> Any:
    """I record an accident; if one like it is on record already, I am asked first."""
    form = AccidentForm()
    if request.method == "GET":
        form.area_code.begin_with(cookie.get(VILLAGE_COOKIE, ""))
        return _page(form)
    close: Sequence[Accident] = []
    if form.validate_on_submit():
        try:
            with writing(session()) as own:
                number = recording.record(own, form.to_input(), actor(), utc_now()).number
        except Refusal as error:
            if error.field == "told_apart":
                close = _close(form)
                error = Refusal(error.text)  # said on top of the form; the box to tick stands right below
            attach_error(form, error)
        else:
            cookie[VILLAGE_COOKIE] = form.area_code.data
            flash_message(message("Accident recorded."))
            return back_to("accidents.show", number=number)
    return _page(form, close=close), 422


def _close(form: AccidentForm) -> Sequence[Accident]:
    """Return the records close to what was typed, in an area of mine."""
    typed = form.to_input()
    area = find_visible_area(session(), typed.area_code, actor())
    return duplicates.list_close(session(), area.id, typed.severity, typed.occurred)


@pages.route("/<number>/correct", methods=["GET", "POST"])
@requires("accidents:accident:record")
def correct(number: str) -> Any:
    """I correct a record, or add who died of it later."""
    accident = seen(records.find_accident(session(), number, actor()))
    form = CorrectionForm()
    if request.method == "GET":
        form.show(accident)
        return _page(form, accident)
    if submitted(
        form,
        lambda: recording.correct(
            session(), accident, form.to_input(), form.version.data, actor(), utc_now(), form.reason.data.strip()
        ),
    ):
        flash_message(message("Record corrected."))
        return back_to("accidents.show", number=number)
    return _page(form, records.find_accident(session(), number, actor())), 422


def _page(form: AccidentForm, accident: Accident | None = None, close: Sequence[Accident] = ()) -> str:
    _offer(form)
    return render_template("accidents/form.html", form=form, accident=accident, close=close)


def _offer(form: AccidentForm) -> None:
    """Fill the list of the kinds of violation in force that day."""
    day = form.occurred.day if form.occurred is not None else today()
    form.kinds.choices = choices((kind.code, kind.name(locale())) for kind in list_kinds(session(), day))
