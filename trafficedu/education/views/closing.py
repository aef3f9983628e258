"""Pages of the end of a session: close it in one gesture, print all its certificates at one go."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.forms import carried_out
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import held, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, locale, pdf
from trafficedu.education.models.courses import StudySession
from trafficedu.education.queries import people, sessions
from trafficedu.education.services import closing, rosters

pages = Blueprint("closing", __name__)


def _find(number: str) -> StudySession:
    return sessions.find_session(session(), number, actor())


def _facts(study: StudySession) -> list[Any]:
    """Return what closing rests on: every rider of the session, as far as each is."""
    roster = sessions.list_roster(session(), study.id)
    return [(one, one.attendance, [] if one.attendance is None else list(one.attendance.modules)) for one in roster]


@pages.route("/sessions/<number>/close", methods=["GET", "POST"])
@requires(closing.CLOSE)
@kerb
def close(number: str) -> Any:
    """I end a session: all who did not come are ticked as absent, all who can be are ticked to be signed off."""
    study = seen(_find(number), _facts)
    ticked = {name: frozenset(request.form.getlist(name)) for name in ("absent", "signed", "left")}
    if request.method == "POST" and held() is None:
        done = carried_out(
            lambda: closing.close_session(session(), study, closing.Choice(**ticked), actor(), utc_now())
        )
        if done:
            _tell(done.value)
        return back_to("closing.close", number=number)
    standing = closing.standing_of(session(), study, locale())
    roster = [*standing.unmarked, *standing.ready, *(one for one, _ in standing.missing), *standing.settled]
    certificates = closing.certificates_of(session(), study)
    if request.method == "GET":
        ticked["absent"] = frozenset(one.task.number for one in standing.unmarked)
        ticked["signed"] = frozenset(one.task.number for one in standing.ready)
    return render_template(
        "closing/close.html",
        study=study,
        standing=standing,
        ticked=ticked,
        total=len(roster),
        people=people.people(session(), [one.task.rider for one in roster], actor()),
        begun=study.starts_utc <= utc_now(),
        certificates=len(certificates),
        settled=rosters.is_settled(roster),
    )


def _tell(closed: closing.Closed) -> None:
    """Say what closing did, and what is left."""
    text = message(
        "Absent: %(absent)d; signed off: %(signed)d; left early: %(left)d.",
        absent=closed.absent,
        signed=closed.signed,
        left=closed.left,
    )
    flash_message(text)
    if closed.open:
        flash_message(message("Still open: %(count)d.", count=closed.open), "warning")


@pages.get("/sessions/<number>/certificates.pdf")
@requires("education:certificate:read")
def certificates(number: str) -> Any:
    """I print all certificates of a session at one go, each as it was issued."""
    study = _find(number)
    try:
        printed = closing.render_certificates(session(), study, locale(), utc_now())
    except Refusal as refusal:
        raise Missing(refusal.text) from None
    answer = pdf(printed.body, f"{number}-certificates")
    answer.headers["X-Pages"] = str(printed.pages)
    return answer
