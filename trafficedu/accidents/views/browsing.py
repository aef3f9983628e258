"""The list of accidents, the page of one record, and its riders."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import render_template, request
from flask_babel import lazy_gettext as _l

from trafficedu.accidents.forms import AccidentFilterForm, LinkForm
from trafficedu.accidents.queries import duplicates, records
from trafficedu.accidents.queries.records import ACCIDENTS, AccidentFilter
from trafficedu.accidents.services import people
from trafficedu.accidents.views.blueprint import pages
from trafficedu.areas.queries.choices import list_named
from trafficedu.areas.queries.tree import chosen_path
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.job_views import made_by_a_job
from trafficedu.core.list_views import list_file, list_page
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message, locale
from trafficedu.riders.queries import people as riders
from trafficedu.riders.services.people import open_rider
from trafficedu.violations.queries.kinds import list_kinds
from trafficedu.violations.queries.searching import words_of

READS_RIDERS = "riders:rider:read"


@pages.get("")
@requires("accidents:accident:read")
def index() -> Any:
    """I look through the accidents of my area."""
    return list_page("accidents/index.html", ACCIDENTS, *_chosen())


@pages.post("/export/<any(csv, xlsx):suffix>")
@requires("accidents:accident:export")
@changes_nothing_seen("it reads, or makes a file of what is read")
@made_by_a_job
def export(suffix: str) -> Any:
    """I take the list with me as a file; it names nobody."""
    return list_file(ACCIDENTS, *_chosen(), suffix)


def _chosen() -> tuple[AccidentFilterForm, AccidentFilter]:
    form = AccidentFilterForm(request.args)
    form.kind.offer({kind.code: kind.name(locale()) for kind in list_kinds(session())}.items())
    form.validate()
    form.area.settle(partial(list_named, session(), day=today(), by=actor()))
    named = actor().may(READS_RIDERS)
    if not named:
        form.q.finds = _l("Accident or case number, or officer")
    words = words_of(session(), form.q.data or "", riders=named, officers=True, plates=named)
    return form, form.to_input(chosen_path(session(), form.area.data, actor()), words)


@pages.get("/<number>")
@requires("accidents:accident:read")
def show(number: str) -> Any:
    """I read one record: what happened, who was in it as far as I may know, what looks like the same accident."""
    accident = records.find_accident(session(), number, actor())
    links = records.list_riders(session(), accident.id)
    named = actor().may(READS_RIDERS)
    close = duplicates.list_close(
        session(), accident.area_id, accident.severity, accident.occurred, besides=accident.id
    )
    return render_template(
        "accidents/show.html",
        accident=accident,
        people=[(link, riders.describe(session(), link.rider)) for link in links] if named else [],
        linked=len(links),
        close=[] if accident.is_voided else close,
        decisions=duplicates.decisions_on(session(), accident),
        history=records.history_of(accident),
    )


@pages.route("/<number>/riders", methods=["GET", "POST"])
@requires("accidents:rider:link")
def link(number: str) -> Any:
    """I link a person to the accident, by document."""
    accident = seen(records.find_accident(session(), number, actor()))
    form = LinkForm()
    if submitted(
        form, lambda: people.link_rider(session(), accident, form.to_input(), form.role.data, actor(), utc_now())
    ):
        flash_message(message("Person linked to the accident."))
        return back_to("accidents.show", number=number)
    accident = records.find_accident(session(), number, actor())
    return form_page("accidents/link.html", form, accident=accident)


@pages.post("/<number>/riders/<rider>/unlink")
@requires("accidents:rider:link")
def unlink(number: str, rider: str) -> Any:
    """I take a link back that was a mistake."""
    accident = records.find_accident(session(), number, actor())
    link = seen(records.find_link(session(), accident, rider), lambda link: [link, accident])
    with writing(session()) as own:
        people.unlink_rider(own, link, actor())
    flash_message(message("Link removed."))
    return back_to("accidents.show", number=number)


@pages.post("/<number>/riders/<rider>/open")
@requires(READS_RIDERS)
@changes_nothing_seen("it reads, or makes a file of what is read")
def open_linked(number: str, rider: str) -> Any:
    """I open a rider's page from an accident of my area; that I did is kept."""
    accident = records.find_accident(session(), number, actor())
    link = records.find_link(session(), accident, rider)
    with writing(session()) as own:
        open_rider(own, link.rider, actor(), "accident")
        rider_number = link.rider.number
    return back_to("riders.show", number=rider_number)
