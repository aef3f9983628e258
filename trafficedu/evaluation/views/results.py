"""The month at a glance."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request

from trafficedu.analysis.colours.registry import dimensions_of
from trafficedu.analysis.colours.rule_set import COLOURS, GREY, SECOND
from trafficedu.areas.queries.choices import town_choices
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today
from trafficedu.core.database import from_replica, session
from trafficedu.core.job_views import made_by_a_job
from trafficedu.core.list_views import Table, table_file
from trafficedu.core.month import Month
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.spreadsheet import Column, Row
from trafficedu.core.text import Message
from trafficedu.core.web import page_place
from trafficedu.evaluation.dimensions.registry import TITLES
from trafficedu.evaluation.forms.results import ResultFilterForm
from trafficedu.evaluation.models import EvaluationResult
from trafficedu.evaluation.queries import runs
from trafficedu.evaluation.queries.areas import kinds_seen
from trafficedu.evaluation.queries.rule_sets import rules_from
from trafficedu.evaluation.rules.names import FIRM_NAMES, TAB_NAMES
from trafficedu.evaluation.views.blueprint import pages


@pages.get("")
@requires("evaluation:result:read")
@from_replica
def index() -> Any:
    """I see which town, village, company stands where this month."""
    form, kinds, month = _form()
    run = runs.shown_run(session(), month, actor())
    sort = request.args.get("sort", "score")
    filters = form.to_input()
    page = None if run is None else runs.list_results(session(), run, filters, actor(), page_place(), sort)
    scheme = rules_from(run.rule_set).scheme if run is not None else SECOND
    before = _before(month, scheme, {result.code for result in page.items} if page else set(), filters.kind)
    return render_template(
        "evaluation/index.html",
        form=form,
        kinds={kind: TAB_NAMES[kind] for kind in kinds},
        kind=filters.kind,
        month=month,
        over=month < Month.of(today()),
        run=run,
        newest=runs.latest_run(session(), month) if actor().may(runs.MANAGE) else run,
        page=page,
        paging={"sort": sort},
        before=before,
        names=_dimensions(filters.kind),
        colours=(*COLOURS, GREY),
        second=scheme == SECOND,
        firm_names=FIRM_NAMES,
        counts=runs.count_colours(session(), run, actor()).get(filters.kind, {}) if run else {},
    )


def _form() -> tuple[ResultFilterForm, list[str], Month]:
    form = ResultFilterForm(request.args)
    kinds = kinds_seen(session(), actor())
    months = runs.list_months(session(), actor())
    choice = request.args.get("month", "")
    last = Month.of(today()) - 1
    if actor().may(runs.MANAGE):
        months = sorted({*months, *Month.range(last - 11, last)}, reverse=True)
        if not choice:
            evaluated = runs.list_months(session(), actor(), 1)
            form.month.data = str(evaluated[0] if evaluated else last)
    return form, kinds, form.offer(months, kinds, town_choices(session(), actor()), last)


def _dimensions(kind: str) -> dict[str, Message]:
    return {dimension.name: TITLES[dimension.name] for dimension in dimensions_of(kind)}


def _before(month: Month, scheme: int, codes: set[str], kind: str) -> dict[str, str]:
    """Return code -> colour of the month before, where it was judged under the same scheme."""
    run = runs.shown_run(session(), month - 1, actor())
    if run is None or not codes or rules_from(run.rule_set).scheme != scheme:
        return {}
    return {row.code: row.colour for row in runs.results_of(session(), run, kind, actor()) if row.code in codes}


@pages.post("/export/<any(csv, xlsx):suffix>")
@requires("evaluation:result:read")
@changes_nothing_seen("it reads, or makes a file of what is read")
@made_by_a_job
def export(suffix: str) -> Any:
    """I download the list as I see it."""
    form, _, month = _form()
    run = runs.shown_run(session(), month, actor())
    if run is None:
        abort(404)
    filters = form.to_input()
    sort = request.args.get("sort", "score")
    columns = [Column("month"), Column("kind"), Column("code"), Column("name", width=30), Column("colour")]
    columns += [
        Column("score"),
        Column("low"),
        Column("high"),
        Column("firm"),
        Column("veto"),
        *(Column(name) for name in _dimensions(filters.kind)),
        Column("hash"),
    ]
    return table_file(
        Table(
            columns,
            lambda: (
                _line(month, result, filters.kind)
                for result in runs.list_all_results(session(), run, filters, actor(), sort)
            ),
        ),
        f"evaluation-{month}-{filters.kind}.{suffix}",
        "evaluation:result:export",
        month=str(month),
        kind=filters.kind,
    )


def _line(month: Month, row: EvaluationResult, kind: str) -> Row:
    scores = [row.dimensions.get(name, {}).get("score") for name in _dimensions(kind)]
    return [
        str(month),
        row.kind,
        row.code,
        row.name,
        row.colour,
        row.score,
        row.low,
        row.high,
        row.firm,
        row.veto,
        *scores,
        row.hash,
    ]
