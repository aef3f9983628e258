"""Evaluating a month, its versions, and publishing one."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.forms import carried_out
from trafficedu.core.month import Month
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.evaluation.dimensions.registry import TITLES
from trafficedu.evaluation.forms.runs import PoolsForm
from trafficedu.evaluation.models import EvaluationRun
from trafficedu.evaluation.queries import runs
from trafficedu.evaluation.queries.differences import Comparison, compare
from trafficedu.evaluation.queries.late import LateRecords, list_late
from trafficedu.evaluation.rules.names import FIRM_NAMES, KIND_NAMES
from trafficedu.evaluation.services import runs as run_services
from trafficedu.evaluation.views.blueprint import pages

SHOWN_CHANGES, SHOWN_CAUSES = 200, 40


@pages.post("/<month:month>/evaluate")
@requires("evaluation:run:manage")
def evaluate(month: Month) -> Any:
    """I evaluate a month, or again, with what came in late."""
    before = seen(runs.latest_run(session(), month))
    number = before.number if before else 0
    try:
        evaluated = run_services.evaluate(session(), month, utc_now(), actor()).number
    except Refusal as refusal:
        flash_message(refusal.text, "error")
        return back_to("evaluation.index", month=month)
    if evaluated != number:
        flash_message(message("%(month)s evaluated: version %(number)d.", month=month, number=number + 1))
    else:
        flash_message(message("Nothing has changed since version %(number)d.", number=number))
    return back_to("evaluation.versions", month=month)


@pages.get("/<month:month>/versions")
@requires("evaluation:run:manage")
def versions(month: Month) -> Any:
    """I see the versions of a month, and of one of them what is different from what people know, and why."""
    versions = runs.list_versions(session(), month)
    number = request.args.get("number", 0, type=int)
    run = next((version for version in versions if version.number == number), versions[0] if versions else None)
    comparison = compare(session(), run) if run is not None else None
    return render_template(
        "evaluation/versions.html",
        month=month,
        versions=versions,
        run=run,
        published=runs.published_run(session(), month),
        comparison=comparison,
        form=PoolsForm(formdata=None),
        causes=_causes(run, comparison) if run is not None and comparison is not None else {},
        kind_names=KIND_NAMES,
        names=TITLES,
        firm_names=FIRM_NAMES,
        shown=SHOWN_CHANGES,
    )


def _causes(run: EvaluationRun, comparison: Comparison) -> dict[tuple[str, str], list[LateRecords]]:
    """Return the target's own records behind the first changes of each sort that the page shows, by its key."""
    parts = (comparison.colours, comparison.firmness, comparison.vetoes, comparison.small)
    telling = {each.said.key for part in parts for each in part[:SHOWN_CAUSES]}
    since, until = comparison.before.computed_utc, run.computed_utc
    return {
        (result.kind, result.code): list_late(session(), result, run.month, since, until)
        for result in runs.results_of(session(), run)
        if (result.kind, result.code) in telling
    }


@pages.post("/<month:month>/pools")
@requires("evaluation:run:manage")
def estimate_pools(month: Month) -> Any:
    """I let everybody of a month be compared with what the records of today say is usual."""
    before = seen(runs.latest_run(session(), month))
    form = PoolsForm()
    if not form.validate():
        flash_message(message("Say why: everybody's results may move."), "error")
        return back_to("evaluation.versions", month=month)
    number = before.number if before else 0
    try:
        run = run_services.estimate_pools_anew(session(), month, form.reason.data, utc_now(), actor())
    except Refusal as refusal:
        flash_message(refusal.text, "error")
        return back_to("evaluation.versions", month=month)
    if run.number == number:
        flash_message(message("Nothing has changed since version %(number)d.", number=number))
    else:
        flash_message(message("%(month)s evaluated: version %(number)d.", month=month, number=run.number))
    return back_to("evaluation.versions", month=month)


@pages.post("/<month:month>/publish")
@requires("evaluation:run:publish")
def publish(month: Month) -> Any:
    """I publish a version: everybody sees it from now on."""
    number = request.form.get("number", 0, type=int) or 0
    run = seen(runs.find_version(session(), month, number if 0 < number < 2**31 else 0))
    if carried_out(lambda: run_services.publish_run(session(), run, actor(), utc_now())):
        flash_message(message("Version %(number)d of %(month)s published.", number=number, month=month))
    return back_to("evaluation.versions", month=month)
