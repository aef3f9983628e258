"""The page that pairs a source's headings and words with ours, and keeps them under a name."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import submitted
from trafficedu.core.job_views import lead_to
from trafficedu.core.jobs import Job, find_job, parameters_of
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.tabular import Importer
from trafficedu.core.text import message
from trafficedu.core.web import tables
from trafficedu.transfers.forms import PairForm, pair_form
from trafficedu.transfers.rules import KIND_NAMES
from trafficedu.transfers.services import jobs
from trafficedu.transfers.services.mappings import NewMapping, keep_mapping
from trafficedu.transfers.views.blueprint import pages
from trafficedu.transfers.views.files import OPEN


@pages.route("/imports/<number>/headings", methods=["GET", "POST"])
@requires(OPEN)
@changes_nothing_seen("what is kept under a name is added to, and the file is tried again before anything is written")
def headings(number: str) -> Any:
    """I say which of a source's headings and words are which of ours; they are kept under a name, the file is tried."""
    tried = find_job(session(), number, actor())
    asked = parameters_of(session(), tried)
    importer = tables().importers.get(asked.get("kind", ""))
    if tried.kind != jobs.TRIAL or importer is None or not actor().may(importer.permission):
        raise Missing(message("This job does not exist, or is no longer listed."))
    form = _form(tried, importer, asked.get("mapping", ""))

    def keep() -> str:
        new = NewMapping(asked["kind"], form.name.data or "", form.headings(), form.words())
        return keep_mapping(session(), new, importer.columns, None, actor(), utc_now()).name

    kept = submitted(form, keep)
    if kept is None:
        page = render_template(
            "transfers/headings.html", form=form, back=url_for("transfers.job", number=number), kind_names=KIND_NAMES
        )
        return page, 422 if form.errors else 200
    title = message("Import of %(kind)s: trial", kind=KIND_NAMES[asked["kind"]])
    return lead_to(jobs.TRIAL, title, asked | {"mapping": kept.value}, [OPEN, importer.permission])


def _form(tried: Job, importer: Importer, name: str) -> PairForm:
    """Return the form of what the trial did not understand: all headings of the file, the words it refused."""
    closed = {column.name: column for column in importer.columns.all if column.words}
    words: dict[str, list[str]] = {}
    for line in jobs.refused_lines(session(), tried.counts):
        if line.column in closed and line.value and line.value not in words.get(line.column, ()):
            words.setdefault(line.column, []).append(line.value)
    return pair_form(importer.columns, tried.counts.get("header", []), words, name)
