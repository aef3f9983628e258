"""One queue of what waits for a supervisor, an item at a time: decided by one key, and the next one comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from flask import render_template, request, url_for
from flask import session as cookie
from sqlalchemy.orm import Session

from trafficedu.core.access import actor, requires
from trafficedu.core.actors import Actor
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import carried_out, submitted
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, locale
from trafficedu.riders.models import Rider
from trafficedu.violations.forms.inbox import ACCEPTED, REFUSED, InboxAct, InboxFilterForm, InboxForm
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.inbox import ALL, Item, Queue, Waiting
from trafficedu.violations.queries.objections import list_objections_of
from trafficedu.violations.queries.plates import list_of_plate, usual_rider
from trafficedu.violations.queries.records import list_of_rider
from trafficedu.violations.queries.requests import list_wanted
from trafficedu.violations.queries.searching import words_of
from trafficedu.violations.queries.unnamed import find_unnamed
from trafficedu.violations.services import undoing
from trafficedu.violations.services.inbox import decide
from trafficedu.violations.services.reviewing import is_late
from trafficedu.violations.views.blueprint import pages
from trafficedu.violations.views.evidence import shown_of

UNDO = "inbox_undo"
UNDONE: dict[tuple[Waiting, str], Callable[[Session, Any, Actor, datetime], None]] = {
    (Waiting.REVIEW, InboxAct.ACCEPT): undoing.reopen_review,
    (Waiting.REVIEW, InboxAct.REFUSE): undoing.reopen_review,
    (Waiting.OBJECTION, InboxAct.REFUSE): undoing.reopen_objection,
    (Waiting.CORRECTION, InboxAct.REFUSE): undoing.reopen_request,
}
"""What can be taken back at once: KIND, act -> how."""
EARLIER = 5


@dataclass(frozen=True)
class Proposal:
    """Who usually rides the e-bike of a record whose rider is not known."""

    rider: Rider

    @property
    def name(self) -> str:
        """What the rider is called."""
        return self.rider.name


def _queue() -> tuple[Queue, InboxFilterForm, dict[str, str]]:
    """Return the queue as the address narrows it, its form, and what leads to the same queue again."""
    form = InboxFilterForm(request.args)
    form.validate()
    named = actor().may("riders:rider:read")
    words = words_of(session(), form.q.data or "", riders=named, officers=True, plates=named)
    kinds = [kind for kind in ALL if kind == request.args.get("kind")] or list(ALL)
    narrowed = {name: request.args[name] for name in ("kind", "q") if request.args.get(name)}
    return Queue(session(), actor(), today(), kinds, words), form, narrowed


@pages.get("/inbox")
@requires("violations:violation:review")
def inbox() -> Any:
    """I see what waits for me: the item with the least time left, or that nothing does."""
    queue, form, narrowed = _queue()
    first = queue.after(None)
    if first is None:
        return render_template(
            "violations/inbox_empty.html", form=form, counts=queue.counts(), narrowed=narrowed, undo=cookie.get(UNDO)
        )
    return back_to("violations.inbox_item", what=first.kind, number=first.number, **narrowed)


@pages.route("/inbox/<what>/<number>", methods=["GET", "POST"])
@requires("violations:violation:review")
def inbox_item(what: str, number: str) -> Any:
    """I see one item with its picture, its facts and the rider's story, and decide on it with one key."""
    queue, narrowing, narrowed = _queue()
    if what not in ALL:
        raise Missing(message("Nothing of this kind waits here."))
    item = seen(queue.find(Waiting(what), number), lambda found: found.records)
    following = queue.after(item)
    form = InboxForm()
    act = request.form.get("act", "")
    form.offer((REFUSED if act == InboxAct.REFUSE else ACCEPTED).get(item.kind, ()))
    if submitted(form, lambda: decide(session(), item, act, form.why, actor(), utc_now())):
        _remember(item, act)
        if following is None:
            return back_to("violations.inbox", **narrowed)
        return back_to("violations.inbox_item", what=following.kind, number=following.number, **narrowed)
    item = queue.find(Waiting(what), number)
    page = render_template(
        "violations/inbox.html",
        item=item,
        form=form,
        filter=narrowing,
        narrowed=narrowed,
        counts=queue.counts(),
        days_left=queue.days_left(item),
        what_follows=queue.what_follows(item),
        next_url=_address(queue.after(item), narrowed),
        undo=cookie.get(UNDO),
        **_story(item),
    )
    return page, 422 if form.errors else 200


def _address(item: Item | None, narrowed: dict[str, str]) -> str:
    if item is None:
        return url_for("violations.inbox", **narrowed)  # type: ignore[arg-type]
    return url_for("violations.inbox_item", what=item.kind, number=item.number, **narrowed)  # type: ignore[arg-type]


def _story(item: Item) -> dict[str, Any]:
    """Return what stands beside an item: who it was or is proposed to be, earlier offences, objections."""
    violation = item.violation
    proposed = usual_rider(session(), violation) if violation.is_pending or violation.is_wanted else None
    return {
        "violation": violation,
        "evidence": shown_of(violation),
        "proposal": Proposal(proposed) if proposed is not None else None,
        "person": find_unnamed(session(), violation),
        "earlier": _earlier(violation),
        "wanted": list_wanted(session(), item.row, locale()) if item.kind == Waiting.CORRECTION else [],
        "objections": list_objections_of(session(), violation.id),
        "own": violation.officer_id is not None and violation.officer_id == actor().user_id,
        "late": is_late(violation, today()),
        "refused": REFUSED.get(item.kind, ()),
        "accepted": ACCEPTED.get(item.kind, ()),
        "waiting": Waiting,
    }


def _earlier(violation: Violation) -> list[Violation]:
    """Return other records of the rider, or of the plate where nobody is known, the latest first."""
    if violation.rider_id is not None:
        found = list(list_of_rider(session(), actor(), violation.rider_id, EARLIER + 1))
    elif violation.plate:
        found = list_of_plate(session(), actor(), violation.plate, EARLIER + 1)
    else:
        found = []
    return [each for each in found if each.id != violation.id][:EARLIER]


def _remember(item: Item, act: str) -> None:
    """Say what was done, and offer to take it back where that harms nobody."""
    cookie.pop(UNDO, None)
    if (item.kind, act) in UNDONE:
        cookie[UNDO] = {"what": item.kind.value, "number": item.number, "act": act}
        flash_message(message("%(number)s decided.", number=item.number))
    else:
        flash_message(message("%(number)s decided. This is not taken back here.", number=item.number))


@pages.post("/inbox/undo")
@requires("violations:violation:review")
@changes_nothing_seen("it takes back what was just decided, by whoever did")
def undo_item() -> Any:
    """I take back what I decided a moment ago, and see it again."""
    last, (_, _, narrowed) = cookie.pop(UNDO, None), _queue()
    if not last:
        flash_message(message("There is nothing to take back."), "warning")
        return back_to("violations.inbox", **narrowed)
    what, number = Waiting(last["what"]), last["number"]
    item = Queue(session(), actor(), today()).find(what, number)
    carried_out(partial(UNDONE[what, last["act"]], session(), item.row, actor(), utc_now()), message("Taken back."))
    return back_to("violations.inbox_item", what=what, number=number, **narrowed)
