"""A photo, or a signature, of a record is kept, given again where it was sent before, taken back.

Precondition: the caller checked who may do this, and when. Flushes, never commits; drawing and saving come first, while
nothing is written, so that nobody waits for them.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import Base
from trafficedu.core.pictures import redrawn, strokes
from trafficedu.core.services import services_of
from trafficedu.core.text import Message, message
from trafficedu.evidence import rules
from trafficedu.evidence.models import Photo, Signature
from trafficedu.evidence.queries import (
    find_photo_by_key,
    find_same_photo,
    find_signature,
    find_signature_by_key,
    list_photos,
)

Kept = TypeVar("Kept", Photo, Signature)
TOO_MANY = message("A record can have at most %(most)d photos.", most=rules.MOST_PHOTOS)


@dataclass(frozen=True)
class Sent:
    """A picture as it was sent: what the phone named it by, its bytes, when the phone says it was taken.

    ``data`` is empty for a signature that was refused.
    """

    key: str
    data: bytes
    taken_utc: datetime | None = None

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Drawn:
    """A picture drawn anew and saved: its key in the store and its size."""

    sent: Sent
    file_key: str | None
    width: int = 0
    height: int = 0


class OtherPicture(Refusal):
    """Under this key another picture was sent before (HTTP 409)."""

    def __init__(self) -> None:
        super().__init__(message("Another picture was sent under this key before. Take it again."))


def photo_sent_before(session: Session, record: Base, sent: Sent) -> Photo | None:
    """Return the photo that was made of the same sending, or of the same bytes; raise :class:`OtherPicture`."""
    return _same(find_photo_by_key(session, record, sent.key), sent) or find_same_photo(session, record, sent.sha256)


def signature_sent_before(session: Session, record: Base, sent: Sent) -> Signature | None:
    """Return the signature that was made of the same sending; raise :class:`OtherPicture`."""
    return _same(find_signature_by_key(session, record, sent.key), sent)


def _same(first: Kept | None, sent: Sent) -> Kept | None:
    if first is not None and first.sent_sha256 != sent.sha256:
        raise OtherPicture
    return first


def draw_photo(session: Session, record: Base, sent: Sent) -> Drawn:
    """Draw a photo anew and save it.

    Raises
    ------
    Refusal
        At ``photo``: the record has as many as it may, it is too large, or is no photo.
    """
    _require_room(session, record)
    if len(sent.data) > rules.MOST_BYTES:
        raise Refusal(_too_large(rules.MOST_BYTES), field="photo")
    return _saved(session, sent, redrawn(sent.data, field="photo"))


def draw_signature(session: Session, sent: Sent) -> Drawn:
    """Draw a signature anew, in black on white, and save it; nothing for one that was refused.

    Raises
    ------
    Refusal
        At ``signature``: it is too large, no picture, or nothing was drawn.
    """
    if not sent.data:
        return Drawn(sent, None)
    if len(sent.data) > rules.MOST_SIGNATURE_BYTES:
        raise Refusal(_too_large(rules.MOST_SIGNATURE_BYTES), field="signature")
    return _saved(session, sent, strokes(sent.data, field="signature"))


def _too_large(most: int) -> Message:
    return message("This picture is larger than %(most)d MB. Take it again at a lower resolution.", most=most >> 20)


def _saved(session: Session, sent: Sent, picture: bytes) -> Drawn:
    with Image.open(io.BytesIO(picture)) as drawn:
        return Drawn(sent, services_of(session).evidence.save(picture), *drawn.size)


def add_photo(session: Session, record: Base, drawn: Drawn, by: Actor, now: datetime) -> Photo:
    """Note a photo of a record, or return the one that was noted meanwhile of the same sending.

    Raises
    ------
    OtherPicture
        Under its key another one was noted meanwhile.
    Refusal
        At ``photo``: others came first, and the record has as many as it may.
    """
    _hold(session, record)
    sent = drawn.sent
    if (first := photo_sent_before(session, record, sent)) is not None:
        return first
    _require_room(session, record)
    photos = list_photos(session, record)
    photo = Photo(**_noted(record, drawn, by, now), position=len(photos) + 1, width=drawn.width, height=drawn.height)
    session.add(photo)
    session.flush()
    audit.write(session, "evidence:photo:add", by, subject=photo, **_subject(record), position=photo.position)
    return photo


def sign(session: Session, record: Base, drawn: Drawn, by: Actor, now: datetime) -> Signature:
    """Note that the person of a record signed or refused to; one that stood before is replaced, and stays."""
    _hold(session, record)
    if (first := signature_sent_before(session, record, drawn.sent)) is not None:
        return first
    before = find_signature(session, record)
    if before is not None:
        before.withdrawn_utc = now
        session.flush()
    signature = Signature(**_noted(record, drawn, by, now))
    session.add(signature)
    session.flush()
    audit.write(session, "evidence:signature:add", by, subject=signature, **_subject(record), refused=signature.refused)
    return signature


def withdraw_photo(session: Session, photo: Photo, reason: str, by: Actor, now: datetime) -> None:
    """Take a photo back: pages show it no more, its row and its file stay. Nothing happens the second time."""
    if not photo.stands:
        return
    reason = reason.strip()
    if len(reason) > rules.LONGEST_REASON:
        raise Refusal(message("At most %(most)d characters.", most=rules.LONGEST_REASON), field="reason")
    photo.withdrawn_utc, photo.withdrawn_by_id, photo.withdrawn_reason = now, by.user_id, reason
    session.flush()
    detail: dict[str, Any] = {photo.subject_kind: photo.subject_id, "position": photo.position}
    audit.write(session, "evidence:photo:withdraw", by, subject=photo, **detail)


def _require_room(session: Session, record: Base) -> None:
    photos = list_photos(session, record)
    if sum(photo.stands for photo in photos) >= rules.MOST_PHOTOS or len(photos) >= rules.MOST_TAKEN_BACK:
        raise Refusal(TOO_MANY, field="photo")


def _noted(record: Base, drawn: Drawn, by: Actor, now: datetime) -> dict[str, Any]:
    """Return what is kept of either, by column."""
    return {
        "subject_kind": record.__tablename__,
        "subject_id": record.id,  # type: ignore[attr-defined]
        "once_key": drawn.sent.key,
        "sent_sha256": drawn.sent.sha256,
        "file_key": drawn.file_key,
        "taken_utc": drawn.sent.taken_utc,
        "received_utc": now,
        "received_by_id": by.user_id,
    }


def _subject(record: Base) -> dict[str, Any]:
    return {record.__tablename__: record.id}  # type: ignore[attr-defined]


def _hold(session: Session, record: Base) -> None:
    """Let one at a time add to a record: its row is locked until the end."""
    model: Any = type(record)
    session.execute(select(model.id).where(model.id == record.id).with_for_update())  # type: ignore[attr-defined]
