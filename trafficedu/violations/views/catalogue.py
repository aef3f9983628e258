"""The catalogue of kinds: looked at, added to, renewed, ended; never deleted from."""

from __future__ import annotations

from typing import Any

from flask import render_template

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.core.fields import EndForm
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.violations.forms.kinds import KindForm
from trafficedu.violations.queries.kinds import find_kind, list_kinds
from trafficedu.violations.services import kinds as kind_services
from trafficedu.violations.views.blueprint import pages


@pages.get("/kinds")
@requires("violations:kind:manage")
def kinds() -> Any:
    """I see every kind with its versions."""
    return render_template("violations/kinds.html", kinds=list_kinds(session()), today=today())


@pages.route("/kinds/new", methods=["GET", "POST"])
@requires("violations:kind:manage")
@changes_nothing_seen("what it makes is new")
def new_kind() -> Any:
    """I add a kind."""
    form = KindForm()
    if submitted(form, lambda: kind_services.add_kind(session(), form.code.data, form.to_input(), actor())):
        flash_message(message("Kind added."))
        return back_to("violations.kinds")
    return form_page("violations/kind.html", form, kind=None)


@pages.route("/kinds/<code>", methods=["GET", "POST"])
@requires("violations:kind:manage")
def kind(code: str) -> Any:
    """I make a new version of a kind; the present one ends the day before it begins."""
    kind = seen(find_kind(session(), code))
    form = KindForm(obj=kind)
    form.follow(kind)
    if submitted(form, lambda: kind_services.renew_kind(session(), kind, form.to_input(), form.version.data, actor())):
        flash_message(message("New version added to the catalogue."))
        return back_to("violations.kinds")
    return form_page("violations/kind.html", form, kind=kind)


@pages.route("/kinds/<code>/end", methods=["GET", "POST"])
@requires("violations:kind:manage")
def end_kind(code: str) -> Any:
    """I let a kind end; records made under it keep it."""
    kind = seen(find_kind(session(), code))
    form = EndForm(obj=kind)
    if submitted(form, lambda: kind_services.end_kind(session(), kind, form.last_day.data, form.version.data, actor())):
        flash_message(message("The kind ends on that day."))
        return back_to("violations.kinds")
    return form_page("violations/end_kind.html", form, kind=kind)
