"""Pages at the door of a session: its list, who arrives, what was a mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.forms import carried_out, errors_told, told_shortly
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen, mark_of, seen, sent_twice
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, translated, wants_sentence
from trafficedu.education.forms.door import ArrivalForm, TapForm
from trafficedu.education.forms.study import FindForm
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries import desk, people, sessions
from trafficedu.education.queries import door as queries
from trafficedu.education.queries.people import NAMED, Person
from trafficedu.education.services import arriving, door, photos
from trafficedu.education.services.arriving import Answer, Asked
from trafficedu.education.services.door import Arrival
from trafficedu.education.views.batches import module_groups
from trafficedu.education.views.living import tagged
from trafficedu.education.views.roster import (
    CHECK_IN,
    RosterEntry,
    entries_of,
    facts_of,
    ready_of,
    roster_entry,
    situation_of,
)
from trafficedu.riders.queries.people import last_four

pages = Blueprint("door", __name__)


@dataclass(frozen=True)
class Line:
    """One rider of the list at the door: who, as far as the reader may know, and all by which the line is found."""

    entry: RosterEntry
    person: Person
    last_four: str
    found_by: str
    has_photo: bool = False

    @property
    def mark(self) -> str:
        """What tells this line from the same one after something happened."""
        current = self.entry.current
        return mark_of(
            self.entry.facts, self.entry.state, current and (current.state, current.minutes), self.has_photo
        )[:8]


def lines_of(study: StudySession, entries: Sequence[RosterEntry]) -> list[Line]:
    """Return the lines of a list in the order of the names' pinyin, which no check-in changes."""
    riders = [entry.booking.task.rider for entry in entries]
    shown = people.people(session(), riders, actor())
    named = actor().may(NAMED)
    receipts = queries.receipts_of(session(), [entry.booking.task_id for entry in entries])
    asked = photos.asks_for_photo(session())
    with_photo = photos.photographed(session(), [entry.booking.id for entry in entries]) if asked else set()
    lines = [
        replace(
            _line(entry, shown, receipts.get(entry.booking.task_id, []), named),
            has_photo=entry.booking.id in with_photo,
        )
        for entry in entries
    ]
    return sorted(lines, key=lambda line: (queries.read_name(line.person.name)[0], line.entry.booking.id))


def _line(entry: RosterEntry, shown: Mapping[int, Person], receipts: Sequence[str], named: bool) -> Line:
    task = entry.booking.task
    numbers = [task.number, *receipts]
    found = queries.found_by(session(), task.rider, numbers) if named else f"|{task.number.lower()}|"
    return Line(entry, shown[task.rider_id], last_four(session(), task.rider) if named else "", found)


@pages.route("/sessions/<number>/check-in", methods=["GET", "POST"])
@requires(CHECK_IN)
@changes_nothing_seen("it reads, or makes a file of what is read")
@kerb
def check_in_list(number: str) -> Any:
    """I stand at the door: I find a rider and check them in with one tap."""
    study = sessions.find_session(session(), number, actor())
    form = FindForm()
    entries = entries_of(study)
    text, tasks = form.words.data or "", [entry.booking.task for entry in entries]
    meant = desk.on_roster(session(), text, tasks, today()) if text else {task.id for task in tasks}
    lines = lines_of(study, entries)
    return render_template(
        "study/check_in.html",
        form=form,
        arrival=ArrivalForm(formdata=None),
        lines=[line for line in lines if line.entry.booking.task_id in meant],
        **_whole(study, entries),
    )


def _whole(study: StudySession, entries: Sequence[RosterEntry]) -> dict[str, Any]:
    """Return what the page says of all riders of a session together."""
    situation = situation_of(study)
    return {
        "study": study,
        "groups": module_groups(study, entries),
        "ready": ready_of(entries),
        "here": sum(entry.booking.has_checked_in for entry in entries),
        "total": len(entries),
        "asks": door.asks_for_document(session()),
        "asks_photo": photos.asks_for_photo(session()),
        "version": _version(study, situation),
        **situation,
    }


def _version(study: StudySession, situation: Mapping[str, Any]) -> str:
    facts = situation["is_open"], situation["begun"], photos.mark_of_photos(session(), study.id)
    return queries.version_of(session(), study, utc_now(), *facts)


PARTS = ("counts", "room", "finish")
"""What of the page changes with any rider: each a template ``study/_check_in_<name>.html``."""


@pages.get("/sessions/<number>/check-in/live")
@requires(CHECK_IN)
@kerb
def live(number: str) -> Any:
    """My tablet asks what others did meanwhile: nothing, or the lines that are others than it has."""
    study = sessions.find_session(session(), number, actor())
    situation = situation_of(study)
    version = _version(study, situation)
    if request.if_none_match.contains(version):
        return tagged(Response(status=304), version)
    entries = entries_of(study)
    have = set(request.args.get("have", "").split(","))
    lines = lines_of(study, entries)
    whole = _whole(study, entries)
    return tagged(
        jsonify(
            order=[line.entry.booking.task.number for line in lines],
            rows={line.entry.booking.task.number: _drawn(line, whole) for line in lines if line.mark not in have},
            parts={name: render_template(f"study/_check_in_{name}.html", **whole) for name in PARTS},
        ),
        version,
    )


def part_of(number: str, name: str) -> str:
    """Draw one of the parts of a list anew, after something was done to everybody in it."""
    study = sessions.find_session(session(), number, actor())
    return render_template(f"study/_check_in_{name}.html", **_whole(study, entries_of(study)))


def _drawn(line: Line, whole: Mapping[str, Any]) -> str:
    return render_template("study/_row.html", line=line, **{name: whole[name] for name in _OF_ROW})


_OF_ROW = ("study", "is_open", "begun", "asks", "asks_photo")


def row_of(number: str, task: str) -> str:
    """Draw one rider of the list anew."""
    booking = sessions.find_in_list(session(), number, task, actor())
    study, [line] = booking.session, lines_of(booking.session, [roster_entry(booking)])
    situation = situation_of(study)
    asks = {"asks": door.asks_for_document(session()), "asks_photo": photos.asks_for_photo(session())}
    return _drawn(line, {"study": study, **asks, **situation})


@pages.post("/sessions/<number>/riders/<task>/check-in")
@requires(CHECK_IN)
@kerb
def check_in(number: str, task: str) -> Any:
    """I check a rider in, the late one too who was marked absent. A second tap is answered like the first."""
    booking, form = sessions.find_seat(session(), number, task, actor()), TapForm()
    short, now = wants_sentence(), utc_now()
    if short and not form.validate():
        return errors_told(form)
    tap = Asked(booking.session, task, now, now, Arrival(identified=form.compared), form.nonce.data or "")
    said: tuple[dict[str, Any], int] | None = None
    with sent_twice(lambda: booking.has_checked_in):
        if not booking.has_checked_in:
            seen(booking, facts_of)
        if short:
            said = _told_shortly(tap, booking)
        elif not booking.has_checked_in:
            carried_out(lambda: _let_in(tap, booking))
    if short:
        return said or _stays(told(number, arriving.found_here(tap, booking)))
    return back_to("door.check_in_list", number=number, _anchor=task)


def _let_in(tap: Asked, booking: Booking) -> Answer:
    answer = arriving.arrive(session(), tap, booking.task, actor())
    if not answer.outcome.is_in:
        raise Refusal(answer.text)
    return answer


def _told_shortly(tap: Asked, booking: Booking) -> tuple[dict[str, Any], int]:
    answers: list[Answer] = []
    refused, code = told_shortly(lambda: answers.append(_let_in(tap, booking)), str)
    return (_stays(told(tap.study.number, answers[0])) if answers else refused), code


def _stays(said: dict[str, Any]) -> dict[str, Any]:
    """Let the page go on with its list instead of leading to the study."""
    return said | {"address": ""}


@pages.post("/sessions/<number>/arrivals")
@requires(CHECK_IN)
@changes_nothing_seen("whoever stands at the door is looked up by what they show")
@kerb
def arrivals(number: str) -> Any:
    """I scan a code, or type who stands before me: one gesture, and the whole screen says what came of it."""
    study, form = sessions.find_session(session(), number, actor()), ArrivalForm()
    if not form.validate():
        return errors_told(form)
    now = utc_now()
    arrival = Arrival(identified=form.compared)
    asked = Asked(study, form.words.data, now, now, arrival, form.nonce.data or "", move=form.moves)
    with writing(session()) as own:
        answer = arriving.answer(own, asked, actor())
    return told(number, answer), 200 if answer.outcome.is_in else 422


def told(number: str, answer: Answer) -> dict[str, Any]:
    """Return what a page is told of an answer: the words that fill the screen, and the line it draws anew."""
    rider = answer.task.rider if answer.task else None
    named = actor().may(NAMED)
    shown = people.people(session(), [task.rider for task in answer.several], actor())
    return {
        "outcome": answer.outcome.value,
        "tone": answer.outcome.tone,
        "word": translated(answer.outcome.label),
        "message": translated(answer.text),
        "name": people.people(session(), [rider], actor())[rider.id].name if rider else "",
        "last_four": last_four(session(), rider) if rider and named else "",
        "task": answer.task.number if answer.task else "",
        "address": url_for("education.task", number=answer.task.number) if answer.task else "",
        "move": answer.may_move,
        "several": [
            {
                "task": task.number,
                "name": shown[task.rider_id].name,
                "last_four": last_four(session(), task.rider) if named else "",
            }
            for task in answer.several
        ],
        "html": row_of(number, answer.task.number) if answer.booking and answer.task else "",
    }


@pages.post("/sessions/<number>/riders/<task>/identity")
@requires(CHECK_IN)
@kerb
def identify(number: str, task: str) -> Any:
    """I compared the document of a rider who is here with the rider."""
    booking = seen(sessions.find_study(session(), number, task, actor()), facts_of)
    return row_or_list(number, task, lambda: door.confirm_identity(session(), booking, actor(), utc_now()))


@pages.post("/sessions/<number>/riders/<task>/undo")
@requires(CHECK_IN)
@kerb
def undo(number: str, task: str) -> Any:
    """I take a mistaken check-in back."""
    booking = seen(sessions.find_study(session(), number, task, actor()), facts_of)
    return row_or_list(number, task, lambda: door.undo_check_in(session(), booking, actor(), utc_now()), UNDONE)


UNDONE = message("Check-in undone.")


def row_or_list(number: str, task: str, act: Any, success: Any = None) -> Any:
    """Act on one rider of the list: its script gets the line anew, without one the list is shown again."""
    if wants_sentence():
        return told_shortly(act, lambda: row_of(number, task))
    carried_out(act, success)
    return back_to("door.check_in_list", number=number, _anchor=task)
