"""One result explained: what is known of a target, what would make it firm, what would lift it, in that order."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, render_template, url_for

from trafficedu.analysis.colours import settling as second
from trafficedu.analysis.colours.explaining import contributions, knowledge
from trafficedu.analysis.colours.explaining import moves as moves_known
from trafficedu.analysis.colours.first import explaining as first
from trafficedu.analysis.colours.first.scoring import exposure_used
from trafficedu.analysis.colours.judging import LEVEL
from trafficedu.analysis.colours.rule_set import COMPANY, SECOND, RuleSet
from trafficedu.core.access import actor, requires
from trafficedu.core.charts import Chart
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import from_replica, session
from trafficedu.core.month import Month, Period
from trafficedu.core.text import Message, message
from trafficedu.core.web import locale, translated
from trafficedu.evaluation import charts
from trafficedu.evaluation.dimensions.registry import DIMENSIONS, TITLES
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries import runs
from trafficedu.evaluation.queries.areas import fitted_with
from trafficedu.evaluation.queries.results import find_result as find_kept
from trafficedu.evaluation.queries.rule_sets import rules_from
from trafficedu.evaluation.rules.measures import CASUALTY, SERIES, VIOLATIONS
from trafficedu.evaluation.rules.names import COLOUR_NAMES, FIRM_NAMES, KIND_NAMES, OTHERS_NAMES
from trafficedu.evaluation.services.judging import pools_of
from trafficedu.evaluation.views.blueprint import pages
from trafficedu.patrols.queries.monthly import Effort, effort_by_month, together


@pages.get("/<month:month>/<any(district, town, village, company):kind>/<code>")
@requires("evaluation:result:read")
@from_replica
def show(month: Month, kind: str, code: str) -> Any:
    """I read why a target has its colour, how sure that is, and what would lift it."""
    run = runs.shown_run(session(), month, actor())
    if run is None:
        abort(404)
    result = runs.find_result(session(), run, kind, code, actor())
    rules = rules_from(run.rule_set)
    earlier = runs.shown_run(session(), month - 1, actor())
    before = runs.result_of(session(), earlier, kind, code, actor()) if earlier else None
    comparable = earlier is not None and runs.same_scheme(earlier, run)
    window = Period(month - (rules.window(kind) - 1 if rules.scheme == SECOND else 0), month)
    common = {
        "run": run,
        "result": result,
        "month": month,
        "window": window,
        "kind_name": KIND_NAMES[kind],
        "names": TITLES,
        "colour_names": COLOUR_NAMES,
        "before": before,
        "comparable": comparable,
        "history": _history(result, month),
        "effort": _effort(result, window),
        "trends": _trends(result),
        "links": _links(result, window),
    }
    if rules.scheme == SECOND:
        return render_template("evaluation/result.html", **common, **_known(run, result, before, rules, comparable))
    parts = first.contributions(result.dimensions)
    return render_template(
        "evaluation/result_first.html",
        **common,
        parts=parts,
        figure=charts.contribution_figure(parts, _title(result), locale()),
        moved=first.moves(before.dimensions, result.dimensions) if before and comparable else [],
        outlook=first.outlook(result.inputs, kind, rules),
        exposure=exposure_used(result.inputs["violations"], kind, rules) if "violations" in result.inputs else None,
        least_weight=rules.figure("least_weight"),
    )


def _known(
    run: EvaluationRun, result: EvaluationResult, before: EvaluationResult | None, rules: RuleSet, comparable: bool
) -> dict[str, Any]:
    """Return what the page shows of a result under rule set 2."""
    pools = pools_of(run.pools)[result.kind]
    case = (result.inputs, result.kind, result.code, str(run.month), pools, rules)
    settled = second.settling(*case, firm=result.firm or None)
    ahead = second.outlook(*case, veto=result.veto)
    moved = None
    if before is not None and comparable:
        moved = moves_known(before.dimensions, result.dimensions, (before.score, result.score))
    return {
        "parts": contributions(result.dimensions),
        "based_on": {name: DIMENSIONS[name].based_on(one) for name, one in result.dimensions.items()},
        "known": knowledge(result.dimensions, rules),
        "seen": {name: DIMENSIONS[name].seen(one["seen"]) for name, one in result.dimensions.items()},
        "settling": settled,
        "needs": [_wanted(need) for need in settled.needs],
        "outlook": ahead,
        "lifts": [
            DIMENSIONS[lift.dimension].step.filled(steps=f"{lift.steps:,}", most=f"{lift.most:,}")
            for lift in ahead.lifts
        ],
        "moved": moved,
        "others": OTHERS_NAMES[result.kind],
        "firm_names": FIRM_NAMES,
        "thresholds": [(colour, rules.figure(colour)) for colour in ("orange", "yellow", "blue", "green")],
        "level": f"{100 * LEVEL:g}",
        "firm_level": rules.figure("firm_level"),
        "least_information": rules.figure("least_information"),
        "looked": (rules.figure("looked_violations"), rules.figure("looked_stops")),
        "over": run.month < Month.of(today()),
        "pools": run.pools,
        "prior": [TITLES[name] for name, pool in pools.dimensions.items() if pool["prior"]],
    }


def _wanted(need: second.Need) -> Message:
    return DIMENSIONS[need.dimension].gather.filled(more=f"{need.more:,g}")


def _title(result: EvaluationResult) -> str:
    """Return the finding that the chart shows."""
    colour = translated(COLOUR_NAMES[result.colour])
    return f"{result.name}: {colour}" if result.score is None else f"{result.name}: {colour} {result.score:.2f}"


def _history(result: EvaluationResult, month: Month) -> Chart | None:
    history = dict(runs.history_of(session(), result.kind, result.code, month, actor()))
    months = Month.range(month - (charts.HISTORY_MONTHS - 1), month)
    if sum(each in history for each in months) < 2:
        return None
    schemes = runs.schemes_of(session(), {row.run_id for row in history.values()})
    return charts.history_figure(
        [(each, history.get(each)) for each in months], schemes, schemes.get(result.run_id, 1), locale()
    )


def _effort(result: EvaluationResult, window: Period) -> Effort | None:
    """Return the patrols behind the violations of an area, None where none are recorded."""
    if result.area is None:
        return None
    by_month = effort_by_month(session(), actor(), result.area.path, window, utc_now())
    effort = together(list(by_month.values()))
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


def _links(result: EvaluationResult, window: Period) -> list[tuple[Message, str]]:
    """Return name and address of the lists behind the figures that the asker may open."""
    offered: dict[str, tuple[Message, str]] = {}
    for name in result.dimensions:
        for records in DIMENSIONS[name].records:
            narrowed = records.of_company if result.kind == COMPANY else records.of_area
            there = narrowed is not None and records.endpoint in current_app.view_functions
            if narrowed is not None and there and actor().may(records.permission):
                values: dict[str, Any] = dict(narrowed(result.code, window))
                offered.setdefault(records.endpoint, (records.name, url_for(records.endpoint, **values)))
    return list(offered.values())
