"""Pages of what is covered: a figure by unit and month, and one unit's month with what was said of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Denied, Missing, Refusal
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.month import Month, Period
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.coverage.forms import CoverageForm, Said, SayForm
from trafficedu.coverage.queries.coverage import coverage_of
from trafficedu.coverage.queries.marks import Cell, contradicted, find_cell, list_acts, list_issues, may_mark, top_of
from trafficedu.coverage.rules import FigureKind, State
from trafficedu.coverage.services import saying

pages = Blueprint("coverage", __name__, url_prefix="/coverage")
SAID = {Said.REPORTED: State.REPORTED, Said.NONE: State.NONE, Said.OPEN: State.OPEN}
EARLIEST_YEARS = 10


@pages.get("")
@requires("coverage:month:read")
def index() -> Any:
    """I see which towns have reported which months of a figure, and what is missing."""
    now = utc_now()
    top = top_of(session(), actor())
    if top is None:
        raise Missing(message("There are no areas yet. Import them first."))
    running = Month.of(local_date(now))
    form = CoverageForm(request.args)
    figure = FigureKind(form.figure.data) if form.figure.data in set(FigureKind) else FigureKind.ACCIDENTS
    typed = str(form.year.data or "")
    year = int(typed) if typed.isdecimal() and len(typed) == len("2026") else running.year
    year = min(max(year, running.year - EARLIEST_YEARS), running.year)
    found = coverage_of(session(), figure, top, Period(Month(year, 1), Month(year, 12)), now)
    begun = found.begun.year if found.begun else running.year
    years = range(running.year, max(min(begun, year), running.year - EARLIEST_YEARS) - 1, -1)
    form.offer(years, [(unit.code, unit.name) for unit in found.units] if len(found.units) > 1 else [])
    form.figure.data, form.year.data = figure.value, str(year)
    if len(found.units) <= 1:
        del form.town
    wanted = form.town.data if "town" in form else ""
    rows = [
        (unit, list(zip(found.months, states, records, strict=True)))
        for unit, states, records in zip(found.units, found.states, found.records, strict=True)
        if wanted in ("", None, unit.code) and (form.shown.data != "missing" or State.MISSING in states)
    ]
    return render_template(
        "coverage/index.html",
        form=form,
        found=found,
        figure=figure,
        rows=rows,
        running=running,
        last=found.closed if found.closed in found.months else None,
        against=contradicted(session(), found),
        issues=[issue for issue in list_issues(session(), actor()) if issue.figure is figure],
        state=State,
    )


@pages.route("/<figure>/<code>/<month:month>", methods=["GET", "POST"])
@requires("coverage:month:read")
def cell(figure: str, code: str, month: Month) -> Any:
    """I read what is known of a town's month and why, and say that it is reported, or that none happened."""
    now = utc_now()

    def facts(cell: Cell) -> Any:
        anew = find_cell(session(), figure, code, month, actor(), now)
        return [anew.mark, anew.records, anew.month <= Month.of(local_date(now))]

    shown = seen(find_cell(session(), figure, code, month, actor(), now), facts)
    allowed = may_mark(actor(), shown.unit)
    if request.method == "POST" and not allowed:
        raise Denied(message("You do not have permission to do this. Ask your administrator if you need it."))
    form = SayForm()
    if submitted(form, lambda: _said(figure, code, month, form, now)):
        flash_message(message("Noted."))
        return back_to("coverage.cell", figure=figure, code=code, month=month)
    acts = list_acts(session(), shown)
    return form_page(
        "coverage/cell.html",
        form,
        cell=shown,
        acts=acts,
        allowed=allowed,
        over=month.last < local_date(now),
        state=State,
        said=Said,
    )


def _said(figure: str, code: str, month: Month, form: SayForm, now: datetime) -> None:
    """Do what the button says."""
    try:
        act = Said(request.form.get("action", ""))
    except ValueError as error:
        raise Refusal(message("Choose what is to be said about the month.")) from error
    cell = find_cell(session(), figure, code, month, actor(), now)
    reason = form.reason.data or ""
    if act is Said.TAKEN_BACK:
        saying.take_back(session(), cell, reason, actor(), now)
    else:
        saying.say(session(), cell, SAID[act], reason, actor(), now)
