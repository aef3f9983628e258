"""The record page without a network: the copy that a phone keeps, what it has to know, and what it sends later."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import flask_login
from flask import jsonify, request, url_for
from werkzeug.exceptions import BadRequest

from trafficedu.areas.queries.choices import list_names
from trafficedu.areas.queries.extents import list_centres
from trafficedu.core import queued as phones
from trafficedu.core.access import actor, requires, takes_json
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import acted
from trafficedu.core.kept import account_mark
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.text import message
from trafficedu.core.web import locale, translated
from trafficedu.riders.services import lookups
from trafficedu.violations.forms.queued import read_sent
from trafficedu.violations.forms.records import RecordForm
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.places import list_own_places
from trafficedu.violations.services import recording
from trafficedu.violations.views.blueprint import pages
from trafficedu.violations.views.recording import begin_with_last, record_page


@pages.get("/record/kept")
@requires("violations:violation:record")
@kerb
def kept_record() -> Any:
    """My phone keeps the record page for when there is no network: without my name, and without a look-up."""
    form = RecordForm()
    begin_with_last(form)
    return record_page(form, kept=True, current_user=flask_login.AnonymousUserMixin(), navigation=[])


@pages.get("/record/facts")
@requires("violations:violation:record")
@kerb
def record_facts() -> Any:
    """My phone asks whom it sends for, and for leave to send."""
    return phones.told_to_phone()


@pages.get("/record/around")
@requires("violations:violation:record")
@kerb
def around() -> Any:
    """My phone asks for the places of my post, where they lie, and which I named last; nobody else's."""
    by, day = actor(), today()
    path = by.scope.area_path or ""
    return jsonify(
        account=account_mark(),
        names=list_names(session(), path, day) if path or by.scope.everything else [],
        centres=list_centres(session(), by, day),
        recent=list_own_places(session(), by, day),
    )


@pages.post("/record/queued")
@requires("violations:violation:record")
@takes_json
@changes_nothing_seen("what it makes is new")
@kerb
def queued() -> Any:
    """My phone sends what I recorded without a network; each record counts once, however often it is sent."""
    try:
        sent = read_sent(request.get_json())
    except (BadRequest, KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return jsonify(message=translated(phones.NOT_OURS)), 400
    if sent.account != account_mark():
        return jsonify(message=translated(phones.OTHERS)), 403
    now = utc_now()
    form = sent.form(now)
    if form.has_another_plate:
        form.still_them.errors = [translated(message("This rider was found by another plate. Who rode this e-bike?"))]
    elif form.validate():
        phone = sent.phone(now)
        new = form.to_input()
        if not form.double_answer.data:
            new = replace(new, double=None)  # nobody stands there to be asked: two of one offence are listed
        if accepted := acted(form, lambda: _told(_record(new, phone, now))):
            told, recorded_utc = accepted.value
            return jsonify(told), 201 if recorded_utc == now else 200
    return jsonify(phones.refused(form)), 409 if form.recorded else 422


def _record(new: recording.NewViolation, phone: recording.Phone, now: datetime) -> Violation:
    violation = recording.record(session(), new, actor(), now, phone)
    if new.rider_number:
        lookups.note_record(session(), violation.rider_id, actor(), now)
    return violation


def _told(violation: Violation) -> tuple[dict[str, str], Any]:
    """Return what the phone is told of a record, and when it was made: a repeated one before now."""
    address = url_for("violations.recorded", number=violation.number)
    what = f"{violation.kind.name(locale())} · {violation.area.name}"
    return {"number": violation.number, "address": address, "told": what}, violation.recorded_utc
