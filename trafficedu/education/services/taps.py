"""Taps at the door that were taken: one that is sent again is known by its nonce."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.loading import loaded
from trafficedu.education.models.door import DoorTap as Kept
from trafficedu.education.models.tasks import Booking
from trafficedu.education.rules.door import Outcome

__all__ = ["Kept", "find", "keep"]


def find(session: Session, nonce: str) -> Kept | None:
    """Return the tap with a nonce, with its booking; None for one that is new, and for none."""
    if not nonce:
        return None
    return session.scalar(select(Kept).where(Kept.nonce == nonce).options(loaded(Kept.booking, Booking.task)))


def keep(
    session: Session, nonce: str, booking: Booking, outcome: Outcome, at: datetime, now: datetime, by: Actor
) -> None:
    """Keep a tap whose rider is held; another request with the same nonce waited for that, and finds it by now."""
    if not nonce or find(session, nonce) is not None:
        return
    row = Kept(nonce=nonce, booking_id=booking.id, outcome=outcome, tapped_utc=at, received_utc=now, by_id=by.user_id)
    session.add(row)
    session.flush()
