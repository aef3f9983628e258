"""Entering an activity, and taking an entry back."""

from __future__ import annotations

from typing import Any

from flask import request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Denied
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, locale
from trafficedu.points.forms import CounterForm, EntryForm
from trafficedu.points.queries import catalogue, scope
from trafficedu.points.queries.entries import find_entry
from trafficedu.points.rules import COMPANY
from trafficedu.points.services import entries
from trafficedu.points.views.blueprint import pages


@pages.route("/entries/new", methods=["GET", "POST"])
@requires("points:entry:record")
@changes_nothing_seen("what it makes is new")
def record() -> Any:
    """I enter what my area, or a company, did for safety."""
    form = EntryForm()
    form.point_at(str(form.target.data or "") if form.is_submitted() else request.args.get("target", ""))
    _offer(form)
    if not form.is_submitted():
        form.occurred_on.data = today()
        if not form.target.data and "company" not in form:
            form.target.begin_with("")
    if accepted := submitted(form, lambda: entries.record_entry(session(), form.to_input(), actor(), utc_now()).number):
        flash_message(message("Activity entered."))
        return back_to("points.entry", number=accepted.value)
    return form_page("points/form.html", form)


def _offer(form: EntryForm) -> None:
    """Offer the companies in reach and the activities that people enter, and that are for one of them."""
    companies = scope.list_companies(session(), actor())
    kinds = {*scope.list_levels(session(), actor(), today()), *([COMPANY] if companies else [])}
    activities = [
        (row.code, f"{row.name(locale())} {'+' if row.direction == 'earned' else '−'}{row.points}")
        for row in catalogue.list_activities(session(), today())
        if not row.automatic and kinds & set(row.kinds)
    ]
    form.offer(companies, activities)


@pages.route("/entries/<number>/counter", methods=["GET", "POST"])
@requires("points:entry:record")
def counter(number: str) -> Any:
    """I take an entry back that was a mistake; both stay in the ledger."""
    entry = seen(find_entry(session(), number, actor()))
    if not entries.may_counter(entry, actor()):
        raise Denied(entries.NOT_YOURS)
    form = CounterForm()
    if submitted(form, lambda: entries.counter_entry(session(), entry, form.reason.data, actor(), utc_now())):
        flash_message(message("Entry reversed."))
        return back_to("points.entry", number=number)
    entry = find_entry(session(), number, actor())
    return form_page("points/counter.html", form, entry=entry)
