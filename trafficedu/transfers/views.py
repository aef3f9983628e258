"""The page of files: a file is tried first, then taken in; a table is written for download."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, current_app, render_template, send_file
from flask import Response as Answer

from trafficedu.configuration import queries as configuration
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal, entered
from trafficedu.core.forms import attach_error
from trafficedu.core.services import services_of
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.uploads import UploadStore
from trafficedu.core.web import back_to, flash_message, tables
from trafficedu.transfers import services
from trafficedu.transfers.forms import KIND_NAMES, ConfirmForm, ExportForm, UploadForm

pages = Blueprint("transfers", __name__)
SHOWN_REFUSALS = 200


@pages.get("/imports")
@requires("transfers:page:open")
def index() -> Any:
    """I see which tables I can bring in and take out, and what became of the latest files."""
    return _index(_upload_form(), _export_form())


@pages.post("/imports")
@requires("transfers:page:open")
def upload() -> Any:
    """I send a file and see what it would change; nothing is written yet."""
    form = _upload_form()
    if not form.validate_on_submit():
        return _index(form, _export_form()), 422
    store, owner, kind = _store(), actor().user_id or 0, form.kind.data
    try:
        token = store.keep(form.file.data.stream, form.file.data.filename or "", owner)
    except Refusal as error:
        attach_error(form, error)
        return _index(form, _export_form()), 422
    with store.opened(token, owner) as path:
        choices = services.Choices(dry_run=True, skip_errors=True)
        with writing(session()) as own:
            outcome = services.import_file(own, kind, _importers()[kind], path, actor(), utc_now(), choices)
            services.note_trial(own, kind, actor(), outcome)
    if outcome.broken:
        store.forget(token)
    return _preview(kind, token, outcome), 422 if outcome.report.refused else 200


@pages.post("/imports/confirm")
@requires("transfers:page:open")
def confirm() -> Any:
    """I take in the file I have just tried."""
    form = ConfirmForm()
    importer = _importers().get(form.kind.data or "")
    if not form.validate_on_submit() or importer is None:
        abort(400)
    store, kind = _store(), form.kind.data
    try:
        with entered("file"), store.opened(form.token.data, actor().user_id or 0) as path:
            choices = services.Choices(skip_errors=form.skip_errors.data)
            with writing(session()) as own:
                outcome = services.import_file(own, kind, importer, path, actor(), utc_now(), choices)
    except Refusal as refusal:
        again = _upload_form()
        attach_error(again, refusal)
        return _index(again, _export_form()), 422
    if not outcome.written:
        return _preview(kind, form.token.data, outcome), 422
    store.forget(form.token.data)
    report = outcome.report
    flash_message(
        message(
            "Added %(added)d, updated %(updated)d, unchanged %(unchanged)d, refused %(refused)d.",
            added=report.added,
            updated=report.updated,
            unchanged=report.unchanged,
            refused=len(report.refused),
        )
    )
    return back_to("transfers.index")


@pages.post("/exports")
@requires("transfers:page:open")
def export() -> Any:
    """I download a table that can be imported again."""
    form = _export_form()
    if not form.validate_on_submit():
        return _index(_upload_form(), form), 422
    chosen = form.to_input()
    name = f"{chosen.kind}-{chosen.month or today()}.{chosen.suffix}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        exporter = _exporters()[chosen.kind]
        month = chosen.month if exporter.monthly else None
        services.export_file(session(), chosen.kind, exporter, path, actor(), utc_now(), month, clear=chosen.clear)
        file = path.open("rb")  # the name may go: the open file stays readable until it was sent
    answer: Answer = send_file(file, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _index(upload_form: UploadForm, export_form: ExportForm) -> str:
    kinds = set(_importers())
    runs = [run for run in configuration.list_runs(session()) if run.kind.partition(" ")[2] in kinds]
    mine = [run for run in runs if run.by_user_id == actor().user_id or actor().may("configuration:run:read")]
    columns = {kind: importer.columns for kind, importer in _importers().items()}
    return render_template(
        "transfers/index.html",
        upload_form=upload_form,
        export_form=export_form,
        runs=mine[:10],
        kind_names=KIND_NAMES,
        columns=columns,
        megabytes=current_app.config["MAX_CONTENT_LENGTH"] // 1024**2,
    )


def _preview(kind: str, token: str, outcome: services.Outcome) -> str:
    form = ConfirmForm(formdata=None, kind=kind, token=token)
    return render_template(
        "transfers/preview.html",
        form=form,
        kind=KIND_NAMES[kind],
        outcome=outcome,
        report=outcome.report,
        shown=outcome.report.refused[:SHOWN_REFUSALS],
    )


def _importers() -> Mapping[str, Importer]:
    """Return what this user may bring in."""
    return {kind: importer for kind, importer in tables().importers.items() if actor().may(importer.permission)}


def _exporters() -> Mapping[str, Exporter]:
    """Return what this user may take out."""
    return {kind: exporter for kind, exporter in tables().exporters.items() if actor().may(exporter.permission)}


def _upload_form() -> UploadForm:
    form = UploadForm()
    form.offer(list(_importers()))
    return form


def _export_form() -> ExportForm:
    form = ExportForm(prefix="export")
    form.offer(list(_exporters()))
    if not any(actor().may(exporter.clear_permission) for exporter in _exporters().values()):
        del form.clear
    return form


def _store() -> UploadStore:
    services = services_of(session())
    return UploadStore(services.settings.instance / "uploads", services.keyring)
