"""The list of violations and the page of one record."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from flask import abort, render_template, request, send_file

from trafficedu.areas.models import TOWN, VILLAGE
from trafficedu.areas.queries import list_below
from trafficedu.companies import queries as companies
from trafficedu.core import audit
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.core.web import back_to, locale, page_number
from trafficedu.reports.spreadsheet import Column, write_csv, write_xlsx
from trafficedu.riders import queries as riders
from trafficedu.riders.services.people import open_rider
from trafficedu.violations.forms import ViolationFilterForm
from trafficedu.violations.imports.exporting import list_filtered
from trafficedu.violations.imports.files import COLUMNS
from trafficedu.violations.queries import objections, records
from trafficedu.violations.queries.kinds import list_kinds
from trafficedu.violations.queries.records import ViolationFilter
from trafficedu.violations.rules import ViolationAct
from trafficedu.violations.views.blueprint import pages

SHOWN_DAYS = 30
"""The list begins with this many days: a district has hundreds of thousands of records."""
DEPTH = {TOWN: "\u3000", VILLAGE: "\u3000\u3000"}


@pages.get("/violations")
@requires("violations:violation:read")
def index() -> Any:
    """I look through the records of my area."""
    form = _filter_form()
    wanted = _wanted(form)
    found = records.list_violations(session(), actor(), wanted, page_number())
    return render_template(
        "violations/index.html",
        form=form,
        page=found,
        paging=wanted,
    )


@pages.post("/violations/export/<suffix>")
@requires("violations:violation:export")
def export(suffix: str) -> Any:
    """I take the list with me as a file; personal data in it is masked."""
    if suffix not in {"csv", "xlsx"}:
        abort(404)
    rows = ([row.get(name) for name in COLUMNS.names] for row in _rows())
    columns = [Column(name) for name in COLUMNS.names]
    with ExitStack() as undo:
        file = undo.enter_context(tempfile.TemporaryFile())
        count = (write_csv if suffix == "csv" else write_xlsx)(columns, rows, file)
        audit.write(session(), "violations:violation:export", actor(), rows=count, format=suffix)
        session().commit()
        file.seek(0)
        undo.pop_all()  # from here on the answer closes the file
    return send_file(file, download_name=f"violations-{today().isoformat()}.{suffix}", as_attachment=True)


def _rows() -> Any:
    return list_filtered(session(), actor(), _wanted(_filter_form()), clear=False)


def _filter_form() -> ViolationFilterForm:
    form = ViolationFilterForm(request.args)
    if not request.args.keys() - {"page", "sort", "lang"}:
        form.since.data = today() - timedelta(days=SHOWN_DAYS)
    root = actor().scope.area_path or ""
    areas = [(a.code, f"{DEPTH.get(a.level, '')}{a.name}") for a in list_below(session(), root, today())]
    kinds = {kind.code: kind.name(locale()) for kind in list_kinds(session())}
    form.offer(areas, list(kinds.items()), companies.list_names(session()))
    form.validate()
    return form


def _wanted(form: ViolationFilterForm) -> ViolationFilter:
    return form.to_input(actor(), request.args.get("sort", "-occurred"))


@pages.get("/violations/<number>")
@requires("violations:violation:read")
def show(number: str) -> Any:
    """I read one record: what happened, what followed, what I can do."""
    violation = records.find_violation(session(), number, actor())
    named = violation.rider is not None and actor().may("riders:rider:read")
    return render_template(
        "violations/show.html",
        violation=violation,
        rider=riders.describe(session(), violation.rider) if named and violation.rider else None,
        history=records.history_of(session(), violation),
        objections=objections.list_objections_of(session(), violation.id),
        act=ViolationAct,
    )


@pages.post("/violations/<number>/rider")
@requires("riders:rider:read")
def rider(number: str) -> Any:
    """I open the rider's page from a record of my area; that I did is kept."""
    violation = records.find_violation(session(), number, actor())
    if violation.rider is None:
        abort(404)
    open_rider(session(), violation.rider, actor(), "violation")
    rider_number = violation.rider.number
    session().commit()
    return back_to("riders.show", number=rider_number)
