"""The list of violations and the page of one record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from flask import abort, render_template, request
from flask_babel import lazy_gettext as _l

from trafficedu.accounts import queries as accounts
from trafficedu.areas.queries.choices import list_named
from trafficedu.areas.queries.tree import chosen_path
from trafficedu.companies import queries as companies
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.job_views import made_by_a_job
from trafficedu.core.list_views import list_file, list_page
from trafficedu.core.phones import minutes_fast
from trafficedu.core.row_acts import MOST_CHOSEN
from trafficedu.core.row_views import answer_chosen
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, locale
from trafficedu.riders.queries import people as riders
from trafficedu.riders.queries.vehicles import find_by_plate
from trafficedu.riders.services.people import open_rider
from trafficedu.riders.services.plates import open_vehicle
from trafficedu.violations.forms.records import ViolationFilterForm
from trafficedu.violations.queries import objections, records
from trafficedu.violations.queries.kinds import list_kinds
from trafficedu.violations.queries.plates import question_of
from trafficedu.violations.queries.records import VIOLATIONS, ViolationFilter
from trafficedu.violations.queries.requests import list_requests_of, wanted_of
from trafficedu.violations.queries.searching import looked_through, words_of
from trafficedu.violations.queries.unnamed import find_unnamed
from trafficedu.violations.rules.states import ViolationAct, ViolationState
from trafficedu.violations.services import correcting
from trafficedu.violations.services.at_once import AT_ONCE
from trafficedu.violations.services.requests import may_ask
from trafficedu.violations.views.blueprint import pages
from trafficedu.violations.views.evidence import shown_of

SHOWN_DAYS = 30
"""Without a period in the address the list begins with this many days, in a field that can be emptied."""


@pages.get("/violations")
@requires("violations:violation:read")
def index() -> Any:
    """I look through the records of my area."""
    return list_page("violations/index.html", VIOLATIONS, *_chosen(), choosable=AT_ONCE)


@pages.post("/violations/export/<any(csv, xlsx):suffix>")
@requires("violations:violation:export")
@changes_nothing_seen("it reads, or makes a file of what is read")
@made_by_a_job
def export(suffix: str) -> Any:
    """I take the list with me as a file; it names nobody."""
    return list_file(VIOLATIONS, *_chosen(), suffix)


@pages.post("/violations/chosen")
@requires("violations:violation:read")
@changes_nothing_seen("each row says what its page saw, and is refused by itself")
def chosen() -> Any:
    """I do one thing to the records that I chose; the page says to how many, what follows, and what became of each."""
    return answer_chosen(AT_ONCE, VIOLATIONS, _chosen()[1])


def _chosen() -> tuple[ViolationFilterForm, ViolationFilter]:
    form = ViolationFilterForm(request.args)
    if not request.args.keys() & {"since", "until"}:
        form.since.data = today() - timedelta(days=SHOWN_DAYS)
    form.usual = {"since": (today() - timedelta(days=SHOWN_DAYS)).isoformat()}
    form.kind.offer({kind.code: kind.name(locale()) for kind in list_kinds(session())}.items())
    form.company.offer(companies.list_names(session()))
    form.validate()
    may_name = actor().may("riders:rider:read")
    if not may_name:
        form.q.finds = _l("Case number, officer or place")
    form.area.settle(partial(list_named, session(), day=today(), by=actor()))
    form.officer.settle(partial(accounts.list_named, session(), holding="violations:violation:record", by=actor()))
    officer = accounts.find_by_username(session(), form.officer.data) if form.officer.data else None
    words = words_of(session(), form.q.data or "", riders=may_name, officers=True, plates=may_name)
    path = chosen_path(session(), form.area.data, actor())
    narrowed = form.to_input(actor(), path, officer.id if officer else None, looked_through(session(), words))
    return form, replace(narrowed, numbers=tuple(request.args.getlist("row")[:MOST_CHOSEN]))


@pages.get("/violations/<number>")
@requires("violations:violation:read")
def show(number: str) -> Any:
    """I read one record: what happened, what followed, what I can do."""
    violation = records.find_violation(session(), number, actor())
    named = violation.rider is not None and actor().may("riders:rider:read")
    note = violation.phone_note
    may_change = correcting.may_change(session(), violation, actor(), utc_now())
    asked = list_requests_of(session(), violation.id)
    return render_template(
        "violations/show.html",
        violation=violation,
        rider=riders.describe(session(), violation.rider) if named and violation.rider else None,
        objections=objections.list_objections_of(session(), violation.id),
        person=find_unnamed(session(), violation),
        phone=note,
        phone_fast=minutes_fast(note.ahead_seconds) if note else 0,
        question=question_of(session(), violation.id),
        evidence=shown_of(violation),
        ridden=bool(violation.plate and find_by_plate(session(), violation.plate)),
        act=ViolationAct,
        may_change=may_change,
        may_ask=not may_change and may_ask(violation, actor()) and not any(each.is_open for each in asked),
        requests=asked,
        wanted_of=wanted_of,
        taken_back=violation.state == ViolationState.VOIDED and violation.voided_by_id == actor().user_id,
    )


@pages.post("/violations/<number>/rider")
@requires("riders:rider:read")
@changes_nothing_seen("it reads, or makes a file of what is read")
def rider(number: str) -> Any:
    """I open the rider's page from a record of my area; that I did is kept."""
    violation = records.find_violation(session(), number, actor())
    if violation.rider is None:
        abort(404)
    with writing(session()) as own:
        open_rider(own, violation.rider, actor(), "violation")
        rider_number = violation.rider.number
    return back_to("riders.show", number=rider_number)


@pages.post("/violations/<number>/vehicle")
@requires("riders:rider:read")
@changes_nothing_seen("it reads, or makes a file of what is read")
def vehicle(number: str) -> Any:
    """I open the page of the e-bike from a record of my area; that I did is kept."""
    violation = records.find_violation(session(), number, actor())
    found = find_by_plate(session(), violation.plate) if violation.plate else None
    if found is None:
        abort(404)
    with writing(session()) as own:
        open_vehicle(own, found, actor(), "violation")
        vehicle_number = found.number
    return back_to("riders.vehicle", number=vehicle_number)
