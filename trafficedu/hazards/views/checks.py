"""Areas under rolling check: the list, who has to look and when, a look noted."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _

from trafficedu.areas.queries.choices import list_named
from trafficedu.areas.queries.tree import chosen_path
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.fields import choices
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.hazards.forms import LookForm, ReasonForm, WatchFilterForm, WatchForm
from trafficedu.hazards.models import HazardWatch
from trafficedu.hazards.queries.checks import find_watch, list_reachable_checkers, watches_on
from trafficedu.hazards.services.checks import change_watch, end_watch, list_area, note_look
from trafficedu.hazards.views.blueprint import pages


@pages.get("/checks")
@requires("hazards:hazard:read")
def checks() -> Any:
    """I see the areas under rolling check: who has to look at which by when."""
    form = WatchFilterForm(request.args)
    form.validate()
    form.area.settle(partial(list_named, session(), day=today(), by=actor()))
    chosen = form.to_input(chosen_path(session(), form.area.data, actor()), actor().user_id, today())
    return list_page("hazards/checks.html", watches_on(today()), form, chosen)


@pages.route("/checks/new", methods=["GET", "POST"])
@requires("hazards:check:manage")
@changes_nothing_seen("what it makes is new")
def new_check() -> Any:
    """I put a town or village on the list."""
    form = WatchForm()
    if request.method == "GET":
        form.due_on.data = today()
    made: list[str] = []
    if submitted(form, lambda: made.append(list_area(session(), form.to_input(), actor(), utc_now()).number)):
        flash_message(message("Area added to the list."))
        return back_to("hazards.check", number=made[0])
    return _form_page(form)


@pages.get("/checks/<number>")
@requires("hazards:hazard:read")
def check(number: str) -> Any:
    """I see who looked at an area when, and what was found."""
    return render_template("hazards/check.html", watch=find_watch(session(), number, actor()))


@pages.route("/checks/<number>/edit", methods=["GET", "POST"])
@requires("hazards:check:manage")
def edit_check(number: str) -> Any:
    """I change how often an area is looked at, and by whom."""
    watch = seen(find_watch(session(), number, actor()))
    form = WatchForm()
    del form.area_code  # an entry stays where it is
    if request.method == "GET":
        form.show(watch)
    if submitted(
        form,
        lambda: change_watch(session(), watch, form.to_input(), form.version.data, actor(), utc_now()),
    ):
        flash_message(message("Schedule changed."))
        return back_to("hazards.check", number=number)
    return _form_page(form, find_watch(session(), number, actor()))


def _form_page(form: WatchForm, watch: HazardWatch | None = None) -> Any:
    path = actor().scope.area_path or ""
    people = list_reachable_checkers(session(), watch.area.path if watch else path)
    named = [(user.username, f"{user.display_name} · {user.area.name if user.area else ''}") for user in people]
    form.checker.choices = choices([("", _("Choose who is responsible for the check")), *named])
    return form_page("hazards/check_form.html", form, watch=watch)


@pages.route("/checks/<number>/look", methods=["GET", "POST"])
@requires("hazards:check:look")
def look(number: str) -> Any:
    """I note that I looked, and how many hazards I found."""
    watch = seen(find_watch(session(), number, actor()))
    form = LookForm()
    if request.method == "GET":
        form.version.data = watch.version
    if submitted(
        form,
        lambda: note_look(
            session(), watch, form.found.data, form.note.data or "", form.version.data, actor(), utc_now()
        ),
    ):
        flash_message(message("Check recorded."))
        return back_to("hazards.check", number=number)
    watch = find_watch(session(), number, actor())
    return form_page("hazards/look.html", form, watch=watch)


@pages.route("/checks/<number>/end", methods=["GET", "POST"])
@requires("hazards:check:manage")
def end_check(number: str) -> Any:
    """I take an area off the list."""
    watch = seen(find_watch(session(), number, actor()))
    form = ReasonForm()
    if request.method == "GET":
        form.version.data = watch.version
    if submitted(
        form,
        lambda: end_watch(session(), watch, form.reason.data, form.version.data, actor(), utc_now()),
    ):
        flash_message(message("Area removed from the list. Earlier checks are kept."))
        return back_to("hazards.checks")
    watch = find_watch(session(), number, actor())
    return form_page("hazards/end_check.html", form, watch=watch)
