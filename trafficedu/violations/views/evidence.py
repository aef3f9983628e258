"""Photos and the signature of a record: added, looked at, taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, flash, request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.fields import Form
from trafficedu.core.forms import errors_told, form_page, submitted
from trafficedu.core.lanes import kerb
from trafficedu.core.pictures import redrawn
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.services import services_of
from trafficedu.core.text import Message, message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message, translated, wants_sentence
from trafficedu.evidence.models import Photo, Signature
from trafficedu.evidence.queries import find_photo, find_signature, list_photos
from trafficedu.evidence.rules import MOST_PHOTOS, SMALL_SIDE
from trafficedu.evidence.services.pictures import OtherPicture
from trafficedu.violations.forms.evidence import PhotosForm, SignatureForm, WithdrawForm
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries import records
from trafficedu.violations.queries.inbox import ALL
from trafficedu.violations.queries.records import VOID
from trafficedu.violations.services import evidence
from trafficedu.violations.views.blueprint import pages

Result = TypeVar("Result")


@dataclass(frozen=True)
class Shown:
    """What the pages of a record show of its evidence to one reader."""

    photos: list[Photo]
    withdrawn: list[Photo]
    signature: Signature | None
    may_see: bool
    may_open: bool
    may_withdraw: bool
    may_add: bool
    adding: PhotosForm
    signing: SignatureForm

    @property
    def room(self) -> int:
        """How many photos more the record may have."""
        return MOST_PHOTOS - len(self.photos)


def shown_of(violation: Violation) -> Shown:
    """Return what the pages of a record show of its evidence."""
    who, now = actor(), utc_now()
    photos = list_photos(session(), violation)
    signature = find_signature(session(), violation)
    see = evidence.may_see(session(), violation, who, now)
    pictured = bool(photos) or (signature is not None and not signature.refused)
    return Shown(
        photos=[photo for photo in photos if photo.stands],
        withdrawn=[photo for photo in photos if not photo.stands] if who.may(VOID) else [],
        signature=signature,
        may_see=see,
        may_open=pictured and not see and who.may("riders:rider:read"),
        may_withdraw=evidence.may_withdraw(session(), violation, who, now),
        may_add=evidence.is_in_time(session(), violation, who, now),
        adding=PhotosForm(formdata=None),
        signing=SignatureForm(formdata=None),
    )


@pages.post("/record/<number>/photos")
@requires("violations:violation:record")
@changes_nothing_seen("what it makes is new")
@kerb
def photos(number: str) -> Any:
    """I add photos to my record: from its page, or from the phone's queue when the network is back."""
    violation = records.find_violation(session(), number, actor())
    form = PhotosForm()

    def add() -> tuple[dict[str, Any], bool]:
        kept = [evidence.add_photo(session(), violation, sent, actor(), utc_now()) for sent in form.to_input()]
        photo, new = kept[-1]
        return {"photo": photo.position, "sha256": photo.file_key}, new

    return _answered(number, form, add, message("Photos saved."))


@pages.post("/record/<number>/signature")
@requires("violations:violation:record")
@changes_nothing_seen("what it makes is new")
@kerb
def signature(number: str) -> Any:
    """I have the rider sign on the screen, or say that the rider refuses to."""
    violation = records.find_violation(session(), number, actor())
    form = SignatureForm()

    def sign() -> tuple[dict[str, Any], bool]:
        kept, new = evidence.sign(session(), violation, form.to_input(), actor(), utc_now())
        return {"signature": kept.id, "sha256": kept.file_key or "", "refused": kept.refused}, new

    return _answered(number, form, sign, message("Saved."))


def _answered(number: str, form: Form, act: Callable[[], tuple[dict[str, Any], bool]], done: Message) -> Any:
    """Act on what was sent; a program is told what was kept, a page's form leads back to the record just made."""
    try:
        if not form.validate_on_submit():
            return _refused(number, form)
        kept, new = act()
    except Refusal as refusal:
        session().rollback()
        if wants_sentence():
            return {"message": translated(refusal.text)}, 409 if isinstance(refusal, OtherPicture) else 422
        flash_message(refusal.text, "error")
        return back_to("violations.recorded", number=number)
    if wants_sentence():
        return kept, 201 if new else 200
    flash_message(done)
    return back_to("violations.recorded", number=number)


def _refused(number: str, form: Form) -> Any:
    told = errors_told(form)
    if wants_sentence():
        return told
    flash(told[0]["message"], "error")
    return back_to("violations.recorded", number=number)


@pages.post("/violations/<number>/photos/open")
@requires("riders:rider:read")
@changes_nothing_seen("it reads, and keeps that it was read")
def open_photos(number: str) -> Any:
    """I look at the photos and the signature of a record of my area, also from the queue; that I did is kept."""
    violation = records.find_violation(session(), number, actor())
    with writing(session()) as own:
        evidence.open_pictures(own, violation, actor())
    queue = request.form.get("queue", "")
    if queue in ALL:
        return back_to("violations.inbox_item", what=queue, number=request.form.get("item", number), _anchor="evidence")
    return back_to("violations.show", number=number, _anchor="evidence")


@pages.get("/violations/<number>/photos/<int:position>")
@requires("riders:rider:read")
def photo(number: str, position: int) -> Any:
    """I look at a photo, as large as it is kept."""
    return _picture(_shown_photo(number, position).file_key, f"{number}-{position}.jpg")


@pages.get("/violations/<number>/photos/<int:position>/small")
@requires("riders:rider:read")
def small_photo(number: str, position: int) -> Any:
    """I see a photo beside others on the page of the record."""
    return _picture(_shown_photo(number, position).file_key, f"{number}-{position}-small.jpg", small=True)


@pages.get("/violations/<number>/signature")
@requires("riders:rider:read")
def signature_picture(number: str) -> Any:
    """I see how the person of a record signed."""
    violation = records.find_violation(session(), number, actor())
    key = evidence.find_shown_signature(session(), violation, actor(), utc_now())
    return _picture(key, f"{number}-signature.png", mimetype="image/png")


@pages.route("/violations/<number>/photos/<int:position>/withdraw", methods=["GET", "POST"])
@requires("violations:violation:record")
@kerb
def withdraw_photo(number: str, position: int) -> Any:
    """I take back a wrong photo of my record while I may correct it; a supervisor does later, and says why."""
    violation = records.find_violation(session(), number, actor())
    picture = seen(find_photo(session(), violation, position))
    form = WithdrawForm()
    if submitted(
        form,
        lambda: evidence.withdraw_photo(session(), violation, picture, form.reason.data or "", actor(), utc_now()),
    ):
        flash_message(message("Photo taken back. Only those who may void the record still see it."))
        return back_to("violations.show", number=number, _anchor="evidence")
    return form_page(
        "violations/withdraw_photo.html",
        form,
        violation=violation,
        photo=picture,
        see=evidence.may_see(session(), violation, actor(), utc_now()),
        own=evidence.is_in_time(session(), violation, actor(), utc_now()),
    )


def _shown_photo(number: str, position: int) -> Photo:
    violation = records.find_violation(session(), number, actor())
    return evidence.find_shown(session(), violation, position, actor(), utc_now())


def _picture(key: str, name: str, *, mimetype: str = "image/jpeg", small: bool = False) -> Response:
    """Hand out a picture of one reader: a browser may keep it, and asks each time whether it may still show it."""
    answer = Response(mimetype=mimetype)
    answer.set_etag(f"{key}-{SMALL_SIDE}" if small else key)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if request.if_none_match.contains_weak(answer.get_etag()[0] or ""):
        answer.status_code = 304
        return answer
    data = services_of(session()).evidence.read(key)
    answer.set_data(redrawn(data, SMALL_SIDE) if small else data)
    return answer
