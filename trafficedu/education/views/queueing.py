"""Pages of the VR queue of a session: the clerk's list with one tap a rider, and the screen in the room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, render_template

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import carried_out, told_shortly
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import seen
from trafficedu.core.web import back_to, wants_sentence
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries import people
from trafficedu.education.queries.queueing import VrQueue, queue_of, version_of
from trafficedu.education.queries.rooms import rooms_of
from trafficedu.education.queries.sessions import find_session, find_study
from trafficedu.education.rules.states import ModuleKind
from trafficedu.education.services import queueing
from trafficedu.education.views.living import REFRESH_SECONDS, living
from trafficedu.education.views.roster import CHECK_IN, facts_of, situation_of
from trafficedu.riders.rules import mask_name

pages = Blueprint("vr", __name__)
KEYS_SECONDS = 5
"""How soon after a ride may end its page has the key for that, though nobody did anything."""


def _at_machines(study: StudySession) -> Any:
    """Return what calling the next one rests on: who rides and who was called."""
    return _facts(queue_of(session(), study, utc_now()))


def _facts(queue: VrQueue) -> list[Any]:
    riding, called = sorted(one.booking.id for one in queue.riding), sorted(one.booking.id for one in queue.called)
    return [riding, called, sum(one.missed for one in [*queue.called, *queue.waiting])]


@pages.get("/sessions/<number>/vr")
@requires(CHECK_IN)
@kerb
def queue(number: str) -> Any:
    """I see who rides, let the next one on with one tap, and see how long the others wait."""
    study = find_session(session(), number, actor())
    version = version_of(session(), study, utc_now(), KEYS_SECONDS)

    def page() -> str:
        return render_template("rooms/queue.html", version=version, every=REFRESH_SECONDS, **_values(study))

    return living(version, page, lambda: {"queue": _drawn(study)})


def _values(study: StudySession) -> dict[str, Any]:
    now = utc_now()
    queue = queue_of(session(), study, now)
    shown = [one.booking for one in queue.riding] + [one.booking for one in (*queue.called, *queue.waiting)]
    return {
        "study": study,
        "queue": queue,
        "now": now,
        "facts": _facts(queue),
        "facts_of": facts_of,
        "planned": ModuleKind.VR in rooms_of(session(), study),
        "people": people.people(session(), [booking.task.rider for booking in shown], actor()),
        **situation_of(study),
    }


def _drawn(study: StudySession) -> str:
    return render_template("rooms/_queue.html", **_values(study))


@pages.get("/sessions/<number>/vr/screen")
@requires(CHECK_IN)
def screen(number: str) -> Any:
    """I hang up in the VR room who is called and who comes next."""
    study, now = find_session(session(), number, actor()), utc_now()
    version = version_of(session(), study, now)

    def values() -> dict[str, Any]:
        queue = queue_of(session(), study, now)
        return {"study": study, "queue": queue, "now": now, "masked": mask_name}

    def parts() -> dict[str, str]:
        drawn = values()
        return {name: render_template(f"rooms/_screen_{name}.html", **drawn) for name in ("clock", "calls")}

    def page() -> str:
        return render_template("rooms/screen.html", version=version, every=REFRESH_SECONDS, **values())

    return living(version, page, parts)


@pages.post("/sessions/<number>/vr/call")
@requires(CHECK_IN)
@kerb
def call(number: str) -> Any:
    """I call the next rider to a free machine."""
    study = seen(find_session(session(), number, actor()), _at_machines)
    return _done(study, lambda: queueing.call_next(session(), study, actor(), utc_now()))


def _done(study: StudySession, act: Callable[[], Any]) -> Any:
    """Act on the queue: its page's script gets the queue drawn anew, without one the page is shown again."""
    if wants_sentence():
        return told_shortly(act, lambda: _drawn(study))
    carried_out(act)
    return back_to("vr.queue", number=study.number)


def _act(number: str, task: str, act: Callable[[Booking], Any]) -> Any:
    booking = seen(find_study(session(), number, task, actor()), facts_of)
    return _done(booking.session, lambda: act(booking))


@pages.post("/sessions/<number>/riders/<task>/vr/begin")
@requires(CHECK_IN)
@kerb
def begin(number: str, task: str) -> Any:
    """I begin the ride of a rider who is at the machine; the one before ends, and the next one is called."""
    return _act(number, task, lambda booking: queueing.take_turn(session(), booking, actor(), utc_now()))


@pages.post("/sessions/<number>/riders/<task>/vr/not-here")
@requires(CHECK_IN)
@kerb
def not_here(number: str, task: str) -> Any:
    """I let a rider who was called and is not here go back some places."""
    return _act(number, task, lambda booking: queueing.fall_back(session(), booking, actor(), utc_now()))


@pages.post("/sessions/<number>/riders/<task>/vr/end")
@requires(CHECK_IN)
@kerb
def end(number: str, task: str) -> Any:
    """I end a ride."""
    return _act(number, task, lambda booking: queueing.end_ride(session(), booking, actor(), utc_now()))
