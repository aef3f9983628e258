"""The page of a station's desk: who has walked in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, url_for

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import form_page
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.transactions import writing
from trafficedu.education.forms.study import FindForm
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries import people
from trafficedu.education.queries.desk import find_at_desk
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.rules import states
from trafficedu.education.views.roster import CHECK_IN
from trafficedu.riders.services.people import open_rider

pages = Blueprint("desk", __name__)


@pages.route("/desk", methods=["GET", "POST"])
@requires(CHECK_IN)
@changes_nothing_seen("it reads, and keeps that it was read")
@kerb
def find() -> Any:
    """I find the rider who stands before me, by whatever they show or say; the only one opens at once."""
    form = FindForm()
    if not form.validate_on_submit() or not form.words.data:
        return form_page("desk/find.html", form, at_desk=None)
    at_desk = find_at_desk(session(), form.words.data, actor(), today())
    if at_desk.by_document:
        with writing(session()) as own:
            for rider in at_desk.by_document:
                open_rider(own, rider, actor(), "desk")
    unfinished = [task for task in at_desk.tasks if task.state in states.UNFINISHED]
    is_one = len({task.rider_id for task in at_desk.tasks}) == 1 and not at_desk.is_cut
    if is_one and (len(at_desk.tasks) == 1 or len(unfinished) == 1):
        return redirect(_address(unfinished[0] if unfinished else at_desk.tasks[0]), code=303)
    return form_page(
        "desk/find.html",
        form,
        at_desk=at_desk,
        people=people.people(session(), [task.rider for task in at_desk.tasks], actor()),
        addresses={task.id: _address(task) for task in at_desk.tasks},
        late={task.id for task in at_desk.tasks if task.is_overdue(today())},
    )


def _address(task: StudyTask) -> str:
    """Return where the rider is served: the study card of a session that is on here, else the task."""
    for booking in reversed(task.bookings):
        study = booking.session
        here = study.takes_place and study.station_id == actor().scope.station_id
        if here and hours_of(session(), study).are_on(utc_now()):
            return url_for("study.card", number=study.number, task=task.number)
    return url_for("education.task", number=task.number)
