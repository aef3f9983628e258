"""Who is told what became of a correction that was asked for: whoever asked. Flushes, never commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.text import Message, message
from trafficedu.messages.services.outbox import NewPush, push
from trafficedu.violations.models.decisions import CorrectionRequest


def tell_asker(session: Session, asked: CorrectionRequest, body: Message, by: Actor, now: datetime) -> None:
    """Say to who asked what became of it, once for each decision."""
    number = asked.violation.number
    title = message("What you asked for on record %(number)s was decided", number=number)
    key = f"correction:{asked.id}:decided:{now:%Y%m%d%H%M%S%f}"
    push(session, NewPush(key, title, body, f"/violations/{number}"), [asked.asked_by_id], by, now)
