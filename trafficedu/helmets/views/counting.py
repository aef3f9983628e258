"""The counting page for the phone: it opens without a network, and sends what it kept when there is one.

Two addresses serve it: the page, and the same page without anybody's name, which the phone keeps
(``core.installed``). Two more answer in JSON: what the phone needs to know, and what it sends.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import flask_login
from flask import current_app, jsonify, render_template, request
from werkzeug.exceptions import BadRequest

from trafficedu.core.access import actor, requires, takes_json
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.text import message
from trafficedu.core.tokens import masked_token
from trafficedu.core.transactions import writing
from trafficedu.core.web import translated
from trafficedu.helmets.queries import surveys
from trafficedu.helmets.queries.sites import offer_companies, offer_sites
from trafficedu.helmets.rules import Tap
from trafficedu.helmets.services import counting
from trafficedu.helmets.views.blueprint import pages


@pages.get("/count")
@requires("helmets:survey:record")
@kerb
def count() -> Any:
    """I count helmets at the roadside."""
    recent = surveys.list_recent(session(), actor(), today())
    return render_template("helmets/count.html", done=recent, kept=False)


@pages.get("/count/kept")
@requires("helmets:survey:record")
@kerb
def kept_page() -> Any:
    """My phone keeps the counting page for when there is no network: without my name."""
    return render_template(
        "helmets/count.html", done=[], kept=True, current_user=flask_login.AnonymousUserMixin(), navigation=[]
    )


@pages.get("/count/facts")
@requires("helmets:survey:record")
@kerb
def facts() -> Any:
    """My phone asks which sites and companies there are, and for leave to send."""
    sites = [{"code": site.code, "name": site.name, "area": site.area.name} for site in offer_sites(session(), actor())]
    companies = [{"code": code, "name": name} for code, name in offer_companies(session())]
    return jsonify(observer=_observer(), token=masked_token(), sites=sites, companies=companies)


@pages.post("/count/sheets")
@requires("helmets:survey:record")
@takes_json
@changes_nothing_seen("a phone adds its own taps; each is known by its number")
@kerb
def receive() -> Any:
    """My phone sends what I counted."""
    try:
        sent = _sheet(request.get_json())
    except (BadRequest, KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return jsonify(error=translated(message("This is not what the counting page sends."))), 400
    if sent.observer != _observer():
        reason = message("Another account started this count. Sign in with that account.")
        return jsonify(error=translated(reason)), 409
    try:
        with writing(session()) as own:
            received = counting.receive(own, sent.sheet, actor(), utc_now())
    except Refusal as error:
        return jsonify(error=translated(error.text)), 422
    return jsonify(last=received.last_event, ended=received.ended, number=received.survey_number)


class _Sent:
    """A sending read: the sheet, and whose phone says it is."""

    def __init__(self, sheet: counting.CountSheet, observer: str) -> None:
        self.sheet = sheet
        self.observer = observer


def _sheet(body: Any) -> _Sent:
    sheet = counting.CountSheet(
        key=str(body["key"]),
        site_code=str(body["site"]),
        shared_code=str(body["code"]),
        started_utc=_moment(body["started"]),
        until_utc=_moment(body["until"]),
        clock_utc=_moment(body["clock"]),
        ended=body["ended"] is True,
        taps=[
            Tap(int(tap[0]), str(tap[1]), str(tap[2]), str(tap[3]), str(tap[4]), int(tap[5])) for tap in body["taps"]
        ],
    )
    return _Sent(sheet, str(body["observer"]))


def _moment(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _observer() -> str:
    """Return a name for this account that says nothing to whoever finds the phone."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"observer:{actor().user_id}".encode(), hashlib.sha256).hexdigest()[:20]
