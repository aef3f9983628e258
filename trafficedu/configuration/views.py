"""Pages of the configuration: figures with their bounds, corrections of the calendar, the list of runs."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, render_template, request

from trafficedu.configuration import queries, services
from trafficedu.configuration.forms import UNIT_NAMES, DayForm, FigureForm, RunFilterForm, WordingForm
from trafficedu.core.access import actor, requires
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message, locale, page_place
from trafficedu.core.workdays import last_published_year

pages = Blueprint("configuration", __name__)


@pages.get("/configuration")
@requires("configuration:figure:manage")
def index() -> Any:
    """I see every figure that can be configured, and the corrections of the calendar."""
    return _index(DayForm())


@pages.route("/configuration/figures/<code>", methods=["GET", "POST"])
@requires("configuration:figure:manage")
def figure(code: str) -> Any:
    """I change a figure within its bounds."""
    parameter = seen(queries.find_parameter(session(), code))
    form = FigureForm(obj=parameter)
    if submitted(form, lambda: services.set_figure(session(), parameter, form.value.data, form.version.data, actor())):
        flash_message(message("Setting changed. It applies from now on."))
        return back_to("configuration.index")
    name = parameter.name(locale())
    unit = UNIT_NAMES.get(parameter.unit, parameter.unit)
    return form_page("configuration/figure.html", form, parameter=parameter, name=name, unit=unit)


@pages.route("/configuration/wordings/<code>", methods=["GET", "POST"])
@requires("configuration:figure:manage")
def wording(code: str) -> Any:
    """I change a text that the district writes its own way."""
    wording = seen(queries.find_wording(session(), code))
    form = WordingForm(obj=wording)
    if submitted(
        form, lambda: services.set_wording(session(), wording, form.value.data or "", form.version.data, actor())
    ):
        flash_message(message("Setting changed. It applies from now on."))
        return back_to("configuration.index")
    return form_page("configuration/wording.html", form, name=wording.name(locale()), hint=wording.hint(locale()))


@pages.post("/configuration/days")
@requires("configuration:figure:manage")
def correct_day() -> Any:
    """I say that the district works or rests on a day."""
    seen(queries.list_days(session()), lambda _: queries.list_days(session()))
    form = DayForm()
    if not form.validate_on_submit():
        return _index(form), 422
    with writing(session()) as own:
        services.correct_day(own, form.day.data, form.works.data == "yes", form.note.data or "", actor())
    flash_message(message("%(day)s corrected.", day=form.day.data.isoformat()))
    return back_to("configuration.index", _anchor="calendar")


@pages.post("/configuration/days/<day>/undo")
@requires("configuration:figure:manage")
def forget_day(day: str) -> Any:
    """I take a correction back."""
    row = seen(queries.find_day(session(), _day(day)))
    with writing(session()) as own:
        services.forget_day(own, row, actor())
    flash_message(message("The published calendar applies again on %(day)s.", day=day))
    return back_to("configuration.index", _anchor="calendar")


@pages.get("/runs")
@requires("configuration:run:read")
def runs() -> Any:
    """I see what ran, when, and whether it succeeded."""
    form = RunFilterForm(request.args)
    form.validate()
    page = queries.search_runs(session(), form.kind.data or "", form.result.data == "failed", page_place())
    return render_template("configuration/runs.html", form=form, page=page)


def _index(form: DayForm) -> str:
    return render_template(
        "configuration/index.html",
        parameters=queries.list_parameters(session()),
        wordings=queries.list_wordings(session()),
        days=queries.list_days(session()),
        units=UNIT_NAMES,
        form=form,
        published_until=last_published_year(),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Missing(message("This day is not in the list.")) from error
