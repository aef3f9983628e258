"""The list of hazards, the page of one, its sheet and photos, what is overdue by tier."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, abort, render_template, request

from trafficedu.areas.queries.choices import list_named
from trafficedu.areas.queries.tree import chosen_path, find_visible_area, list_line
from trafficedu.areas.rules import PLURALS
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.job_views import made_by_a_job
from trafficedu.core.list_views import list_file, list_page
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.services import services_of
from trafficedu.core.web import locale
from trafficedu.hazards import rules
from trafficedu.hazards.forms import HazardFilterForm
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.queries import figures, records
from trafficedu.hazards.queries.kinds import list_kinds
from trafficedu.hazards.queries.records import HazardFilter, hazards_on
from trafficedu.hazards.services import papers
from trafficedu.hazards.views.blueprint import pages
from trafficedu.issued.queries.documents import list_documents
from trafficedu.issued.rules import DocumentKind


@pages.get("")
@requires("hazards:hazard:read")
def index() -> Any:
    """I look through the hazards of my area."""
    return list_page("hazards/index.html", hazards_on(today()), *_chosen())


@pages.post("/export/<any(csv, xlsx):suffix>")
@requires("hazards:hazard:export")
@changes_nothing_seen("it reads, or makes a file of what is read")
@made_by_a_job
def export(suffix: str) -> Any:
    """I take the list with me as a file; it names nobody but who is responsible."""
    return list_file(hazards_on(today()), *_chosen(), suffix)


def _chosen() -> tuple[HazardFilterForm, HazardFilter]:
    form = HazardFilterForm(request.args)
    form.kind.offer((kind.code, kind.name(locale())) for kind in list_kinds(session()))
    form.validate()
    form.area.settle(partial(list_named, session(), day=today(), by=actor()))
    return form, form.to_input(chosen_path(session(), form.area.data, actor()), today())


@pages.get("/<number>")
@requires("hazards:hazard:read")
def show(number: str) -> Any:
    """I read one hazard: what is wrong, the plan, photos before and after, what I can do now."""
    hazard = records.find_hazard(session(), number, actor())
    photos = records.photos_of(session(), hazard)
    return render_template(
        "hazards/show.html",
        hazard=hazard,
        photos=[(taken, [picture for picture in photos if picture.taken == taken]) for taken in rules.PhotoTime],
        steps=records.list_steps(session(), hazard),
        issued=list_documents(session(), DocumentKind.HAZARD, hazard.number),
        late=hazard.is_overdue(today()),
        own_fix=hazard.fixed_by_id is not None and hazard.fixed_by_id == actor().user_id,
    )


@pages.get("/<number>/plan.pdf")
@requires("hazards:hazard:read")
def plan_pdf(number: str) -> Any:
    """I print the sheet "one road, one plan"."""
    hazard = records.find_hazard(session(), number, actor())
    return _shown(papers.render_plan(session(), hazard, locale(), utc_now()), "application/pdf", hazard, "pdf")


@pages.get("/<number>/photos/<int:position>")
@requires("hazards:hazard:read")
def photo(number: str, position: int) -> Any:
    """I look at a photo of a hazard of my area."""
    if position > rules.MOST_PHOTOS:
        abort(404)
    picture = records.find_photo(session(), number, position, actor())
    return _shown(services_of(session()).evidence.read(picture.key), "image/jpeg", picture.hazard, f"{position}.jpg")


def _shown(data: bytes, mimetype: str, hazard: Hazard, suffix: str) -> Response:
    disposition = f'inline; filename="{hazard.number}.{suffix}"'
    return Response(data, mimetype=mimetype, headers={"Content-Disposition": disposition})


@pages.get("/overdue")
@requires("hazards:hazard:read")
def overdue() -> Any:
    """I see what is overdue by tier, and open the tier below by a click."""
    who = actor()
    code = request.args.get("area") or (who.scope.area_path or "").strip("/").rsplit("/", 1)[-1]
    area = find_visible_area(session(), code, who)
    own, *rows = figures.count_by_tier(session(), who, area, today())
    above = [step for step in list_line(session(), area) if step.path.startswith(who.scope.area_path or "")]
    return render_template(
        "hazards/overdue.html",
        area=area,
        above=above,
        own=own,
        rows=rows,
        rows_are=PLURALS[rows[0].area.level] if rows else None,
        leads_on=area.level.may_be_top,
    )
