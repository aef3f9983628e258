"""The list of hazards, the page of one, its sheet and photos, what is overdue by tier."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

from flask import Response, abort, render_template, request, send_file

from trafficedu.areas.models import DISTRICT, VILLAGE
from trafficedu.areas.queries import find_visible_area, list_line
from trafficedu.core import audit
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import local, today, utc_now
from trafficedu.core.database import session
from trafficedu.core.services import services_of
from trafficedu.core.spreadsheet import Column, write_csv, write_xlsx
from trafficedu.core.web import locale, page_number, say
from trafficedu.hazards import rules
from trafficedu.hazards.forms import HazardFilterForm
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.queries import figures, records, sheet
from trafficedu.hazards.queries.kinds import list_kinds
from trafficedu.hazards.queries.records import HazardFilter
from trafficedu.hazards.views.blueprint import area_choices, area_path, pages

COLUMNS = [
    "number",
    "reported_at",
    "area_code",
    "area",
    "place",
    "latitude",
    "longitude",
    "kind",
    "risk",
    "state",
    "goal",
    "measures",
    "responsible",
    "deadline",
    "fixed_on",
    "verified_on",
    "on_time",
]


@pages.get("")
@requires("hazards:hazard:read")
def index() -> Any:
    """I look through the hazards of my area."""
    form = _filter_form()
    wanted = _wanted(form)
    found = records.list_hazards(session(), actor(), wanted, page_number())
    return render_template("hazards/index.html", form=form, page=found, paging=wanted)


def _filter_form() -> HazardFilterForm:
    form = HazardFilterForm(request.args)
    kinds = [(kind.code, kind.name(locale())) for kind in list_kinds(session())]
    form.offer(area_choices(), kinds)
    form.validate()
    return form


def _wanted(form: HazardFilterForm) -> HazardFilter:
    return form.to_input(area_path(form.area.data or ""), request.args.get("sort", "-reported"), today())


@pages.post("/export/<any(csv, xlsx):suffix>")
@requires("hazards:hazard:export")
def export(suffix: str) -> Any:
    """I take the list with me as a file; it names nobody but who is responsible."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    columns = [Column(name) for name in COLUMNS]
    count = (write_csv if suffix == "csv" else write_xlsx)(columns, _cells(), file)
    audit.write(session(), "hazards:hazard:export", actor(), rows=count, format=suffix)
    session().commit()
    file.seek(0)
    return send_file(file, download_name=f"hazards-{today().isoformat()}.{suffix}", as_attachment=True)


def _cells() -> Iterator[list[Any]]:
    language = locale()
    for one in records.list_filtered(session(), actor(), _wanted(_filter_form())):
        yield [
            one.number,
            local(one.reported_utc).strftime("%Y-%m-%d %H:%M"),
            one.area.code,
            one.area.name,
            one.place,
            one.latitude,
            one.longitude,
            one.kind.name(language),
            say(one.risk.label),
            say(one.state.label),
            one.goal,
            one.measures,
            one.responsible,
            one.deadline_on,
            one.fixed_on,
            one.verified_on,
            {None: "", True: "yes", False: "no"}[one.on_time],
        ]


@pages.get("/<number>")
@requires("hazards:hazard:read")
def show(number: str) -> Any:
    """I read one hazard: what is wrong, the plan, photos before and after, what I can do now."""
    hazard = records.find_hazard(session(), number, actor())
    photos = records.photos_of(session(), hazard)
    return render_template(
        "hazards/show.html",
        hazard=hazard,
        photos=[(taken, [one for one in photos if one.taken == taken]) for taken in rules.PhotoTime],
        steps=records.list_steps(session(), hazard),
        late=hazard.is_overdue(today()),
        own_fix=hazard.fixed_by_id is not None and hazard.fixed_by_id == actor().user_id,
    )


@pages.get("/<number>/plan.pdf")
@requires("hazards:hazard:read")
def plan_pdf(number: str) -> Any:
    """I print the sheet "one road, one plan"."""
    hazard = records.find_hazard(session(), number, actor())
    return _shown(sheet.render_plan(session(), hazard, locale(), utc_now()), "application/pdf", hazard, "pdf")


@pages.get("/<number>/photos/<int:position>")
@requires("hazards:hazard:read")
def photo(number: str, position: int) -> Any:
    """I look at a photo of a hazard of my area."""
    if position > rules.MOST_PHOTOS:
        abort(404)
    found = records.find_photo(session(), number, position, actor())
    return _shown(services_of(session()).evidence.read(found.key), "image/jpeg", found.hazard, f"{position}.jpg")


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
    above = [one for one in list_line(session(), area) if one.path.startswith(who.scope.area_path or "")]
    return render_template(
        "hazards/overdue.html",
        area=area,
        above=above,
        own=own,
        rows=rows,
        below="district" if area.level == DISTRICT else "town" if area.level != VILLAGE else "village",
    )
