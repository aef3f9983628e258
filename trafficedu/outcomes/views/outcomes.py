"""Pages of what became of those who studied."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from trafficedu.analysis.said import outcomes as said
from trafficedu.areas.models import Area
from trafficedu.core import clock, jobs
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.job_views import made_by_a_job
from trafficedu.core.list_views import Table, table_file
from trafficedu.core.month import Month, Period
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import locale, still
from trafficedu.education.queries.courses import list_courses
from trafficedu.evaluation.queries.areas import find_area
from trafficedu.evaluation.services.fits import Shown
from trafficedu.outcomes import rules
from trafficedu.outcomes.charts import curves_figure, whisker
from trafficedu.outcomes.forms import OutcomeForm
from trafficedu.outcomes.queries import display
from trafficedu.outcomes.services import keeping
from trafficedu.outcomes.views.blueprint import pages

READ, EXPORT = keeping.READ, "outcomes:study:export"


def chosen(usual: Month) -> tuple[OutcomeForm, Area, Period]:
    """Return the form, the area and the months of the address; raise Missing for an area out of reach."""
    form = OutcomeForm(request.args)
    period = form.settle(usual)
    return form, find_area(session(), form.area.chosen(period.last_day), actor()), period


def asked_for(what: str, area: Area, period: Period) -> Shown:
    """Return what is kept, and ask for what is due."""
    shown = keeping.shown(session(), what, area, period, actor(), utc_now(), locale())
    if shown.due is not None:
        with writing(session()) as own:
            jobs.ask(own, shown.due, actor(), utc_now(), locale())
    return shown


def usual_month() -> Month:
    """Return the month that a period ends with where none is chosen: most of its riders were watched long enough."""
    return Month.of(clock.today()) - 1


@pages.get("")
@requires(READ)
def outcomes() -> Any:
    """I see who offended again after which study, whether the longer course helps, and how sure that is."""
    form, area, period = chosen(usual_month())
    if request.headers.get("HX-Request"):
        return still(keeping.shown(session(), keeping.OUTCOME, area, period, actor(), utc_now(), locale()).under_way)
    shown = asked_for(keeping.OUTCOME, area, period)
    values: dict[str, Any] = {"form": form, "area": area, "period": period, "shown": shown}
    result = keeping.result_of(shown.kept)
    if result is None:
        return render_template("outcomes/outcomes.html", **values, result=None)
    names = display.names_of(session(), result, locale())
    groups = {name: display.group_lines(names, result, name) for name in rules.DIMENSIONS}
    return render_template(
        "outcomes/outcomes.html",
        **values,
        result=result,
        answers={
            question: said.answer(question, result[question], result["days"], result["landmark"])
            for question in (said.LONGER, said.EDUCATED)
        },
        figure=curves_figure(result, names[rules.COURSE], locale()),
        groups=groups,
        sentences={name: _sentence(lines) for name, lines in groups.items()},
        titles=rules.FACTOR_NAMES,
        model=display.model_lines(names, result["model"]),
        left_out=[rules.FACTOR_NAMES[name] for name in (result["model"] or {}).get("left_out", [])],
        whisker=whisker,
        least=rules.LEAST_SHOWN,
        courses=[(one.name(locale()), one.on(clock.today()).from_violations) for one in list_courses(session())],
    )


def _sentence(lines: list[display.Line]) -> Any:
    judged = [line for line in lines if line.ratio is not None]
    return said.groups_sentence(sum(line.verdict == "proven" for line in judged), len(judged))


@pages.post("/export/<any(csv, xlsx):suffix>")
@requires(EXPORT)
@changes_nothing_seen("it makes a file of what is read")
@made_by_a_job
def export(suffix: str) -> Any:
    """I take the figures with me as a file."""
    _, area, period = chosen(usual_month())
    shown = keeping.shown(session(), keeping.OUTCOME, area, period, actor(), utc_now(), locale())
    result = keeping.result_of(shown.kept)
    if result is None:
        raise Missing(message("These figures are not worked out yet. Open the page first."))
    names, language = display.names_of(session(), result, locale()), locale()
    table = Table(display.COLUMNS, lambda: display.file_rows(names, result, language))
    return table_file(table, f"outcomes-{area.code}.{suffix}", EXPORT, titles=language, area=area.code)
