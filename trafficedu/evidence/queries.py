"""Reads of evidence, by the record it belongs to: whoever asks has checked that its reader may see that record."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from trafficedu.core.doctor import Finding, State, Subject
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.orm import Base
from trafficedu.core.text import message
from trafficedu.evidence.models import Photo, Signature, StoreCheck


def _of(model: type[Photo | Signature], record: Base) -> tuple[ColumnElement[bool], ...]:
    return model.subject_kind == record.__tablename__, model.subject_id == record.id  # type: ignore[attr-defined]


def list_photos(session: Session, record: Base) -> Sequence[Photo]:
    """Return all photos a record ever had, those taken back among them, in their order."""
    query = select(Photo).where(*_of(Photo, record)).options(loaded(Photo.withdrawn_by)).order_by(Photo.position)
    return session.scalars(query).all()


def find_photo(session: Session, record: Base, position: int) -> Photo:
    """Return a photo of a record, taken back or not; raise :class:`Missing` where there is none."""
    photo = session.scalar(select(Photo).where(*_of(Photo, record), Photo.position == min(position, 999)))
    if photo is None:
        raise Missing(message("This photo does not exist, or you do not have access to it."))
    return photo


def find_photo_by_key(session: Session, record: Base, once_key: str) -> Photo | None:
    """Return the photo of a record that a phone named so."""
    return session.scalar(select(Photo).where(*_of(Photo, record), Photo.once_key == once_key))


def find_same_photo(session: Session, record: Base, sent_sha256: str) -> Photo | None:
    """Return the standing photo of a record that came as these bytes."""
    same = select(Photo).where(*_of(Photo, record), Photo.sent_sha256 == sent_sha256, Photo.withdrawn_utc.is_(None))
    return session.scalar(same.limit(1))


def find_signature(session: Session, record: Base) -> Signature | None:
    """Return what stands of whether the person of a record signed, None where nobody was asked."""
    query = select(Signature).where(*_of(Signature, record), Signature.withdrawn_utc.is_(None))
    return session.scalar(query.options(loaded(Signature.received_by)))


def list_signatures(session: Session, record: Base) -> Sequence[Signature]:
    """Return whatever a record ever had of signatures and refusals, in their order."""
    return session.scalars(select(Signature).where(*_of(Signature, record)).order_by(Signature.id)).all()


def find_signature_by_key(session: Session, record: Base, once_key: str) -> Signature | None:
    """Return the signature of a record that a phone named so."""
    return session.scalar(select(Signature).where(*_of(Signature, record), Signature.once_key == once_key))


def count_missing(session: Session) -> tuple[int, str]:
    """Return how many files records name that the store had not when it was last looked at, and the first of them."""
    count = session.scalar(select(func.coalesce(func.sum(StoreCheck.missing), 0))) or 0
    first = session.scalar(select(StoreCheck.missing_keys).where(StoreCheck.missing > 0).order_by(StoreCheck.part))
    return count, first[0] if first else ""


def examine_files(session: Session) -> list[Finding]:
    """Say that files are missing which records name, as the worker found it within the last day; nothing otherwise."""
    count, first = count_missing(session)
    text = message(
        "%(count)d files that records name are not in the evidence store, the first of them %(key)s. Bring them back"
        " from a backup; the worker looks again within a day.",
        count=count,
        key=first,
    )
    return [Finding(Subject.EVIDENCE, State.UNSAFE, text)] if count else []
