"""A hazard reported from the phone, its facts corrected, its photos."""

from __future__ import annotations

from typing import Any

from flask import request
from flask import session as cookie
from flask_babel import gettext as _

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.fields import choices
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.lanes import kerb
from trafficedu.core.queued import needs_of
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, locale
from trafficedu.hazards.forms import HazardForm, MorePhotosForm, ReasonForm
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.queries import records
from trafficedu.hazards.queries.kinds import list_kinds
from trafficedu.hazards.rules import MOST_PHOTOS
from trafficedu.hazards.services import reporting
from trafficedu.hazards.views.blueprint import pages

VILLAGE_COOKIE = "village"
"""The village last recorded in; the pages of violations and accidents keep it under the same name."""


@pages.route("/new", methods=["GET", "POST"])
@requires("hazards:hazard:report")
@changes_nothing_seen("what it makes is new")
@kerb
def new() -> Any:
    """I report a hazard where I stand: photo, what, where."""
    form = HazardForm()
    if request.method == "GET":
        form.area_code.begin_with(cookie.get(VILLAGE_COOKIE, ""))
    made: list[str] = []
    if submitted(form, lambda: made.append(reporting.report(session(), form.to_input(), actor(), utc_now()).number)):
        cookie[VILLAGE_COOKIE] = form.area_code.data
        flash_message(message("Hazard reported. The town must now plan how to fix it."))
        return back_to("hazards.show", number=made[0])
    return hazard_page(form)


@pages.route("/<number>/correct", methods=["GET", "POST"])
@requires("hazards:hazard:report")
def correct(number: str) -> Any:
    """I correct where or what a hazard is, or its risk."""
    hazard = seen(records.find_hazard(session(), number, actor()))
    form = HazardForm()
    if request.method == "GET":
        form.show(hazard)
    if submitted(
        form,
        lambda: reporting.correct(session(), hazard, form.to_input(), form.version.data, actor(), utc_now()),
    ):
        flash_message(message("Hazard corrected."))
        return back_to("hazards.show", number=number)
    return hazard_page(form, records.find_hazard(session(), number, actor()))


def hazard_page(form: HazardForm, hazard: Hazard | None = None, **more: Any) -> Any:
    """Show the form on which a hazard is reported or corrected, or the copy of it that a phone keeps."""
    kinds = [(kind.code, kind.name(locale())) for kind in list_kinds(session(), only_active=True)]
    if hazard is not None and hazard.kind.code not in dict(kinds):
        kinds.append((hazard.kind.code, hazard.kind.name(locale())))
    form.kind.choices = choices([("", _("Choose the kind")), *kinds])
    return form_page(
        "hazards/form.html",
        form,
        hazard=hazard,
        most_photos=MOST_PHOTOS,
        **{"kept": False, "needs": needs_of(form)} | more,
    )


@pages.route("/<number>/photos", methods=["GET", "POST"])
@requires("hazards:photo:add")
def photos(number: str) -> Any:
    """I add photos to a hazard of my area."""
    hazard = seen(records.find_hazard(session(), number, actor()))
    form = MorePhotosForm()
    if submitted(
        form,
        lambda: reporting.add_photos(session(), hazard, form.files(), form.taken.data, actor(), utc_now()),
    ):
        flash_message(message("Photos saved."))
        return back_to("hazards.show", number=number)
    hazard = records.find_hazard(session(), number, actor())
    return form_page("hazards/photos.html", form, hazard=hazard)


@pages.route("/<number>/photos/<int:position>/withdraw", methods=["GET", "POST"])
@requires("hazards:hazard:void")
def withdraw(number: str, position: int) -> Any:
    """I take a photo from every page that shows what it must not, such as a face."""
    picture = seen(records.find_photo(session(), number, min(position, 999), actor()))
    form = ReasonForm()
    if submitted(form, lambda: reporting.withdraw_photo(session(), picture, form.reason.data, actor(), utc_now())):
        flash_message(message("Photo withdrawn from all pages."))
        return back_to("hazards.show", number=number)
    hazard = records.find_hazard(session(), number, actor())
    return form_page("hazards/withdraw.html", form, hazard=hazard, position=position)
