"""Reporting a hazard without a network: the copy of the page that a phone keeps, and what it sends later."""

from __future__ import annotations

from typing import Any

import flask_login
from flask import jsonify, request, url_for
from flask import session as cookie

from trafficedu.core import queued as phones
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import acted
from trafficedu.core.kept import account_mark
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.web import locale, translated
from trafficedu.hazards.forms import HazardForm
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.services import reporting
from trafficedu.hazards.views.blueprint import pages
from trafficedu.hazards.views.reporting import VILLAGE_COOKIE, hazard_page


@pages.get("/new/kept")
@requires("hazards:hazard:report")
@kerb
def kept_new() -> Any:
    """My phone keeps the page for when there is no network: without my name."""
    form = HazardForm()
    form.area_code.begin_with(cookie.get(VILLAGE_COOKIE, ""))
    return hazard_page(form, kept=True, current_user=flask_login.AnonymousUserMixin(), navigation=[])


@pages.get("/facts")
@requires("hazards:hazard:report")
@kerb
def facts() -> Any:
    """My phone asks whom it sends for, and for leave to send."""
    return phones.told_to_phone()


@pages.post("/queued")
@requires("hazards:hazard:report")
@changes_nothing_seen("what it makes is new")
@kerb
def queued() -> Any:
    """My phone sends a hazard that I reported without a network, photos and all; it counts once."""
    try:
        sent = phones.read_waited(request.form)
    except (KeyError, ValueError, OverflowError):
        return jsonify(message=translated(phones.NOT_OURS)), 400
    if sent.account != account_mark():
        return jsonify(message=translated(phones.OTHERS)), 403
    now, form = utc_now(), HazardForm(meta={"csrf": False})
    noticed = reporting.Noticed(sent.put_right(sent.recorded_utc, now), sent.ahead(now))
    if form.validate() and (
        accepted := acted(form, lambda: _told(reporting.report(session(), form.to_input(), actor(), now, noticed)))
    ):
        told, reported_utc = accepted.value
        return jsonify(told), 201 if reported_utc == now else 200
    return jsonify(phones.refused(form)), 409 if form.recorded else 422


def _told(hazard: Hazard) -> tuple[dict[str, str], Any]:
    """Return what the phone is told of a hazard, and when it arrived: a repeated one before now."""
    address = url_for("hazards.show", number=hazard.number)
    what = f"{hazard.kind.name(locale())} · {hazard.area.name}"
    return {"number": hazard.number, "address": address, "told": what}, hazard.reported_utc
