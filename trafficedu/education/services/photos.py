"""The photo of a rider at the check-in, where the policy asks for one: kept as evidence, one that stands a seat."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.text import message, translate
from trafficedu.education.models.tasks import Booking
from trafficedu.education.services.absence import lock_study
from trafficedu.evidence.models import Photo
from trafficedu.evidence.queries import list_photos
from trafficedu.evidence.services.pictures import Sent, add_photo, draw_photo, withdraw_photo

REPLACED = message("Replaced by a later photo of the same check-in.")
UNDONE = message("The check-in was taken back.")


def asks_for_photo(session: Session) -> bool:
    """Tell whether a photo of each rider is taken at the check-in."""
    return figure(session, "education.photo_asked") == 1


def photographed(session: Session, bookings: Collection[int]) -> set[int]:
    """Return the ids of those seats whose rider has a standing photo."""
    query = select(Photo.subject_id).where(
        Photo.subject_kind == Booking.__tablename__, Photo.subject_id.in_(bookings), Photo.withdrawn_utc.is_(None)
    )
    return set(session.scalars(query))


def mark_of_photos(session: Session, session_id: int) -> int:
    """Return a number that changes with every photo of a session taken or taken back; 0 where none is asked for."""
    if not asks_for_photo(session):
        return 0
    query = select(func.count(), func.count(Photo.withdrawn_utc)).join(Booking, Booking.id == Photo.subject_id)
    mine = Photo.subject_kind == Booking.__tablename__, Booking.session_id == session_id
    taken, withdrawn = session.execute(query.where(*mine)).one()
    return int(taken) * 1000 + int(withdrawn)


def find_standing(session: Session, booking: Booking) -> Photo:
    """Return the photo of a check-in; raise Missing where there is none."""
    photo = next((one for one in list_photos(session, booking) if one.stands), None)
    if photo is None:
        raise Missing(message("This photo does not exist, or you do not have access to it."))
    return photo


def take_photo(session: Session, booking: Booking, data: bytes, key: str, by: Actor, now: datetime) -> Photo:
    """Keep the photo of a rider who is here, drawn anew without what a camera adds; one taken before is taken back.

    It belongs to the seat, which outlives a check-in that is taken back. The same sending gives the first photo again.

    Raises
    ------
    Refusal
        At ``photo``: none is asked for here, there is none, or it is no photo; the rider does not study here now.
    """
    if not asks_for_photo(session):
        raise Refusal(message("No photo is taken at the check-in here."), field="photo")
    if not data:
        raise Refusal(message("Take a photo, or choose one."), field="photo")
    lock_study(session, booking)
    if not booking.is_studying:
        raise Refusal(message("This rider is not studying here now. Check the rider in first, or check the roster."))
    photo = add_photo(session, booking, draw_photo(session, booking, Sent(key, data)), by, now)
    for before in list_photos(session, booking):
        if before.id != photo.id:
            withdraw_photo(session, before, translate(REPLACED, by.locale), by, now)
    return photo


def withdraw_photos(session: Session, booking: Booking, by: Actor, now: datetime) -> None:
    """Take back the photo of a check-in that was a mistake: it may show another rider."""
    for photo in list_photos(session, booking):
        withdraw_photo(session, photo, translate(UNDONE, by.locale), by, now)
