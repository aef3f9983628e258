"""The month at a glance, and one result explained."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, render_template, request, url_for

from trafficedu.analysis.colours.explaining import contributions, moves, outlook
from trafficedu.analysis.colours.rule_set import COLOURS, COMPANY, GREY
from trafficedu.analysis.colours.scoring import exposure_used
from trafficedu.areas.queries.choices import town_choices
from trafficedu.core.access import actor, requires
from trafficedu.core.charts import Chart
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import from_replica, session
from trafficedu.core.job_views import made_by_a_job
from trafficedu.core.list_views import Table, table_file
from trafficedu.core.month import Month
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.spreadsheet import Column, Row
from trafficedu.core.text import message
from trafficedu.core.web import locale, page_place, translated
from trafficedu.evaluation import charts
from trafficedu.evaluation.forms.results import ResultFilterForm
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries import runs
from trafficedu.evaluation.queries.areas import fitted_with, kinds_seen
from trafficedu.evaluation.queries.results import find_result as find_kept
from trafficedu.evaluation.queries.rule_sets import rules_from
from trafficedu.evaluation.rules.measures import CASUALTY, SERIES, VIOLATIONS
from trafficedu.evaluation.rules.names import COLOUR_NAMES, DIMENSION_NAMES, KIND_NAMES, TAB_NAMES
from trafficedu.evaluation.views.blueprint import pages
from trafficedu.patrols.queries.monthly import effort_of


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
    before = _before(month, {result.code for result in page.items} if page else set(), filters.kind)
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


def _dimensions(kind: str) -> dict[str, Any]:
    left_out = {"feedback"} if kind != COMPANY else {"helmets", "trend"}
    return {name: title for name, title in DIMENSION_NAMES.items() if name not in left_out}


def _before(month: Month, codes: set[str], kind: str) -> dict[str, str]:
    """Return code -> colour of the month before."""
    run = runs.shown_run(session(), month - 1, actor())
    if run is None or not codes:
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
    columns += [Column("score"), Column("veto"), *(Column(name) for name in _dimensions(filters.kind)), Column("hash")]
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
    scores = [row.dimensions[name]["score"] for name in _dimensions(kind)]
    return [str(month), row.kind, row.code, row.name, row.colour, row.score, row.veto, *scores, row.hash]


@pages.get("/<month:month>/<any(district, town, village, company):kind>/<code>")
@requires("evaluation:result:read")
@from_replica
def show(month: Month, kind: str, code: str) -> Any:
    """I read why a target has its colour, and what would lift it."""
    run = runs.shown_run(session(), month, actor())
    if run is None:
        abort(404)
    result = runs.find_result(session(), run, kind, code, actor())
    earlier = runs.shown_run(session(), month - 1, actor())
    before = runs.result_of(session(), earlier, kind, code, actor()) if earlier else None
    rules = rules_from(run.rule_set)
    parts = contributions(result.dimensions)
    title = _title(result)
    history = runs.history_of(session(), kind, code, month, actor())
    return render_template(
        "evaluation/result.html",
        run=run,
        result=result,
        month=month,
        kind_name=KIND_NAMES[kind],
        names=DIMENSION_NAMES,
        colour_names=COLOUR_NAMES,
        parts=parts,
        figure=charts.contribution_figure(parts, title, locale()),
        history=charts.history_figure(history, locale()) if len(history) > 1 else None,
        before=before,
        moved=moves(before.dimensions, result.dimensions) if before else [],
        other_rules=earlier is not None and earlier.rule_set_id != run.rule_set_id,
        outlook=outlook(result.inputs, kind, rules),
        exposure=exposure_used(result.inputs["violations"], kind, rules) if "violations" in result.inputs else None,
        least_weight=rules.figure("least_weight"),
        effort=_effort(result, month),
        trends=_trends(result),
        links=_links(result, run),
    )


def _title(result: EvaluationResult) -> str:
    """Return the finding that the chart shows."""
    colour = translated(COLOUR_NAMES[result.colour])
    return f"{result.name}: {colour}" if result.score is None else f"{result.name}: {colour} {result.score:.2f}"


def _effort(result: EvaluationResult, month: Month) -> Any:
    """Return the patrols behind the violations of an area, None where none are recorded."""
    if result.area is None:
        return None
    effort = effort_of(session(), result.area.path, month, utc_now())
    return effort if effort.patrols else None


def _trends(result: EvaluationResult) -> list[Chart]:
    """Return the kept trends of an area as charts; what is not kept yet is computed by the page of trends."""
    if result.area is None or not actor().may("evaluation:trend:read"):
        return []
    figures = []
    for key in (VIOLATIONS, CASUALTY):
        kept = find_kept(session(), key, fitted_with(result.area).id)
        row = kept.payload.get("rows", {}).get(result.code) if kept is not None else None
        if kept is not None and row is not None:
            title = translated(message("%(series)s in %(area)s", series=SERIES[key].name, area=result.name))
            figures.append(charts.trend_figure(key, kept.payload, row, title, locale(), f"trend-{key}"))
    return figures


def _links(result: EvaluationResult, run: EvaluationRun) -> list[tuple[str, str]]:
    """Return name and address of the lists behind the figures that the asker may open."""
    since, until = run.month.first.isoformat(), run.month.last.isoformat()
    code = result.code
    area = {} if result.kind == COMPANY else {"area": code}
    town = {"area": code} if result.kind == "town" else {}
    company = {"company": code} if result.kind == COMPANY else {}
    offered: list[tuple[str, str, str, dict[str, Any]]] = [
        (
            "violations",
            "violations.index",
            "violations:violation:read",
            {"since": since, "until": until} | area | company,
        ),
        ("education", "education.tasks", "education:task:read", {"due_from": since, "due_until": until} | town),
        ("accidents", "accidents.index", "accidents:accident:read", {"since": since, "until": until} | area),
        ("hazards", "hazards.index", "hazards:hazard:read", area),
        ("notices", "feedback.notices", "feedback:notice:read", {"since": since, "until": until}),
        ("points", "points.index", "points:entry:read", {"month": run.month}),
        ("patrols", "patrols.index", "patrols:patrol:read", {"since": since, "until": until} | area),
        ("helmets", "helmets.results", "helmets:survey:read", area),
        ("trends", "evaluation.trends", "evaluation:trend:read", {"series": "casualty"} | area),
    ]
    only_areas = {"accidents", "hazards", "patrols", "helmets", "trends"}
    left_out = only_areas if result.kind == COMPANY else {"notices"}
    return [
        (name, url_for(endpoint, **values))
        for name, endpoint, permission, values in offered
        if name not in left_out and endpoint in current_app.view_functions and actor().may(permission)
    ]
