"""Photos and the signature of a record: who may add them, until when, who takes one back.

Precondition: the caller sees the record. What is sent again gives what was kept before, however late. Drawing and
saving come before anything is written; then each makes its own change and commits it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Denied, Missing
from trafficedu.core.events import publish
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.evidence.models import Photo, Signature
from trafficedu.evidence.queries import find_photo, find_signature, list_photos
from trafficedu.evidence.services import pictures
from trafficedu.evidence.services.pictures import Sent
from trafficedu.violations.events import ViolationSigned
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.evidence import OPENED, is_opened
from trafficedu.violations.queries.records import VOID
from trafficedu.violations.services.correcting import own_change_ends
from trafficedu.violations.services.reviewing import needed

AWAITED = timedelta(days=30)
"""How long photos that a record announced are taken: a phone may have no network for a while."""
NOT_OWN = message("Only the officer who made this record adds photos and the signature.")
TOO_LATE = message("The time in which you could add to this record is over. Ask your supervisor.")
NO_PHOTO = message("This photo does not exist, or you do not have access to it.")


def is_own(violation: Violation, by: Actor) -> bool:
    """Tell whether ``by`` made the record."""
    return violation.officer_id is not None and violation.officer_id == by.user_id


def is_in_time(session: Session, violation: Violation, by: Actor, now: datetime) -> bool:
    """Tell whether the record is one's own and the minutes in which one may correct it last."""
    ends = own_change_ends(session, violation, by)
    return ends is not None and now <= ends


def may_see(session: Session, violation: Violation, by: Actor, now: datetime) -> bool:
    """Tell whether the pictures are shown: to the officer while the record may be corrected, to others once opened."""
    if not by.may("riders:rider:read"):
        return False
    return is_in_time(session, violation, by, now) or is_opened(session, violation, by, now)


def open_pictures(session: Session, violation: Violation, by: Actor) -> None:
    """Note that ``by`` looks at the pictures, which show faces and plates: that shows them for a shift."""
    audit.write(session, OPENED, by, subject=violation, photos=len(list_photos(session, violation)))


def find_shown(session: Session, violation: Violation, position: int, by: Actor, now: datetime) -> Photo:
    """Return a photo that ``by`` may look at; raise Missing, for one taken back unless ``by`` may void records."""
    photo = find_photo(session, violation, position)
    if not may_see(session, violation, by, now) or not (photo.stands or by.may(VOID)):
        raise Missing(NO_PHOTO)
    return photo


def find_shown_signature(session: Session, violation: Violation, by: Actor, now: datetime) -> str:
    """Return the key of the signature, which ``by`` may look at; raise Missing."""
    signature = find_signature(session, violation)
    if signature is None or signature.file_key is None or not may_see(session, violation, by, now):
        raise Missing(message("There is no signature, or you do not have access to it."))
    return signature.file_key


def add_photo(session: Session, violation: Violation, sent: Sent, by: Actor, now: datetime) -> tuple[Photo, bool]:
    """Keep a photo of a record; returns it, and whether it is new.

    Raises
    ------
    Denied
        It is not one's own record, or the time is over (:func:`_require_time`) and it was not announced.
    OtherPicture
        Under its key another one was sent before.
    Refusal
        At ``photo``: there are too many, or it is no photo.
    UnreachableEvidence
        The store does not answer.
    """
    _require_own(violation, by)
    if (first := pictures.photo_sent_before(session, violation, sent)) is not None:
        return first, False
    if not _is_awaited(session, violation, now):
        _require_time(session, violation, by, now)
    drawn = pictures.draw_photo(session, violation, sent)
    with writing(session) as own:
        photo = pictures.add_photo(own, violation, drawn, by, now)
        return photo, photo.received_utc == now


def sign(session: Session, violation: Violation, sent: Sent, by: Actor, now: datetime) -> tuple[Signature, bool]:
    """Keep the signature of the person of a record, or that it was refused; publishes ViolationSigned.

    Raises as :func:`add_photo` does, a Refusal at ``signature``.
    """
    _require_own(violation, by)
    if (first := pictures.signature_sent_before(session, violation, sent)) is not None:
        return first, False
    _require_time(session, violation, by, now)
    drawn = pictures.draw_signature(session, sent)
    with writing(session) as own:
        signature = pictures.sign(own, violation, drawn, by, now)
        publish(own, ViolationSigned(now, by, violation.id))
        return signature, signature.received_utc == now


def may_withdraw(session: Session, violation: Violation, by: Actor, now: datetime) -> bool:
    """Tell whether ``by`` may take a photo back: for some minutes who made the record, later who may void it."""
    return by.may(VOID) or is_in_time(session, violation, by, now)


def withdraw_photo(session: Session, violation: Violation, photo: Photo, reason: str, by: Actor, now: datetime) -> None:
    """Take a photo back; its officer need not say why while the record may be corrected.

    Raises
    ------
    Denied
        It is not one's own record, or the time is over.
    Refusal
        No reason, at ``reason``.
    """
    if not may_withdraw(session, violation, by, now):
        raise Denied(TOO_LATE)
    if not is_in_time(session, violation, by, now):
        reason = needed(reason, "reason")
    pictures.withdraw_photo(session, photo, reason, by, now)


def _require_own(violation: Violation, by: Actor) -> None:
    if not is_own(violation, by):
        raise Denied(NOT_OWN)


def _is_awaited(session: Session, violation: Violation, now: datetime) -> bool:
    """Tell whether the record said that photos follow it, from a phone's queue, and not all of them have come."""
    note = violation.phone_note
    awaited = note is not None and len(list_photos(session, violation)) < note.photos_announced
    return awaited and now <= violation.recorded_utc + AWAITED


def _require_time(session: Session, violation: Violation, by: Actor, now: datetime) -> None:
    if not is_in_time(session, violation, by, now):
        raise Denied(TOO_LATE)
