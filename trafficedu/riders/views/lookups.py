"""Pages of look-ups: who makes unusually many without a record, and what one person looked up by, when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import render_template, request

from trafficedu.configuration.queries import figure
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.core.job_views import made_by_a_job
from trafficedu.core.list_views import list_file, list_page
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.riders.forms import LookupFilterForm
from trafficedu.riders.queries import looked_up
from trafficedu.riders.queries.looked_up import LOOKUPS, REVIEW, LookupFilter
from trafficedu.riders.views.blueprint import pages


@pages.get("/look-ups")
@requires(REVIEW)
def look_ups() -> Any:
    """I see who of my area looks riders up without recording them, beside what is usual."""
    return render_template(
        "riders/look_ups.html",
        people=looked_up.list_people(session(), actor(), today()),
        since=looked_up.first_day(session(), today()),
        until=today(),
        times=figure(session(), "riders.lookups_times"),
        floor=figure(session(), "riders.lookups_floor"),
        fewest=looked_up.FEWEST,
    )


@pages.get("/look-ups/<username>")
@requires(REVIEW)
def look_ups_of(username: str) -> Any:
    """I read when one person looked riders up, by what, and whether a record followed."""
    person = looked_up.find_person(session(), username, actor())
    form, chosen = _chosen(person.id)
    hours = looked_up.count_by_hour(session(), chosen)
    return list_page("riders/look_ups_of.html", LOOKUPS, form, chosen, person=person, hours=hours)


@pages.post("/look-ups/<username>/export/<any(csv, xlsx):suffix>")
@requires(REVIEW)
@changes_nothing_seen("it reads, or makes a file of what is read")
@made_by_a_job
def export_look_ups(username: str, suffix: str) -> Any:
    """I take one person's list of look-ups with me as a file."""
    person = looked_up.find_person(session(), username, actor())
    return list_file(replace(LOOKUPS, file=f"lookups-{person.username}"), *_chosen(person.id), suffix)


def _chosen(user_id: int) -> tuple[LookupFilterForm, LookupFilter]:
    form = LookupFilterForm(request.args)
    if not request.args.keys() & {"since", "until"}:
        form.since.data = looked_up.first_day(session(), today())
    form.validate()
    return form, form.to_input(user_id)
