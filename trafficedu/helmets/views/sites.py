"""Pages of sites and of plans drawn at random."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.list_views import list_page
from trafficedu.core.month import Month
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.helmets.forms import DrawForm, NewSiteForm, SiteFilterForm, SiteForm
from trafficedu.helmets.queries.sites import DRAWS, SITES, find_area, find_draw, find_site, list_draw_lines
from trafficedu.helmets.rules import RoadClass, Strata
from trafficedu.helmets.rules import draw as draw_again
from trafficedu.helmets.services import places
from trafficedu.helmets.views.blueprint import pages

USUAL_SITES = 12


@pages.get("/sites")
@requires("helmets:site:read")
def sites() -> Any:
    """I look for a counting site."""
    form = SiteFilterForm(request.args)
    form.validate()
    return list_page("helmets/sites.html", SITES, form, form.to_input())


@pages.route("/sites/new", methods=["GET", "POST"])
@requires("helmets:site:manage")
@changes_nothing_seen("what it makes is new")
def create_site() -> Any:
    """I add a counting site."""
    form = NewSiteForm()
    _begin_at_post(form)
    if submitted(form, lambda: places.create_site(session(), form.to_new(), actor())):
        flash_message(message("Site added."))
        return back_to("helmets.sites")
    return form_page("helmets/site.html", form, site=None)


@pages.route("/sites/<code>", methods=["GET", "POST"])
@requires("helmets:site:manage")
def site(code: str) -> Any:
    """I change a counting site, or take it out of use."""
    record = seen(find_site(session(), code, actor()))
    form = SiteForm(obj=record, area_code=record.area.code)
    if submitted(form, lambda: places.update_site(session(), record, form.to_input(), form.version.data, actor())):
        flash_message(message("Site changed."))
        return back_to("helmets.sites")
    return form_page("helmets/site.html", form, site=record)


@pages.get("/plans")
@requires("helmets:site:read")
def draws() -> Any:
    """I look for a plan of sites."""
    return list_page("helmets/draws.html", DRAWS, None, None)


@pages.route("/plans/new", methods=["GET", "POST"])
@requires("helmets:site:manage")
@changes_nothing_seen("what it makes is new")
def create_draw() -> Any:
    """I have the sites of a month drawn at random."""
    form = DrawForm(month=Month.of(today()), sites=USUAL_SITES, stratified_by=Strata.BY_CLASS)
    _begin_at_post(form)
    if accepted := submitted(form, lambda: places.create_draw(session(), form.to_input(), actor(), utc_now())):
        flash_message(message("Plan drawn."))
        return back_to("helmets.draw", number=accepted.value.number)
    return form_page("helmets/new_draw.html", form)


def _begin_at_post(form: SiteForm | DrawForm) -> None:
    post = find_area(session(), "", actor())
    if post is not None and not form.is_submitted():
        form.area_code.begin_with(post.code)


@pages.get("/plans/<number>")
@requires("helmets:site:read")
def draw(number: str) -> Any:
    """I read and print a plan, and see which of its sites were counted."""
    drawing = find_draw(session(), number, actor())
    lines = list_draw_lines(session(), drawing)
    return render_template(
        "helmets/draw.html",
        draw=drawing,
        lines=lines,
        counted=sum(1 for line in lines if line.surveys),
        known=sum(len(codes) for codes in drawing.frame.values()),
        repeats=draw_again(drawing.frame, drawing.sites, drawing.seed) == drawing.drawn,
        roads={road: road.label for road in RoadClass},
    )
