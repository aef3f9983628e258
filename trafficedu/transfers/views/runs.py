"""Pages of the runs of imports: what one did, row by row, and its button to take it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template
from sqlalchemy.orm import Session

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.columns import Columns
from trafficedu.core.database import session
from trafficedu.core.errors import Denied
from trafficedu.core.forms import carried_out
from trafficedu.core.import_runs import ImportChange, ImportRun, told_of
from trafficedu.core.seen import seen
from trafficedu.core.text import message, unpacked
from trafficedu.core.web import back_to, locale, page_place, tables, translated
from trafficedu.transfers.queries.runs import CHANGES, find_run, undone_by
from trafficedu.transfers.rules import KIND_NAMES
from trafficedu.transfers.services import undoing
from trafficedu.transfers.services.showing import Shown
from trafficedu.transfers.views.blueprint import pages

OPEN = "transfers:page:open"


@dataclass(frozen=True)
class ChangeLine:
    """A row of a run as people read it: what changed, or why it was refused."""

    change: ImportChange
    fields: list[tuple[str, str, str]]
    column: str
    value: str
    reason: str


def own_kinds() -> list[str]:
    """Return the kinds that this user imports."""
    return [kind for kind, importer in tables().importers.items() if actor().may(importer.permission)]


def may_undo(run: ImportRun) -> bool:
    """Tell whether this user may take a run back: who imports the kind."""
    return run.may_be_undone and run.kind in own_kinds()


@pages.get("/imports/runs/<number>")
@requires(OPEN)
def run(number: str) -> Any:
    """I read what an import did to each record, and take it back where nothing rests on it yet."""
    shown = find_run(session(), number, actor(), own_kinds())
    page = CHANGES.page(session(), actor(), shown.id, None, page_place())
    readable = shown.kind in own_kinds()
    return render_template(
        "transfers/run.html",
        run=shown,
        kind_name=KIND_NAMES.get(shown.kind, shown.kind),
        page=page,
        lines=_lines(session(), page.items, tables().importers[shown.kind].columns) if readable else [],
        undone=undone_by(session(), shown),
        of=session().get(ImportRun, shown.undoes_id) if shown.undoes_id else None,
        undoable=may_undo(shown),
    )


@pages.post("/imports/runs/<number>/undo")
@requires(OPEN)
def undo(number: str) -> Any:
    """I take an import back: what it added goes, what it changed says again what it said."""
    taken = seen(find_run(session(), number, actor(), own_kinds()))
    if taken.kind not in own_kinds():
        raise Denied(message("Only who imports this kind of table can undo its imports."))
    done = carried_out(lambda: undoing.undo(session(), taken, actor(), utc_now()), message("The import was undone."))
    return back_to("transfers.run", number=number if done is None else done.value.number)


def _lines(own: Session, changes: Any, columns: Columns) -> list[ChangeLine]:
    shown = Shown(own, locale())
    lines = []
    for change in changes:
        told = told_of(own, change)
        before, after = told.get("before", {}), told.get("after", {})
        fields = [
            (
                shown.head(name),
                shown.value(change.table_name, name, before.get(name)),
                shown.value(change.table_name, name, value),
            )
            for name, value in after.items()
        ]
        reason = translated(unpacked(told["reason"])) if "reason" in told else ""
        column = translated(columns.titled(told["column"])) if told.get("column") else ""
        lines.append(ChangeLine(change, fields, column, told.get("value", ""), reason))
    return lines
