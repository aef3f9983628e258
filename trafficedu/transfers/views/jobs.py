"""Pages of background jobs: the list, and one that says how far it is until its file can be fetched."""

from __future__ import annotations

import mimetypes
from typing import Any

from flask import Response, render_template, request, url_for

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.columns import Columns
from trafficedu.core.database import session
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.forms import carried_out
from trafficedu.core.jobs import (
    Job,
    cancel,
    find_job,
    note_fetched,
    parameters_of,
    repeat,
    require_fetch,
    results,
    resume,
)
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, tables
from trafficedu.transfers.forms import ConfirmForm, JobFilterForm
from trafficedu.transfers.queries.jobs import OVERSEE, find_any, listing_of
from trafficedu.transfers.rules import KIND_NAMES
from trafficedu.transfers.services import jobs
from trafficedu.transfers.views.blueprint import pages

READ = "transfers:job:read"


@pages.get("/jobs")
@requires(READ)
def job_list() -> Any:
    """I see what runs in the background for me, and fetch what is ready."""
    form = JobFilterForm(request.args)
    form.validate()
    chosen = form.to_input()
    everybody = chosen.everybody and actor().may(OVERSEE)
    shown = form if actor().may(OVERSEE) else None
    return list_page("transfers/jobs.html", listing_of(everybody), shown, chosen, who=actor().user_id)


@pages.get("/jobs/<number>")
@requires(READ)
def job(number: str) -> Any:
    """I see how far a job is; its file comes by itself once it is ready."""
    shown = find_any(session(), number, actor())
    own = shown.asked_by_id == actor().user_id
    page = Response(
        render_template(
            "transfers/job.html",
            job=shown,
            own=own,
            lines=jobs.refused_lines(session(), shown.counts) if own else [],
            rows=jobs.trial_rows(session(), shown.counts) if own else [],
            reasons=jobs.shared_reasons(session(), shown.counts) if own else [],
            notes=jobs.notes_of(shown.counts or {}) if own else [],
            columns=_columns(shown),
            kind_name=KIND_NAMES.get(_asked(shown).get("kind", "")),
            form=_confirmation(shown) if own else None,
        )
    )
    page.headers["Cache-Control"] = "no-store"
    if not shown.is_open and request.headers.get("HX-Request"):
        page.headers["HX-Redirect"] = url_for("transfers.job", number=number)
    elif own and shown.has_file and shown.fetched_utc is None:
        page.headers["Refresh"] = f"0; url={url_for('transfers.job_file', number=number)}"
    return page


def _asked(shown: Job) -> dict[str, Any]:
    """Return what was asked for; nothing where that can no longer be decrypted."""
    try:
        return parameters_of(session(), shown)
    except Refusal:
        return {}


def _columns(shown: Job) -> Columns | None:
    """Return the columns of the kind of file that a job is about."""
    importer = tables().importers.get(_asked(shown).get("kind", ""))
    return importer.columns if importer is not None else None


def _confirmation(shown: Job) -> ConfirmForm | None:
    """Return the form that takes a tried file in, None where there is nothing to take in."""
    counts = shown.counts
    some = counts.get("added") or counts.get("updated") or counts.get("differing")
    tried = shown.kind == jobs.TRIAL and shown.has_succeeded and some
    kept_out = shown.kind == jobs.IMPORT and shown.has_succeeded and not (counts["written"] or counts["broken"])
    asked = _asked(shown)
    if not asked or not (tried or kept_out):
        return None
    form = ConfirmForm(formdata=None, kind=asked["kind"], token=asked["token"], source=asked.get("source", ""))
    form.name_of_file.data = asked.get("name", "")
    form.sheet.data, form.mapping.data = asked.get("sheet", ""), asked.get("mapping", "")
    if not counts.get("differing"):
        del form.accept_differing
    return form


@pages.get("/jobs/<number>/file")
@requires(READ)
def job_file(number: str) -> Any:
    """I fetch the file that a job made for me."""
    shown = find_job(session(), number, actor())
    if not shown.has_file:
        raise Missing(message("The file of this job is no longer kept. Ask for it again."))
    require_fetch(shown, actor())
    job_id, name, size, kind = shown.id, shown.file_name or "", shown.file_size, shown.file_type
    pieces = results(session()).read(number, actor().user_id or 0)
    if shown.fetched_utc is None:
        with writing(session()) as own:
            note_fetched(own, job_id, utc_now())
    answer = Response(pieces, mimetype=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Content-Length"] = str(size)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.get("/jobs/<number>/<any(changes, refused):what>")
@requires(READ)
def job_side_file(number: str, what: str) -> Any:
    """I fetch what a file would change, or what of it was refused, to mend it and send it again."""
    shown = find_job(session(), number, actor())
    told = shown.counts.get("files", {}).get(what)
    if told is None:
        raise Missing(message("The file of this job is no longer kept. Ask for it again."))
    for permission in shown.needs:
        actor().require(permission)
    answer = Response(results(session()).read(f"{number}-{what}", actor().user_id or 0))
    answer.mimetype = mimetypes.guess_type(told["name"])[0] or "application/octet-stream"
    answer.headers.set("Content-Disposition", "attachment", filename=told["name"])
    answer.headers["Content-Length"] = str(told["size"])
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.post("/jobs/<number>/cancel")
@requires(READ)
def job_cancel(number: str) -> Any:
    """I take back what I asked for; nothing of it is written."""
    shown = seen(find_any(session(), number, actor()), lambda job: [job.id, job.state])
    carried_out(lambda: cancel(session(), shown, utc_now()), message("Cancelled. Nothing was written."))
    return back_to("transfers.job", number=number)


@pages.post("/jobs/<number>/again")
@requires(READ)
@changes_nothing_seen("it asks for a new job")
def job_again(number: str) -> Any:
    """I ask for the same once more."""
    shown = find_job(session(), number, actor())
    accepted = carried_out(lambda: repeat(session(), shown, actor(), utc_now()))
    return back_to("transfers.job", number=number if accepted is None else accepted.value)


@pages.post("/jobs/<number>/resume")
@requires(READ)
def job_resume(number: str) -> Any:
    """I let a job go on that broke off when a part of it was written."""
    shown = seen(find_any(session(), number, actor()), lambda job: [job.id, job.state])
    carried_out(lambda: resume(session(), shown, actor()), message("The job goes on."))
    return back_to("transfers.job", number=number)
