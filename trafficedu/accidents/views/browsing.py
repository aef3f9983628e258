"""The list of accidents, the page of one record, and its riders."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

from flask import render_template, request, send_file

from trafficedu.accidents.forms import AccidentFilterForm, LinkForm
from trafficedu.accidents.imports.exporting import list_filtered
from trafficedu.accidents.imports.files import COLUMNS
from trafficedu.accidents.queries import duplicates, records
from trafficedu.accidents.queries.records import AccidentFilter
from trafficedu.accidents.services import people
from trafficedu.accidents.views.blueprint import pages
from trafficedu.areas.models import TOWN, VILLAGE
from trafficedu.areas.queries import find_visible_area, list_below
from trafficedu.core import audit
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.spreadsheet import Column, write_csv, write_xlsx
from trafficedu.core.text import message
from trafficedu.core.web import back_to, locale, page_number, tell
from trafficedu.riders import queries as riders
from trafficedu.riders.services.people import open_rider
from trafficedu.violations.queries.kinds import list_kinds

DEPTH = {TOWN: "\u3000", VILLAGE: "\u3000\u3000"}
READS_RIDERS = "riders:rider:read"


@pages.get("")
@requires("accidents:accident:read")
def index() -> Any:
    """I look through the accidents of my area."""
    form = _filter_form()
    wanted = _wanted(form)
    found = records.list_accidents(session(), actor(), wanted, page_number())
    return render_template("accidents/index.html", form=form, page=found, paging=wanted)


@pages.post("/export/<any(csv, xlsx):suffix>")
@requires("accidents:accident:export")
def export(suffix: str) -> Any:
    """I take the list with me as a file; it names nobody."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    columns = [Column(name) for name in COLUMNS.names]
    count = (write_csv if suffix == "csv" else write_xlsx)(columns, _cells(), file)
    audit.write(session(), "accidents:accident:export", actor(), rows=count, format=suffix)
    session().commit()
    file.seek(0)
    return send_file(file, download_name=f"accidents-{today().isoformat()}.{suffix}", as_attachment=True)


def _cells() -> Iterator[list[Any]]:
    for row in list_filtered(session(), actor(), _wanted(_filter_form())):
        yield [row.get(name) for name in COLUMNS.names]


def _filter_form() -> AccidentFilterForm:
    form = AccidentFilterForm(request.args)
    below = list_below(session(), actor().scope.area_path or "", today())
    areas = [(area.code, f"{DEPTH.get(area.level, '')}{area.name}") for area in below]
    kinds = {kind.code: kind.name(locale()) for kind in list_kinds(session())}
    form.offer(areas, list(kinds.items()))
    form.validate()
    return form


def _wanted(form: AccidentFilterForm) -> AccidentFilter:
    code = form.area.data or ""
    path = find_visible_area(session(), code, actor()).path if code else ""
    return form.to_input(path, request.args.get("sort", "-occurred"))


@pages.get("/<number>")
@requires("accidents:accident:read")
def show(number: str) -> Any:
    """I read one record: what happened, who was in it as far as I may know, what looks like the same accident."""
    accident = records.find_accident(session(), number, actor())
    links = records.list_riders(session(), accident.id)
    named = actor().may(READS_RIDERS)
    close = duplicates.list_close(
        session(), accident.area_id, accident.severity, accident.occurred_utc, besides=accident.id
    )
    return render_template(
        "accidents/show.html",
        accident=accident,
        people=[(link, riders.describe(session(), link.rider)) for link in links] if named else [],
        linked=len(links),
        close=close if accident.state == "recorded" else [],
        history=records.history_of(accident),
    )


@pages.route("/<number>/riders", methods=["GET", "POST"])
@requires("accidents:rider:link")
def link(number: str) -> Any:
    """I link a person to the accident, by document."""
    accident = records.find_accident(session(), number, actor())
    form = LinkForm()
    if submitted(
        form, lambda: people.link_rider(session(), accident, form.to_input(), form.role.data, actor(), utc_now())
    ):
        tell(message("The person is linked to the accident."))
        return back_to("accidents.show", number=number)
    accident = records.find_accident(session(), number, actor())
    return form_page("accidents/link.html", form, accident=accident)


@pages.post("/<number>/riders/<rider>/unlink")
@requires("accidents:rider:link")
def unlink(number: str, rider: str) -> Any:
    """I take a link back that was a mistake."""
    accident = records.find_accident(session(), number, actor())
    people.unlink_rider(session(), records.find_link(session(), accident, rider), actor())
    session().commit()
    tell(message("The link is taken back."))
    return back_to("accidents.show", number=number)


@pages.post("/<number>/riders/<rider>/open")
@requires(READS_RIDERS)
def open_linked(number: str, rider: str) -> Any:
    """I open a rider's page from an accident of my area; that I did is kept."""
    accident = records.find_accident(session(), number, actor())
    found = records.find_link(session(), accident, rider)
    open_rider(session(), found.rider, actor(), "accident")
    rider_number = found.rider.number
    session().commit()
    return back_to("riders.show", number=rider_number)
