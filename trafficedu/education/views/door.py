"""Pages at the door of a session: its list, who arrives, what was a mistake."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import carried_out, told_shortly
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, wants_sentence
from trafficedu.education.forms.study import FindForm
from trafficedu.education.queries import desk, people, sessions
from trafficedu.education.rules.states import RosterState
from trafficedu.education.services import door
from trafficedu.education.views.batches import module_groups
from trafficedu.education.views.roster import (
    CHECK_IN,
    facts_of,
    ready_of,
    roster_entry,
    situation_of,
)

pages = Blueprint("door", __name__)
ORDER = list(RosterState)


@pages.route("/sessions/<number>/check-in", methods=["GET", "POST"])
@requires(CHECK_IN)
@changes_nothing_seen("it reads, or makes a file of what is read")
@kerb
def check_in_list(number: str) -> Any:
    """I stand at the door: I find a rider and check them in with one tap."""
    study = sessions.find_session(session(), number, actor())
    form = FindForm()
    roster = sessions.list_roster(session(), study.id)
    entries = [roster_entry(booking) for booking in roster]
    text, tasks = form.words.data or "", [booking.task for booking in roster]
    meant = desk.on_roster(session(), text, tasks, today()) if text else {task.id for task in tasks}
    shown = [entry for entry in entries if entry.booking.task_id in meant]
    shown.sort(key=lambda entry: ORDER.index(entry.state))
    return render_template(
        "study/check_in.html",
        study=study,
        form=form,
        entries=shown,
        people=people.people(session(), [booking.task.rider for booking in roster], actor()),
        groups=module_groups(study, entries),
        ready=ready_of(entries),
        here=sum(entry.booking.has_checked_in for entry in entries),
        total=len(entries),
        **situation_of(study),
    )


@pages.post("/sessions/<number>/riders/<task>/check-in")
@requires(CHECK_IN)
@kerb
def check_in(number: str, task: str) -> Any:
    """I check a rider in. A second tap is answered like the first, without taking turns with those who write."""
    booking = sessions.find_seat(session(), number, task, actor())
    done = booking.has_checked_in

    def arrive() -> None:
        door.check_in(session(), booking, actor(), utc_now())

    if not done:
        seen(booking, facts_of)
    if wants_sentence():
        return {"html": _row(number, task)} if done else told_shortly(arrive, lambda: _row(number, task))
    if not done:
        carried_out(arrive)
    return back_to("door.check_in_list", number=number, _anchor=task)


def _row(number: str, task: str) -> str:
    """Draw one rider of the list anew."""
    booking = sessions.find_in_list(session(), number, task, actor())
    study = booking.session
    person = people.people(session(), [booking.task.rider], actor())[booking.task.rider_id]
    entry = roster_entry(booking)
    return render_template("study/_row.html", study=study, entry=entry, person=person, **situation_of(study))


@pages.post("/sessions/<number>/riders/<task>/undo")
@requires(CHECK_IN)
@kerb
def undo(number: str, task: str) -> Any:
    """I take a mistaken check-in back."""
    booking = seen(sessions.find_study(session(), number, task, actor()), facts_of)
    carried_out(
        lambda: door.undo_check_in(session(), booking, actor(), utc_now()),
        message("Check-in undone."),
    )
    return back_to("door.check_in_list", number=number, _anchor=task)
