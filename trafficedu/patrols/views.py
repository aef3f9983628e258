"""Pages of patrols: the phone page of who is out now, the list, one patrol, entering one afterwards.

The running patrol lives on the server: a phone that is reloaded, or changed, goes on where it was. Every key is a form
of its own, so that the page works without JavaScript.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import flask_login
from flask import Blueprint, jsonify, render_template, request, url_for
from flask_babel import gettext as _

from trafficedu.areas.queries.choices import list_named
from trafficedu.areas.queries.tree import chosen_path
from trafficedu.core import queued as phones
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Denied
from trafficedu.core.forms import acted, carried_out, form_page, submitted
from trafficedu.core.kept import account_mark
from trafficedu.core.lanes import kerb
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, translated
from trafficedu.patrols import services
from trafficedu.patrols.forms import BeginForm, EndForm, PastForm, PatrolFilterForm, VoidForm
from trafficedu.patrols.models import Patrol
from trafficedu.patrols.queries import records

PAST = "past-"
"""Before the names of the fields by which a patrol ends that went on on a phone: another form stands beside them."""

pages = Blueprint("patrols", __name__, url_prefix="/patrols")


@pages.get("/now")
@requires("patrols:patrol:record")
@kerb
def now() -> Any:
    """I begin a patrol, or go on with the one that is running."""
    return _now(BeginForm())


def _now(form: BeginForm) -> Any:
    running = records.running_of(session(), actor())
    if running is None and not form.is_submitted():
        form.area_code.begin_with(records.last_area(session(), actor()))
    own = records.list_own(session(), actor(), today())
    return form_page("patrols/now.html", form, running=running, own=own, **_for_phone(running))


def _for_phone(running: Patrol | None = None) -> dict[str, Any]:
    """Return what the page of who is on patrol needs where there is no network."""
    past, known = PastForm(prefix=PAST), None
    if running is not None and running.client_reference:
        known = {
            "reference": running.client_reference,
            "area": f"{running.area.name} {running.area.code}",
            "started": running.started_utc.isoformat(),
            "known": True,
            "seen": running.stops or 0,
            "stops": running.stops,
            "log": [],
        }
    return {"past": past, "needs": phones.needs_of(past), "on_server": known, "kept": False}


@pages.get("/now/kept")
@requires("patrols:patrol:record")
@kerb
def kept_now() -> Any:
    """My phone keeps the page for when there is no network: without my name, and without a patrol."""
    form = BeginForm()
    form.area_code.begin_with(records.last_area(session(), actor()))
    bare = {"kept": True, "current_user": flask_login.AnonymousUserMixin(), "navigation": []}
    return form_page("patrols/now.html", form, running=None, own=[], **(_for_phone() | bare))


@pages.get("/facts")
@requires("patrols:patrol:record")
@kerb
def facts() -> Any:
    """My phone asks whom it sends for, and for leave to send."""
    return phones.told_to_phone()


@pages.post("/queued")
@requires("patrols:patrol:record")
@changes_nothing_seen("what another phone counted meanwhile is asked for by itself")
@kerb
def queued() -> Any:
    """My phone sends a patrol that went on without a network; it counts once."""
    try:
        sent = phones.read_waited(request.form)
        form, counted = PastForm.of_phone(sent, request.form, PAST, utc_now())
    except (KeyError, ValueError, OverflowError):
        return jsonify(message=translated(phones.NOT_OURS)), 400
    if sent.account != account_mark():
        return jsonify(message=translated(phones.OTHERS)), 403
    if form.validate() and (
        accepted := acted(form, lambda: services.bring_in(session(), form.to_past(), counted, actor(), utc_now()))
    ):
        patrol = accepted.value
        address = url_for("patrols.show", number=patrol.number)
        return jsonify(number=patrol.number, address=address, told=f"{_('Patrol')} · {patrol.area.name}")
    return jsonify(phones.refused(form)), 409 if form.recorded else 422


@pages.post("/now/begin")
@requires("patrols:patrol:record")
@changes_nothing_seen("one who is on patrol cannot begin another")
@kerb
def begin() -> Any:
    """I begin a patrol in an area."""
    form = BeginForm()
    reference = form.client_reference.data or ""
    if submitted(form, lambda: services.begin(session(), form.area_code.data, reference, actor(), utc_now())):
        return back_to("patrols.now")
    return _now(form)


@pages.post("/now/stop")
@requires("patrols:patrol:record")
@kerb
def stop() -> Any:
    """I stopped one more."""
    return _counted(services.count_stop, lambda running: running.id)


@pages.post("/now/undo")
@requires("patrols:patrol:record")
@kerb
def undo() -> Any:
    """I take my last count back."""
    return _counted(services.uncount_stop, lambda running: [running.id, running.stops])


def _counted(change: Any, facts: Callable[[Any], Any]) -> Any:
    """Count, where the patrol that the page showed still runs."""
    seen(records.running_of(session(), actor()), lambda running: None if running is None else facts(running))
    carried_out(lambda: change(session(), actor()))
    return back_to("patrols.now")


@pages.route("/now/end", methods=["GET", "POST"])
@requires("patrols:patrol:record")
@kerb
def end() -> Any:
    """I end my patrol: I check the time and the stops first."""
    running = records.running_of(session(), actor())
    if running is None:
        flash_message(services.NOT_RUNNING, "warning")
        return back_to("patrols.now")
    seen(running)
    form = EndForm(obj=running)
    number = running.number
    if submitted(form, lambda: services.end(session(), running, form.to_input(), actor(), utc_now())):
        flash_message(message("Patrol ended. Thank you, and get home safely."))
        return back_to("patrols.show", number=number)
    return form_page("patrols/end.html", form, running=running)


SHOWN_DAYS = 30
"""Without a period in the address the list begins with this many days, in a field that can be emptied."""


@pages.get("")
@requires("patrols:patrol:read")
def index() -> Any:
    """I look through the patrols of my area."""
    form = PatrolFilterForm(request.args)
    if not request.args.keys() & {"since", "until"}:
        form.since.data = today() - timedelta(days=SHOWN_DAYS)
    form.validate()
    form.area.settle(partial(list_named, session(), day=today(), by=actor()))
    chosen = form.to_input(chosen_path(session(), form.area.data, actor()))
    total = records.total_of(session(), actor(), chosen, utc_now())
    return list_page("patrols/index.html", records.PATROLS, form, chosen, total=total)


@pages.route("/new", methods=["GET", "POST"])
@requires("patrols:patrol:record")
@changes_nothing_seen("what it makes is new")
def create() -> Any:
    """I enter a patrol that I wrote down elsewhere."""
    form = PastForm()
    if not form.is_submitted():
        form.area_code.begin_with(records.last_area(session(), actor()))
    if accepted := submitted(form, lambda: services.enter_past(session(), form.to_past(), actor(), utc_now())):
        flash_message(message("Patrol entered."))
        return back_to("patrols.show", number=accepted.value.number)
    return form_page("patrols/form.html", form)


@pages.get("/<number>")
@requires("patrols:patrol:read")
def show(number: str) -> Any:
    """I read one patrol."""
    patrol = records.find_patrol(session(), number, actor())
    may_void = patrol.voided_utc is None and services.may_void(patrol, actor())
    return render_template("patrols/show.html", patrol=patrol, may_void=may_void)


@pages.route("/<number>/void", methods=["GET", "POST"])
@requires("patrols:patrol:read")
def void(number: str) -> Any:
    """I take a patrol that was wrong out of the figures; it stays in the list."""
    patrol = seen(records.find_patrol(session(), number, actor()))
    if not services.may_void(patrol, actor()):
        raise Denied(services.NOT_YOURS)
    form = VoidForm(version=patrol.version)
    if submitted(
        form, lambda: services.void(session(), patrol, form.reason.data, form.version.data, actor(), utc_now())
    ):
        flash_message(message("Patrol voided."))
        return back_to("patrols.show", number=number)
    return form_page("patrols/void.html", form, patrol=patrol)
