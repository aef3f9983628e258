"""The activities and what is expected a month: looked at, added to, renewed, ended; never deleted from."""

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
from trafficedu.points.forms import ActivityForm, ExpectationForm
from trafficedu.points.queries.catalogue import find_activity, list_activities, list_expectations
from trafficedu.points.services import catalogue
from trafficedu.points.views.blueprint import pages

MANAGE = "points:activity:manage"


@pages.get("/activities")
@requires(MANAGE)
def activities() -> Any:
    """I see every activity with its versions."""
    rows = list_activities(session())
    return render_template("points/activities.html", activities=rows, today=today())


@pages.route("/activities/new", methods=["GET", "POST"])
@requires(MANAGE)
@changes_nothing_seen("what it makes is new")
def new_activity() -> Any:
    """I add an activity that people enter."""
    form = ActivityForm()
    if submitted(form, lambda: catalogue.add_activity(session(), form.code.data, form.to_input(), actor())):
        flash_message(message("Activity added."))
        return back_to("points.activities")
    return form_page("points/activity.html", form, activity=None)


@pages.route("/activities/<code>", methods=["GET", "POST"])
@requires(MANAGE)
def activity(code: str) -> Any:
    """I make a new version of an activity; the present one ends the day before it begins."""
    entry = seen(find_activity(session(), code))
    form = ActivityForm(obj=entry)
    form.follow(entry)
    if submitted(form, lambda: catalogue.renew_activity(session(), entry, form.to_input(), form.version.data, actor())):
        flash_message(message("New version added to the catalogue."))
        return back_to("points.activities")
    return form_page("points/activity.html", form, activity=entry)


@pages.route("/activities/<code>/end", methods=["GET", "POST"])
@requires(MANAGE)
def end_activity(code: str) -> Any:
    """I let an activity end; entries made under it keep it."""
    entry = seen(find_activity(session(), code))
    form = EndForm(obj=entry)
    if submitted(
        form, lambda: catalogue.end_activity(session(), entry, form.last_day.data, form.version.data, actor())
    ):
        flash_message(message("The activity ends on that day."))
        return back_to("points.activities")
    return form_page("points/end_activity.html", form, activity=entry)


@pages.route("/expectations", methods=["GET", "POST"])
@requires("points:expectation:manage")
def expectations() -> Any:
    """I see what is expected a month, and say it anew from a month on."""
    seen(actor(), lambda _: list_expectations(session()))
    form = ExpectationForm()
    if submitted(form, lambda: catalogue.expect_points(session(), form.to_input(), actor())):
        flash_message(message("Figure entered."))
        return back_to("points.expectations")
    rows = list_expectations(session())
    return form_page("points/expectations.html", form, rows=rows)
