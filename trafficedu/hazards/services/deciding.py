"""Decisions: a fix verified or sent back, a hazard closed as none, opened again, voided. Flushes, never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.pictures import redrawn
from trafficedu.core.text import message
from trafficedu.hazards import rules
from trafficedu.hazards.events import HazardVerified
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.queries import records
from trafficedu.hazards.services.reporting import keep_photos
from trafficedu.hazards.services.steps import LONGEST_NOTE, reason_given, require, short, take


@dataclass(frozen=True)
class FixDecision:
    """What the verifier says about a fix; ``note`` is the reason where it is sent back."""

    accepted: bool
    note: str = ""
    photos: tuple[bytes, ...] = ()


def verify(session: Session, hazard: Hazard, said: FixDecision, version: int, by: Actor, now: datetime) -> None:
    """Accept a fix: the hazard is gone. Publishes :class:`HazardVerified`.

    Raises
    ------
    Stale
        Somebody changed the record meanwhile, or it is not waiting for this.
    Refusal
        ``by`` fixed it; there is no photo after the fix, at ``photos``; a photo cannot be read.
    """
    require(rules.HazardAct.VERIFIED, hazard, version)
    _another_than_the_fixer(hazard, by)
    note = short(said.note, LONGEST_NOTE, "note")
    pictures = [redrawn(photo) for photo in said.photos]
    keep_photos(session, hazard, pictures, rules.PhotoTime.AFTER, by, now)
    if not records.has_photo_of_fix(session, hazard):
        text = message("There is no photo of the place after the work yet. Take one and send it with your decision.")
        raise Refusal(text, field="photos")
    assert hazard.fixed_on is not None and hazard.deadline_on is not None  # noqa: PT018 - the table's constraints
    hazard.verified_by_id, hazard.verified_utc, hazard.verified_on = by.user_id, now, local_date(now)
    hazard.on_time = rules.was_on_time(hazard.deadline_on, hazard.missed_on, hazard.fixed_on)
    take(session, hazard, rules.HazardAct.VERIFIED, by, now, note, on_time=hazard.on_time, photos=len(pictures))
    publish(session, HazardVerified(now, by, hazard.id, hazard.area_id, hazard.on_time, hazard.verified_on))


def reject(
    session: Session, hazard: Hazard, reason: str, photos: Sequence[bytes], version: int, by: Actor, now: datetime
) -> None:
    """Send a fix back: the work goes on, the deadline stands, what was fixed counts no more.

    Raises
    ------
    Stale
        Somebody changed the record meanwhile, or it is not waiting for this.
    Refusal
        ``by`` fixed it; no reason is given (``note``); a photo cannot be read.
    """
    require(rules.HazardAct.REJECTED, hazard, version)
    _another_than_the_fixer(hazard, by)
    why = reason_given(reason, "note")
    keep_photos(session, hazard, [redrawn(photo) for photo in photos], rules.PhotoTime.BEFORE, by, now)
    hazard.fixed_by_id = hazard.fixed_utc = hazard.fixed_on = None
    take(session, hazard, rules.HazardAct.REJECTED, by, now, why)


def _another_than_the_fixer(hazard: Hazard, by: Actor) -> None:
    if hazard.fixed_by_id is not None and hazard.fixed_by_id == by.user_id:
        raise Refusal(message("You reported this as fixed, so someone else must verify it."))


def close(session: Session, hazard: Hazard, reason: str, version: int, by: Actor, now: datetime) -> None:
    """Close what is no hazard, with the reason. Raises Stale, or Refusal at ``reason``."""
    require(rules.HazardAct.CLOSED, hazard, version)
    hazard.state_reason = reason_given(reason)
    take(session, hazard, rules.HazardAct.CLOSED, by, now, hazard.state_reason)


def reopen(session: Session, hazard: Hazard, reason: str, version: int, by: Actor, now: datetime) -> None:
    """Open a closed hazard again: it needs a new plan. Raises Stale, or Refusal at ``reason``."""
    require(rules.HazardAct.REOPENED, hazard, version)
    why = reason_given(reason)
    hazard.state_reason = ""
    take(session, hazard, rules.HazardAct.REOPENED, by, now, why)


def void(session: Session, hazard: Hazard, reason: str, version: int, by: Actor, now: datetime) -> None:
    """Take a record made by mistake out of every figure, with the reason; it is never deleted.

    Raises Stale, or Refusal at ``reason``.
    """
    require(rules.HazardAct.VOIDED, hazard, version)
    hazard.state_reason = reason_given(reason)
    hazard.verified_by_id = hazard.verified_utc = hazard.verified_on = hazard.on_time = None
    take(session, hazard, rules.HazardAct.VOIDED, by, now, hazard.state_reason)
