"""What every step of a hazard's life has in common: whether it may be taken, its row, the audit row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import expect_version
from trafficedu.core.text import message
from trafficedu.hazards import rules
from trafficedu.hazards.models import Hazard, HazardStep
from trafficedu.hazards.services.papers import follow

LONGEST_NOTE = 500


def require(step: rules.HazardAct, hazard: Hazard, version: int) -> None:
    """Raise Stale where the record changed since it was seen, or the step cannot be taken from its state."""
    expect_version(hazard, version)
    rules.HAZARD_LIFE.require(step, hazard.state)


def take(
    session: Session, hazard: Hazard, step: rules.HazardAct, by: Actor, now: datetime, note: str = "", **detail: Any
) -> HazardStep:
    """Bring a hazard to the state the step leads to, write its row, see to its sheet, write the audit row; flushes.

    ``hazard:<permission>`` in the audit trail is the step's name; ``detail`` holds ids and codes.
    """
    hazard.state = rules.HAZARD_LIFE.table[step][1] or hazard.state
    session.flush()
    taken = HazardStep(
        hazard_id=hazard.id,
        what=step,
        at_utc=now,
        happened_on=local_date(now),
        by_id=by.user_id,
        note=note,
        deadline_on=hazard.deadline_on,
    )
    session.add(taken)
    session.flush()
    follow(session, hazard, step, by, now, note)
    audit.write(session, f"hazards:hazard:{step}", by, subject=hazard, **detail)
    return taken


def reason_given(text: str, field: str = "reason") -> str:
    """Return a reason without blanks around it; raise Refusal at ``field`` where nothing, or too much, is said."""
    reason = text.strip()
    if not reason:
        raise Refusal(message("Say why. This is kept with the record."), field=field)
    return short(reason, LONGEST_NOTE, field)


def short(text: str, longest: int, field: str) -> str:
    """Return ``text`` without blanks around it; raise Refusal at ``field`` where it is longer than is kept."""
    trimmed = text.strip()
    if len(trimmed) > longest:
        raise Refusal(message("At most %(max)d characters.", max=longest), field=field)
    return trimmed
