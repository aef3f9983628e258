"""Pages of the VR queue of a session: the clerk's list with one tap a rider, and the screen in the room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, render_template

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import carried_out
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import seen
from trafficedu.core.web import back_to
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries import people
from trafficedu.education.queries.queueing import VrQueue, queue_of
from trafficedu.education.queries.rooms import rooms_of
from trafficedu.education.queries.sessions import find_session, find_study
from trafficedu.education.rules.states import ModuleKind
from trafficedu.education.services import queueing
from trafficedu.education.views.rooms import REFRESH_SECONDS
from trafficedu.education.views.roster import CHECK_IN, facts_of, situation_of
from trafficedu.riders.rules import mask_name

pages = Blueprint("vr", __name__)


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
    """I see who rides, call the next one by name, and see how long the others wait."""
    study, now = find_session(session(), number, actor()), utc_now()
    queue = queue_of(session(), study, now)
    shown = [one.booking for one in queue.riding] + [one.booking for one in (*queue.called, *queue.waiting)]
    return render_template(
        "rooms/queue.html",
        study=study,
        queue=queue,
        now=now,
        facts=_facts(queue),
        facts_of=facts_of,
        planned=ModuleKind.VR in rooms_of(session(), study),
        people=people.people(session(), [booking.task.rider for booking in shown], actor()),
        **situation_of(study),
    )


@pages.get("/sessions/<number>/vr/screen")
@requires(CHECK_IN)
def screen(number: str) -> Any:
    """I hang up in the VR room who is called and who comes next."""
    study, now = find_session(session(), number, actor()), utc_now()
    return render_template(
        "rooms/screen.html",
        study=study,
        queue=queue_of(session(), study, now),
        now=now,
        masked=mask_name,
        refresh=REFRESH_SECONDS,
    )


@pages.post("/sessions/<number>/vr/call")
@requires(CHECK_IN)
@kerb
def call(number: str) -> Any:
    """I call the next rider to a free machine."""
    study = seen(find_session(session(), number, actor()), _at_machines)
    carried_out(lambda: queueing.call_next(session(), study, actor(), utc_now()))
    return back_to("vr.queue", number=number)


def _act(number: str, task: str, act: Callable[[Booking], Any]) -> Response:
    booking = seen(find_study(session(), number, task, actor()), facts_of)
    carried_out(lambda: act(booking))
    return back_to("vr.queue", number=number)


@pages.post("/sessions/<number>/riders/<task>/vr/begin")
@requires(CHECK_IN)
@kerb
def begin(number: str, task: str) -> Any:
    """I begin the ride of a rider who is at the machine."""
    return _act(number, task, lambda booking: queueing.begin_ride(session(), booking, actor(), utc_now()))


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
