"""Where a source says something else than a person who corrected its record: somebody decides, with one tap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, render_template

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.corrections import Correction
from trafficedu.core.database import session
from trafficedu.core.forms import carried_out
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, locale, page_place
from trafficedu.riders.rules import ConflictAct
from trafficedu.riders.services.conflicts import decide as decide_conflict
from trafficedu.riders.services.conflicts import name_of
from trafficedu.transfers.queries import corrected
from trafficedu.transfers.queries.corrected import DIFFERENCES, Corrected, find_conflict, list_conflicts
from trafficedu.transfers.rules import DECIDE, KIND_NAMES
from trafficedu.transfers.services import deciding
from trafficedu.transfers.services.showing import Line, lines_of
from trafficedu.transfers.views.blueprint import pages


@dataclass(frozen=True)
class Difference:
    """A record with the corrections that hold, one of which its source contradicts."""

    kind: Corrected
    record: Any
    label: str
    held: Sequence[Correction]
    lines: Sequence[Line]


@pages.get("/corrections")
@requires(DECIDE)
def differences() -> Any:
    """I see where a file says something else than somebody who corrected its record."""
    page = DIFFERENCES.page(session(), actor(), None, None, page_place())
    subjects = dict.fromkeys((each.subject_kind, each.subject_id) for each in page.items)
    found = []
    for table, record_id in subjects:
        kind, record, held = corrected.find(session(), table, record_id, actor())
        found.append(Difference(kind, record, kind.label(record), held, lines_of(session(), locale(), held)))
    conflicts = list_conflicts(session(), actor())
    return render_template(
        "transfers/corrections.html",
        page=page,
        found=found,
        conflicts=[(conflict, name_of(session(), conflict)) for conflict in conflicts],
        kind_names=KIND_NAMES,
    )


@pages.post("/corrections/names/<int:conflict_id>/<any(rename, dismiss):act>")
@requires("riders:rider:import")
def decide_name(conflict_id: int, act: str) -> Any:
    """I say that it is the same person, whose name is corrected, or that the file names the wrong document."""
    conflict = seen(find_conflict(session(), conflict_id, actor()))
    said = message("The name was corrected.") if act == "rename" else message("Noted: it was the wrong document.")
    carried_out(lambda: decide_conflict(session(), conflict, ConflictAct(act), actor(), utc_now()), said)
    return back_to("transfers.differences")


@pages.post("/corrections/<table>/<int:record_id>/<any(keep, take):act>")
@requires(DECIDE)
def decide(table: str, record_id: int, act: str) -> Any:
    """I let the correction stand, or let the record say what its source says."""
    kind, _, held = corrected.find(session(), table, record_id, actor())
    seen(held)
    if act == "take" and kind.take is None:
        abort(404)
    do = deciding.keep if act == "keep" else deciding.take
    said = message("The correction stands.") if act == "keep" else message("The record says what its source says.")
    carried_out(lambda: do(session(), table, record_id, actor(), utc_now()), said)
    return back_to("transfers.differences")
