"""Deciding between what a source says and what somebody corrected."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core import corrections
from trafficedu.core.actors import Actor
from trafficedu.transfers.queries.corrected import find


def keep(session: Session, table: str, record_id: int, by: Actor, now: datetime) -> None:
    """Let what a person said stand against the source, until that says something else again."""
    kind, record, _ = find(session, table, record_id, by)
    corrections.keep(session, kind.model, record.id, by, now)


def take(session: Session, table: str, record_id: int, by: Actor, now: datetime) -> None:
    """Let a record say what its source says of all that was corrected; raises Refusal where a rule forbids it."""
    kind, record, _ = find(session, table, record_id, by)
    assert kind.take is not None, "its own page is the way"
    kind.take(session, record, corrections.give_up(session, kind.model, record.id, by, now), by, now)
