"""Pages of what is kept of how sources call things: the list, and one source's headings and words."""

from __future__ import annotations

from typing import Any

from flask import render_template

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import carried_out, submitted
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, tables
from trafficedu.transfers.forms import RenameForm
from trafficedu.transfers.models import ImportMapping
from trafficedu.transfers.queries.mappings import find_kept, list_kept
from trafficedu.transfers.rules import KIND_NAMES
from trafficedu.transfers.services.mappings import delete_mapping, rename_mapping
from trafficedu.transfers.views.blueprint import pages
from trafficedu.transfers.views.runs import OPEN, own_kinds


@pages.get("/imports/mappings")
@requires(OPEN)
def mappings() -> Any:
    """I see under which names headings and words of sources are kept."""
    return render_template("transfers/mappings.html", kept=list_kept(session(), own_kinds()), kind_names=KIND_NAMES)


@pages.route("/imports/mappings/<kind>/<name>", methods=["GET", "POST"])
@requires(OPEN)
def mapping(kind: str, name: str) -> Any:
    """I see which of a source's headings and words are which of ours, and give them another name."""
    kept = seen(_find(kind, name))
    form = RenameForm(name=kept.name)
    renamed = submitted(form, lambda: rename_mapping(session(), kept, form.name.data or "", actor(), utc_now()).name)
    if renamed is not None:
        flash_message(message("The name was changed."))
        return back_to("transfers.mapping", kind=kind, name=renamed.value)
    page = render_template(
        "transfers/mapping.html", form=form, kept=kept, kind_names=KIND_NAMES, columns=tables().importers[kind].columns
    )
    return page, 422 if form.errors else 200


@pages.post("/imports/mappings/<kind>/<name>/delete")
@requires(OPEN)
def delete(kind: str, name: str) -> Any:
    """I let go of what is kept under a name: later files of that source are paired anew."""
    kept = seen(_find(kind, name))
    carried_out(
        lambda: delete_mapping(session(), kept, actor()), message("Deleted. Files that were imported stay as they are.")
    )
    return back_to("transfers.mappings")


def _find(kind: str, name: str) -> ImportMapping:
    """Return a mapping of a kind that this user imports; raise :class:`Missing`."""
    kept = find_kept(session(), kind, name) if kind in own_kinds() else None
    if kept is None:
        raise Missing(message("No headings are kept under this name."))
    return kept
