"""Pages of the photo at the check-in, where the policy asks for one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.education.forms.door import PhotoForm
from trafficedu.education.queries import people, sessions
from trafficedu.education.services import photos
from trafficedu.education.views.roster import CHECK_IN

pages = Blueprint("photos", __name__)


@pages.route("/sessions/<number>/riders/<task>/photo", methods=["GET", "POST"])
@requires(CHECK_IN)
@changes_nothing_seen("a photo replaces the one before, whoever took it")
@kerb
def take(number: str, task: str) -> Any:
    """I take a photo of a rider who is here, with the tablet's camera or from a file."""
    booking, form = sessions.find_study(session(), number, task, actor()), PhotoForm()
    if submitted(
        form,
        lambda: photos.take_photo(session(), booking, form.data_sent(), form.key.data or "", actor(), utc_now()),
    ):
        flash_message(message("Photo saved."))
        return back_to("door.check_in_list", number=number, _anchor=task)
    return form_page(
        "study/photo.html",
        form,
        booking=booking,
        study=booking.session,
        asked=photos.asks_for_photo(session()),
        taken=booking.id in photos.photographed(session(), [booking.id]),
        person=people.people(session(), [booking.task.rider], actor())[booking.task.rider_id],
    )


@pages.get("/sessions/<number>/riders/<task>/photo.jpg")
@requires(CHECK_IN)
def show(number: str, task: str) -> Any:
    """I compare the photo of the check-in with who stands before me."""
    photo = photos.find_standing(session(), sessions.find_study(session(), number, task, actor()))
    data = services_of(session()).evidence.read(photo.file_key)
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": "inline"}
    return Response(data, mimetype="image/jpeg", headers=headers)
