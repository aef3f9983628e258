"""The door without a network: the list that a tablet keeps, and what it sends once there is one again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import flask_login
from flask import jsonify, render_template, request, url_for

from trafficedu.core import queued as phones
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.kept import account_mark
from trafficedu.core.lanes import kerb
from trafficedu.core.phones import to_put_right
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.tokens import masked_token
from trafficedu.core.transactions import writing
from trafficedu.core.web import local_time, locale, translated
from trafficedu.education.forms.door import kept_tap
from trafficedu.education.models.courses import StudySession
from trafficedu.education.queries import sessions
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.rules.door import MOST_AHEAD, put_right
from trafficedu.education.services import arriving, door
from trafficedu.education.services.arriving import Answer, Asked
from trafficedu.education.services.door import Arrival
from trafficedu.education.views.door import lines_of, pages
from trafficedu.education.views.roster import CHECK_IN, entries_of


@pages.get("/door")
@requires(CHECK_IN)
@kerb
def today() -> Any:
    """I see today's lists as they stand, and let my tablet keep them for when there is no network."""
    return render_template("door/today.html", kept=False, studies=_today(), asks=door.asks_for_document(session()))


@pages.get("/door/kept")
@requires(CHECK_IN)
@kerb
def kept_today() -> Any:
    """My tablet keeps the page for when there is no network: without my name, and without a rider."""
    bare = {"kept": True, "current_user": flask_login.AnonymousUserMixin(), "navigation": [], "now": utc_now()}
    return render_template("door/today.html", studies=[], asks=door.asks_for_document(session()), **bare)


def _today() -> list[StudySession]:
    return list(sessions.list_of_today(session(), actor(), utc_now()))


@pages.get("/door/facts")
@requires(CHECK_IN)
@kerb
def facts() -> Any:
    """My tablet asks whom it sends for, for leave to send, and for today's lists, which it keeps sealed."""
    return jsonify(account=account_mark(), token=masked_token(), studies=[_told(study) for study in _today()])


def _told(study: StudySession) -> dict[str, Any]:
    """Return a session's list as far as the door needs it: names, last four, who is here."""
    hours = hours_of(session(), study)
    lines = lines_of(study, entries_of(study))
    return {
        "number": study.number,
        "course": study.course.name(locale()),
        "starts": local_time(study.starts_utc),
        "opens": hours.opens.isoformat(),
        "closes": hours.closes.isoformat(),
        "riders": [
            {
                "task": line.entry.booking.task.number,
                "name": line.person.name,
                "four": line.last_four,
                "find": line.found_by,
                "state": line.entry.state.value,
                "said": translated(line.entry.state.label),
                "expected": line.entry.booking.is_booked,
            }
            for line in lines
        ],
    }


@pages.post("/door/queued")
@requires(CHECK_IN)
@changes_nothing_seen("what others did meanwhile is looked at when the tap is judged")
@kerb
def queued() -> Any:
    """My tablet sends a tap that it kept: it counts once, at the time it was made, put right."""
    try:
        sent = phones.read_waited(request.form)
        number, text, nonce, identified = kept_tap(request.form)
        at = _moment(sent)
    except (KeyError, ValueError, OverflowError):
        return jsonify(message=translated(phones.NOT_OURS)), 400
    if sent.account != account_mark():
        return jsonify(message=translated(phones.OTHERS)), 403
    study, now = sessions.find_session(session(), number, actor()), utc_now()
    asked = Asked(study, text, at, now, Arrival(identified=identified, received=now), nonce)
    try:
        with writing(session()) as own:
            answer = arriving.answer(own, asked, actor())
    except Refusal as refusal:
        return jsonify(message=translated(refusal.text), fields={}), 422
    if not answer.outcome.is_in:
        return jsonify(message=f"{translated(answer.outcome.label)}: {translated(answer.text)}", fields={}), 422
    return jsonify(_taken(number, answer)), 200


def _moment(sent: phones.Waited) -> Any:
    """Return when the tap was made: by the difference the tablet knew before it, else by that of its clock now."""
    now = utc_now()
    given = request.form.get("difference", "")
    difference = timedelta(milliseconds=float(given)) if given else to_put_right(sent.device_utc, now)
    if abs(difference) > MOST_AHEAD:
        raise ValueError("no difference")
    return put_right(sent.recorded_utc, difference, now)


def _taken(number: str, answer: Answer) -> dict[str, str]:
    """Return what the tablet keeps of a tap that was taken: who, what came of it, where to look."""
    task = answer.task.number if answer.task else ""
    name = answer.task.rider.name if answer.task else ""
    address = url_for("door.check_in_list", number=number, _anchor=task)
    return {"number": task, "address": address, "told": f"{name} · {translated(answer.outcome.label)}"}
