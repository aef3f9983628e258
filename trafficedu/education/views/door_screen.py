"""The station's screen with the code that changes, and the rider's own phone that scans it."""

from __future__ import annotations

import secrets
from typing import Any

from flask import current_app, jsonify, redirect, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from trafficedu.core.access import actor, open_to_phones, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.forms import attach_error, form_page
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import translated
from trafficedu.education.forms.door import ProofForm
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries import people, sessions
from trafficedu.education.rules.door import PROVING, STEP_SECONDS, seconds_left
from trafficedu.education.services import door_codes as codes
from trafficedu.education.views.door import pages
from trafficedu.education.views.roster import CHECK_IN, situation_of
from trafficedu.reports import qr

DEVICE, TICKET = "trafficedu_device", "trafficedu_door"
"""Cookies: which phone this is, and that it stood before a screen some minutes ago."""
DEVICE_SECONDS = 400 * 24 * 3600
OWN_PHONE = "a rider has no account: the code of the screen, the name and the last four characters check in"


@pages.get("/sessions/<number>/screen")
@requires(CHECK_IN)
@kerb
def screen(number: str) -> Any:
    """I put the code for the riders' own phones on the station's screen."""
    study = sessions.find_session(session(), number, actor())
    return render_template("door/screen.html", study=study, shown=_shown(study), every=STEP_SECONDS)


@pages.get("/sessions/<number>/screen/code")
@requires(CHECK_IN)
@kerb
def screen_code(number: str) -> Any:
    """My screen asks for the code of now, and how many are here."""
    return jsonify(_shown(sessions.find_session(session(), number, actor())))


def _shown(study: StudySession) -> dict[str, Any]:
    """Return what the screen shows now: the code, for how many seconds, or why there is none; who is here."""
    now, roster = utc_now(), sessions.list_roster(session(), study.id)
    shown: dict[str, Any] = {
        "seconds": seconds_left(now),
        "code": "",
        "why": "",
        "here": sum(booking.has_checked_in for booking in roster),
        "total": len(roster),
    }
    if not situation_of(study)["is_open"]:
        return shown | {"why": translated(CLOSED)}
    try:
        code = codes.code_of(session(), study, now)
        path = url_for("door.enter", number=study.number, code=code)
        return shown | {"code": qr.inline_svg(services_of(session()).address(path))}
    except Refusal as nowhere:
        return shown | {"why": translated(nowhere.text)}


CLOSED = message("Check-in is closed now. The code appears when it opens.")


@pages.get("/in/<number>/<code>")
@open_to_phones(OWN_PHONE)
@kerb
def enter(number: str, code: str) -> Any:
    """I scanned the code of the station's screen with my own phone."""
    try:
        codes.open_door(session(), number, code, utc_now())
    except Refusal as refusal:
        return render_template("door/refused.html", why=refusal.text), 422
    answer = redirect(url_for("door.prove", number=number), code=303)
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    common = {"httponly": True, "samesite": "Lax", "secure": secure, "path": request.script_root + "/in"}
    answer.set_cookie(TICKET, _tickets().dumps(number), max_age=int(PROVING.total_seconds()), **common)
    if not request.cookies.get(DEVICE):
        answer.set_cookie(DEVICE, secrets.token_urlsafe(18), max_age=DEVICE_SECONDS, **common)
    return answer


def _tickets() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="door")


def _stood_there(number: str) -> bool:
    """Tell whether this phone scanned the screen of a session a few minutes ago."""
    try:
        known = _tickets().loads(request.cookies.get(TICKET, ""), max_age=int(PROVING.total_seconds()))
    except BadSignature:
        return False
    return bool(known == number)


@pages.route("/in/<number>", methods=["GET", "POST"])
@open_to_phones(OWN_PHONE)
@changes_nothing_seen("who has a seat is looked up by what is typed")
@kerb
def prove(number: str) -> Any:
    """I say who I am, and am checked in."""
    if not _stood_there(number):
        return render_template("door/refused.html", why=codes.EXPIRED), 422
    study, form = codes.find_open(session(), number), ProofForm()
    if not form.validate_on_submit():
        return form_page("door/prove.html", form, study=study)
    proof = codes.Proof(form.who.data, form.last_four.data, request.cookies.get(DEVICE) or secrets.token_urlsafe(18))
    with writing(session()) as own:
        let = codes.let_in(own, study, proof, utc_now())
    if let.refused is not None:
        attach_error(form, Refusal(let.refused))
        return render_template("door/prove.html", form=form, study=study), 422
    answer = redirect(_goes_on(let.phone_key), code=303)
    answer.delete_cookie(TICKET, path=request.script_root + "/in")
    return answer


def _goes_on(phone_key: str) -> str:
    """Return where a phone goes on that was checked in: to what belongs to its check-in, where there is any."""
    found = _of_phone(phone_key)
    return found or url_for("door.let_in")


def _of_phone(phone_key: str) -> str:
    """Return the address of what a rider does on the own phone, "" where this installation has no such page."""
    path = f"/q/{phone_key}"
    adapter = current_app.url_map.bind("")
    return request.script_root + path if adapter.test(path, "GET") else ""


@pages.get("/in")
@open_to_phones(OWN_PHONE)
@kerb
def let_in() -> Any:
    """I read that I am checked in, and where to go."""
    return render_template("door/let_in.html")


@pages.get("/sessions/<number>/riders/<task>/phone")
@requires(CHECK_IN)
@kerb
def phone(number: str, task: str) -> Any:
    """I hold out the code by which a rider goes on with the own phone: the quiz."""
    booking: Booking = sessions.find_study(session(), number, task, actor())
    person = people.people(session(), [booking.task.rider], actor())[booking.task.rider_id]
    code, why = "", None
    key = booking.attendance.phone_key if booking.attendance else None
    if key and (path := _of_phone(key)):
        try:
            code = qr.inline_svg(services_of(session()).address(path))
        except Refusal as nowhere:
            why = nowhere.text
    return render_template("door/phone.html", booking=booking, study=booking.session, person=person, code=code, why=why)
