"""Pages of surveys: the list, one survey, voiding, and the form for one entered whole."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from trafficedu.accounts import queries as accounts
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.helmets.forms import CELL_NAMES, SurveyFilterForm, SurveyForm, VoidForm
from trafficedu.helmets.models import HelmetSurvey
from trafficedu.helmets.queries.sites import offer_companies, offer_sites
from trafficedu.helmets.queries.surveys import SURVEYS, count_cells, find_survey
from trafficedu.helmets.services import surveys as survey_services
from trafficedu.helmets.views.blueprint import pages


@pages.get("/surveys")
@requires("helmets:survey:read")
def surveys() -> Any:
    """I look for a survey."""
    form = SurveyFilterForm(request.args)
    form.validate()
    return list_page("helmets/surveys.html", SURVEYS, form, form.to_input())


@pages.get("/surveys/<number>")
@requires("helmets:survey:read")
def survey(number: str) -> Any:
    """I read what a survey counted, and who counted."""
    record = find_survey(session(), number, actor())
    return _show(record, VoidForm(version=record.version))


@pages.post("/surveys/<number>/void")
@requires("helmets:survey:void")
def void(number: str) -> Any:
    """I take a survey that was wrong out of every figure, and say why."""
    record = seen(find_survey(session(), number, actor()))
    form = VoidForm()
    if submitted(
        form, lambda: survey_services.void(session(), record, form.reason.data, form.version.data, actor(), utc_now())
    ):
        flash_message(message("Survey voided. It no longer counts in any figure."))
        return back_to("helmets.survey", number=record.number)
    return _show(find_survey(session(), number, actor()), form), 422


def _show(record: HelmetSurvey, form: VoidForm) -> str:
    people = [sheet.observer_id for sheet in record.sheets if sheet.observer_id]
    if record.voided_by_id:
        people.append(record.voided_by_id)
    return render_template(
        "helmets/survey.html",
        survey=record,
        form=form,
        cells=count_cells(session(), record),
        names=accounts.names_of(session(), people),
    )


@pages.route("/surveys/new", methods=["GET", "POST"])
@requires("helmets:survey:record")
@changes_nothing_seen("what it makes is new")
def create_survey() -> Any:
    """I enter a survey whole: from paper or from a video."""
    form = SurveyForm()
    sites = offer_sites(session(), actor())
    form.offer([(site.code, f"{site.area.name} · {site.name}") for site in sites], offer_companies(session()))
    if accepted := submitted(
        form, lambda: survey_services.add_survey(session(), form.to_input(), actor(), utc_now()).number
    ):
        flash_message(message("Survey entered."))
        return back_to("helmets.survey", number=accepted.value)
    cells = [(CELL_NAMES[group, role], fields) for (group, role), fields in form.cells.items()]
    return form_page("helmets/new_survey.html", form, cells=cells)
