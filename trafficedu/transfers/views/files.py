"""The page of files: a file is tried first, then taken in; a table is written for download. All of it by jobs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from flask import Response, abort, current_app

from trafficedu.core import blanks
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.forms import attach_error
from trafficedu.core.job_views import lead_to
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import DEFAULT_LOCALE, message, translate
from trafficedu.core.web import tables
from trafficedu.transfers.forms import ConfirmForm, ExportForm, UploadForm
from trafficedu.transfers.queries.mappings import list_names
from trafficedu.transfers.queries.runs import RUNS, RunFilter
from trafficedu.transfers.rules import KIND_NAMES
from trafficedu.transfers.services import jobs
from trafficedu.transfers.views.blueprint import pages

OPEN = "transfers:page:open"
BLANKS = {"xlsx": blanks.write_xlsx, "csv": blanks.write_csv}
MIMETYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv"}


@pages.get("/imports")
@requires(OPEN)
def index() -> Any:
    """I see which tables I can bring in and take out, and what became of the latest files."""
    return _index(_upload_form(), _export_form())


@pages.post("/imports")
@requires(OPEN)
@changes_nothing_seen("what it makes is new")
def upload() -> Any:
    """I send a file and see what it would change; nothing is written yet."""
    form = _upload_form()
    if not form.validate_on_submit():
        return _index(form, _export_form()), 422
    kind = form.kind.data
    try:
        token = jobs.uploads(session()).keep(form.file.data.stream, form.file.data.filename or "", actor().user_id or 0)
    except Refusal as error:
        attach_error(form, error)
        return _index(form, _export_form()), 422
    title = message("Import of %(kind)s: trial", kind=KIND_NAMES[kind])
    parameters = {
        "kind": kind,
        "token": token,
        "source": form.source.data or "",
        "sheet": form.sheet.data or "",
        "mapping": (form.mapping.data or "") if "mapping" in form else "",
        "name": form.file.data.filename or "",
    }
    return lead_to(jobs.TRIAL, title, parameters, [OPEN, _importers()[kind].permission])


@pages.post("/imports/confirm")
@requires(OPEN)
@changes_nothing_seen("the file tried is named by its own key, and all of it is compared again")
def confirm() -> Any:
    """I take in the file I have just tried."""
    form = ConfirmForm()
    kind = form.kind.data or ""
    importer = _importers().get(kind)
    if not form.validate_on_submit() or importer is None:
        abort(400)
    title = message("Import of %(kind)s", kind=KIND_NAMES[kind])
    parameters = {
        "kind": kind,
        "token": form.token.data,
        "source": form.source.data or "",
        "sheet": form.sheet.data or "",
        "mapping": form.mapping.data or "",
        "name": form.name_of_file.data or "",
        "skip_errors": form.skip_errors.data,
        "accept_differing": form.accept_differing.data,
    }
    return lead_to(jobs.IMPORT, title, parameters, [OPEN, importer.permission])


@pages.post("/exports")
@requires(OPEN)
@changes_nothing_seen("it reads, or makes a file of what is read")
def export() -> Any:
    """I take a table with me that can be imported again."""
    form = _export_form()
    if not form.validate_on_submit():
        return _index(_upload_form(), form), 422
    chosen = form.to_input()
    exporter = _exporters()[chosen.kind]
    month = chosen.month if exporter.monthly else None
    if chosen.clear:
        actor().require(exporter.clear_permission)
    title = message("Export of %(kind)s", kind=KIND_NAMES[chosen.kind])
    parameters = {
        "kind": chosen.kind,
        "suffix": chosen.suffix,
        "month": str(month) if month else None,
        "clear": bool(chosen.clear),
        "headings": chosen.headings,
        "name": str(chosen.month or today()),
    }
    needs = [OPEN, exporter.permission, *([exporter.clear_permission] if chosen.clear else [])]
    return lead_to(jobs.EXPORT, title, parameters, needs)


@pages.get("/imports/templates/<kind>.<suffix>")
@requires(OPEN)
def template(kind: str, suffix: str) -> Any:
    """I take an empty table with me, with its columns explained."""
    importer = _importers().get(kind)
    if importer is None or suffix not in BLANKS:
        raise Missing(message("There is no such template."))
    out = io.BytesIO()
    BLANKS[suffix](importer.columns, out, DEFAULT_LOCALE)
    answer = Response(out.getvalue(), mimetype=MIMETYPES[suffix])
    name = f"{translate(KIND_NAMES[kind], DEFAULT_LOCALE)}.{suffix}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _index(upload_form: UploadForm, export_form: ExportForm) -> str | Response:
    columns = {kind: importer.columns for kind, importer in _importers().items()}
    return list_page(
        "transfers/index.html",
        RUNS,
        None,
        RunFilter(tuple(_importers())),
        upload_form=upload_form,
        export_form=export_form,
        kind_names=KIND_NAMES,
        columns=columns,
        megabytes=current_app.config["MAX_CONTENT_LENGTH"] // 1024**2,
    )


def _importers() -> Mapping[str, Importer]:
    """Return what this user may bring in."""
    return {kind: importer for kind, importer in tables().importers.items() if actor().may(importer.permission)}


def _exporters() -> Mapping[str, Exporter]:
    """Return what this user may take out."""
    return {kind: exporter for kind, exporter in tables().exporters.items() if actor().may(exporter.permission)}


def _upload_form() -> UploadForm:
    form = UploadForm()
    kinds = list(_importers())
    form.offer(kinds, list_names(session(), kinds))
    return form


def _export_form() -> ExportForm:
    form = ExportForm(prefix="export")
    form.offer(list(_exporters()))
    if not any(actor().may(exporter.clear_permission) for exporter in _exporters().values()):
        del form.clear
    return form
