"""Balances of a month, the ledger, one entry, one target with its running balance."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

from flask import render_template, request, send_file

from trafficedu.areas.queries.choices import list_named
from trafficedu.areas.queries.tree import chosen_path
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.fields import show_month
from trafficedu.core.job_views import made_by_a_job
from trafficedu.core.list_views import list_file, list_page
from trafficedu.core.month import Month
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.web import locale, page_place
from trafficedu.points.forms import LedgerForm, MonthForm
from trafficedu.points.queries import catalogue, scope
from trafficedu.points.queries.balances import kinds_seen, page_month
from trafficedu.points.queries.entries import LEDGER, EntryFilter, balance_of, find_entry, list_of_target
from trafficedu.points.rules import KINDS, PDF, media_type
from trafficedu.points.services import entries
from trafficedu.points.views.blueprint import pages


@pages.get("")
@requires("points:entry:read")
def balances() -> Any:
    """I see who earned how many of the points expected in a month."""
    form = MonthForm(request.args)
    form.validate()
    form.offer(kinds_seen(session(), actor()))
    month = form.month.data or Month.of(today())
    show_month(form.month, month)
    sort = request.args.get("sort", "code")
    page = page_month(session(), month, form.kind.data, actor(), page_place(), sort)
    return render_template(
        "points/balances.html",
        form=form,
        page=page,
        paging={"sort": sort},
        month=month,
        running=month.last >= today(),
    )


@pages.get("/entries")
@requires("points:entry:read")
def ledger() -> Any:
    """I look through the ledger."""
    return list_page("points/ledger.html", LEDGER, *_chosen())


@pages.post("/entries/export/<any(csv, xlsx):suffix>")
@requires("points:entry:export")
@changes_nothing_seen("it reads, or makes a file of what is read")
@made_by_a_job
def export(suffix: str) -> Any:
    """I take the ledger with me as a file."""
    return list_file(LEDGER, *_chosen(), suffix)


def _chosen() -> tuple[LedgerForm, EntryFilter]:
    form = LedgerForm(request.args)
    form.activity.offer({row.code: row.name(locale()) for row in catalogue.list_activities(session())}.items())
    companies = scope.list_companies(session(), actor())
    form.company.offer(companies)
    if not companies:
        del form.company
    form.validate()
    form.area.settle(partial(list_named, session(), day=today(), by=actor()))
    return form, form.to_input(chosen_path(session(), form.area.data, actor()))


@pages.get("/entries/<number>")
@requires("points:entry:read")
def entry(number: str) -> Any:
    """I read one entry: what it counts, how it came, what was taken back."""
    record = find_entry(session(), number, actor())
    open_to_counter = record.counters_id is None and record.countered_by is None
    may_counter = open_to_counter and actor().may("points:entry:record") and entries.may_counter(record, actor())
    return render_template("points/entry.html", entry=record, may_counter=may_counter)


@pages.get("/entries/<number>/evidence")
@requires("points:entry:read")
def evidence(number: str) -> Any:
    """I look at the evidence of an entry; it is sent as a download, never opened by this site."""
    record = find_entry(session(), number, actor())
    if record.evidence_key is None:
        raise Missing(message("This entry has no evidence."))
    content = services_of(session()).evidence.read(record.evidence_key)
    kind = media_type(content)
    name = f"{record.number}.{'pdf' if kind == PDF else 'jpg'}"
    return send_file(io.BytesIO(content), mimetype=kind, download_name=name, as_attachment=True)


@pages.get(f"/targets/<any({', '.join(KINDS)}):kind>/<code>")
@requires("points:entry:read")
def target(kind: str, code: str) -> Any:
    """I see the entries of one area or company with the balance after each."""
    holder = scope.find_target(session(), kind, code, actor())
    return render_template(
        "points/target.html",
        target=holder,
        page=list_of_target(session(), holder, page_place()),
        balance=balance_of(session(), holder),
    )
