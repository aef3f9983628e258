"""The catalogue of kinds of hazard."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from trafficedu.core.access import actor, requires
from trafficedu.core.database import session
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.hazards.forms import HazardKindForm
from trafficedu.hazards.queries.kinds import find_kind, list_kinds
from trafficedu.hazards.services.kinds import add_kind, change_kind
from trafficedu.hazards.views.blueprint import pages


@pages.get("/kinds")
@requires("hazards:kind:manage")
def kinds() -> Any:
    """I see the kinds of hazard."""
    return render_template("hazards/kinds.html", kinds=list_kinds(session()))


@pages.route("/kinds/new", methods=["GET", "POST"])
@requires("hazards:kind:manage")
@changes_nothing_seen("what it makes is new")
def new_kind() -> Any:
    """I add a kind of hazard."""
    form = HazardKindForm()
    if submitted(form, lambda: add_kind(session(), form.code.data or "", form.to_input(), actor())):
        flash_message(message("Kind of hazard added."))
        return back_to("hazards.kinds")
    return form_page("hazards/kind.html", form, kind=None)


@pages.route("/kinds/<code>", methods=["GET", "POST"])
@requires("hazards:kind:manage")
def kind(code: str) -> Any:
    """I rename a kind of hazard, or take it out of use."""
    entry = seen(find_kind(session(), code))
    form = HazardKindForm()
    if request.method == "GET":
        form.show(entry)
    if submitted(form, lambda: change_kind(session(), entry, form.to_input(), form.version.data, actor())):
        flash_message(message("Kind of hazard changed."))
        return back_to("hazards.kinds")
    return form_page("hazards/kind.html", form, kind=find_kind(session(), code))
