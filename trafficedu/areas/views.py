"""Pages of areas: the tree as a list, one area with its history and e-bikes, the forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, g, jsonify, redirect, render_template, request

from trafficedu.areas import services
from trafficedu.areas.fields import ANY, names_for
from trafficedu.areas.forms import AreaFigureForm, AreaFilterForm, AreaForm, EndForm, NewAreaForm, OutlinesForm
from trafficedu.areas.imports import outlines as outline_files
from trafficedu.areas.models import Area
from trafficedu.areas.queries import choices as area_choices
from trafficedu.areas.queries import outlines as outlines_of
from trafficedu.areas.queries import tree
from trafficedu.areas.queries.ebikes import ebikes_by_month, list_figures
from trafficedu.areas.rules import PLURALS, OutlinesAct
from trafficedu.core.access import actor, requires
from trafficedu.core.charts import Chart, Series
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import carried_out, form_page, submitted
from trafficedu.core.lanes import kerb
from trafficedu.core.list_views import list_page
from trafficedu.core.month import Month
from trafficedu.core.outlines import MAP_WIDTH, draw_outlines
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message, unpacked
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message, translated

pages = Blueprint("areas", __name__)
CHART_MONTHS = 24


@pages.get("/areas")
@requires("areas:area:read")
def index() -> Any:
    """I look for a town or a village."""
    form = AreaFilterForm(request.args)
    form.town.offer(area_choices.town_choices(session(), actor()))
    form.offer(tree.list_levels(session(), actor()))
    form.validate()
    chosen = form.to_input(today())
    return list_page(
        "areas/index.html",
        tree.AREAS,
        form,
        chosen,
        lambda rows: {"villages": tree.count_villages(session(), rows, chosen.on)},
        root=tree.visible_root(session(), actor()),
    )


@pages.get("/areas/names.json")
@requires("areas:area:read")
def names() -> Any:
    """I am led to the names of the places that I see."""
    attributes = names_for(ANY)
    return redirect(attributes["data-places"]) if "data-places" in attributes else abort(404)


@pages.get("/areas/names/everywhere.json")
@requires("areas:name:read")
@kerb
def names_everywhere() -> Any:
    """I am offered every place by name: people live in other towns too."""
    return _names("")


@pages.get("/areas/names/<code>.json")
@requires("areas:area:read")
@kerb
def names_below(code: str) -> Any:
    """I am offered the places of my area by name, in every field that asks for one; my browser keeps them."""
    return _names(_area(code).path)


def _names(path: str) -> Any:
    """Answer with the names below a path, which the address alone decides: at most an hour old, or asked for again."""
    g.varies_by_address_alone = True
    answer = jsonify(area_choices.list_names(session(), path, today()))
    answer.cache_control.private, answer.cache_control.max_age = True, 3600
    answer.cache_control.no_cache, answer.cache_control.stale_while_revalidate = None, 7 * 86_400
    answer.add_etag()
    return answer.make_conditional(request)


@pages.route("/areas/outlines", methods=["GET", "POST"])
@requires("areas:area:manage")
@changes_nothing_seen("a file is only tried; what it would change is looked at before it is taken")
def outlines() -> Any:
    """I bring a file of outlines, so that the map shows towns or villages; first I am shown what it would change."""
    form = OutlinesForm()
    if accepted := submitted(
        form, lambda: outline_files.try_outlines(session(), form.to_input(), actor(), utc_now()).number
    ):
        return back_to("areas.outline_file", number=accepted.value)
    known = outlines_of.count_outlines(session())
    return form_page("areas/outlines.html", form, known=known, files=outlines_of.list_files(session()))


@pages.get("/areas/outlines/<number>")
@requires("areas:area:manage")
def outline_file(number: str) -> Any:
    """I look at what a file of outlines draws, and at what it names that is no area here."""
    file = seen(outlines_of.find_file(session(), number))
    ids = [row["area_id"] for row in file.outlines]
    drawn, height = draw_outlines({row["code"]: row["rings"] for row in file.outlines})
    last = outlines_of.latest_taken(session())
    return render_template(
        "areas/outline_file.html",
        file=file,
        act=OutlinesAct,
        is_last=last is not None and last.id == file.id,
        names=outlines_of.names_by_id(session(), ids),
        states=outline_files.count_states(file, outlines_of.rings_of(session(), ids)),
        left_out=[(row["name"], row["code"], unpacked(row["why"])) for row in file.left_out],
        drawn=drawn,
        height=height,
        width=MAP_WIDTH,
    )


@pages.post("/areas/outlines/<number>/take")
@requires("areas:area:manage")
def take_outlines(number: str) -> Any:
    """I draw the areas by the file that I looked at."""
    file = seen(outlines_of.find_file(session(), number))
    if accepted := carried_out(lambda: outline_files.take_outlines(session(), file, actor(), utc_now())):
        flash_message(message("%(count)d outlines imported.", count=accepted.value))
    return back_to("areas.outline_file", number=number)


@pages.post("/areas/outlines/<number>/take-back")
@requires("areas:area:manage")
def take_back_outlines(number: str) -> Any:
    """I take a file of outlines back: the areas have the outlines again that they had before."""
    file = seen(outlines_of.find_file(session(), number))
    if accepted := carried_out(lambda: outline_files.take_back(session(), file, actor(), utc_now())):
        flash_message(message("Outlines of %(count)d areas taken back.", count=accepted.value))
    return back_to("areas.outline_file", number=number)


@pages.get("/areas/<code>")
@requires("areas:area:read")
def show(code: str) -> Any:
    """I read what is known about an area: where it lies, what came before and after, its e-bikes."""
    return _show(_area(code), AreaFigureForm())


@pages.post("/areas/<code>/ebikes")
@requires("areas:ebikes:manage")
def set_figure(code: str) -> Any:
    """I enter the e-bikes registered in an area in a month."""
    area = seen(_area(code), _figures)
    form = AreaFigureForm()
    if submitted(
        form, lambda: services.set_figure(session(), area, form.month.data, form.ebikes.data, actor(), utc_now())
    ):
        flash_message(message("Figure entered."))
        return back_to("areas.show", code=code, _anchor="ebikes")
    return _show(area, form), 422


@pages.route("/areas/<code>/new", methods=["GET", "POST"])
@requires("areas:area:manage")
def create(code: str) -> Any:
    """I add a district to the city, a town to the district, or a village to a town."""
    parent = seen(_area(code))
    levels = parent.level.levels_below
    form = NewAreaForm()
    form.offer(levels)
    if accepted := submitted(form, lambda: services.add_area(session(), parent, form.to_input(), actor())):
        flash_message(message("%(name)s added.", name=accepted.value.name))
        return back_to("areas.show", code=accepted.value.code)
    return form_page("areas/new.html", form, parent=parent, level=levels[0] if len(levels) == 1 else None)


@pages.route("/areas/<code>/edit", methods=["GET", "POST"])
@requires("areas:area:manage")
def edit(code: str) -> Any:
    """I change an area's name or first day, or whether it is evaluated."""
    area = seen(_area(code))
    form = AreaForm(obj=area)
    if submitted(
        form, lambda: services.change_area(session(), area, form.to_input(), form.version.data, actor(), utc_now())
    ):
        flash_message(message("%(name)s changed.", name=area.name))
        return back_to("areas.show", code=code)
    return form_page("areas/edit.html", form, area=area)


@pages.route("/areas/<code>/end", methods=["GET", "POST"])
@requires("areas:area:manage")
def end(code: str) -> Any:
    """I end an area with all below it, and say what follows it."""
    area = seen(_area(code))
    form = EndForm(obj=area, successor=area.successor.code if area.successor else "")
    form.offer(area.level)
    if accepted := submitted(
        form,
        lambda: services.end_area(session(), area, form.valid_to.data, form.successor.data, form.version.data, actor()),
    ):
        flash_message(
            message("%(count)d areas end on %(day)s.", count=accepted.value, day=form.valid_to.data.isoformat())
        )
        return back_to("areas.show", code=code)
    below = len(tree.list_ending_with(session(), area, today()))
    return form_page("areas/end.html", form, area=area, below=below)


@pages.post("/areas/<code>/reopen")
@requires("areas:area:manage")
def reopen(code: str) -> Any:
    """I take the end of an area back."""
    area = seen(_area(code))
    with writing(session()) as own:
        services.reopen_area(own, area, request.form.get("version", 0, type=int), actor())
    flash_message(message("%(name)s no longer has a last day.", name=area.name))
    return back_to("areas.show", code=code)


def _area(code: str) -> Area:
    return tree.find_visible_area(session(), code, actor())


def _figures(area: Area) -> list[Any]:
    """Return what entering a figure rests on: the area, and the figures that the page shows."""
    return [area, list(list_figures(session(), area))]


def _chart(months: Mapping[str, int | None]) -> Chart:
    note = message(
        "A month without a figure shows the latest figure of the previous twelve months. An area without its own"
        " figures shows the total of the areas below it."
    )
    return Chart(
        id="ebikes-chart",
        title=translated(message("How many e-bikes are registered?")),
        kind="line",
        categories=list(months),
        category_label=translated(message("Month")),
        series=[Series(translated(message("Registered e-bikes")), list(months.values()))],
        note=translated(note),
    )


def _show(area: Area, form: AreaFigureForm) -> str:
    day = today()
    children = tree.list_children(session(), area, day)
    running = Month.of(day)
    months = ebikes_by_month(session(), area.path, running - CHART_MONTHS, running)
    first = next((month for month, count in months.items() if count is not None), None)
    shown = {str(month): count for month, count in months.items() if first and month >= first}
    return render_template(
        "areas/show.html",
        area=area,
        line=tree.list_line(session(), area),
        children=children,
        predecessors=tree.list_predecessors(session(), area),
        figures=list_figures(session(), area),
        ebikes_chart=_chart(shown) if shown else None,
        form=form,
        levels=area.level.levels_below,
        children_are=PLURALS[children[0].level if children else (*area.level.levels_below, area.level)[0]],
    )
